"""The completeness ledger and the checkpoint of a backfill."""

from collections.abc import Sequence
from datetime import date, datetime
from operator import attrgetter

from psycopg.rows import class_row, scalar_row

from earmark.db.bulk import stage
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Checkpoint, LedgerEntry, Model

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
    """What the source counted when the last backfill began; what is listed, if that is more."""
    listed: int
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
    connection: WriteConnection, workspace_id: int, entries: Sequence[LedgerEntry]
) -> None:
    """Upsert ledger rows; a conversation that was stored once never falls back to pending."""
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
    await connection.execute(
        "INSERT INTO sync_ledger AS l SELECT DISTINCT ON (conversation_id) * FROM staged_ledger"
        " ORDER BY conversation_id, source_updated_at DESC"
        " ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET status = excluded.status,"
        " reason = excluded.reason, source_updated_at = excluded.source_updated_at,"
        " parts_expected = excluded.parts_expected, parts_received = excluded.parts_received,"
        " attempts = CASE WHEN excluded.status = 'failed' THEN l.attempts + 1 ELSE 0 END"
        " WHERE excluded.status <> 'pending' OR l.status NOT IN ('stored', 'skipped')"
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


async def stored_versions(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> dict[str, datetime]:
    """When the stored version of each conversation was last changed at the source.

    Conversations that are settled for another reason (deleted at the source) count as stored.
    """
    cursor = await connection.execute(
        "SELECT conversation_id, source_updated_at FROM sync_ledger"
        " WHERE workspace_id = %(workspace_id)s AND conversation_id = ANY(%(ids)s)"
        " AND status IN ('stored', 'skipped')",
        {"workspace_id": workspace_id, "ids": list(conversation_ids)},
    )
    return {row["conversation_id"]: row["source_updated_at"] async for row in cursor}


async def count_listed_before(
    connection: ReadConnection, workspace_id: int, position: datetime
) -> int:
    """Conversations in the ledger that were created before `position`."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT count(*) FROM sync_ledger WHERE workspace_id = %(workspace_id)s"
            " AND source_created_at < %(position)s",
            {"workspace_id": workspace_id, "position": position},
        )
        return await cursor.fetchone() or 0


async def list_unfinished(
    connection: ReadConnection, workspace_id: int, *, max_attempts: int, limit: int
) -> list[LedgerEntry]:
    """Conversations that are listed but not stored, fewest attempts first."""
    async with connection.cursor(row_factory=class_row(LedgerEntry)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, status, reason, source_created_at,"
            " source_updated_at, parts_expected, parts_received, attempts FROM sync_ledger"
            " WHERE workspace_id = %(workspace_id)s AND status IN ('pending', 'failed')"
            " AND attempts < %(max_attempts)s ORDER BY attempts, conversation_id LIMIT %(limit)s",
            {"workspace_id": workspace_id, "max_attempts": max_attempts, "limit": limit},
        )
        return await cursor.fetchall()


async def get_coverage(connection: ReadConnection, workspace_id: int) -> Coverage:
    """The completeness of a workspace in one row."""
    async with connection.cursor(row_factory=class_row(Coverage)) as cursor:
        await cursor.execute(
            "SELECT greatest(max(s.expected), count(l.*)::int, 0) AS expected,"
            " count(l.*) AS listed,"
            " count(*) FILTER (WHERE l.status = 'stored') AS stored,"
            " count(*) FILTER (WHERE l.status = 'pending') AS pending,"
            " count(*) FILTER (WHERE l.status = 'skipped') AS skipped,"
            " count(*) FILTER (WHERE l.status = 'failed') AS failed,"
            " (SELECT count(*) FROM sync_unreadable WHERE workspace_id = %(workspace_id)s)"
            " AS unreadable,"
            " count(*) FILTER (WHERE l.status = 'stored'"
            " AND l.parts_received < l.parts_expected) AS incomplete"
            " FROM (SELECT max(expected) AS expected FROM sync_streams"
            " WHERE workspace_id = %(workspace_id)s AND stream = 'conversations') s"
            " LEFT JOIN sync_ledger l ON l.workspace_id = %(workspace_id)s",
            {"workspace_id": workspace_id},
        )
        row = await cursor.fetchone()
    return row or Coverage(
        expected=0,
        listed=0,
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
