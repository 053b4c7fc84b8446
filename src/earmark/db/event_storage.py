"""Events from the source, and the conversations that they say have changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from psycopg.rows import class_row, scalar_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model

_LEAST_CHANGES: Final = 3
_MOST_ATTEMPTS: Final = 8
"""After so many, a dirty conversation is left to the next run."""


class DirtyConversation(Model):
    """A conversation that is to be fetched again."""

    conversation_id: str
    not_before: datetime
    attempts: int


async def record_event(
    connection: WriteConnection, workspace_id: int, event_id: str, topic: str
) -> bool:
    """Record an event; false if it is known already."""
    cursor = await connection.execute(
        "INSERT INTO webhook_events (workspace_id, id, topic)"
        " VALUES (%(workspace_id)s, %(id)s, %(topic)s) ON CONFLICT DO NOTHING",
        {"workspace_id": workspace_id, "id": event_id, "topic": topic},
    )
    return cursor.rowcount > 0


async def forget_events(connection: WriteConnection, workspace_id: int, *, days: int) -> None:
    """Delete the record of old events; none is delivered again so late."""
    await connection.execute(
        "DELETE FROM webhook_events WHERE workspace_id = %(workspace_id)s"
        " AND received_at < now() - make_interval(days => %(days)s)",
        {"workspace_id": workspace_id, "days": days},
    )


async def last_event_at(connection: ReadConnection, workspace_id: int) -> datetime | None:
    """When the newest event came; null if none ever did."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT max(received_at) FROM webhook_events WHERE workspace_id = %(workspace_id)s",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone()


async def silent_since(connection: ReadConnection, workspace_id: int) -> datetime | None:
    """When the last event came, if a subscription seems to have been suspended since then.

    That is: events used to come, and now several conversations have changed a good while after the
    last of them. Null where all is well, or where there never was an event.
    """
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT e.last FROM (SELECT max(received_at) AS last FROM webhook_events"
            " WHERE workspace_id = %(workspace_id)s) e WHERE (SELECT count(*) FROM sync_ledger l"
            " WHERE l.workspace_id = %(workspace_id)s"
            " AND l.source_updated_at > e.last + interval '15 min') >= %(least)s",
            {"workspace_id": workspace_id, "least": _LEAST_CHANGES},
        )
        return await cursor.fetchone()


async def mark_dirty(
    connection: WriteConnection, workspace_id: int, conversation_id: str, *, reason: str
) -> None:
    """Let a conversation be fetched again in two seconds.

    Further events in the meantime are joined to the first, for half a minute at most.
    """
    await connection.execute(
        "INSERT INTO dirty_conversations AS d (workspace_id, conversation_id, reason, not_before)"
        " VALUES (%(workspace_id)s, %(id)s, %(reason)s, clock_timestamp() + interval '2 s')"
        " ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET attempts = 0,"
        " reason = excluded.reason,"
        " not_before = least(excluded.not_before, d.first_seen + interval '30 s')",
        {"workspace_id": workspace_id, "id": conversation_id, "reason": reason},
    )


async def list_due(
    connection: ReadConnection, workspace_id: int, *, limit: int
) -> list[DirtyConversation]:
    """Dirty conversations whose time has come."""
    async with connection.cursor(row_factory=class_row(DirtyConversation)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, not_before, attempts FROM dirty_conversations"
            " WHERE workspace_id = %(workspace_id)s AND not_before <= clock_timestamp()"
            " ORDER BY not_before, conversation_id LIMIT %(limit)s",
            {"workspace_id": workspace_id, "limit": limit},
        )
        return await cursor.fetchall()


async def settle_dirty(
    connection: WriteConnection,
    workspace_id: int,
    done: Sequence[DirtyConversation],
    failed: Sequence[DirtyConversation],
) -> None:
    """Take fetched ones off, unless another event came since; try failed ones later.

    Those that have failed many times are left to the next run, which finds them by its listing.
    """
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "DELETE FROM dirty_conversations WHERE workspace_id = %(workspace_id)s"
            " AND conversation_id = %(id)s AND not_before = %(not_before)s",
            [
                {
                    "workspace_id": workspace_id,
                    "id": item.conversation_id,
                    "not_before": item.not_before,
                }
                for item in done
            ],
        )
        await cursor.executemany(
            "UPDATE dirty_conversations SET attempts = attempts + 1,"
            " not_before = clock_timestamp() + make_interval(secs => least(4 ^ attempts, 900))"
            " WHERE workspace_id = %(workspace_id)s AND conversation_id = %(id)s",
            [{"workspace_id": workspace_id, "id": item.conversation_id} for item in failed],
        )
    await connection.execute(
        "DELETE FROM dirty_conversations WHERE workspace_id = %(workspace_id)s"
        " AND attempts >= %(most)s",
        {"workspace_id": workspace_id, "most": _MOST_ATTEMPTS},
    )


async def next_due_in(connection: ReadConnection, workspace_id: int) -> float | None:
    """Seconds until the next dirty conversation is due; null if there is none."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT extract(epoch FROM min(not_before) - clock_timestamp())::float8"
            " FROM dirty_conversations WHERE workspace_id = %(workspace_id)s",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone()
