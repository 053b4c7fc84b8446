"""From a source to the database: every conversation that the source lists is accounted for.

A listing is walked page by page, oldest first. A page's conversations, its ledger rows and the
position of the backfill are stored in one transaction, so a crash repeats one page at most. What
could not be fetched stays in the ledger and is tried again at the end, and by the next run.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final

from earmark.db import conversation_storage, people_storage, sync_storage
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import Checkpoint, LedgerEntry, LedgerStatus, Model, Thread
from earmark.db.statistics import refresh_statistics
from earmark.pipeline.mask import drop_secrets
from earmark.pipeline.progress import Progress
from earmark.sources.base import Failed, Fetched, Gone, Listed, ListingPage, Source

_MOST_ATTEMPTS: Final = 5
_RETRY_BATCH: Final = 150


class FetchedPage(Model):
    """A page of the listing with what asking for its conversations came to."""

    page: ListingPage
    results: tuple[Fetched, ...]
    """Of those that are not stored already in the version that is listed."""


async def sync(database: Database, source: Source, workspace_id: int, progress: Progress) -> None:
    """Bring the workspace up to date with its source; returns early if a cancel is requested."""
    await _store_people(database, source, workspace_id)
    checkpoint = await _begin(database, source, workspace_id)
    done = await _count_before(database, workspace_id, checkpoint)
    async with aclosing(_ahead(_fetch_pages(database, source, workspace_id, checkpoint))) as pages:
        async for fetched in pages:
            checkpoint = _advance(checkpoint, fetched.page)
            done += len(fetched.page.items)
            async with database.write() as connection:
                await _store_page(connection, workspace_id, fetched)
                await sync_storage.save_checkpoint(connection, workspace_id, checkpoint)
                await progress.report(done, max(checkpoint.expected or 0, done), connection)
            if await progress.cancelled():
                return
    await _retry_unfinished(database, source, workspace_id)
    async with database.write() as connection:
        finished = checkpoint.model_copy(update={"finished": True, "position": None})
        await sync_storage.save_checkpoint(connection, workspace_id, finished)
        await refresh_statistics(connection)


async def _store_people(database: Database, source: Source, workspace_id: int) -> None:
    admins = await source.admins()
    async with database.write() as connection:
        await people_storage.upsert_admins(connection, workspace_id, admins)
    async for companies in source.companies():
        async with database.write() as connection:
            await people_storage.upsert_companies(connection, workspace_id, companies)
    async for contacts in source.contacts():
        async with database.write() as connection:
            await people_storage.upsert_contacts(connection, workspace_id, contacts)


async def _begin(database: Database, source: Source, workspace_id: int) -> Checkpoint:
    """The unfinished backfill, or a new one up to the source's present time."""
    async with database.read() as connection:
        checkpoint = await sync_storage.get_checkpoint(connection, workspace_id)
    if checkpoint.until is not None and not checkpoint.finished:
        return checkpoint
    until = (await source.identity()).server_time
    checkpoint = Checkpoint(until=until, expected=await source.count(until=until))
    async with database.write() as connection:
        await sync_storage.save_checkpoint(connection, workspace_id, checkpoint)
    return checkpoint


async def _count_before(database: Database, workspace_id: int, checkpoint: Checkpoint) -> int:
    """Conversations that an interrupted backfill has behind it."""
    if checkpoint.position is None:
        return 0
    async with database.read() as connection:
        return await sync_storage.count_listed_before(connection, workspace_id, checkpoint.position)


async def _fetch_pages(
    database: Database, source: Source, workspace_id: int, checkpoint: Checkpoint
) -> AsyncGenerator[FetchedPage]:
    if checkpoint.until is None:
        return
    async for page in source.listing(since=checkpoint.position, until=checkpoint.until):
        ids = [item.id for item in page.items]
        async with database.read() as connection:
            stored = await sync_storage.stored_versions(connection, workspace_id, ids)
        wanted = [item.id for item in page.items if not _is_stored(item, stored)]
        yield FetchedPage(page=page, results=tuple(await source.fetch(wanted)))


