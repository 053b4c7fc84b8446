"""Ingest against the simulator: complete, idempotent, resumable."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from psycopg.rows import scalar_row

from earmark.db import run_storage, sync_storage, window_storage
from earmark.db.connection import Database
from earmark.db.models import Stage, Workspace
from earmark.errors import SourceUnavailable
from earmark.pipeline import ingest
from earmark.pipeline.progress import Progress
from earmark.sources.base import ListingPage, Order
from earmark.sources.intercom_client import IntercomClient
from earmark.sources.intercom_transport import IntercomTransport
from tests.fixtures.simulator import registered, simulated, small_sample


async def _progress(database: Database, workspace: Workspace) -> Progress:
    async with database.write() as connection:
        run = await run_storage.create_run(connection, workspace.id)
    return Progress(database, run, Stage.SYNC)


async def read_everything(
    database: Database, client: IntercomClient, workspace: Workspace, progress: Progress
) -> None:
    """What the first two stages of a run do."""
    await ingest.sync(database, client, workspace.id, progress)
    while ids := await _pending(database, workspace):
        await ingest.fetch_page(database, client, workspace.id, ids[:100])


async def _pending(database: Database, workspace: Workspace) -> list[str]:
    async with database.read() as reader, reader.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT conversation_id FROM sync_ledger WHERE workspace_id = %s"
            " AND status = 'pending' ORDER BY source_created_at DESC",
            [workspace.id],
        )
        return await cursor.fetchall()


async def _count(database: Database, query: str) -> int:
    async with database.read() as reader, reader.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(query.encode())
        return await cursor.fetchone() or 0


class Failing(IntercomClient):
    """A client that breaks off after some pages of a listing."""

    pages_left: int | None = None

    def __init__(self, transport: IntercomTransport) -> None:
        super().__init__(transport)
        self.asked: list[datetime | None] = []

    async def listing(
        self, *, since: datetime | None, until: datetime | None, order: Order = Order.CREATED
    ) -> AsyncIterator[ListingPage]:
        """The same pages, until there are too many."""
        self.asked.append(since)
        async for page in super().listing(since=since, until=until, order=order):
            if self.pages_left is not None:
                if not self.pages_left:
                    raise SourceUnavailable("The connection broke.")
                self.pages_left -= 1
            yield page


async def test_every_listed_conversation_is_stored(database: Database) -> None:
    dataset = small_sample(400)
    async with simulated(dataset) as client:
        workspace = await registered(database, client)
        await read_everything(database, client, workspace, await _progress(database, workspace))
        expected = await client.count(since=None, until=(await client.identity()).server_time)
    async with database.read() as reader:
        coverage = await sync_storage.get_coverage(reader, workspace.id)
    assert coverage.expected == coverage.listed == coverage.stored == expected
    assert coverage.failed == coverage.pending == coverage.skipped == coverage.unreadable == 0


async def test_second_sync_fetches_nothing_and_changes_nothing(database: Database) -> None:
    async with simulated(small_sample(120)) as client:
        workspace = await registered(database, client)
        progress = await _progress(database, workspace)
        await read_everything(database, client, workspace, progress)
        before = await _count(database, "SELECT sum(xmin::text::bigint) FROM messages")
        await ingest.sync(database, client, workspace.id, progress)
        after = await _count(database, "SELECT sum(xmin::text::bigint) FROM messages")
        assert await _pending(database, workspace) == []
    assert before == after


async def test_sync_that_broke_off_goes_on_where_it_was(database: Database) -> None:
    async with simulated(small_sample(700), Failing) as client:
        workspace = await registered(database, client)
        progress = await _progress(database, workspace)
        client.pages_left = 2
        with pytest.raises(SourceUnavailable):
            await ingest.sync(database, client, workspace.id, progress)
        async with database.read() as reader:
            halfway = await sync_storage.get_coverage(reader, workspace.id)
            checkpoint = await sync_storage.get_checkpoint(reader, workspace.id)
            (window,) = await window_storage.list_windows(reader, workspace.id, "backfill")
        assert 0 < halfway.listed < (checkpoint.expected or 0)
        assert not checkpoint.finished
        assert window.position is not None
        client.pages_left = None
        client.asked.clear()
        await read_everything(database, client, workspace, progress)
        async with database.read() as reader:
            coverage = await sync_storage.get_coverage(reader, workspace.id)
    assert client.asked[0] == window.position
    assert coverage.stored == coverage.expected


async def test_parts_beyond_five_hundred_are_shown_as_missing(database: Database) -> None:
    async with simulated(small_sample(400)) as client:
        workspace = await registered(database, client)
        await read_everything(database, client, workspace, await _progress(database, workspace))
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
        await read_everything(database, client, workspace, await _progress(database, workspace))
    async with database.read() as reader:
        cursor = await reader.execute("SELECT body FROM messages")
        bodies = "\n".join([row["body"] async for row in cursor])
    kept = {secret for secret in secrets if secret in bodies}
    assert len(kept) / len(secrets) < 0.05, kept
