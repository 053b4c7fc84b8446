"""Vectors from any server that speaks OpenAI's protocol for embeddings.

Of a text the first 6,000 characters are sent; if the server calls a text too long, its first half,
and so on. Only masked texts may be given to it.
"""

import asyncio
import hashlib
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from earmark.db.models import Model
from earmark.errors import EarmarkError, ModelRejected, ModelUnavailable
from earmark.llm.base import Vectors
from earmark.llm.locality import is_local, require_local
from earmark.llm.provider_options import OPENAI_URL
from earmark.llm.token_estimate import most_tokens

_PROBE: Final = "Where can I download my invoice?"
_MOST_CHARACTERS: Final = 6_000
_LEAST_CHARACTERS: Final = 100
_LARGEST_ANSWER: Final = 64 * 1024 * 1024
_MOST_DIMENSIONS: Final = 8192
_TOO_MUCH: Final = frozenset({400, 413, 422})
"""What servers say to a text that is too long for their model."""
_TOO_LONG: Final = re.compile(rb"too (large|long)|context (length|size)", re.IGNORECASE)
"""Some servers say so in words, beside a status of 500."""


OnAnswer = Callable[[int], Awaitable[None]]
"""Told of every answer how many tokens it was for: as the server counts them, else an estimate."""


class EndpointOptions(Model):
    """Which server, which model, and how hard to try."""

    model: str
    base_url: str = OPENAI_URL
    api_key: SecretStr | None = None
    local_only: bool = False
    batch: int = 64
    """Texts in one request."""
    concurrency: int = 4
    timeout_seconds: float = 60
    attempts: int = 5
    backoff_seconds: float = 0.5
    """Upper bound of the first wait; it doubles with each attempt."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore")

    index: int
    embedding: list[float]


class _Usage(BaseModel):
    model_config = ConfigDict(extra="ignore")

    prompt_tokens: int = Field(gt=0, le=10_000_000, strict=True)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    data: list[_Row]
    usage: object = None
    """Not every server counts, and none is refused for how it says so."""


class _Refused(EarmarkError):
    """The server does not take this input."""


class EndpointEncoder:
    """The `Encoder` port over a server; open it with `open_endpoint`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        options: EndpointOptions,
        on_answer: OnAnswer | None = None,
    ) -> None:
        self._session = session
        self._options = options
        self._on_answer = on_answer
        self._slots = asyncio.Semaphore(options.concurrency)
        self._meeting = asyncio.Lock()
        self._dimensions = 0

    @property
    def version(self) -> str:
        """By address and model; what a server changes behind the same name cannot be seen."""
        named = f"{self._options.base_url}\n{self._options.model}\n{_MOST_CHARACTERS}"
        return f"endpoint-{hashlib.sha256(named.encode()).hexdigest()[:12]}"

    @property
    def dimensions(self) -> int:
        """Length of a vector; 0 before the server has answered for the first time."""
        return self._dimensions

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """Shape (texts, dimensions), float32; rows of length 1, zero for a text without words.

        Raises `ModelUnavailable` when the server does not answer after all attempts, and
        `ModelRejected` for what trying again cannot mend.
        """
        await self._meet()
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        filled = [index for index, text in enumerate(texts) if text.strip()]
        filled.sort(key=lambda index: len(texts[index]))
        size = self._options.batch
        batches = [filled[start : start + size] for start in range(0, len(filled), size)]
        work = [
            asyncio.create_task(self._batch([texts[index][:_MOST_CHARACTERS] for index in batch]))
            for batch in batches
        ]
        try:
            found = await asyncio.gather(*work)
        finally:
            for task in work:
                task.cancel()
        for batch, rows in zip(batches, found, strict=True):
            vectors[batch] = rows
        return vectors

    async def _meet(self) -> None:
        """Ask for one harmless vector first: a wrong key or model shows before any text is sent."""
        async with self._meeting:
            if not self._dimensions:
                try:
                    rows = await self._ask([_PROBE])
                except _Refused as error:
                    raise self._rejected(error.what, "Check EARMARK_ENCODER.") from error
                self._dimensions = rows.shape[1]

    async def _batch(self, texts: list[str]) -> Vectors:
        """The vectors of a batch; if it is refused, those of its texts one by one."""
        try:
            return await self._ask(texts)
        except _Refused as error:
            if len(texts) > 1:
                return np.vstack([await self._batch([text]) for text in texts])
            if len(texts[0]) < 2 * _LEAST_CHARACTERS:
                raise self._rejected(
                    f"It refuses a short text: {error.what}", "Check the server's log."
                ) from error
        return await self._batch([texts[0][: len(texts[0]) // 2]])

    async def _ask(self, texts: list[str]) -> Vectors:
        for attempt in range(1, self._options.attempts + 1):
            try:
                async with self._slots:
                    raw = await self._post(texts)
                vectors, tokens = await asyncio.to_thread(self._parse, raw, texts)
            except ModelUnavailable as error:
                if attempt == self._options.attempts:
                    raise
                wait = error.retry_after
                longest = min(self._options.backoff_seconds * 2 ** (attempt - 1), 30)
                own = longest * (0.5 + random.random() / 2)  # noqa: S311 - spreads retries
                await asyncio.sleep(min(wait, 60) if wait is not None else own)
            else:
                if self._on_answer is not None:
                    # It was paid for, even if nobody waits for it any more.
                    await asyncio.shield(self._on_answer(tokens))
                return vectors
        raise ModelUnavailable("The encoder's server gave no answer.")

    async def _post(self, texts: list[str]) -> bytes:
        body = {"model": self._options.model, "input": texts, "encoding_format": "float"}
        try:
            async with self._session.post(
                f"{self._options.base_url}/embeddings", json=body, allow_redirects=False
            ) as response:
                raw = bytearray()
                async for chunk in response.content.iter_any():
                    raw += chunk
                    if len(raw) > _LARGEST_ANSWER:
                        raise self._not_a_server("Its answer does not end.")
                self._check(response, bytes(raw))
                return bytes(raw)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ModelUnavailable(
                "The encoder's server cannot be reached.",
                why=f"{_host_of(self._options.base_url)}: {type(error).__name__}.",
                fix="Check EARMARK_ENCODER_BASE_URL and that the server runs.",
            ) from error

    def _check(self, response: aiohttp.ClientResponse, raw: bytes) -> None:
        """An error for any status but 200; `_Refused` if a smaller input may go through."""
        status = response.status
        if status == 200:
            return
        no_credit = b"insufficient_quota" in raw or status == 402
        if status in (401, 403) or no_credit:
            what = "has no credit left" if no_credit else "does not take the key"
            raise self._rejected(
                f"It {what} ({status}).", "Check EARMARK_ENCODER_API_KEY and the account."
            )
        if status in (404, 405) or 300 <= status < 400:
            raise self._rejected(
                f"It said {status}: there is no such model or address.",
                "Check EARMARK_ENCODER and EARMARK_ENCODER_BASE_URL, which usually ends in /v1.",
            )
        if status in _TOO_MUCH or (status == 500 and _TOO_LONG.search(raw)):
            raise _Refused(f"it said {status}")
        if status in (408, 409, 425, 429) or status >= 500:
            raise ModelUnavailable(
                f"The encoder's server said {status}.",
                why="It is busy or out of order.",
                fix="Earmark tries again by itself.",
                retry_after=_seconds(response.headers.get("retry-after")),
            )
        raise self._rejected(f"It said {status}.", "Check the server's log.")

    def _parse(self, raw: bytes, texts: Sequence[str]) -> tuple[Vectors, int]:
        """The vectors, and how many tokens they were made from."""
        try:
            answer = _Answer.model_validate_json(raw)
        except ValidationError as error:
            raise self._not_a_server("Its answer is not that of an embeddings server.") from error
        rows = answer.data
        if sorted(row.index for row in rows) != list(range(len(texts))):
            raise self._not_a_server(f"It answered {len(rows)} of {len(texts)} texts.")
        dimensions = self._dimensions or len(rows[0].embedding)
        alike = all(len(row.embedding) == dimensions for row in rows)
        if not alike or not 0 < dimensions <= _MOST_DIMENSIONS:
            raise self._not_a_server("Its vectors are not all of one length.")
        rows.sort(key=lambda row: row.index)
        vectors = np.array([row.embedding for row in rows], dtype=np.float64)
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        if not np.isfinite(largest).all() or not (largest > 0).all():
            raise self._not_a_server("Its vectors are no numbers, or all zero.")
        vectors /= largest  # or squares of huge numbers would overflow
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        counted = _counted(answer.usage)
        tokens = sum(map(most_tokens, texts)) if counted is None else counted
        return vectors.astype(np.float32), tokens

    def _rejected(self, why: str, fix: str) -> ModelRejected:
        host = _host_of(self._options.base_url)
        return ModelRejected(
            f"The encoder {self._options.model!r} at {host} cannot be used.", why=why, fix=fix
        )

    def _not_a_server(self, why: str) -> ModelRejected:
        return self._rejected(
            why, "Check EARMARK_ENCODER_BASE_URL and that the model makes embeddings."
        )


@asynccontextmanager
async def open_endpoint(
    options: EndpointOptions, on_answer: OnAnswer | None = None
) -> AsyncGenerator[EndpointEncoder]:
    """An encoder with its connections; nothing is sent before the first texts are.

    Raises `ConfigurationError` for a server elsewhere if `local_only`.
    """
    require_local(
        "The encoder", options.base_url, local_only=options.local_only, model=options.model
    )
    headers: dict[str, str] = {}
    if options.api_key is not None:
        key = options.api_key.get_secret_value()
        headers["Authorization"] = f"Bearer {key}"
        if (urlsplit(options.base_url).hostname or "").endswith(".azure.com"):
            headers["api-key"] = key
    async with aiohttp.ClientSession(
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=options.timeout_seconds),
        trust_env=not is_local(options.base_url),
    ) as session:
        yield EndpointEncoder(session, options, on_answer)


def _counted(usage: object) -> int | None:
    """The tokens that a server says it read; null where it does not say it in whole numbers."""
    try:
        return _Usage.model_validate(usage).prompt_tokens
    except ValidationError:
        return None


def _host_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _seconds(header: str | None) -> float | None:
    try:
        return max(float(header), 0) if header else None
    except ValueError:
        return None
