"""One question to a provider, through pydantic-ai and the provider's own library.

Only the layer that speaks to providers is used, not its agents: they take three times the CPU, and
the repair of an answer is ours. Import this module only once a model is really opened: it loads
libraries that cost 2 seconds and 50 MB.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

import httpx2
from pydantic import BaseModel
from pydantic_ai.exceptions import ModelAPIError, UnexpectedModelBehavior
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models import Model as ProviderModel
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from earmark.llm.base import Usage
from earmark.llm.dialects import Question, in_prompt, schema_document, schema_words
from earmark.llm.locality import is_local
from earmark.llm.provider_errors import translate
from earmark.llm.provider_options import ModelOptions
from earmark.llm.provider_transport import AiohttpTransport

_CONNECT_SECONDS: Final = 10.0
PROFILE: Final = ModelProfile(supports_json_schema_output=True, supports_tools=True)
"""What a server can do is found out by asking it."""

SeeHeaders = Callable[[Mapping[str, str]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, before it is read."""

    text: str
    usage: Usage
    model: str
    ended: str
    """`stop`, `length`, `refused`."""


class ProviderClient:
    """Asks one model; it neither waits nor tries again."""

    def __init__(self, options: ModelOptions, http: httpx2.AsyncClient) -> None:
        self._options = options
        build = _anthropic if options.provider == "anthropic" else _openai
        self._model = build(options, http)

    async def ask(self, question: Question) -> Reply:
        """Raises `ModelError`; `FormRefused` if the request itself was not taken."""
        try:
            answer = await self._model.request(
                messages_of(question),
                settings_of(self._model, self._options, question),
                self._parameters(question),
            )
        except (ModelAPIError, UnexpectedModelBehavior) as error:
            # Without its cause: the provider's words may repeat the key or the customer's text.
            raise translate(error, self._options) from None
        return reply_of(answer, self._options)

    def _parameters(self, question: Question) -> ModelRequestParameters:
        if self._options.provider != "anthropic" and question.form == "json_schema":
            return ModelRequestParameters(output_mode="text")  # it is in the settings
        return parameters_of(question)


def settings_of(
    model: ProviderModel, options: ModelOptions, question: Question, *, is_batch: bool = False
) -> ModelSettings:
    """How a question is asked, beside its words."""
    settings: dict[str, Any] = {"max_tokens": options.most_output_tokens}
    profile = cast("Mapping[str, object]", model.profile)
    if options.provider == "anthropic":
        settings["anthropic_cache_instructions"] = True
    elif not profile.get("openai_supports_reasoning"):
        settings["temperature"] = 0.0
    elif options.provider == "openai":
        # Reading takes little thought; thinking is paid for, and counts as output.
        settings["thinking"] = "low"
    if options.provider == "openai":
        # Questions with the same beginning go where it is cached.
        settings["openai_prompt_cache_key"] = question.prompt.version
    extra: dict[str, Any] = {}
    if question.form == "json_object":
        extra["response_format"] = {"type": "json_object"}
    elif question.form == "json_schema" and options.provider != "anthropic" and not is_batch:
        extra["response_format"] = response_format(question.schema)
    if options.provider == "compatible" and is_local(options.address):
        # Some of those know the older name alone, and would go on for ever.
        extra["max_tokens"] = options.most_output_tokens
    if extra:
        settings["extra_body"] = extra
    return cast("ModelSettings", settings)


@lru_cache(maxsize=32)
def response_format(schema: type[BaseModel]) -> dict[str, Any]:
    """What binds OpenAI's answers to a schema; strictly where the schema lets them.

    Made once: the libraries would make it anew for every call, at a third of the call's CPU.
    """
    from pydantic_ai.profiles.openai import OpenAIJsonSchemaTransformer  # noqa: PLC0415

    transformer = OpenAIJsonSchemaTransformer(schema_document(schema))
    document = transformer.walk()
    bound = {
        "name": schema.__name__,
        "schema": document,
        "strict": transformer.is_strict_compatible,
    }
    return {"type": "json_schema", "json_schema": bound}


