"""The faults at work: what happens to a request and to its answer."""

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web

from earmark.sources.simulator.answers import Refusal
from earmark.sources.simulator.faults import NO_FAULTS, Faults, Route
from earmark.sources.simulator.hashing import Draw, derive_key

_ROUTES: Final[dict[str, Route]] = {
    "/conversations/search": "search",
    "/conversations": "list",
    "/conversations/{id}": "retrieve",
    "/conversations/deleted": "deleted",
    "/contacts": "contacts",
    "/contacts/search": "contacts",
    "/contacts/{id}": "contacts",
    "/companies/list": "companies",
    "/companies/scroll": "companies",
    "/companies/{id}": "companies",
}
_ERRORS: Final = (500, 502, 503, 504)
_HTML: Final = b"<!DOCTYPE html><html><body><h1>We'll be back shortly</h1></body></html>"


def find_route(request: web.Request) -> Route:
    """The group of endpoints that a request belongs to."""
    resource = request.match_info.route.resource
    return _ROUTES.get(resource.canonical if resource else "", "workspace")


class Mischief:
    """The faults that are on, and what they have to remember."""

    def __init__(self, faults: Faults, clock: Callable[[], float]) -> None:
        self.faults = faults
        self.draw = Draw(derive_key(faults.seed, 0x4641554C54))
        self.is_idle = faults == NO_FAULTS.model_copy(update={"seed": faults.seed})
        """Nothing is wrong: the answers are Intercom's."""
        self.stopping = asyncio.Event()
        """Set when the server ends, so that nothing hangs any longer."""
        self._clock = clock
        self._requests = 0
        self._second = -1
        self._in_second = 0
        self._page_errors: dict[str, int] = {}

    def happens(self, name: str, route: Route) -> bool:
        """Draws whether a fault with a share happens to this request."""
        share: float = getattr(self.faults, name)
        return share > 0 and self.faults.on(name, route) and self.draw.chance(share)

    def has(self, name: str, route: Route) -> bool:
        """Whether a fault without a share is on for this request."""
        return bool(getattr(self.faults, name)) and self.faults.on(name, route)

    async def meet(self, route: Route) -> None:
        """What happens before a request is looked at; raises `Refusal`."""
        self._refuse_by_count(route)
        if self.happens("slow_share", route):
            await self._wait(self.faults.slow_seconds)
        if self.happens("hang_share", route):
            await self._wait(self.faults.hang_seconds)
            raise Refusal(504, "client_error", "Gateway timeout")
        if self.happens("error_share", route):
            raise Refusal(self.draw.pick(_ERRORS), "server_error", "Something went wrong")
        if route == "retrieve" and self.happens("not_found_share", route):
            raise Refusal(404, "not_found", "Resource Not Found")

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return

    def _refuse_by_count(self, route: Route) -> None:
        if self.has("refuse_every", route):
            self._requests += 1
            if self._requests % self.faults.refuse_every == 0:
                raise Refusal(429, "rate_limit_exceeded", "Exceeded rate limit")
        if self.has("refuse_burst", route):
            second = int(self._clock())
            if second != self._second:
                self._second, self._in_second = second, 0
            self._in_second += 1
            if self._in_second > self.faults.refuse_burst:
                raise Refusal(429, "rate_limit_exceeded", "Exceeded rate limit")

    def fail_page(self, route: Route, digest: str, number: int) -> None:
        """Answers 500 to the page that is meant to fail."""
        faults = self.faults
        if faults.page_error != number or not faults.on("page_error", route):
            return
        times = self._page_errors.get(digest, 0)
        if faults.page_error_times == 0 or times < faults.page_error_times:
            self._page_errors[digest] = times + 1
            raise Refusal(500, "server_error", "Something went wrong")

    def mend_headers(self, response: web.StreamResponse, route: Route) -> None:
        """What faults do to the headers of the rate limit."""
        refused = response.status == 429
        if not self.faults.rate_headers or (refused and not self.faults.refusal_headers):
            for name in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
                response.headers.pop(name, None)
        elif refused or self.has("zero_remaining", route):
            response.headers["X-RateLimit-Remaining"] = "0"

    async def spoil(
        self, request: web.Request, response: web.StreamResponse, route: Route
    ) -> web.StreamResponse:
        """What happens to a good answer on its way."""
        if response.status != 200 or not isinstance(response, web.Response):
            return response
        body = bytes(response.body) if isinstance(response.body, bytes | bytearray) else b""
        if self.happens("html_share", route):
            return web.Response(body=_HTML, content_type="text/html", headers=_kept(response))
        if self.happens("truncated_share", route):
            return web.Response(
                body=body[: len(body) * 2 // 3],
                content_type="application/json",
                headers=_kept(response),
            )
        if self.happens("cut_share", route):
            return await _cut(request, response, body)
        return response


def _kept(response: web.StreamResponse) -> dict[str, str]:
    own = ("content-type", "content-length")
    return {name: value for name, value in response.headers.items() if name.lower() not in own}


async def _cut(
    request: web.Request, response: web.StreamResponse, body: bytes
) -> web.StreamResponse:
    """Promises the whole body, sends half, and hangs up."""
    stream = web.StreamResponse(status=200, headers=_kept(response))
    stream.content_type = "application/json"
    stream.content_length = len(body)
    await stream.prepare(request)
    await stream.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return stream
