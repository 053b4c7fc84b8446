"""Batches through pydantic-ai, which writes the requests and reads the answers, and the SDKs.

Import this module only once a batch model is really opened: it loads the providers' libraries.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Collection, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import anthropic
import httpx2
import openai
from pydantic import BaseModel
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    UnexpectedModelBehavior,
)
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.batch import Batch, BatchRequest, BatchResult, EncodedBatchRequest
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from earmark.errors import ModelAnswerUnusable, ModelError, ModelRejected, ModelUnavailable
from earmark.llm.answers import Unreadable
from earmark.llm.base import Answer, Prompt
from earmark.llm.dialects import Form, Question, blame_text
from earmark.llm.provider import read_reply
from earmark.llm.provider_client import (
    PROFILE,
    key_of,
    messages_of,
    open_http,
    parameters_of,
    reply_of,
    settings_of,
)
from earmark.llm.provider_errors import translate, translate_status
from earmark.llm.provider_options import ModelOptions

T = TypeVar("T", bound=BaseModel)

_MARK: Final = "earmark_batch"
_LOOKED_AT: Final = 500
"""Batches of an account that are looked at for one that was interrupted."""
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_EMPTY: Final = Prompt(name="", version="", static="-", data="-", reminder="")


@dataclass(frozen=True, slots=True)
class Missing:
    """A batch that may have been handed in."""

    key: str
    requests: int
    since: datetime
    known: Collection[str]


class ProviderBatches(ABC):
    """A `BatchModel`; what the two providers have in common."""

    form: Form

    def __init__(self, options: ModelOptions, model: AnthropicModel | OpenAIResponsesModel) -> None:
        self._options = options
        self._model = model

    @property
    def name(self) -> str:
        """Provider and model."""
        return self._options.name

    @property
    def most_requests(self) -> int:
        """The provider's own bound."""
        return self._model.batch_max_requests or 1

    async def submit(self, key: str, prompts: Sequence[Prompt], schema: type[BaseModel]) -> str:
        """Hand in; see `BatchModel.submit`."""
        requests = [
            self._request(f"{key}_{place}", prompt, schema) for place, prompt in enumerate(prompts)
        ]
        encoded = [await self._model.batch_encode(request) for request in requests]
        with _translated(self._options):
            return await self._create(encoded)

    async def find(
        self, key: str, *, requests: int, since: datetime, known: Collection[str]
    ) -> str | None:
        """Look for it; see `BatchModel.find`."""
        with _translated(self._options):
            return await self._find(Missing(key, requests, since - _CLOCKS_DIFFER, known))

    async def is_ended(self, batch_id: str) -> bool:
        """Whether there is nothing more to wait for."""
        return (await self._status(batch_id)).status == "ended"

    async def results(
        self, batch_id: str, key: str, schema: type[T]
    ) -> dict[int, Answer[T] | ModelError] | None:
        """Answers and failures; see `BatchModel.results`."""
        with _translated(self._options):
            found = await self._model.batch_results(await self._status(batch_id))
        ours = [result for result in found if _key_in(result.custom_id) == key]
        if found and not ours:
            return None
        return {
            int(result.custom_id.rpartition("_")[2]): self._outcome(result, schema)
            for result in ours
        }

    def _outcome(self, result: BatchResult, schema: type[T]) -> Answer[T] | ModelError:
        if result.status in ("expired", "canceled"):
            return ModelUnavailable(f"The batch of {self.name} was {result.status} before this.")
        request = self._request(result.custom_id, _EMPTY, schema)
        try:
            reply = reply_of(self._model.batch_decode(result, request), self._options)
        except (ModelAPIError, UnexpectedModelBehavior) as error:
            return blame_text(translate(error, self._options), self.name)
        try:
            return read_reply(reply, schema, self._options.most_output_tokens)
        except Unreadable as problem:
            return ModelAnswerUnusable(
                f"{self.name} gave no usable answer.",
                why=str(problem),
                input_tokens=reply.usage.input_tokens,
                output_tokens=reply.usage.output_tokens,
            )

    def _request(self, custom_id: str, prompt: Prompt, schema: type[BaseModel]) -> BatchRequest:
        question = Question(prompt, schema, self.form)
        return BatchRequest(
            custom_id=custom_id,
            messages=messages_of(question),
            model_settings=settings_of(self._model, self._options, question, is_batch=True),
            model_request_parameters=parameters_of(question),
        )

    async def _status(self, batch_id: str) -> Batch:
        """What the provider says; all that a handle holds beside the id can be made again."""
        encoded = await self._model.batch_encode(self._request("x", _EMPTY, _Nothing))
        handle = Batch(
            id=batch_id,
            model_name=self._model.model_name,
            provider_name=self._model.system,
            group=encoded.group,
            status="in_progress",
            created_at=datetime.now(tz=UTC),
            request_count=0,
        )
        with _translated(self._options):
            return await self._model.batch_status(handle)

    @abstractmethod
    async def _create(self, requests: Sequence[EncodedBatchRequest]) -> str: ...

    @abstractmethod
    async def _find(self, missing: "Missing") -> str | None: ...


