"""What an import from files needs besides the ledger: rows that were left out, what is known."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import class_row, dict_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Conversation, Model, Run


class Known(NamedTuple):
    """A stored conversation, with the hash of what was said in it."""

    conversation: Conversation
    content_hash: str


class UnreadableRow(Model):
    """A row of a listing or of a file that holds no usable conversation."""

    conversation_id: str | None
    reason: str
    seen_at: datetime


async def list_unreadable(
    connection: ReadConnection, workspace_id: int, *, limit: int
) -> list[UnreadableRow]:
    """Rows without a usable conversation, in the order in which they were met."""
    async with connection.cursor(row_factory=class_row(UnreadableRow)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, reason, seen_at FROM sync_unreadable"
            " WHERE workspace_id = %(workspace_id)s ORDER BY id LIMIT %(limit)s",
            {"workspace_id": workspace_id, "limit": limit},
        )
        return await cursor.fetchall()


async def forget_unreadable(
    connection: WriteConnection, workspace_id: int, prefixes: Sequence[str]
) -> None:
    """Forget rows that were left out earlier, by how their reasons begin."""
    await connection.execute(
        "DELETE FROM sync_unreadable u USING unnest(%(prefixes)s::text[]) p (prefix)"
        " WHERE u.workspace_id = %(workspace_id)s AND starts_with(u.reason, p.prefix)",
        {"workspace_id": workspace_id, "prefixes": list(prefixes)},
    )


async def add_unreadable(
    connection: WriteConnection, workspace_id: int, reasons: Sequence[str]
) -> None:
    """Keep rows that were left out, a reason each; a row of a file has no id of its own."""
    await connection.execute(
        "INSERT INTO sync_unreadable (workspace_id, reason)"
        " SELECT %(workspace_id)s, r.reason FROM unnest(%(reasons)s::text[])"
        " WITH ORDINALITY r (reason, place) ORDER BY r.place",
        {"workspace_id": workspace_id, "reasons": list(reasons)},
    )


async def list_under_way(connection: ReadConnection) -> list[Run]:
    """Unfinished runs that only read files, of all workspaces; no worker's jobs belong to them."""
    async with connection.cursor(row_factory=class_row(Run)) as cursor:
        await cursor.execute(
            "SELECT r.id, r.workspace_id, r.status, r.stage, r.error, r.created_at, r.started_at,"
            " r.finished_at, r.cancel_requested FROM runs r JOIN workspaces w"
            " ON w.id = r.workspace_id AND w.kind = 'file' WHERE r.finished_at IS NULL"
            " AND (SELECT array_agg(s.stage ORDER BY s.stage) FROM run_stages s"
            " WHERE s.workspace_id = r.workspace_id AND s.run_id = r.id) = ARRAY['fetch', 'sync']"
            " ORDER BY r.id"
        )
        return await cursor.fetchall()


async def list_known(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> dict[str, Known]:
    """Those of the conversations that are stored whole, by id."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT id, created_at, updated_at, title, subject, state, channel, delivered_as,"
            " source_url, priority, contact_id, company_id, admin_assignee_id, team_assignee_id,"
            " tags, rating, rating_remark, ai_agent_participated, custom_attributes,"
            " parts_expected, parts_received, truncated, redacted, content_hash"
            " FROM conversations WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s)"
            " AND NOT partial",
            {"workspace_id": workspace_id, "ids": list(conversation_ids)},
        )
        return {
            row["id"]: Known(content_hash=row.pop("content_hash"), conversation=Conversation(**row))
            async for row in cursor
        }


async def reopen(
    connection: WriteConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> None:
    """Let stored conversations be read again, though no later change of them was listed."""
    await connection.execute(
        "UPDATE sync_ledger SET status = 'pending', reason = NULL, attempts = 0"
        " WHERE workspace_id = %(workspace_id)s AND conversation_id = ANY(%(ids)s)"
        " AND status = 'stored' AND deleted_at IS NULL",
        {"workspace_id": workspace_id, "ids": list(conversation_ids)},
    )
