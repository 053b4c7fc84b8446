"""Which way of asking for a shape an endpoint understands.

"OpenAI-compatible" is not one dialect. Each endpoint is asked once, with a question of a few
words, and what works is remembered. Whatever the endpoint promises, answers are validated here.
"""

import asyncio
import hashlib
import json
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, Protocol

from pydantic import BaseModel

from earmark.errors import ModelAnswerUnusable, ModelError, ModelRejected, ModelUnavailable
from earmark.llm.answers import Unreadable, read_answer
from earmark.llm.base import Prompt
from earmark.llm.provider_options import ModelOptions, Provider

Form = Literal["json_schema", "json_object", "tool", "prompt"]
"""Bound to a schema by the server; any JSON, with the schema in the prompt; the arguments of a
tool that must be called; the prompt alone."""

_ORDER: Final[dict[Provider, tuple[Form, ...]]] = {
    "openai": ("json_schema", "tool", "json_object"),
    # Its models take tools since long before they took schemas.
    "anthropic": ("tool", "json_schema", "prompt"),
    "compatible": ("json_schema", "tool", "json_object", "prompt"),
}

_PROBE_HOLDS: Final = 600.0
"""Seconds."""


class DialectProbe(BaseModel):
    """The shape of the question's answer."""

    mood: Literal["happy", "unhappy"]


PROBE: Final = Prompt(
    name="probe",
    version="probe",
    static="Say how the customer feels, as JSON.",
    data='{"id":"m1","by":"customer","text":"Thank you, it works now!"}',
    reminder="",
)


class DialectShelf(Protocol):
    """Where the forms that work are kept, by endpoint."""

    async def load(self, endpoint: str) -> str | None:
        """The form that worked; null for an endpoint that was never asked."""
        ...

    async def save(self, endpoint: str, model: str, form: str) -> None:
        """Remember it."""
        ...


class MemoryShelf:
    """Remembers while the process lives."""

    def __init__(self) -> None:
        self.forms: dict[str, str] = {}
        self.models: dict[str, str] = {}

    async def load(self, endpoint: str) -> str | None:
        """What `save` was told."""
        return self.forms.get(endpoint)

    async def save(self, endpoint: str, model: str, form: str) -> None:
        """Keep it."""
        self.forms[endpoint] = form
        self.models[endpoint] = model


def endpoint_key(options: ModelOptions) -> str:
    """What an endpoint is known by: a hash, since addresses may hold names of people's machines."""
    return hashlib.sha256(f"{options.address}\n{options.model}".encode()).hexdigest()


@lru_cache(maxsize=32)
def schema_document(schema: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model; not to be changed."""
    return schema.model_json_schema()


@lru_cache(maxsize=32)
def schema_words(schema: type[BaseModel]) -> str:
    """What a prompt says of the schema, where nothing else does."""
    document = json.dumps(schema_document(schema), ensure_ascii=False, separators=(",", ":"))
    return f"Answer with one JSON object of this schema, and with nothing else:\n{document}"


def in_prompt(form: Form) -> bool:
    """Whether the schema has to be said in the prompt."""
    return form in ("json_object", "prompt")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; after a first answer also what was wrong with it."""

    prompt: Prompt
    schema: type[BaseModel]
    form: Form
    answered: str = ""
    problem: str = ""


class FormRefused(ModelError):
    """The server does not take the request as it is: its form, or this prompt."""

    def __init__(self, what: str, *, why: str, is_server_error: bool) -> None:
        super().__init__(what, why=why)
        self.is_server_error = is_server_error


def blame_text(error: ModelError, name: str) -> ModelError:
    """If the form works for others, it is this text that is refused; other errors stay."""
    if not isinstance(error, FormRefused):
        return error
    if error.is_server_error:
        return ModelUnavailable(f"{name} failed.", why=error.why)
    return ModelAnswerUnusable(f"{name} does not take this text.", why=error.why)


Ask = Callable[[Form], Awaitable[str]]
"""Asks the probe's question in a form; gives the answer's text."""


class Dialect:
    """Finds out once, also when many ask at the same time."""

    def __init__(self, options: ModelOptions, shelf: DialectShelf, ask: Ask) -> None:
        self._options = options
        self._shelf = shelf
        self._ask = ask
        self._finding = asyncio.Lock()
        self._form: Form | None = None
        self._probed_at = -math.inf

    async def form(self) -> Form:
        """The form that works; raises the errors of models."""
        if self._form is None:
            async with self._finding:
                if self._form is None:
                    self._form = await self._stored() or await self._probe()
        return self._form

    async def probe(self) -> Form:
        """Ask the endpoint now, whatever is remembered."""
        async with self._finding:
            self._form = await self._probe()
        return self._form

    async def doubt(self, form: Form) -> bool:
        """Probe again since `form` was refused; whether another one is to be tried now.

        A form that was probed a moment ago is not doubted: then it is the prompt that the server
        does not take.
        """
        async with self._finding:
            is_old = time.monotonic() - self._probed_at > _PROBE_HOLDS
            if self._form == form and is_old:
                self._form = await self._probe()
            return self._form != form

    async def _stored(self) -> Form | None:
        known = await self._shelf.load(endpoint_key(self._options))
        return next((form for form in _ORDER[self._options.provider] if form == known), None)

    async def _probe(self) -> Form:
        refusals: dict[Form, FormRefused] = {}
        for form in _ORDER[self._options.provider]:
            refusal = await self._try(form)
            if refusal is None:
                self._probed_at = time.monotonic()
                await self._shelf.save(endpoint_key(self._options), self._options.name, form)
                return form
            refusals[form] = refusal
        tried = "; ".join(f"{form}: {refusal.why}" for form, refusal in refusals.items())
        if all(refusal.is_server_error for refusal in refusals.values()):
            raise ModelUnavailable(
                f"{self._options.name} fails whatever it is asked.",
                why=f"Tried {tried}",
                fix="Look into the log of that server; it is asked again later."
                " EARMARK_MODE=offline works without any model.",
            )
        raise ModelRejected(
            f"{self._options.name} gives no structured answers.",
            why=f"Tried {tried}",
            fix="Choose a model that follows instructions, or a server that can bind answers to a"
            " schema. EARMARK_MODE=offline works without any model.",
        )

    async def _try(self, form: Form) -> FormRefused | None:
        """Null if the form works, else what went wrong."""
        refusal = await self._once(form)
        # Some servers call a form that they do not know an internal error, and some have one.
        if refusal is not None and refusal.is_server_error:
            refusal = await self._once(form)
        return refusal

    async def _once(self, form: Form) -> FormRefused | None:
        try:
            read_answer(await self._ask(form), DialectProbe)
        except FormRefused as refusal:
            return refusal
        except Unreadable:
            return FormRefused(
                f"{self._options.name} did not keep to the form.",
                why="the answer did not have the shape.",
                is_server_error=False,
            )
        return None
