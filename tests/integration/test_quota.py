"""One quota for everyone who uses a token: against real PostgreSQL and the simulator's limiter."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate

import pytest
from aiohttp import web
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier
from pydantic import SecretStr

from earmark.db.connection import open_database
from earmark.errors import DatabaseUnavailable
from earmark.jobs.quota import SharedQuota
from earmark.sources.intercom_limits import Window
from earmark.sources.intercom_models import WireMe
from earmark.sources.intercom_transport import IntercomTransport, open_transport
from earmark.sources.simulator.faults import Faults
from earmark.sources.simulator.server import RunningServer, serve
from tests.fixtures.simulator import TOKEN, options, small_sample


@asynccontextmanager
async def client_of(
    conninfo: str, base_url: str, *, token: str = TOKEN
) -> AsyncGenerator[IntercomTransport]:
    """What one process has: its own connections to PostgreSQL and to the server."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(conninfo, max_size=3))
        quota = SharedQuota(database, SecretStr(token))
        yield await stack.enter_async_context(open_transport(options(base_url), quota))


@dataclass
class Watched:
    """A server of `/me` that counts its answers, and refuses when it is told to."""

    remaining: int | None
    reset_in: float
    refusals: int
    base_url: str = ""
    answers: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    slow: float = 0
    at_once: int = 0
    most_at_once: int = 0

    async def handle(self, _: web.Request) -> web.Response:
        """The server's only handler."""
        status = 429 if self.refusals else 200
        self.refusals -= status == 429
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.slow)
        self.at_once -= 1
        self.answers.append((time.monotonic(), status))
        return web.json_response({"app": {"id_code": "w"}}, status=status, headers=self.headers())

    def headers(self) -> dict[str, str]:
        """Those of the rate limit, if there are to be any."""
        if self.remaining is None:
            return {}
        return {
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(int(time.time() + self.reset_in)),
            "Date": formatdate(time.time(), usegmt=True),
        }

    def at(self, status: int) -> list[float]:
        """When such answers were given."""
        return [moment for moment, given in self.answers if given == status]


