"""From a source to the database: every conversation that the source lists is accounted for.

`listing` finds out what there is and what has changed, and the ledger keeps it; here it is fetched
and stored. What could not be fetched stays in the ledger, and is tried again by the next run.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from earmark.db import (
    conversation_storage,
    erasure_storage,
    event_storage,
    people_storage,
    sync_storage,
)
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import LedgerEntry, LedgerStatus, Thread
from earmark.db.statistics import refresh_statistics
from earmark.errors import SourceUnavailable
from earmark.pipeline.enrichment import enrich
from earmark.pipeline.erasure import drop_erased
from earmark.pipeline.listing import Listing
from earmark.pipeline.mask import without_secrets
from earmark.pipeline.progress import Progress
from earmark.sources.base import STUCK, Failed, Fetched, Gone, Merged, Source

MOST_ATTEMPTS: Final = 5
"""Runs that try to fetch a conversation before it is left alone."""
_KEEP_EVENTS_DAYS: Final = 30
_SECOND_TRY_AFTER: Final = 0.5
_OF_ERASED: Final = "of a person who was erased on request"


async def sync(database: Database, source: Source, workspace_id: int, progress: Progress) -> None:
    """Bring the ledger up to date with the source; returns early if a cancel is requested."""
    try:
        now = (await source.identity()).server_time
        await enrich(database, source, workspace_id, now, progress.note)
    except SourceUnavailable as error:
        if error.code != STUCK:
            raise
        # A conversation itself tells of the people in it: the rest is asked for by the next run.
        await progress.note(error.what)
    await Listing(database, source, workspace_id, progress).update()
    async with database.write() as connection:
        await event_storage.forget_events(connection, workspace_id, days=_KEEP_EVENTS_DAYS)
        await refresh_statistics(connection)


async def fetch_page(
    database: Database, source: Source, workspace_id: int, conversation_ids: Sequence[str]
) -> None:
    """Fetch and store those of the conversations that are still to be fetched."""
    async with database.read() as connection:
        entries = await sync_storage.list_unsettled(connection, workspace_id, conversation_ids)
    asked_at = datetime.now(UTC)
    results = await fetch_surely(source, [entry.conversation_id for entry in entries])
    async with database.write() as connection:
        await store_results(connection, workspace_id, results, asked_at=asked_at)


async def fetch_surely(source: Source, ids: Sequence[str]) -> list[Fetched]:
    """One result per id; what failed or is said to be gone is asked for a second time."""
    results = await source.fetch(ids)
    doubtful = [result_id(result) for result in results if isinstance(result, Failed | Gone)]
    if not doubtful:
        return results
    await asyncio.sleep(_SECOND_TRY_AFTER)
    again = {result_id(result): result for result in await source.fetch(doubtful)}
    return [again.get(result_id(result), result) for result in results]


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
    connection: WriteConnection,
    workspace_id: int,
    results: Sequence[Fetched],
    *,
    asked_at: datetime | None = None,
) -> list[str]:
    """Store what asking for listed conversations came to; returns the ids that were stored.

    Of those that are known to be gone, nothing is stored, unless they were listed again before they
    were `asked_at`.
    """
    entries = await sync_storage.lock_entries(
        connection, workspace_id, [result_id(result) for result in results], asked_at=asked_at
    )
    known = await _without_erased(
        connection, workspace_id, [result for result in results if result_id(result) in entries]
    )
    threads = [without_secrets(result) for result in known if isinstance(result, Thread)]
    await people_storage.add_missing_contacts(
        connection, workspace_id, [thread.contact for thread in threads if thread.contact]
    )
    stored = await conversation_storage.upsert_threads(connection, workspace_id, threads)
    await _forget_gone(connection, workspace_id, known)
    # Late answers lose: a thread that is older than what is stored, a failure after a success.
    ledger = [
        ledger_entry(entries, result)
        for result in known
        if isinstance(result, Merged)
        or (isinstance(result, Thread) and result.conversation.id in stored)
        or (isinstance(result, Failed) and entries[result.id].status is not LedgerStatus.STORED)
    ]
    await sync_storage.record_ledger(connection, workspace_id, ledger, asked_at=asked_at)
    return stored


async def _without_erased(
    connection: WriteConnection, workspace_id: int, results: Sequence[Fetched]
) -> list[Fetched]:
    """Conversations of people who were erased are as good as gone; their other words are too."""
    threads = [result for result in results if isinstance(result, Thread)]
    erased = await erasure_storage.list_erased_of(connection, workspace_id, threads)
    return [
        drop_erased(result, erased) or Gone(id=result.conversation.id, reason=_OF_ERASED)
        if isinstance(result, Thread)
        else result
        for result in results
    ]


async def _forget_gone(
    connection: WriteConnection, workspace_id: int, results: Sequence[Fetched]
) -> None:
    """Delete what is gone, or lives on elsewhere, with all that was made of it."""
    by_reason: dict[str, list[str]] = {}
    for result in results:
        if isinstance(result, Gone):
            by_reason.setdefault(result.reason, []).append(result.id)
    now = datetime.now(UTC)
    for reason, ids in by_reason.items():
        await sync_storage.mark_deleted(
            connection,
            workspace_id,
            dict.fromkeys(ids, now),
            reason=reason,
            for_good=reason == _OF_ERASED,
        )
    gone = [result.id for result in results if isinstance(result, Gone | Merged)]
    await conversation_storage.delete_conversations(connection, workspace_id, gone)


def ledger_entry(
    entries: Mapping[str, LedgerEntry], result: Thread | Merged | Failed
) -> LedgerEntry:
    """What the ledger keeps of a result."""
    listed = entries[result_id(result)]
    if isinstance(result, Failed):
        return _failed(listed, result.reason)
    if isinstance(result, Merged):
        return listed.model_copy(
            update={
                "status": LedgerStatus.SKIPPED,
                "reason": f"merged into {result.into}",
                "source_updated_at": max(result.updated_at, listed.source_updated_at),
            }
        )
    conversation = result.conversation
    if conversation.updated_at < listed.source_updated_at:
        return _failed(listed, "the source gave an older version than it lists")
    return LedgerEntry(
        conversation_id=conversation.id,
        status=LedgerStatus.STORED,
        reason=", ".join(result.repairs) or None,
        source_created_at=conversation.created_at,
        # It may have changed since it was listed.
        source_updated_at=conversation.updated_at,
        parts_expected=conversation.parts_expected,
        parts_received=conversation.parts_received,
    )


def _failed(listed: LedgerEntry, reason: str) -> LedgerEntry:
    return listed.model_copy(
        update={"status": LedgerStatus.FAILED, "reason": reason, "attempts": 1}
    )
