"""The port for language models, filled by OpenAI, Anthropic and servers that speak as OpenAI."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from earmark.errors import ConfigurationError, ModelAnswerUnusable, ModelError
from earmark.llm.answers import Unreadable, read_answer
from earmark.llm.base import Answer, Prompt, Usage
from earmark.llm.dialects import (
    PROBE,
    Dialect,
    DialectProbe,
    DialectShelf,
    Form,
    FormRefused,
    MemoryShelf,
    Question,
    blame_text,
    schema_words,
)
from earmark.llm.limits import Limits
from earmark.llm.provider_options import OFFLINE_WAY, ModelOptions
from earmark.llm.token_estimate import most_tokens

if TYPE_CHECKING:
    from earmark.llm.provider_client import ProviderClient, Reply

T = TypeVar("T", bound=BaseModel)

_TOKENS_AROUND = 200
"""What a protocol adds to a prompt: roles, the names of tools."""


class HostedModel:
    """A `LanguageModel` behind a provider's API; its libraries are loaded at the first question."""

    def __init__(
        self, options: ModelOptions, connection: "_Connection", limits: Limits, shelf: DialectShelf
    ) -> None:
        self._options = options
        self._connection = connection
        self._limits = limits
        self.dialect = Dialect(options, shelf, self._ask_probe)

    @property
    def name(self) -> str:
        """Provider and model."""
        return self._options.name

    @property
    def most_output_tokens(self) -> int:
        """What the provider is told."""
        return self._options.most_output_tokens

    def count_tokens(self, prompt: Prompt) -> int:
        """An upper estimate, with what the protocol adds."""
        parts = (prompt.static, prompt.data, prompt.reminder)
        return sum(most_tokens(part) for part in parts) + _TOKENS_AROUND

    async def extract(self, prompt: Prompt, schema: type[T]) -> Answer[T]:
        """Ask, and once more with what was wrong; see `LanguageModel.extract`."""
        question, reply = await self._ask_first(prompt, schema)
        try:
            return read_reply(reply, schema, self.most_output_tokens)
        except Unreadable as problem:
            repair = replace(question, answered=reply.text, problem=str(problem))
        return await self._ask_again(repair, schema, reply.usage)

    async def _ask_first(self, prompt: Prompt, schema: type[BaseModel]) -> "tuple[Question, Reply]":
        """In the form that works; if that one is refused, it may not work any more."""
        question = Question(prompt, schema, await self.dialect.form())
        try:
            return question, await self._ask(question)
        except FormRefused as refusal:
            if not await self.dialect.doubt(question.form):
                raise blame_text(refusal, self.name) from None
        question = replace(question, form=await self.dialect.form())
        try:
            return question, await self._ask(question)
        except FormRefused as refusal:
            raise blame_text(refusal, self.name) from None

    async def _ask_again(self, question: "Question", schema: type[T], spent: Usage) -> Answer[T]:
        try:
            reply = await self._ask(question)
        except ModelError as error:
            raise _after(blame_text(error, self.name), spent) from None
        both = _sum(spent, reply.usage)
        try:
            answer = read_reply(reply, schema, self.most_output_tokens)
        except Unreadable as problem:
            failure = ModelAnswerUnusable(
                f"{self.name} gave no usable answer.",
                why=str(problem),
                fix="It counts as failed and is tried again later; if it happens often, choose"
                " another model.",
            )
            raise _after(failure, both) from None
        return answer.model_copy(update={"usage": both, "repaired": True})

    async def _ask(self, question: "Question") -> "Reply":
        """One question within the limits."""
        tokens = self.count_tokens(question.prompt) + most_tokens(schema_words(question.schema))
        client = await self._connection.client()
        return await self._limits.run(
            lambda: client.ask(question),
            tokens=tokens,
            spent=lambda reply: reply.usage.input_tokens + reply.usage.output_tokens,
        )

    async def _ask_probe(self, form: Form) -> str:
        reply = await self._ask(Question(PROBE, DialectProbe, form))
        return reply.text


def read_reply(reply: "Reply", schema: type[T], most_output_tokens: int) -> Answer[T]:
    """The answer in its shape; raises `Unreadable`."""
    if reply.ended == "refused":
        raise Unreadable("The model refused to answer.")
    if reply.ended == "length":
        raise Unreadable(f"The answer was cut at {most_output_tokens:,} tokens: be brief.")
    value = read_answer(reply.text, schema)
    return Answer(value=value, usage=reply.usage, model=reply.model)


def _after(error: ModelError, spent: Usage) -> ModelError:
    """The error, with what had been spent before it."""
    error.input_tokens += spent.input_tokens
    error.output_tokens += spent.output_tokens
    return error


def _sum(first: Usage, second: Usage) -> Usage:
    return Usage(
        input_tokens=first.input_tokens + second.input_tokens,
        cached_tokens=first.cached_tokens + second.cached_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        requests=first.requests + second.requests,
    )


class _Connection:
    """The provider's client, made when it is first needed."""

    def __init__(self, options: ModelOptions, limits: Limits, stack: AsyncExitStack) -> None:
        self._options = options
        self._limits = limits
        self._stack = stack
        self._opening = asyncio.Lock()
        self._client: ProviderClient | None = None

    async def client(self) -> "ProviderClient":
        """The same for all questions."""
        if self._client is None:
            async with self._opening:
                if self._client is None:
                    self._client = await self._open()
        return self._client

    async def _open(self) -> "ProviderClient":
        # Off the event loop, where the two seconds would be missed.
        libraries = await asyncio.to_thread(_load, self._options)
        return await self._stack.enter_async_context(
            libraries.open_client(self._options, self._limits.observe)
        )


def _load(options: ModelOptions) -> ModuleType:
    vendor = "anthropic" if options.provider == "anthropic" else "openai"
    import_module(f"pydantic_ai.models.{vendor}")
    return import_module("earmark.llm.provider_client")


def require_libraries(options: ModelOptions) -> None:
    """Raises `ConfigurationError`; loads nothing."""
    if find_spec("pydantic_ai") is None:
        raise ConfigurationError(
            f"The libraries for the language model {options.name} are not installed.",
            why="They are an extra, since Earmark works without them.",
            fix="Run `pip install 'earmark[llm]'` in Earmark's environment (in a checkout:"
            f" `python3 dev.py test --help`). {OFFLINE_WAY}",
        )


@asynccontextmanager
async def open_language_model(
    options: ModelOptions, *, limits: Limits | None = None, shelf: DialectShelf | None = None
) -> AsyncGenerator[HostedModel]:
    """A model until the block ends; raises `ConfigurationError`. Nothing is loaded or sent yet.

    `limits` are shared by all who use the account; `shelf` remembers how endpoints are asked.
    """
    options.check()
    require_libraries(options)
    limits = limits or Limits(options)
    async with AsyncExitStack() as stack:
        connection = _Connection(options, limits, stack)
        yield HostedModel(options, connection, limits, shelf or MemoryShelf())
