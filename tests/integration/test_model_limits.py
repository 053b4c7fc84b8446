"""One allowance for all who use an account: real PostgreSQL, a real server that refuses."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web
from pydantic import BaseModel, SecretStr

from earmark.db.connection import Database, open_database
from earmark.jobs.dialects import StoredDialects
from earmark.jobs.model_limits import SharedLimits
from earmark.llm.allowance import Allowance, Grant
from earmark.llm.base import Prompt
from earmark.llm.provider import HostedModel, open_language_model
from earmark.llm.provider_options import ModelOptions
from tests.fixtures import model_server as peer
from tests.fixtures.model_server import Asked, ModelServer, model_server


class Word(BaseModel):
    """A small shape."""

    word: str


PROMPT = Prompt(name="say", version="v1", static="Say a word.", data="{}", reminder="")


def options_of(server: ModelServer, **changes: object) -> ModelOptions:
    options = ModelOptions(
        provider="compatible", model="tiny", base_url=server.base_url, api_key=SecretStr("key")
    )
    return options.model_copy(update=changes)


@asynccontextmanager
async def worker_of(
    conninfo: str, server: ModelServer, **changes: object
) -> AsyncGenerator[HostedModel]:
    """What one process has: its own connections to PostgreSQL and to the server."""
    options = options_of(server, **changes)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(conninfo, max_size=3))
        yield await stack.enter_async_context(
            open_language_model(
                options, limits=SharedLimits(database, options), shelf=StoredDialects(database)
            )
        )


async def take(database: Database, options: ModelOptions, wanted: int) -> int:
    """Permissions that a process gets at once."""
    grant = Grant(requests=0)

    def change(allowance: Allowance, now: float) -> Allowance:
        nonlocal grant
        limited = allowance.within(options.requests_per_minute, options.tokens_per_minute)
        allowance, grant = limited.take(wanted, 10, now)
        return allowance

    await SharedLimits(database, options).change(change)
    return grant.requests


async def test_two_processes_share_what_is_allowed(database: Database) -> None:
    async with model_server() as server:
        options = options_of(server, requests_per_minute=120)
        first = await take(database, options, 8)
        second = await take(database, options, 8)
        other = await take(database, options.model_copy(update={"model": "another"}), 8)
    assert first == other == 8
    assert 2 <= second < 8


async def test_nothing_is_lost_when_every_second_request_is_refused(conninfo: str) -> None:
    """Calls of two workers."""
    seen = 0

    def refuse_every_second() -> peer.Behaviour:
        async def behave(server: ModelServer, asked: Asked) -> web.StreamResponse:
            nonlocal seen
            seen += 1
            if seen % 2:
                return await peer.rate_limited(0.01)(server, asked)
            return await peer.good()(server, asked)

        return behave

    async with (
        model_server() as server,
        worker_of(conninfo, server) as one,
        worker_of(conninfo, server) as other,
    ):
        server.otherwise = refuse_every_second()
        calls = [worker.extract(PROMPT, Word) for worker in (one, other) for _ in range(12)]
        answers = await asyncio.gather(*calls)
    assert len(answers) == 24
    assert len(server.questions) == 48


async def test_pause_that_one_process_is_told_holds_for_the_other(conninfo: str) -> None:
    async with (
        model_server() as server,
        worker_of(conninfo, server) as one,
        worker_of(conninfo, server) as other,
    ):
        await one.extract(PROMPT, Word)
        server.then(peer.rate_limited(0.5))
        refused = asyncio.create_task(one.extract(PROMPT, Word))
        await server.wait_for(2)
        await asyncio.sleep(0.1)
        late = asyncio.create_task(other.extract(PROMPT, Word))
        await asyncio.sleep(0.1)
        assert len(server.questions) == 2
        await asyncio.gather(refused, late)
    assert len(server.questions) == 4


async def test_limits_are_learnt_from_headers_for_all(conninfo: str, database: Database) -> None:
    async with model_server() as server, worker_of(conninfo, server) as worker:
        server.headers = {
            "x-ratelimit-limit-requests": "600",
            "x-ratelimit-remaining-requests": "3",
        }
        await worker.extract(PROMPT, Word)
        left = await take(database, options_of(server), 50)
    assert left <= 4


async def test_no_more_are_in_flight_than_allowed(conninfo: str) -> None:
    async with model_server() as server, worker_of(conninfo, server, concurrency=3) as worker:
        server.latency = 0.02
        await asyncio.gather(*(worker.extract(PROMPT, Word) for _ in range(20)))
    assert server.most_in_flight <= 3


async def test_dialect_is_found_out_once_for_all_processes(conninfo: str) -> None:
    async with model_server() as server:
        server.forms = frozenset({"json_object"})
        for _ in range(2):
            async with worker_of(conninfo, server) as worker:
                await worker.extract(PROMPT, Word)
    probes = [asked.form for asked in server.asked if asked.is_probe]
    assert probes == ["json_schema", "tool", "json_object"]
    assert [asked.form for asked in server.questions] == ["json_object"] * 2


async def test_stored_dialect_that_works_no_more_is_found_out_again(conninfo: str) -> None:
    async with model_server() as server:
        async with worker_of(conninfo, server) as worker:
            await worker.extract(PROMPT, Word)
        server.forms = frozenset({"prompt"})
        async with worker_of(conninfo, server) as worker:
            await worker.extract(PROMPT, Word)
        async with worker_of(conninfo, server) as worker:
            await worker.extract(PROMPT, Word)
    forms = [asked.form for asked in server.questions]
    assert forms == ["json_schema", "json_schema", "prompt", "prompt"]
