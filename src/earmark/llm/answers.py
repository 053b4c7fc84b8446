"""Reading a model's words into the shape that was asked for, and saying what is wrong with them."""

import json
import re
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)

_FENCED: Final = re.compile(r"```(?:json)?\s*\n(.*?)\n?\s*```", re.DOTALL)
_MOST_PROBLEMS: Final = 12


class Unreadable(Exception):
    """The words do not have the shape; the message says why, for the model and for us.

    It names fields and rules, never what the model wrote.
    """


def read_answer(text: str, schema: type[T]) -> T:
    """The document in an answer; raises `Unreadable`."""
    if not text.strip():
        raise Unreadable("The answer was empty.")
    try:
        return schema.model_validate(_document_in(text))
    except ValidationError as error:
        raise Unreadable(_describe(error)) from None


def _document_in(text: str) -> object:
    """The JSON document, which models like to wrap in words or in a code fence."""
    fenced = _FENCED.search(text)
    candidates = [text, *([fenced[1]] if fenced else []), text[text.find("{") :]]
    for candidate in candidates:
        try:
            document: Any = json.JSONDecoder(strict=False).raw_decode(candidate.strip())[0]
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            return _storable(cast("object", document))
    raise Unreadable("The answer was not one JSON object.")


def _storable(value: object) -> object:
    """JSON can spell half a character and NUL, which neither UTF-8 nor PostgreSQL can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_storable(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {
            str(_storable(key)): _storable(item)
            for key, item in cast("dict[object, object]", value).items()
        }
    return value


def _describe(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"- {_place(item['loc'])}: {item['msg']}" for item in found[:_MOST_PROBLEMS]]
    return "\n".join(["The answer did not fit the schema:", *lines])


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the answer"