def _key_in(custom_id: str) -> str:
    return custom_id.rpartition("_")[0]


class _Nothing(BaseModel):
    """A shape for a request that is never sent."""

    nothing: bool


class OpenAIBatches(ProviderBatches):
    """OpenAI keeps a word of ours beside each batch: it is found by that."""

    form: Form = "json_schema"

    def __init__(self, options: ModelOptions, client: openai.AsyncOpenAI) -> None:
        provider = OpenAIProvider(openai_client=client)
        super().__init__(
            options, OpenAIResponsesModel(options.model, provider=provider, profile=PROFILE)
        )
        self._client = client

    async def _create(self, requests: Sequence[EncodedBatchRequest]) -> str:
        lines = [
            json.dumps(
                {
                    "custom_id": request.custom_id,
                    "method": "POST",
                    "url": "/v1/responses",
                    "body": json.loads(request.body),
                },
                ensure_ascii=False,
            )
            for request in requests
        ]
        content = "\n".join(lines).encode()
        file = await self._client.files.create(file=("batch.jsonl", content), purpose="batch")
        batch = await self._client.batches.create(
            input_file_id=file.id,
            endpoint="/v1/responses",
            completion_window="24h",
            metadata={_MARK: _key_in(requests[0].custom_id)},
        )
        return batch.id

    async def _find(self, missing: "Missing") -> str | None:
        seen = 0
        async for batch in self._client.batches.list(limit=100):
            seen += 1
            if (batch.metadata or {}).get(_MARK) == missing.key:
                return batch.id
            if batch.created_at < missing.since.timestamp() or seen >= _LOOKED_AT:
                return None
        return None


class AnthropicBatches(ProviderBatches):
    """Anthropic keeps nothing of ours but the names of the requests, which show in the results.

    So an interrupted batch is one of the right size and time that nobody else knows; whether it is
    ours is seen when its results come.
    """

    form: Form = "tool"

    def __init__(self, options: ModelOptions, client: anthropic.AsyncAnthropic) -> None:
        provider = AnthropicProvider(anthropic_client=client)
        super().__init__(options, AnthropicModel(options.model, provider=provider, profile=PROFILE))
        self._client = client

    async def _create(self, requests: Sequence[EncodedBatchRequest]) -> str:
        model = self._model
        return (await model.batch_create(requests)).id

    async def _find(self, missing: "Missing") -> str | None:
        async for batch in self._client.messages.batches.list(limit=100):
            counts = batch.request_counts
            total = (
                counts.processing
                + counts.succeeded
                + counts.errored
                + counts.canceled
                + counts.expired
            )
            if batch.created_at < missing.since:
                return None
            if total == missing.requests and batch.id not in missing.known:
                return batch.id
        return None


@contextmanager
def _translated(options: ModelOptions) -> Generator[None]:
    """Errors of the SDKs and of pydantic-ai become ours: it may pass, or it is refused for good."""
    try:
        yield
    except (openai.APIError, anthropic.APIError) as error:
        raise _for_good_or_not(_translate_raw(error, options), options) from None
    except ModelAPIError as error:
        raise _for_good_or_not(translate(error, options), options) from None


def _translate_raw(
    error: openai.APIError | anthropic.APIError, options: ModelOptions
) -> ModelError:
    if not isinstance(error, openai.APIStatusError | anthropic.APIStatusError):
        return translate(ModelConnectionError(options.model, "no answer"), options)
    code = getattr(error, "code", None) or getattr(error, "type", None)
    return translate_status(error.status_code, code, error.body, options)


def _for_good_or_not(error: ModelError, options: ModelOptions) -> ModelError:
    """No text of a batch is to blame: what else would be refused for its form is refused."""
    found = blame_text(error, options.name)
    if isinstance(found, ModelAnswerUnusable):
        return ModelRejected(f"{options.name} does not take the batch.", why=found.why)
    return found


@asynccontextmanager
async def open_batches(options: ModelOptions) -> AsyncGenerator[ProviderBatches]:
    """A model whose connections are closed at the end."""
    async with open_http(options) as http:
        yield _make(options, http)


def _make(options: ModelOptions, http: httpx2.AsyncClient) -> ProviderBatches:
    key, address = key_of(options), options.address
    if options.provider == "anthropic":
        return AnthropicBatches(
            options,
            anthropic.AsyncAnthropic(
                api_key=key, base_url=address, http_client=http, max_retries=0
            ),
        )
    return OpenAIBatches(
        options,
        openai.AsyncOpenAI(api_key=key, base_url=address, http_client=http, max_retries=0),
    )
