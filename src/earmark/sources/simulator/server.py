"""An HTTP server that answers like Intercom's API, version 2.16, for one dataset."""

import hmac
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from earmark.db.models import Model
from earmark.sources.simulator import conversation_routes, object_routes
from earmark.sources.simulator.answers import Refusal, answer_refusal
from earmark.sources.simulator.dataset import Dataset
from earmark.sources.simulator.limits import Allowance
from earmark.sources.simulator.serverstate import STATE, VERSION, ServerState

RATE_LIMIT_PER_MINUTE = 1_000_000
"""The default is out of reach; Intercom gives a private app 10,000."""
CURRENT_VERSION = (2, 16)
"""Answered when a request names no version."""
OLDEST_VERSION = (2, 7)
MAX_BODY = 1 << 20
"""Bytes of a request."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ServerAddress(Model):
    """Where a running server is reached."""

    host: str
    port: int

    @property
    def base_url(self) -> str:
        """The address without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def create_app(
    dataset: Dataset,
    *,
    token: str,
    rate_limit_per_minute: int = RATE_LIMIT_PER_MINUTE,
    clock: Callable[[], float] = time.time,
) -> web.Application:
    """The application; `clock` gives Unix seconds and drives rate limit and scrolls."""
    app = web.Application(middlewares=[guard], client_max_size=MAX_BODY)
    app[STATE] = ServerState.create(dataset, token, rate_limit_per_minute, clock)
    app.add_routes(conversation_routes.routes)
    app.add_routes(object_routes.routes)
    return app


@asynccontextmanager
async def serve(
    dataset: Dataset,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str,
    rate_limit_per_minute: int = RATE_LIMIT_PER_MINUTE,
) -> AsyncGenerator[ServerAddress]:
    """Serves until the context is left; port 0 takes a free one."""
    app = create_app(dataset, token=token, rate_limit_per_minute=rate_limit_per_minute)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0]
        yield ServerAddress(host=host, port=int(bound[1]))
    finally:
        await runner.cleanup()


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Rate limit, token and version, in this order; every refusal becomes an `error.list`."""
    state = request.app[STATE]
    allowance = state.limiter.take()
    try:
        _admit(request, state.token, allowance)
        response = await handler(request)
    except Refusal as refusal:
        response = answer_refusal(refusal)
    except web.HTTPException as error:
        code = "not_found" if error.status == 404 else "client_error"
        response = answer_refusal(Refusal(error.status, code, error.reason))
    response.headers.update(allowance.headers)
    response.headers["Intercom-Version"] = ".".join(
        str(number) for number in request.get(VERSION, CURRENT_VERSION)
    )
    return response


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
