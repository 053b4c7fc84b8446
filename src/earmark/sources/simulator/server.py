"""An HTTP server that answers like Intercom's API, version 2.16, for one dataset."""

import hmac
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

from aiohttp import web

from earmark.sources.simulator import (
    control_routes,
    conversation_routes,
    library_routes,
    object_routes,
)
from earmark.sources.simulator.answers import Refusal, answer_refusal
from earmark.sources.simulator.census import (
    ConversationState,
    ServedMessage,
    list_messages,
    take_census,
)
from earmark.sources.simulator.changes import Applied, Change
from earmark.sources.simulator.dataset import Dataset
from earmark.sources.simulator.faults import NO_FAULTS, Faults
from earmark.sources.simulator.limits import Allowance, Traffic
from earmark.sources.simulator.mischief import Mischief, find_route
from earmark.sources.simulator.serverstate import STATE, VERSION, ServerState
from earmark.sources.simulator.webhooks import WebhookSettings, WebhookStatus

RATE_LIMIT_PER_MINUTE = 1_000_000
"""The default is out of reach; Intercom gives a private app 10,000."""
CURRENT_VERSION = (2, 16)
"""Answered when a request names no version."""
OLDEST_VERSION = (2, 7)
MAX_BODY = 1 << 20
"""Bytes of a request."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RunningServer:
    """A server that is up: its address, and what can be done to it from within this process."""

    def __init__(self, host: str, port: int, state: ServerState) -> None:
        self.host = host
        self.port = port
        self._state = state

    @property
    def base_url(self) -> str:
        """The address without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def apply(self, change: Change) -> Applied:
        """Makes a change; raises `Refusal` where Intercom would refuse it."""
        return self._state.live.apply(change)

    @property
    def faults(self) -> Faults:
        """What is wrong just now."""
        return self._state.mischief.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._state.set_faults(faults)

    @property
    def traffic(self) -> Traffic:
        """The requests so far, by whether the rate limit let them pass."""
        return self._state.limiter.traffic

    def states(self) -> Iterator[ConversationState]:
        """What is true of all conversations, as `/_simulator/truth` tells it."""
        return take_census(self._state.live.conversations)

    def texts(self, conversation_id: str) -> list[ServedMessage]:
        """The messages of a conversation as a retrieval gives them; raises `Refusal` (404)."""
        live = self._state.live
        return list_messages(live.conversations.document(live.find_conversation(conversation_id)))

    async def set_webhooks(self, settings: WebhookSettings | None) -> WebhookStatus:
        """Another receiver, or none; the status says whether it answered a HEAD request."""
        return await self._state.webhooks.configure(settings)

    @property
    def webhooks(self) -> WebhookStatus:
        """How the deliveries went."""
        return self._state.webhooks.status

    def ping(self) -> None:
        """Sends the notification that is always subscribed to."""
        self._state.webhooks.ping()

    async def settle(self) -> None:
        """Waits until all notifications are delivered or given up."""
        await self._state.webhooks.settle()


def create_app(
    dataset: Dataset,
    *,
    token: str,
    rate_limit_per_minute: int = RATE_LIMIT_PER_MINUTE,
    clock: Callable[[], float] = time.time,
    faults: Faults = NO_FAULTS,
) -> web.Application:
    """The application; `clock` gives Unix seconds and drives all that depends on time."""
    app = web.Application(middlewares=[guard], client_max_size=MAX_BODY)
    state = ServerState.create(dataset, token, rate_limit_per_minute, clock)
    if faults != NO_FAULTS:
        state.set_faults(faults)
    app[STATE] = state
    app.add_routes(control_routes.routes)
    app.add_routes(conversation_routes.routes)
    app.add_routes(object_routes.routes)
    app.add_routes(library_routes.routes)
    app.on_shutdown.append(_let_go)
    app.on_cleanup.append(_end_webhooks)
    return app


async def _let_go(app: web.Application) -> None:
    app[STATE].mischief.stopping.set()


async def _end_webhooks(app: web.Application) -> None:
    await app[STATE].webhooks.close()


@asynccontextmanager
async def serve(
    dataset: Dataset,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str,
    rate_limit_per_minute: int = RATE_LIMIT_PER_MINUTE,
    clock: Callable[[], float] = time.time,
    faults: Faults = NO_FAULTS,
) -> AsyncGenerator[RunningServer]:
    """Serves until the context is left; port 0 takes a free one."""
    app = create_app(
        dataset,
        token=token,
        rate_limit_per_minute=rate_limit_per_minute,
        clock=clock,
        faults=faults,
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0]
        yield RunningServer(host, int(bound[1]), app[STATE])
    finally:
        await runner.cleanup()


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Rate limit, token and version, in this order; every refusal becomes an `error.list`."""
    state = request.app[STATE]
    if request.path.startswith(control_routes.PREFIX):
        return await _answer(request, handler, lambda: _check_token(request, state.token))
    allowance = state.limiter.take()
    mischief = state.mischief
    if not mischief.is_idle:
        handler = _misbehave(handler, mischief)
    response = await _answer(request, handler, lambda: _admit(request, state.token, allowance))
    if response.prepared:
        return response
    response.headers.update(allowance.headers)
    response.headers["Intercom-Version"] = ".".join(
        str(number) for number in request.get(VERSION, CURRENT_VERSION)
    )
    if mischief.is_idle:
        return response
    route = find_route(request)
    mischief.mend_headers(response, route)
    return await mischief.spoil(request, response, route)


async def _answer(
    request: web.Request, handler: Handler, admit: Callable[[], None]
) -> web.StreamResponse:
    try:
        admit()
        return await handler(request)
    except Refusal as refusal:
        return answer_refusal(refusal)
    except web.HTTPException as error:
        code = "not_found" if error.status == 404 else "client_error"
        return answer_refusal(Refusal(error.status, code, error.reason))


def _misbehave(handler: Handler, mischief: Mischief) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        await mischief.meet(find_route(request))
        return await handler(request)

    return handle


def _admit(request: web.Request, token: str, allowance: Allowance) -> None:
    if not allowance.is_granted:
        raise Refusal(429, "rate_limit_exceeded", "Exceeded rate limit")
    _check_token(request, token)
    request[VERSION] = parse_version(request.headers.get("Intercom-Version"))


def _check_token(request: web.Request, token: str) -> None:
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise Refusal(401, "unauthorized", "Access Token Invalid")


def parse_version(header: str | None) -> tuple[int, int]:
    """The version that a request asks for; raises `Refusal` for one that does not exist."""
    if header is None:
        return CURRENT_VERSION
    major, _, minor = header.partition(".")
    if major.isdecimal() and minor.isdecimal():
        version = (int(major), int(minor))
        if OLDEST_VERSION <= version <= CURRENT_VERSION and str(version[1]) == minor:
            return version
    raise Refusal(400, "intercom_version_invalid", f"The requested version {header} is not valid")
