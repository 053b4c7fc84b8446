"""Rate limits and clocks of the simulator."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from simulator_rig import TOKEN, make_sample, simulate

from earmark.sources.simulator.limits import RateLimiter
from earmark.sources.simulator.server import create_app

Client = TestClient[web.Request, web.Application]
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 1_000_000_003.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def run_with(clock: Clock, per_minute: int) -> AsyncGenerator[Client]:
    app = create_app(make_sample(), token=TOKEN, rate_limit_per_minute=per_minute, clock=clock)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_requests_above_the_limit_are_refused_until_the_window_ends() -> None:
    clock = Clock()
    async with run_with(clock, per_minute=18) as client:
        for left in (2, 1, 0):
            response = await client.get("/tags", headers=HEADERS)
            assert response.status == 200
            assert response.headers["X-RateLimit-Limit"] == "3"
            assert response.headers["X-RateLimit-Remaining"] == str(left)
            assert response.headers["X-RateLimit-Reset"] == "1000000010"
        refused = await client.get("/tags", headers=HEADERS)
        assert refused.status == 429
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        body = await refused.json()
        assert body["type"] == "error.list"
        assert body["errors"][0]["code"] == "rate_limit_exceeded"
        clock.now = 1_000_000_010.0
        again = await client.get("/tags", headers=HEADERS)
        assert again.status == 200
        assert again.headers["X-RateLimit-Reset"] == "1000000020"


async def test_refusals_carry_the_headers_too() -> None:
    async with simulate(make_sample(), rate_limit_per_minute=600) as simulator:
        for answer in (
            await simulator.get("/me", token="wrong"),
            await simulator.get("/nowhere"),
            await simulator.get("/me", version="1.0"),
        ):
            assert answer.headers["X-RateLimit-Limit"] == "100"
            assert int(answer.headers["X-RateLimit-Reset"]) % 10 == 0


async def test_traffic_tells_what_passed_and_what_did_not() -> None:
    async with simulate(make_sample(), rate_limit_per_minute=18, clock=Clock()) as simulator:
        for _ in range(5):
            await simulator.get("/tags")
        assert simulator.server.traffic == (3, 2)


async def test_a_scroll_that_nobody_reads_expires() -> None:
    clock = Clock()
    async with run_with(clock, per_minute=100_000) as client:
        first = await (await client.get("/companies/scroll", headers=HEADERS)).json()
        clock.now += 61
        path = f"/companies/scroll?scroll_param={first['scroll_param']}"
        assert (await client.get(path, headers=HEADERS)).status == 404
        assert (await client.get("/companies/scroll", headers=HEADERS)).status == 200


@given(st.integers(1, 600), st.lists(st.floats(0, 100), max_size=80))
def test_no_window_grants_more_than_its_limit(per_minute: int, times: list[float]) -> None:
    clock = Clock()
    limiter = RateLimiter(per_minute, clock)
    granted: dict[int, int] = {}
    for moment in sorted(times):
        clock.now = 5_000.0 + moment
        allowance = limiter.take()
        assert clock.now < allowance.reset <= clock.now + 10
        assert allowance.remaining >= 0
        granted[allowance.reset] = granted.get(allowance.reset, 0) + allowance.is_granted
    assert all(count <= max(1, per_minute // 6) for count in granted.values())