def messages_of(question: Question) -> list[ModelMessage]:
    """In the order that lets providers cache the beginning."""
    prompt = question.prompt
    rules, data = prompt.static, prompt.data
    if in_prompt(question.form):
        rules = f"{rules}\n\n{schema_words(question.schema)}"
    if prompt.reminder:
        data = f"{data}\n\n{prompt.reminder}"
    messages: list[ModelMessage] = [
        ModelRequest(parts=[SystemPromptPart(rules), UserPromptPart(data)])
    ]
    if question.problem:
        again = f"{question.problem}\nAnswer again, completely, in the shape that was asked for."
        messages += [
            ModelResponse(parts=[TextPart(question.answered or "(no answer)")]),
            ModelRequest(parts=[UserPromptPart(again)]),
        ]
    return messages


def parameters_of(question: Question) -> ModelRequestParameters:
    document, name = schema_document(question.schema), question.schema.__name__
    if question.form == "json_schema":
        output = OutputObjectDefinition(json_schema=document, name=name)
        return ModelRequestParameters(output_mode="native", output_object=output)
    if question.form == "tool":
        tool = ToolDefinition(
            name=name, description="Takes the answer.", parameters_json_schema=document
        )
        return ModelRequestParameters(
            output_mode="tool", output_tools=[tool], allow_text_output=False
        )
    return ModelRequestParameters(output_mode="text")


def reply_of(answer: ModelResponse, options: ModelOptions) -> Reply:
    calls = [part.args_as_json_str() for part in answer.parts if isinstance(part, ToolCallPart)]
    words = [part.content for part in answer.parts if isinstance(part, TextPart)]
    ended = {"length": "length", "content_filter": "refused"}.get(answer.finish_reason or "")
    usage = answer.usage
    return Reply(
        text=calls[0] if calls else "".join(words),
        usage=Usage(
            input_tokens=usage.input_tokens,
            cached_tokens=min(usage.cache_read_tokens, usage.input_tokens),
            output_tokens=usage.output_tokens,
        ),
        model=answer.model_name or options.model,
        ended=ended or "stop",
    )


def key_of(options: ModelOptions) -> str:
    return options.api_key.get_secret_value() if options.api_key else "none"


def _anthropic(options: ModelOptions, http: httpx2.AsyncClient) -> ProviderModel:
    from anthropic import AsyncAnthropic  # noqa: PLC0415
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

    client = AsyncAnthropic(
        api_key=key_of(options), base_url=options.address, http_client=http, max_retries=0
    )
    provider = AnthropicProvider(anthropic_client=client)
    return AnthropicModel(options.model, provider=provider, profile=PROFILE)


def _openai(options: ModelOptions, http: httpx2.AsyncClient) -> ProviderModel:
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider  # noqa: PLC0415

    from earmark.llm.provider_openai import QuickOpenAI  # noqa: PLC0415

    client = QuickOpenAI(
        api_key=key_of(options), base_url=options.address, http_client=http, max_retries=0
    )
    if options.provider == "openai":
        provider = OpenAIProvider(openai_client=client)
    else:
        provider = OpenAICompatibleProvider("compatible", openai_client=client)
    return OpenAIChatModel(options.model, provider=provider, profile=PROFILE)


@asynccontextmanager
async def open_client(
    options: ModelOptions, see_headers: SeeHeaders
) -> AsyncGenerator[ProviderClient]:
    """A client whose connections are closed at the end."""

    async def see(response: httpx2.Response) -> None:
        await see_headers(response.headers)

    async with open_http(options) as http:
        http.event_hooks = {"response": [see]}
        yield ProviderClient(options, http)


def open_http(options: ModelOptions) -> httpx2.AsyncClient:
    """Connections, to be closed."""
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(options.timeout_seconds, connect=_CONNECT_SECONDS),
        # A redirect or a proxy would lead to a machine that nobody has named.
        follow_redirects=False,
        transport=AiohttpTransport(
            connections=options.concurrency, use_proxy=not is_local(options.address)
        ),
    )
