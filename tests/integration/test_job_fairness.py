"""Several workspaces on one worker: a small one need not wait, and what is new comes first."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from earmark.db import event_storage, run_storage
from earmark.db.connection import Database
from earmark.db.models import RunStatus, Stage, Workspace
from earmark.jobs.queue import open_queue
from earmark.jobs.worker import run_worker
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.run import Services
from earmark.sources.base import Source, SourceIdentity
from earmark.sources.intercom_client import IntercomClient
from earmark.wiring import register_workspace
from tests.fixtures.models import GreedyFinder, HashedModels
from tests.fixtures.processes import until
from tests.fixtures.simulator import END, simulated, small_sample
from tests.integration.test_runs import finish, start

_LARGE, _SMALL = 900, 60


@asynccontextmanager
async def sharing(
    database: Database, clients: Mapping[int, IntercomClient]
) -> AsyncGenerator[None]:
    """A worker with one job at a time, for several workspaces."""

    @asynccontextmanager
    async def open_source(workspace_id: int) -> AsyncGenerator[Source]:
        yield clients[workspace_id]

    @asynccontextmanager
    async def open_services() -> AsyncGenerator[Services]:
        yield Services(
            database=database,
            open_source=open_source,
            shelf=ModelShelf(HashedModels()),
            finder=GreedyFinder(),
        )

    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(open_services, stop, concurrency=1))
    try:
        yield
    finally:
        stop.set()
        await worker


async def _register(database: Database, code: str) -> Workspace:
    identity = SourceIdentity(code=code, name=code, region=None, timezone="UTC", server_time=END)
    return await register_workspace(database, identity, kind="sample")


async def test_small_run_that_began_later_ends_first(database: Database) -> None:
    async with AsyncExitStack() as stack:
        large = await _register(database, "large")
        small = await _register(database, "small")
        clients = {
            large.id: await stack.enter_async_context(simulated(small_sample(_LARGE))),
            small.id: await stack.enter_async_context(simulated(small_sample(_SMALL))),
        }
        long = await start(database, large)

        async def is_fetching() -> bool:
            async with database.read() as reader:
                return (await run_storage.get_run(reader, large.id, long.id)).stage == Stage.FETCH

        await stack.enter_async_context(sharing(database, clients))
        await until(is_fetching)
        short = await finish(database, await start(database, small))
        async with database.read() as reader:
            meanwhile = await run_storage.get_run(reader, large.id, long.id)
        assert short.status is RunStatus.SUCCEEDED, short.error
        assert meanwhile.finished_at is None
        assert (await finish(database, long)).status is RunStatus.SUCCEEDED


async def test_pages_are_claimed_once_and_in_order(database: Database) -> None:
    workspace = await _register(database, "many pages")
    run = await start(database, workspace)
    async with database.write() as connection:
        await connection.execute(
            "INSERT INTO run_pages (workspace_id, run_id, stage, page, conversation_ids)"
            " SELECT %s, %s, 'mask', n, ARRAY['x' || n] FROM generate_series(0, 99) n",
            [workspace.id, run.id],
        )
        first = await run_storage.claim_pages(connection, run, Stage.MASK, limit=16)
        again = await run_storage.claim_pages(connection, run, Stage.MASK, limit=1)
    assert first == list(range(16))
    assert again == [16]


async def test_what_an_event_tells_of_comes_before_a_run(database: Database) -> None:
    dataset = small_sample(_LARGE)
    async with simulated(dataset) as client:
        workspace = await _register(database, "live")
        run = await start(database, workspace)
        wanted = dataset.truth(0).conversation_id
        async with sharing(database, {workspace.id: client}):

            async def is_fetching() -> bool:
                async with database.read() as reader:
                    now = await run_storage.get_run(reader, workspace.id, run.id)
                return now.stage in (Stage.FETCH, Stage.MASK)

            await until(is_fetching)
            async with open_queue(database) as queue, database.write() as connection:
                await event_storage.mark_dirty(
                    connection, workspace.id, wanted, reason="conversation.user.replied"
                )
                await queue.live(connection, workspace.id, seconds=1)

            async def is_clean() -> bool:
                async with database.read() as reader:
                    return await event_storage.next_due_in(reader, workspace.id) is None

            await until(is_clean)
            async with database.read() as reader:
                meanwhile = await run_storage.get_run(reader, workspace.id, run.id)
            assert (await finish(database, run)).status is RunStatus.SUCCEEDED
    assert meanwhile.finished_at is None