def _is_stored(item: Listed, stored: Mapping[str, datetime]) -> bool:
    version = stored.get(item.id)
    return version is not None and version >= item.updated_at


async def _ahead(pages: AsyncGenerator[FetchedPage]) -> AsyncGenerator[FetchedPage]:
    """The same pages, with the next one fetched while the present one is being stored."""
    upcoming = asyncio.ensure_future(anext(pages, None))
    try:
        while (page := await upcoming) is not None:
            upcoming = asyncio.ensure_future(anext(pages, None))
            yield page
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
        await pages.aclose()


def _advance(checkpoint: Checkpoint, page: ListingPage) -> Checkpoint:
    newest = max((item.created_at for item in page.items), default=checkpoint.position)
    return checkpoint.model_copy(update={"position": newest})


async def _store_page(connection: WriteConnection, workspace_id: int, fetched: FetchedPage) -> None:
    listed = {item.id: item for item in fetched.page.items}
    await _store_results(connection, workspace_id, listed, fetched.results)
    await sync_storage.record_unreadable(
        connection, workspace_id, [(row.id, row.reason) for row in fetched.page.unreadable]
    )


async def _store_results(
    connection: WriteConnection,
    workspace_id: int,
    listed: dict[str, Listed],
    results: Sequence[Fetched],
) -> None:
    threads = [without_secrets(result) for result in results if isinstance(result, Thread)]
    await people_storage.add_missing_contacts(
        connection, workspace_id, [thread.contact for thread in threads if thread.contact]
    )
    await conversation_storage.upsert_threads(connection, workspace_id, threads)
    entries = [_ledger_entry(listed, result) for result in results]
    await sync_storage.record_ledger(connection, workspace_id, entries)


def without_secrets(thread: Thread) -> Thread:
    """The thread without card numbers, passwords and keys: these are never stored."""
    messages = tuple(
        message.model_copy(update={"body": drop_secrets(message.body)[0]})
        for message in thread.messages
    )
    conversation = thread.conversation
    cleaned = {
        name: drop_secrets(value)[0]
        for name in ("title", "subject", "rating_remark")
        if (value := getattr(conversation, name))
    }
    return thread.model_copy(
        update={"messages": messages, "conversation": conversation.model_copy(update=cleaned)}
    )


def _ledger_entry(listed: dict[str, Listed], result: Fetched) -> LedgerEntry:
    if isinstance(result, Thread):
        conversation = result.conversation
        return LedgerEntry(
            conversation_id=conversation.id,
            status=LedgerStatus.STORED,
            reason=", ".join(result.repairs) or None,
            source_created_at=conversation.created_at,
            # It may have changed since it was listed.
            source_updated_at=max(conversation.updated_at, listed[conversation.id].updated_at),
            parts_expected=conversation.parts_expected,
            parts_received=conversation.parts_received,
        )
    item = listed[result.id]
    return LedgerEntry(
        conversation_id=item.id,
        status=LedgerStatus.SKIPPED if isinstance(result, Gone) else LedgerStatus.FAILED,
        reason=result.reason,
        source_created_at=item.created_at,
        source_updated_at=item.updated_at,
        parts_expected=item.parts_expected,
        attempts=1 if isinstance(result, Failed) else 0,
    )


async def _retry_unfinished(database: Database, source: Source, workspace_id: int) -> None:
    """One more try for each conversation that failed, up to the most attempts."""
    async with database.read() as connection:
        waiting = await sync_storage.list_unfinished(
            connection, workspace_id, max_attempts=_MOST_ATTEMPTS, limit=100_000
        )
    for start in range(0, len(waiting), _RETRY_BATCH):
        batch = waiting[start : start + _RETRY_BATCH]
        results = await source.fetch([entry.conversation_id for entry in batch])
        listed = {entry.conversation_id: _to_listed(entry) for entry in batch}
        async with database.write() as connection:
            await _store_results(connection, workspace_id, listed, results)


def _to_listed(entry: LedgerEntry) -> Listed:
    return Listed(
        id=entry.conversation_id,
        created_at=entry.source_created_at,
        updated_at=entry.source_updated_at,
        parts_expected=entry.parts_expected,
    )
