"""Keyset pages: an opaque cursor that names the last row seen."""

import base64
import binascii
import json
from typing import Annotated, Any

from fastapi import Query

from earmark.errors import InvalidInput

Limit = Annotated[int, Query(ge=1, le=500, description="Rows in a page")]
CursorText = Annotated[
    str | None, Query(alias="cursor", max_length=500, description="`next` of the page before")
]


def encode_cursor(*key: str | float) -> str:
    """A cursor for the row with that sort key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode_cursor(text: str | None, *kinds: type[Any]) -> list[Any] | None:
    """The sort key in a cursor, its parts checked to be of `kinds`; raises `InvalidInput`."""
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        key: Any = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _refused() from error
    if not isinstance(key, list) or len(key) != len(kinds):  # pyright: ignore[reportUnknownArgumentType]
        raise _refused()
    parts: list[Any] = list(key)  # pyright: ignore[reportUnknownArgumentType]
    if not all(type(part) is kind for part, kind in zip(parts, kinds, strict=True)):
        raise _refused()
    return parts


def _refused() -> InvalidInput:
    return InvalidInput(
        "The cursor is not one that this list gave.",
        fix="Leave `cursor` out to begin at the first page.",
    )
