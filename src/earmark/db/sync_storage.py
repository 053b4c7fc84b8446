"""The completeness ledger and the checkpoint of a backfill."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter

from psycopg.rows import class_row, scalar_row

from earmark.db.bulk import stage
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Checkpoint, LedgerEntry, Model
from earmark.db.window_storage import SyncWindow

_ledger_row = attrgetter(
    "conversation_id",
    "status.value",
    "reason",
    "source_created_at",
    "source_updated_at",
    "parts_expected",
    "parts_received",
    "attempts",
)


class Coverage(Model):
    """Of the conversations that the source says exist: what became of them."""

    expected: int
    """What the source counted when the backfill began; later, all that is listed or missing."""
    listed: int
    unlisted: int
    """Of which the source has only said that they are there, when all was walked last."""
    stored: int
    pending: int
    skipped: int
    failed: int
    unreadable: int
    incomplete: int
    """Stored, but the source has more parts than it gave."""


class CoverageDay(Model):
    """The same for the conversations created on one day (UTC)."""

    day: date
    listed: int
    stored: int
    pending: int
    skipped: int
    failed: int
    incomplete: int


class CoverageGap(Model):
    """One conversation that is not stored whole, with the reason."""

    conversation_id: str
    status: str
    reason: str
    attempts: int


async def get_checkpoint(
    connection: ReadConnection, workspace_id: int, stream: str = "conversations"
) -> Checkpoint:
    """How far the backfill of a stream has come; an empty one if it never ran."""
    async with connection.cursor(row_factory=class_row(Checkpoint)) as cursor:
        await cursor.execute(
            "SELECT position, expected, until, finished FROM sync_streams"
            " WHERE workspace_id = %(workspace_id)s AND stream = %(stream)s",
            {"workspace_id": workspace_id, "stream": stream},
        )
        return await cursor.fetchone() or Checkpoint()


async def save_checkpoint(
    connection: WriteConnection,
    workspace_id: int,
    checkpoint: Checkpoint,
    stream: str = "conversations",
) -> None:
    """Record how far the backfill has come; call it in the transaction that stores the page."""
    await connection.execute(
        "INSERT INTO sync_streams (workspace_id, stream, position, expected, until,"
        " finished, updated_at) VALUES (%(workspace_id)s, %(stream)s, %(position)s,"
        " %(expected)s, %(until)s, %(finished)s, now())"
        " ON CONFLICT (workspace_id, stream) DO UPDATE SET position = excluded.position,"
        " expected = excluded.expected, until = excluded.until,"
        " finished = excluded.finished, updated_at = excluded.updated_at",
        {"workspace_id": workspace_id, "stream": stream, **checkpoint.model_dump()},
    )


async def record_ledger(
    connection: WriteConnection,
    workspace_id: int,
    entries: Sequence[LedgerEntry],
    *,
    asked_at: datetime | None = None,
) -> None:
    """Record what became of conversations that were asked for at that moment.

    Late news changes nothing: neither for a conversation that is known to be deleted, nor for one
    that has been listed with a newer change in the meantime, which stays pending.
    """
    await _stage_ledger(connection, workspace_id, entries)
    await connection.execute(
        "INSERT INTO sync_ledger AS l SELECT DISTINCT ON (conversation_id) * FROM staged_ledger"
        " ORDER BY conversation_id, source_updated_at DESC"
        " ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET status = excluded.status,"
        " reason = excluded.reason, source_updated_at = excluded.source_updated_at,"
        " parts_expected = excluded.parts_expected, parts_received = excluded.parts_received,"
        " attempts = CASE WHEN excluded.status = 'failed' THEN l.attempts + 1 ELSE 0 END,"
        " asked_at = CASE WHEN excluded.status = 'failed' THEN NULL"
        " ELSE %(asked_at)s::timestamptz END, deleted_at = NULL"
        " WHERE excluded.source_updated_at >= l.source_updated_at AND (l.deleted_at IS NULL"
        " OR (l.status = 'pending' AND l.deleted_at < %(asked_at)s::timestamptz))",
        {"asked_at": asked_at},
    )
    # The same transaction may stage others, as after an event.
    await connection.execute("DELETE FROM staged_ledger")


async def mark_listed(
    connection: WriteConnection, workspace_id: int, entries: Sequence[LedgerEntry]
) -> list[str]:
    """Take listed conversations into the ledger; returns the ids that are new or have changed.

    These are pending; whatever is known in this version, or as deleted for good, stays as it is.
    Pending are also those that an answer has called gone, and those that were asked for before the
    second of their last change was over: they may have changed once more within it.
    """
    await _stage_ledger(connection, workspace_id, entries)
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "INSERT INTO sync_ledger AS l SELECT DISTINCT ON (conversation_id) * FROM staged_ledger"
            " ORDER BY conversation_id, source_updated_at DESC"
            " ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET status = 'pending',"
            " reason = CASE WHEN l.deleted_at IS NOT NULL THEN 'listed, but was said to be gone'"
            " END, source_updated_at = excluded.source_updated_at,"
            " source_created_at = excluded.source_created_at,"
            " parts_expected = excluded.parts_expected, attempts = 0"
            " WHERE NOT l.gone_for_good AND (excluded.source_updated_at > l.source_updated_at"
            " OR (l.deleted_at IS NOT NULL AND l.status = 'skipped')"
            " OR (excluded.source_updated_at = l.source_updated_at"
            " AND l.status IN ('stored', 'skipped')"
            " AND l.asked_at < l.source_updated_at + interval '2 s')) RETURNING conversation_id"
        )
        changed = await cursor.fetchall()
        await cursor.execute("DELETE FROM staged_ledger")
        return changed


async def mark_absent(
    connection: WriteConnection, workspace_id: int, window: SyncWindow, present: Collection[str]
) -> int:
    """Let conversations of the window that the source no longer lists be asked for; how many."""
    cursor = await connection.execute(
        "UPDATE sync_ledger SET status = 'pending', reason = 'no longer listed', attempts = 0"
        " WHERE workspace_id = %(workspace_id)s AND status IN ('stored', 'failed')"
        " AND source_created_at >= %(since)s AND source_created_at < %(until)s"
        " AND NOT conversation_id = ANY(%(present)s)",
        {
            "workspace_id": workspace_id,
            "since": window.since,
            "until": window.until,
            "present": list(present),
        },
    )
    return cursor.rowcount


async def doubt_merged(connection: WriteConnection, workspace_id: int) -> int:
    """Let merged conversations be asked for again, which no listing names; how many.

    One that was deleted since, and that no feed of deletions has told of, is known as gone then.
    """
    cursor = await connection.execute(
        "UPDATE sync_ledger SET status = 'pending', reason = 'is it merged still?', attempts = 0"
        " WHERE workspace_id = %(workspace_id)s AND status = 'skipped' AND deleted_at IS NULL"
        " AND reason LIKE 'merged into %%'",
        {"workspace_id": workspace_id},
    )
    return cursor.rowcount


async def mark_deleted(
    connection: WriteConnection,
    workspace_id: int,
    deletions: Mapping[str, datetime],
    *,
    reason: str,
    for_good: bool,
) -> list[str]:
    """Record conversations as gone at these times; returns those that were not known so yet.

    One that was never listed gets a row too, so that a late answer about it is refused. What is not
    gone `for_good` is asked for again if it is listed again.
    """
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "INSERT INTO sync_ledger AS l (workspace_id, conversation_id, status, reason,"
            " source_created_at, source_updated_at, deleted_at, gone_for_good)"
            " SELECT %(workspace_id)s, d.id, 'skipped', %(reason)s, d.at, d.at, d.at, %(for_good)s"
            " FROM unnest(%(ids)s::text[], %(times)s::timestamptz[]) d (id, at) ORDER BY d.id"
            " ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET status = 'skipped',"
            " reason = excluded.reason, deleted_at = excluded.deleted_at, asked_at = NULL,"
            " gone_for_good = excluded.gone_for_good WHERE NOT l.gone_for_good"
            " AND (l.deleted_at IS NULL OR l.status = 'pending' OR excluded.gone_for_good)"
            " RETURNING conversation_id",
            {
                "workspace_id": workspace_id,
                "reason": reason,
                "for_good": for_good,
                "ids": list(deletions),
                "times": list(deletions.values()),
            },
        )
        return await cursor.fetchall()


async def _stage_ledger(
    connection: WriteConnection, workspace_id: int, entries: Sequence[LedgerEntry]
) -> None:
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_ledger"
        " (LIKE sync_ledger INCLUDING DEFAULTS) ON COMMIT DELETE ROWS",
        copy="COPY staged_ledger (workspace_id, conversation_id, status, reason, source_created_at,"
        " source_updated_at, parts_expected, parts_received, attempts)"
        " FROM STDIN (FORMAT BINARY)",
        types=("int8", *("text",) * 3, *("timestamptz",) * 2, *("int4",) * 3),
        rows=((workspace_id, *_ledger_row(entry)) for entry in entries),
    )


async def record_unreadable(
    connection: WriteConnection, workspace_id: int, rows: Sequence[tuple[str | None, str]]
) -> None:
    """Record listing rows without a usable conversation, as (id or null, reason)."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO sync_unreadable (workspace_id, conversation_id, reason)"
            " SELECT %(workspace_id)s, %(id)s, %(reason)s WHERE NOT EXISTS (SELECT FROM"
            " sync_unreadable WHERE workspace_id = %(workspace_id)s AND reason = %(reason)s"
            " AND conversation_id IS NOT DISTINCT FROM %(id)s::text)",
            [
                {"workspace_id": workspace_id, "id": identifier, "reason": reason}
                for identifier, reason in rows
            ],
        )


