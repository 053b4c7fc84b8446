"""Whole runs on the real engine: the simulator over HTTP, PostgreSQL, a worker in this process."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from earmark.db import (
    classification_storage,
    run_storage,
    story_storage,
    sync_storage,
    theme_storage,
)
from earmark.db.connection import Database
from earmark.db.models import Run, RunStatus, Stage, Workspace
from earmark.errors import Conflict
from earmark.jobs.queue import cancel_run, open_queue, start_run
from earmark.jobs.worker import run_worker
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.run import Services
from earmark.sources.base import Source
from earmark.sources.intercom_client import IntercomClient
from tests.fixtures.models import GreedyFinder, HashedModels
from tests.fixtures.scripted import json, scripted
from tests.fixtures.simulator import registered, simulated, small_sample


@asynccontextmanager
async def working(
    database: Database, client: IntercomClient, models: HashedModels | None = None
) -> AsyncGenerator[None]:
    """A worker for as long as the block runs."""

    @asynccontextmanager
    async def open_source(_: int) -> AsyncGenerator[Source]:
        yield client

    services = Services(
        database=database,
        open_source=open_source,
        shelf=ModelShelf(models or HashedModels()),
        finder=GreedyFinder(),
    )

    @asynccontextmanager
    async def open_services() -> AsyncGenerator[Services]:
        yield services

    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(open_services, stop, concurrency=2))
    try:
        yield
    finally:
        stop.set()
        await worker


async def start(database: Database, workspace: Workspace) -> Run:
    async with open_queue(database) as queue, database.write() as connection:
        return await start_run(connection, queue, workspace.id)


async def finish(database: Database, run: Run, seconds: float = 60) -> Run:
    async with asyncio.timeout(seconds):
        while True:
            async with database.read() as reader:
                now = await run_storage.get_run(reader, run.workspace_id, run.id)
            if now.finished_at is not None:
                return now
            await asyncio.sleep(0.05)


async def _snapshot(database: Database, workspace: Workspace) -> dict[str, object]:
    async with database.read() as reader:
        counts: dict[str, object] = {}
        for table in (
            *("conversations", "messages", "masked_messages", "classifications", "facets"),
            *("issues", "evidence", "embeddings", "themes", "theme_assignments", "stories"),
        ):
            cursor = await reader.execute(f"SELECT count(*) AS n FROM {table}".encode())  # noqa: S608
            row = await cursor.fetchone()
            counts[table] = row["n"] if row else None
        counts["labels"] = await classification_storage.final_categories(reader, workspace.id)
        counts["primary"] = await theme_storage.primary_themes(reader, workspace.id)
    return counts


async def test_run_goes_from_intercom_to_stories(database: Database) -> None:
    async with simulated(small_sample(300)) as client, working(database, client):
        workspace = await registered(database, client)
        run = await finish(database, await start(database, workspace))
    async with database.read() as reader:
        stages = await run_storage.list_stages(reader, workspace.id, run.id)
        coverage = await sync_storage.get_coverage(reader, workspace.id)
        stories = await story_storage.list_stories(reader, workspace.id, limit=5)
        quotes = await story_storage.story_quotes(reader, workspace.id, stories[0].id)
    assert run.status is RunStatus.SUCCEEDED, run.error
    assert [stage.status for stage in stages] == ["done"] * len(Stage)
    assert coverage.stored == coverage.expected > 250
    assert all(stage.failed == 0 for stage in stages)
    assert len(quotes) >= 3
    found = await _snapshot(database, workspace)
    assert found["classifications"] == 2 * len(found["labels"])  # type: ignore[arg-type]


async def test_second_run_changes_nothing(database: Database) -> None:
    models = HashedModels()
    async with simulated(small_sample(150)) as client, working(database, client, models):
        workspace = await registered(database, client)
        await finish(database, await start(database, workspace))
        before = await _snapshot(database, workspace)
        again = await finish(database, await start(database, workspace))
        after = await _snapshot(database, workspace)
    assert again.status is RunStatus.SUCCEEDED
    assert before == after
    assert models.fits == 1


async def test_second_run_at_once_is_refused(database: Database) -> None:
    async with simulated(small_sample(20)) as client:
        workspace = await registered(database, client)
        await start(database, workspace)
        with pytest.raises(Conflict, match="already under way"):
            await start(database, workspace)


async def test_cancelled_run_stops_and_keeps_what_it_has(database: Database) -> None:
    async with simulated(small_sample(900)) as client, working(database, client):
        workspace = await registered(database, client)
        run = await start(database, workspace)
        while True:
            async with database.read() as reader:
                coverage = await sync_storage.get_coverage(reader, workspace.id)
            if coverage.stored:
                break
            await asyncio.sleep(0.02)
        async with open_queue(database) as queue, database.write() as connection:
            await cancel_run(connection, queue, workspace.id, run.id)
        ended = await finish(database, run)
        assert ended.status is RunStatus.CANCELLED
        resumed = await finish(database, await start(database, workspace))
    async with database.read() as reader:
        coverage = await sync_storage.get_coverage(reader, workspace.id)
    assert resumed.status is RunStatus.SUCCEEDED
    assert coverage.stored == coverage.expected


async def test_run_without_any_conversation_succeeds(database: Database) -> None:
    async with scripted() as (script, client):
        script.then(
            json(
                {
                    "app": {"id_code": "empty", "name": "Empty"},
                    "admins": [],
                    "data": [],
                    "conversations": [],
                    "total_count": 0,
                }
            )
        )
        async with working(database, client):
            workspace = await registered(database, client)
            run = await finish(database, await start(database, workspace))
    assert run.status is RunStatus.SUCCEEDED, run.error
