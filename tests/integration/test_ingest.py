"""Ingest against the simulator: complete, idempotent, resumable."""

from collections.abc import Sequence

import pytest
from psycopg.rows import scalar_row

from earmark.db import run_storage, sync_storage
from earmark.db.connection import Database
from earmark.db.models import Stage, Workspace
from earmark.errors import SourceUnavailable
from earmark.pipeline import ingest
from earmark.pipeline.progress import Progress
from earmark.sources.base import Fetched
from earmark.sources.intercom_client import IntercomClient
from tests.fixtures.simulator import registered, simulated, small_sample


async def _progress(database: Database, workspace: Workspace) -> Progress:
    async with database.write() as connection:
        run = await run_storage.create_run(connection, workspace.id)
    return Progress(database, run, Stage.SYNC)


async def _count(database: Database, query: str) -> int:
    async with database.read() as reader, reader.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(query.encode())
        return await cursor.fetchone() or 0


class Failing(IntercomClient):
    """A client that breaks off after some pages with something to fetch."""

    pages_left: int | None = None

    async def fetch(self, ids: Sequence[str]) -> list[Fetched]:
        if self.pages_left is not None and ids:
            if not self.pages_left:
                raise SourceUnavailable("The connection broke.")
            self.pages_left -= 1
        return await super().fetch(ids)


async def test_every_listed_conversation_is_stored(database: Database) -> None:
    dataset = small_sample(400)
    async with simulated(dataset) as client:
        workspace = await registered(database, client)
        await ingest.sync(database, client, workspace.id, await _progress(database, workspace))
        expected = await client.count(since=None, until=(await client.identity()).server_time)
    async with database.read() as reader:
        coverage = await sync_storage.get_coverage(reader, workspace.id)
    assert coverage.expected == coverage.listed == coverage.stored == expected
    assert coverage.failed == coverage.pending == coverage.skipped == coverage.unreadable == 0


async def test_second_sync_fetches_nothing_and_changes_nothing(database: Database) -> None:
    async with simulated(small_sample(120), Failing) as client:
        workspace = await registered(database, client)
        progress = await _progress(database, workspace)
        await ingest.sync(database, client, workspace.id, progress)
        before = await _count(database, "SELECT sum(xmin::text::bigint) FROM messages")
        client.pages_left = 0
        await ingest.sync(database, client, workspace.id, progress)
        after = await _count(database, "SELECT sum(xmin::text::bigint) FROM messages")
    assert before == after


async def test_sync_that_broke_off_goes_on_and_ends_complete(database: Database) -> None:
    async with simulated(small_sample(700), Failing) as client:
        workspace = await registered(database, client)
        progress = await _progress(database, workspace)
        client.pages_left = 2
        with pytest.raises(SourceUnavailable):
            await ingest.sync(database, client, workspace.id, progress)
        async with database.read() as reader:
            halfway = await sync_storage.get_coverage(reader, workspace.id)
            checkpoint = await sync_storage.get_checkpoint(reader, workspace.id)
        assert 0 < halfway.stored < halfway.expected
        assert checkpoint.position is not None
        assert not checkpoint.finished
        client.pages_left = None
        await ingest.sync(database, client, workspace.id, progress)
        async with database.read() as reader:
            coverage = await sync_storage.get_coverage(reader, workspace.id)
    assert coverage.stored == coverage.expected


async def test_parts_beyond_five_hundred_are_shown_as_missing(database: Database) -> None:
    async with simulated(small_sample(400)) as client:
        workspace = await registered(database, client)
        await ingest.sync(database, client, workspace.id, await _progress(database, workspace))
    async with database.read() as reader:
        coverage = await sync_storage.get_coverage(reader, workspace.id)
        gaps = await sync_storage.list_gaps(reader, workspace.id, limit=10)
    assert coverage.incomplete == len(gaps) >= 1
    assert "gave 500" in gaps[0].reason
    assert await _count(database, "SELECT count(*) FROM conversations WHERE truncated") == len(gaps)


async def test_no_secret_of_the_sample_reaches_the_database(database: Database) -> None:
    dataset = small_sample(400)
    secrets = {
        planted.text
        for index in range(400)
        for planted in dataset.truth(index).planted
        if planted.kind in ("card", "password", "token")
    }
    assert len(secrets) > 5
    async with simulated(dataset) as client:
        workspace = await registered(database, client)
        await ingest.sync(database, client, workspace.id, await _progress(database, workspace))
    async with database.read() as reader:
        cursor = await reader.execute("SELECT body FROM messages")
        bodies = "\n".join([row["body"] async for row in cursor])
    kept = {secret for secret in secrets if secret in bodies}
    assert len(kept) / len(secrets) < 0.05, kept
