"""What could not be done with a conversation after all attempts, with the reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, LiteralString

from psycopg.rows import class_row, scalar_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model

Work = Literal["fetch", "read"]


class Changed(Model):
    """What became of a wish to retry or to skip."""

    changed: int
    """Pieces of work: a conversation can have one of each kind."""
    unknown: tuple[str, ...]
    """The ids among those named that have not failed."""


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
) -> Changed:
    """Let the next run try again, all or those named."""
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
) -> Changed:
    """Leave the named ones out for good, until they change at the source."""
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
) -> Changed:
    named = None if conversation_ids is None else list(conversation_ids)
    found: list[str] = []
    async with connection.cursor(row_factory=scalar_row) as cursor:
        for update in (fetch, read):
            await cursor.execute(
                update + " RETURNING conversation_id", {"workspace_id": workspace_id, "ids": named}
            )
            found += await cursor.fetchall()
    unknown = dict.fromkeys(named or ())
    for conversation_id in found:
        unknown.pop(conversation_id, None)
    return Changed(changed=len(found), unknown=tuple(unknown))
