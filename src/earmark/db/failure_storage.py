"""What could not be done with a conversation after all attempts, with the reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, LiteralString

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model

Work = Literal["fetch", "read"]


class Failure(Model):
    """One conversation that one kind of work has given up on, or not managed yet."""

    conversation_id: str
    work: Work
    """Fetched from the source, or read by a model."""
    reason: str
    attempts: int
    is_given_up: bool
    """It is tried again only when someone asks for it."""
    since: datetime


async def list_failures(
    connection: ReadConnection, workspace_id: int, *, max_attempts: int, limit: int
) -> list[Failure]:
    """Failures, those that were given up first."""
    async with connection.cursor(row_factory=class_row(Failure)) as cursor:
        await cursor.execute(
            "SELECT * FROM (SELECT conversation_id, 'fetch' AS work, reason, attempts,"
            " attempts >= %(max_attempts)s AS is_given_up, listed_at AS since FROM sync_ledger"
            " WHERE workspace_id = %(workspace_id)s AND status = 'failed'"
            " UNION ALL SELECT conversation_id, 'read', reason, attempts,"
            " attempts >= %(max_attempts)s, updated_at FROM analyses"
            " WHERE workspace_id = %(workspace_id)s AND status = 'failed') f"
            " ORDER BY is_given_up DESC, conversation_id, work LIMIT %(limit)s",
            {"workspace_id": workspace_id, "max_attempts": max_attempts, "limit": limit},
        )
        return await cursor.fetchall()


async def retry_failures(
    connection: WriteConnection, workspace_id: int, conversation_ids: Sequence[str] | None
) -> int:
    """Let the next run try again, all or those named; how many."""
    return await _both(
        connection,
        workspace_id,
        conversation_ids,
        fetch=(
            "UPDATE sync_ledger SET status = 'pending', attempts = 0, reason = NULL"
            " WHERE workspace_id = %(workspace_id)s AND status = 'failed'"
            " AND (%(ids)s::text[] IS NULL OR conversation_id = ANY(%(ids)s))"
        ),
        read=(
            "UPDATE analyses SET attempts = 0 WHERE workspace_id = %(workspace_id)s"
            " AND status = 'failed'"
            " AND (%(ids)s::text[] IS NULL OR conversation_id = ANY(%(ids)s))"
        ),
    )


async def skip_failures(
    connection: WriteConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> int:
    """Leave the named ones out for good, until they change at the source; how many."""
    return await _both(
        connection,
        workspace_id,
        conversation_ids,
        fetch=(
            "UPDATE sync_ledger SET status = 'skipped', reason = 'left out by a person: ' || reason"
            " WHERE workspace_id = %(workspace_id)s AND status = 'failed'"
            " AND conversation_id = ANY(%(ids)s)"
        ),
        read=(
            "UPDATE analyses SET status = 'skipped', reason = 'left out by a person: ' || reason"
            " WHERE workspace_id = %(workspace_id)s AND status = 'failed'"
            " AND conversation_id = ANY(%(ids)s)"
        ),
    )


async def _both(
    connection: WriteConnection,
    workspace_id: int,
    conversation_ids: Sequence[str] | None,
    *,
    fetch: LiteralString,
    read: LiteralString,
) -> int:
    parameters = {
        "workspace_id": workspace_id,
        "ids": None if conversation_ids is None else list(conversation_ids),
    }
    fetched = await connection.execute(fetch, parameters)
    analysed = await connection.execute(read, parameters)
    return fetched.rowcount + analysed.rowcount