async def count_listed(connection: ReadConnection, workspace_id: int) -> int:
    """Conversations in the ledger, also those that are gone."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT count(*) FROM sync_ledger WHERE workspace_id = %(workspace_id)s",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone() or 0


async def count_alive(connection: ReadConnection, workspace_id: int, window: SyncWindow) -> int:
    """Conversations of the window in the ledger that are not gone."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT count(*) FROM sync_ledger WHERE workspace_id = %(workspace_id)s"
            " AND deleted_at IS NULL AND source_created_at >= %(since)s"
            " AND source_created_at < %(until)s",
            {"workspace_id": workspace_id, "since": window.since, "until": window.until},
        )
        return await cursor.fetchone() or 0


async def oldest_alive(connection: ReadConnection, workspace_id: int) -> datetime | None:
    """When the oldest conversation in the ledger was created that is not gone."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT min(source_created_at) FROM sync_ledger"
            " WHERE workspace_id = %(workspace_id)s AND deleted_at IS NULL",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone()


async def count_pending(connection: ReadConnection, workspace_id: int) -> int:
    """Conversations that are listed and still to be fetched."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT count(*) FROM sync_ledger WHERE workspace_id = %(workspace_id)s"
            " AND status = 'pending'",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone() or 0


async def lock_entries(
    connection: WriteConnection,
    workspace_id: int,
    conversation_ids: Sequence[str],
    *,
    asked_at: datetime | None = None,
) -> dict[str, LedgerEntry]:
    """What the ledger knows of conversations, by id, held until the transaction ends.

    Those that are gone are left out, unless they were listed again before they were asked for:
    whoever stores answers must hold this, so that a deletion at the same moment comes either before
    or after. An erasure waits, too, for it locks the workspace.
    """
    await connection.execute(
        "SELECT FROM workspaces WHERE id = %(workspace_id)s FOR KEY SHARE",
        {"workspace_id": workspace_id},
    )
    async with connection.cursor(row_factory=class_row(LedgerEntry)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, status, reason, source_created_at,"
            " source_updated_at, parts_expected, parts_received, attempts FROM sync_ledger"
            " WHERE workspace_id = %(workspace_id)s AND conversation_id = ANY(%(ids)s)"
            " AND (deleted_at IS NULL OR (status = 'pending'"
            " AND deleted_at < %(asked_at)s::timestamptz)) ORDER BY conversation_id FOR UPDATE",
            {"workspace_id": workspace_id, "ids": list(conversation_ids), "asked_at": asked_at},
        )
        return {entry.conversation_id: entry async for entry in cursor}


