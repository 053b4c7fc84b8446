"""One request to Intercom: sent within the quota, retried where that can help, or a clear error."""

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass  # noqa: TID251 - settings are read, no I/O

import aiohttp
from pydantic import BaseModel, JsonValue, ValidationError

from earmark.db.models import Model
from earmark.errors import (
    SourceError,
    SourceForbidden,
    SourceNotFound,
    SourceRejected,
    SourceUnauthorized,
    SourceUnavailable,
)
from earmark.slots import Slots
from earmark.sources.intercom_limits import (
    Quota,
    pause_after_refusal,
    read_window,
)
from earmark.sources.intercom_models import WireErrorList
from earmark.sources.intercom_options import IntercomOptions
from earmark.sources.intercom_parsing import parse

W = TypeVar("W", bound=BaseModel)

_LARGEST_ANSWER: Final = 256 * 1024 * 1024
_CANONICAL: Final = re.compile(r'<([^<>]+)>\s*;\s*rel="?canonical"?')


class MergedAway(SourceNotFound):
    """The object is part of another one now, whose path is in `successor` if it was told."""

    def __init__(self, request: str, link: str) -> None:
        super().__init__(
            "It is part of another one now.", why=f"It said 410 to {request}.", http_status=410
        )
        found = _CANONICAL.search(link)
        self.successor = found[1] if found else None


class Answer(Model):
    """A good answer: its bytes, and the headers that matter."""

    raw: bytes
    headers: Mapping[str, str]


class IntercomTransport:
    """Sends requests with one token; open it with `open_transport`."""

    def __init__(
        self, session: aiohttp.ClientSession, options: IntercomOptions, quota: Quota
    ) -> None:
        self._session = session
        self._options = options
        self._quota = quota
        self._slots = Slots(options.concurrency)

    async def read(
        self,
        model: type[W],
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: JsonValue = None,
    ) -> tuple[W, tuple[str, ...], Mapping[str, str]]:
        """The answer as `model`, with repairs and headers; raises a `SourceError`.

        Only for requests that change nothing: they are sent again after timeouts, cut-off answers
        and 408, 429 and 5xx, and a 200 that is no JSON.
        """
        for attempt in range(1, self._options.attempts + 1):
            try:
                async with self._slots.slot():
                    await self._quota.acquire()
                    answer = await self._send(method, path, params=params, body=body)
                value, repairs = parse(model, answer.raw)
            except SourceUnavailable:
                self._slots.fail()
                if attempt == self._options.attempts:
                    raise
                await asyncio.sleep(self._backoff(attempt))
            else:
                self._slots.succeed()
                return value, repairs, answer.headers
        raise SourceUnavailable(f"Intercom gave no answer to {method} {path}.")

    def _backoff(self, attempt: int) -> float:
        longest = min(self._options.backoff_seconds * 2 ** (attempt - 1), 60)
        return random.uniform(0, longest)  # noqa: S311 - full jitter, no secret

    async def _send(
        self, method: str, path: str, *, params: Mapping[str, str] | None, body: JsonValue
    ) -> Answer:
        try:
            async with self._session.request(
                method, self._options.base_url + path, params=params, json=body
            ) as response:
                raw = await self._read_body(response)
                await self._mind_quota(response.status, response.headers)
                if response.status == 410:
                    raise MergedAway(f"{method} {path}", response.headers.get("Link", ""))
                if response.status >= 300:
                    raise refusal(response.status, raw, f"{method} {path}")
                return Answer(raw=raw, headers=dict(response.headers))
        except TimeoutError as error:
            raise SourceUnavailable(
                f"Intercom did not answer {method} {path} in time.",
                why=f"It had {self._options.timeout_seconds:g} seconds.",
            ) from error
        except aiohttp.InvalidURL as error:
            raise SourceRejected(
                "The address of the Intercom API is not a URL.",
                fix="Set INTERCOM_REGION to us, eu or au, or mend INTERCOM_BASE_URL.",
            ) from error
        except aiohttp.ClientError as error:
            raise SourceUnavailable(
                f"Intercom cannot be reached at {self._options.base_url}.",
                why=f"{type(error).__name__} on {method} {path}.",
                fix="Check the network, a proxy, and INTERCOM_REGION or INTERCOM_BASE_URL.",
            ) from error

    async def _mind_quota(self, status: int, headers: Mapping[str, str]) -> None:
        window = read_window(headers)
        if window is not None:
            await self._quota.observe(window)
        if status == 429:
            await self._quota.pause(pause_after_refusal(headers))

    async def _read_body(self, response: aiohttp.ClientResponse) -> bytes:
        length = response.content_length or 0
        if length > _LARGEST_ANSWER:
            raise SourceRejected("Intercom's answer is too large.", why=f"It has {length} bytes.")
        return await response.read()


@asynccontextmanager
async def open_transport(
    options: IntercomOptions, quota: Quota | None = None
) -> AsyncGenerator[IntercomTransport]:
    """A transport with its own connections; without `quota`, the token is used here alone."""
    seconds = options.timeout_seconds
    async with aiohttp.ClientSession(
        headers={
            "Authorization": f"Bearer {options.token.get_secret_value()}",
            "Intercom-Version": options.api_version,
            "Accept": "application/json",
        },
        timeout=aiohttp.ClientTimeout(total=seconds, connect=seconds / 6),
        connector=aiohttp.TCPConnector(limit=options.concurrency),
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=find_proxy(options.base_url),
    ) as session:
        yield IntercomTransport(session, options, quota or Quota())


def find_proxy(base_url: str) -> str | None:
    """The proxy that the system's settings name for that address; null for none.

    Looked up once: aiohttp's own way reads the environment and `~/.netrc` in a thread for each
    request, which takes four times as long as the request itself.
    """
    try:
        parts = urlsplit(base_url)
    except ValueError:
        return None  # the first request tells that this is no address
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


def refusal(status: int, raw: bytes, request: str) -> SourceError:
    """The error for an answer with that status; never holds the token or customer text."""
    code = _error_code(raw)
    said = f"It said {status}" + (f" ({code})" if code else "") + f" to {request}."
    if status == 401:
        return SourceUnauthorized(
            "Intercom does not accept the access token.",
            why=said,
            fix="Set INTERCOM_ACCESS_TOKEN to a token of this workspace, and INTERCOM_REGION to its"
            " region (us, eu or au); then run `earmark doctor`.",
            http_status=status,
            code=code,
        )
    if status in (402, 403):
        return SourceForbidden(
            "The access token may not read this.",
            why=said,
            fix="In Intercom's Developer Hub, grant the app the right to read conversations,"
            " contacts, companies and admins; 402 means the subscription does not include it.",
            http_status=status,
            code=code,
        )
    if status in (404, 410):
        return SourceNotFound("It is no longer there.", why=said, http_status=status, code=code)
    if status in (408, 429) or status >= 500 or code == "scroll_exists":
        return SourceUnavailable(
            "Intercom cannot answer just now.",
            why=said,
            fix="Nothing is lost: the work goes on where it stopped when it is run again.",
            http_status=status,
            code=code,
        )
    return SourceRejected(
        "Intercom calls the request wrong.",
        why=said,
        fix="If INTERCOM_API_VERSION is set, unset it; otherwise this is a defect of Earmark.",
        http_status=status,
        code=code,
    )


def _error_code(raw: bytes) -> str | None:
    try:
        errors = WireErrorList.model_validate_json(raw).errors
    except ValidationError:
        return None  # a proxy's page instead of an error list: the status says enough
    code = errors[0].code if errors else None
    return code[:60] if code and code.replace("_", "").isalnum() else None
