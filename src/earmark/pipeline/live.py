"""What has just changed: fetched, masked and classified at once, beside any run.

An event says no more than that a conversation has changed. It is fetched again; themes and stories
follow with the next run, and what no event told of is found by its listing.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from earmark.db import event_storage, sync_storage, taxonomy_storage
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import LedgerEntry, LedgerStatus, Thread
from earmark.pipeline import classify, ingest, masking
from earmark.pipeline.classify import Minds
from earmark.sources.base import Failed, Fetched, Source

_PAGE: Final = 100


async def refresh(
    database: Database, source: Source, minds: Minds, workspace_id: int
) -> float | None:
    """Do what is due; returns the seconds until there is more to do, null if there is not."""
    async with database.read() as connection:
        due = await event_storage.list_due(connection, workspace_id, limit=_PAGE)
    asked_at = datetime.now(UTC)
    results = await ingest.fetch_surely(source, [item.conversation_id for item in due])
    failed = {result.id for result in results if isinstance(result, Failed)}
    async with database.write() as connection:
        stored = await _store(connection, workspace_id, results, asked_at)
        await event_storage.settle_dirty(
            connection,
            workspace_id,
            [item for item in due if item.conversation_id not in failed],
            [item for item in due if item.conversation_id in failed],
        )
    await masking.mask_page(database, workspace_id, stored)
    async with database.read() as connection:
        info = await taxonomy_storage.latest_model(connection, workspace_id)
    # A model that is out of date is made anew by the next run, which then reads these as well.
    if stored and info is not None and await minds.shelf.suits(info):
        await classify.classify_page(database, minds, workspace_id, stored)
    async with database.read() as connection:
        return await event_storage.next_due_in(connection, workspace_id)


async def _store(
    connection: WriteConnection, workspace_id: int, results: Sequence[Fetched], asked_at: datetime
) -> list[str]:
    """Store results, also of conversations that no listing has told of yet."""
    threads = [result.conversation for result in results if isinstance(result, Thread)]
    await sync_storage.mark_listed(
        connection,
        workspace_id,
        [
            LedgerEntry(
                conversation_id=conversation.id,
                status=LedgerStatus.PENDING,
                source_created_at=conversation.created_at,
                source_updated_at=conversation.updated_at,
                parts_expected=conversation.parts_expected,
            )
            for conversation in threads
        ],
    )
    wanted = [result for result in results if not isinstance(result, Failed)]
    return await ingest.store_results(connection, workspace_id, wanted, asked_at=asked_at)