async def list_unsettled(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> list[LedgerEntry]:
    """Those of the conversations that are still to be fetched."""
    async with connection.cursor(row_factory=class_row(LedgerEntry)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, status, reason, source_created_at,"
            " source_updated_at, parts_expected, parts_received, attempts FROM sync_ledger"
            " WHERE workspace_id = %(workspace_id)s AND conversation_id = ANY(%(ids)s)"
            " AND status IN ('pending', 'failed') ORDER BY source_created_at DESC",
            {"workspace_id": workspace_id, "ids": list(conversation_ids)},
        )
        return await cursor.fetchall()


async def get_coverage(connection: ReadConnection, workspace_id: int) -> Coverage:
    """The completeness of a workspace in one row."""
    async with connection.cursor(row_factory=class_row(Coverage)) as cursor:
        await cursor.execute(
            "SELECT CASE WHEN s.finished THEN count(l.*) + s.unlisted"
            " ELSE greatest(s.expected, count(l.*)) END AS expected,"
            " count(l.*) AS listed, s.unlisted,"
            " count(*) FILTER (WHERE l.status = 'stored') AS stored,"
            " count(*) FILTER (WHERE l.status = 'pending') AS pending,"
            " count(*) FILTER (WHERE l.status = 'skipped') AS skipped,"
            " count(*) FILTER (WHERE l.status = 'failed') AS failed,"
            " (SELECT count(*) FROM sync_unreadable WHERE workspace_id = %(workspace_id)s)"
            " AS unreadable,"
            " count(*) FILTER (WHERE l.status = 'stored'"
            " AND l.parts_received < l.parts_expected) AS incomplete"
            " FROM (SELECT coalesce(bool_or(finished) FILTER (WHERE stream = 'conversations'),"
            " false) AS finished,"
            " coalesce(max(expected) FILTER (WHERE stream = 'conversations'), 0) AS expected,"
            " coalesce(max(expected) FILTER (WHERE stream = 'full census'), 0) AS unlisted"
            " FROM sync_streams WHERE workspace_id = %(workspace_id)s) s"
            " LEFT JOIN sync_ledger l ON l.workspace_id = %(workspace_id)s"
            " GROUP BY s.finished, s.expected, s.unlisted",
            {"workspace_id": workspace_id},
        )
        row = await cursor.fetchone()
    return row or Coverage(
        expected=0,
        listed=0,
        unlisted=0,
        stored=0,
        pending=0,
        skipped=0,
        failed=0,
        unreadable=0,
        incomplete=0,
    )


async def list_coverage_days(
    connection: ReadConnection, workspace_id: int, *, since: date, until: date
) -> list[CoverageDay]:
    """Completeness per creation day in [since, until], days without conversations left out."""
    async with connection.cursor(row_factory=class_row(CoverageDay)) as cursor:
        await cursor.execute(
            "SELECT (source_created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS listed,"
            " count(*) FILTER (WHERE status = 'stored') AS stored,"
            " count(*) FILTER (WHERE status = 'pending') AS pending,"
            " count(*) FILTER (WHERE status = 'skipped') AS skipped,"
            " count(*) FILTER (WHERE status = 'failed') AS failed,"
            " count(*) FILTER (WHERE status = 'stored' AND parts_received < parts_expected)"
            " AS incomplete FROM sync_ledger WHERE workspace_id = %(workspace_id)s"
            " AND source_created_at >= %(since)s::timestamp AT TIME ZONE 'UTC'"
            " AND source_created_at < (%(until)s::date + 1)::timestamp AT TIME ZONE 'UTC'"
            " GROUP BY 1 ORDER BY 1",
            {"workspace_id": workspace_id, "since": since, "until": until},
        )
        return await cursor.fetchall()


async def list_gaps(
    connection: ReadConnection, workspace_id: int, *, limit: int
) -> list[CoverageGap]:
    """Conversations that are not stored whole, worst first."""
    async with connection.cursor(row_factory=class_row(CoverageGap)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, status, attempts, coalesce(reason, CASE status"
            " WHEN 'stored' THEN 'the source has ' || parts_expected || ' parts and gave '"
            " || parts_received ELSE 'not fetched yet' END) AS reason FROM sync_ledger"
            " WHERE workspace_id = %(workspace_id)s AND (status <> 'stored'"
            " OR parts_received < parts_expected) ORDER BY array_position("
            " ARRAY['failed', 'pending', 'skipped', 'stored'], status), conversation_id"
            " LIMIT %(limit)s",
            {"workspace_id": workspace_id, "limit": limit},
        )
        return await cursor.fetchall()