@asynccontextmanager
async def watched(
    *, remaining: int | None = 90, reset_in: float = 2.0, refusals: int = 0, slow: float = 0
) -> AsyncGenerator[Watched]:
    """A server that a test watches."""
    server = Watched(remaining, reset_in, refusals, slow=slow)
    app = web.Application()
    app.router.add_get("/me", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.base_url = "http://{}:{}".format(*runner.addresses[0][:2])
        yield server
    finally:
        await runner.cleanup()


async def ask(client: IntercomTransport, times: int = 1) -> None:
    """So many requests at once."""
    await asyncio.gather(*(client.read(WireMe, "GET", "/me") for _ in range(times)))


async def count_answers(client: IntercomTransport, seconds: float) -> int:
    """Ask all the time, many at once; how many were answered in time."""
    answered = 0

    async def go_on() -> None:
        nonlocal answered
        while True:
            await client.read(WireMe, "GET", "/me")
            answered += 1

    tasks = [asyncio.ensure_future(go_on()) for _ in range(30)]
    await asyncio.wait(tasks, timeout=seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return answered


@asynccontextmanager
async def limited(faults: Faults) -> AsyncGenerator[RunningServer]:
    """A simulator with a limit."""
    async with serve(small_sample(5), token=TOKEN, faults=faults) as server:
        yield server


@pytest.mark.slow
async def test_two_processes_use_what_others_leave_and_nothing_is_refused(conninfo: str) -> None:
    # 200 in ten seconds, of which somebody else takes 60; whatever is above that is refused.
    faults = Faults(quota_per_minute=1_200, other_consumer=0.3)
    windows: list[tuple[int, int]] = []
    async with (
        limited(faults) as server,
        client_of(conninfo, server.base_url) as one,
        client_of(conninfo, server.base_url) as two,
    ):
        # A machine that is busy elsewhere may miss a part of a window, but not of each.
        while len(windows) < 3 and not any(map(is_well_used, windows)):
            await asyncio.sleep(10.1 - time.time() % 10)  # the next window has begun
            counts = await asyncio.gather(count_answers(one, 9.5), count_answers(two, 9.5))
            windows.append((counts[0], counts[1]))
            assert server.traffic.refused == 0
    assert any(map(is_well_used, windows)), windows


def is_well_used(window: tuple[int, int]) -> bool:
    """Whether both had their part of the 140 that were left, and together most of them."""
    return min(window) > 10 and sum(window) > 100


async def test_after_a_refusal_all_pause_together(conninfo: str) -> None:
    async with (
        watched() as server,
        client_of(conninfo, server.base_url) as one,
        client_of(conninfo, server.base_url) as two,
    ):
        await asyncio.gather(ask(one, 3), ask(two, 3))
        server.refusals = 1
        await asyncio.gather(ask(one, 20), ask(two, 20))
        (refused_at,) = server.at(429)
        in_the_pause = [at for at in server.at(200) if refused_at + 0.2 < at < refused_at + 1.0]
    assert in_the_pause == []
    assert len(server.at(200)) == 46


async def test_a_server_that_refuses_everything_is_not_stormed(conninfo: str) -> None:
    async with (
        watched(reset_in=1.0, refusals=1_000) as server,
        client_of(conninfo, server.base_url) as one,
        client_of(conninfo, server.base_url) as two,
    ):
        tasks = [asyncio.ensure_future(ask(client, 20)) for client in (one, two)]
        await asyncio.sleep(2.5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    # Four slots of each at first, and again after every pause of one to two seconds.
    assert 4 <= len(server.answers) <= 30


async def test_nothing_remaining_is_a_value_and_not_an_absence(conninfo: str) -> None:
    async with (
        watched(remaining=0, reset_in=2.0) as server,
        client_of(conninfo, server.base_url) as client,
    ):
        await ask(client)
        await ask(client)
        first, second = server.at(200)
    assert 0.9 < second - first < 3.0


async def test_without_headers_requests_go_on_and_a_refusal_still_pauses(conninfo: str) -> None:
    async with (
        watched(remaining=None, refusals=1) as server,
        client_of(conninfo, server.base_url) as client,
    ):
        await ask(client)
        (refused_at,), (answered_at,) = server.at(429), server.at(200)
        assert answered_at - refused_at >= 1.0
        async with asyncio.timeout(3):
            await ask(client, 300)


async def test_two_tokens_have_two_quotas(conninfo: str) -> None:
    async with (
        watched(remaining=0, reset_in=9.0) as server,
        client_of(conninfo, server.base_url) as used_up,
        client_of(conninfo, server.base_url, token="another") as other,
    ):
        await ask(used_up)
        async with asyncio.timeout(3):
            await ask(other)


async def test_a_worker_that_starts_later_knows_what_is_left(conninfo: str) -> None:
    async with watched(remaining=0, reset_in=3.0) as server:
        async with client_of(conninfo, server.base_url) as first:
            await ask(first)
        async with client_of(conninfo, server.base_url) as second:
            await ask(second)
        before, after = server.at(200)
    assert after - before > 1.5


@asynccontextmanager
async def lost(postgres: str, conninfo: str) -> AsyncGenerator[None]:
    """The database takes no connections within the block, and has ended those that were open."""
    name = str(conninfo_to_dict(conninfo)["dbname"])
    allow = SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    async with await AsyncConnection.connect(postgres, autocommit=True) as admin:
        await admin.execute(allow.format(Identifier(name), SQL("false")))
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            await admin.execute(allow.format(Identifier(name), SQL("true")))


async def test_a_lost_postgresql_is_waited_for(postgres: str, conninfo: str) -> None:
    async with open_database(conninfo, max_size=2) as database:
        quota = SharedQuota(database, SecretStr(TOKEN))
        await quota.observe(Window(limit=100, remaining=100, reset=10, seconds_left=10))
        await quota.acquire()
        await asyncio.sleep(1.1)  # what was granted is void by then
        async with lost(postgres, conninfo):
            waiting = asyncio.ensure_future(quota.acquire())
            await asyncio.sleep(0.5)
            assert not waiting.done()
        async with asyncio.timeout(10):
            await waiting


async def test_a_postgresql_that_stays_away_is_an_error_and_then_works_again(
    postgres: str, conninfo: str
) -> None:
    async with open_database(conninfo, max_size=2) as database:
        quota = SharedQuota(database, SecretStr(TOKEN))
        await quota.acquire()
        await asyncio.sleep(1.1)
        database.pool.timeout = 0.3
        async with lost(postgres, conninfo):
            with pytest.raises(DatabaseUnavailable):
                await quota.acquire()
        database.pool.timeout = 10
        await quota.acquire()


async def test_slow_answers_are_waited_for_side_by_side(conninfo: str) -> None:
    async with watched(slow=0.1) as server, client_of(conninfo, server.base_url) as client:
        await ask(client, 80)
    assert server.most_at_once > 4  # it begins with four, and doubles while answers are good
