"""From a source to the database: every conversation that the source lists is accounted for.

`listing` finds out what there is and what has changed, and the ledger keeps it; here it is fetched
and stored. What could not be fetched stays in the ledger, and is tried again by the next run.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from earmark.db import conversation_storage, erasure_storage, people_storage, sync_storage
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import Checkpoint, LedgerEntry, LedgerStatus, Thread
from earmark.db.statistics import refresh_statistics
from earmark.pipeline.listing import Listing
from earmark.pipeline.mask import without_secrets
from earmark.pipeline.progress import Progress
from earmark.sources.base import Failed, Fetched, Gone, Source

MOST_ATTEMPTS: Final = 5
"""Runs that try to fetch a conversation before it is left alone."""
_PEOPLE_EVERY: Final = timedelta(hours=20)
_SECOND_TRY_AFTER: Final = 1.0
_PEOPLE: Final = "people"


async def sync(database: Database, source: Source, workspace_id: int, progress: Progress) -> None:
    """Bring the ledger up to date with the source; returns early if a cancel is requested."""
    await _store_people(database, source, workspace_id)
    await Listing(database, source, workspace_id, progress).update()
    async with database.write() as connection:
        await refresh_statistics(connection)


async def _store_people(database: Database, source: Source, workspace_id: int) -> None:
    """Everyone, once a day: a conversation itself tells of the people in it."""
    async with database.read() as connection:
        known = await sync_storage.get_checkpoint(connection, workspace_id, _PEOPLE)
    now = (await source.identity()).server_time
    if known.finished and known.position and now - known.position < _PEOPLE_EVERY:
        return
    admins = await source.admins()
    async with database.write() as connection:
        await people_storage.upsert_admins(connection, workspace_id, admins)
    async for companies in source.companies():
        async with database.write() as connection:
            await people_storage.upsert_companies(connection, workspace_id, companies)
    async for contacts in source.contacts():
        async with database.write() as connection:
            await people_storage.upsert_contacts(connection, workspace_id, contacts)
    async with database.write() as connection:
        done = Checkpoint(position=now, finished=True)
        await sync_storage.save_checkpoint(connection, workspace_id, done, _PEOPLE)


async def fetch_page(
    database: Database, source: Source, workspace_id: int, conversation_ids: Sequence[str]
) -> None:
    """Fetch and store those of the conversations that are still to be fetched."""
    async with database.read() as connection:
        entries = await sync_storage.list_unsettled(connection, workspace_id, conversation_ids)
    results = await source.fetch([entry.conversation_id for entry in entries])
    failed = [result.id for result in results if isinstance(result, Failed)]
    if failed:
        await asyncio.sleep(_SECOND_TRY_AFTER)
        again = {result_id(result): result for result in await source.fetch(failed)}
        results = [again.get(result_id(result), result) for result in results]
    async with database.write() as connection:
        await store_results(connection, workspace_id, results)


async def record_failure(
    database: Database, workspace_id: int, conversation_id: str, *, reason: str
) -> None:
    """Record that a conversation cannot be stored."""
    failed = Failed(id=conversation_id, reason=reason)
    async with database.write() as connection:
        await store_results(connection, workspace_id, [failed])


def result_id(result: Fetched) -> str:
    """The conversation that a result is about."""
    return result.conversation.id if isinstance(result, Thread) else result.id


async def store_results(
    connection: WriteConnection, workspace_id: int, results: Sequence[Fetched]
) -> list[str]:
    """Store what asking for listed conversations came to; returns the ids that were stored.

    Of those that are known to be deleted, nothing is stored.
    """
    entries = await sync_storage.lock_entries(
        connection, workspace_id, [result_id(result) for result in results]
    )
    erased = await erasure_storage.list_erased(
        connection,
        workspace_id,
        [r.contact.id for r in results if isinstance(r, Thread) and r.contact],
    )
    known = [_of_erased(result, erased) for result in results if result_id(result) in entries]
    threads = [without_secrets(result) for result in known if isinstance(result, Thread)]
    await people_storage.add_missing_contacts(
        connection, workspace_id, [thread.contact for thread in threads if thread.contact]
    )
    stored = await conversation_storage.upsert_threads(connection, workspace_id, threads)
    await _forget_gone(connection, workspace_id, known)
    ledger = [ledger_entry(entries, result) for result in known if not isinstance(result, Gone)]
    await sync_storage.record_ledger(connection, workspace_id, ledger)
    return stored


def _of_erased(result: Fetched, erased: Collection[str]) -> Fetched:
    """A conversation of someone who was erased is as good as gone."""
    if isinstance(result, Thread) and result.contact and result.contact.id in erased:
        return Gone(id=result.conversation.id, reason="of a person who was erased on request")
    return result


async def _forget_gone(
    connection: WriteConnection, workspace_id: int, results: Sequence[Fetched]
) -> None:
    by_reason: dict[str, list[str]] = {}
    for result in results:
        if isinstance(result, Gone):
            by_reason.setdefault(result.reason, []).append(result.id)
    now = datetime.now(UTC)
    for reason, ids in by_reason.items():
        await sync_storage.mark_deleted(
            connection, workspace_id, dict.fromkeys(ids, now), reason=reason
        )
        await conversation_storage.delete_conversations(connection, workspace_id, ids)


def ledger_entry(entries: Mapping[str, LedgerEntry], result: Thread | Failed) -> LedgerEntry:
    """What the ledger keeps of a result."""
    listed = entries[result_id(result)]
    if isinstance(result, Failed):
        return listed.model_copy(
            update={"status": LedgerStatus.FAILED, "reason": result.reason, "attempts": 1}
        )
    conversation = result.conversation
    return LedgerEntry(
        conversation_id=conversation.id,
        status=LedgerStatus.STORED,
        reason=", ".join(result.repairs) or None,
        source_created_at=conversation.created_at,
        # It may have changed since it was listed.
        source_updated_at=max(conversation.updated_at, listed.source_updated_at),
        parts_expected=conversation.parts_expected,
        parts_received=conversation.parts_received,
    )
