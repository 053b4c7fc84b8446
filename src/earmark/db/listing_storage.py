"""The list of conversations: narrow rows, keyset pages, filters."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import class_row, scalar_row

from earmark.db.connection import ReadConnection
from earmark.db.models import Decider, Model, Sentiment


class ThemeRef(Model):
    """A theme by its id and present name."""

    id: int
    name: str


class ConversationRow(Model):
    """One conversation as a list shows it."""

    id: str
    created_at: datetime
    updated_at: datetime
    preview: str
    state: str
    channel: str | None
    contact_id: str | None
    contact_name: str | None
    company_name: str | None
    plan: str | None
    category_id: str | None
    confidence: float | None
    decider: Decider | None
    language: str | None
    sentiment: Sentiment | None
    churn_risk: bool
    truncated: bool
    themes: tuple[ThemeRef, ...]


class ConversationFilter(Model):
    """What a list is narrowed to; null means all."""

    category_id: str | None = None
    theme_id: int | None = None
    unthemed: bool = False
    """Only conversations of the remainder."""
    language: str | None = None
    sentiment: Sentiment | None = None
    churn_risk: bool | None = None
    state: str | None = None
    contact_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def list_conversations(
    connection: ReadConnection,
    workspace_id: int,
    narrow: ConversationFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[ConversationRow]:
    """A page, newest first; `after` is (created_at, id) of the last row seen."""
    async with connection.cursor(row_factory=class_row(ConversationRow)) as cursor:
        await cursor.execute(
            "SELECT c.id, c.created_at, c.updated_at, c.preview, c.state, c.channel, c.contact_id,"
            " p.name AS contact_name, o.name AS company_name, o.plan, l.category_id,"
            " l.confidence, l.decider, f.language, f.sentiment,"
            " coalesce(f.churn_risk, false) AS churn_risk, c.truncated,"
            " ARRAY(SELECT jsonb_build_object('id', t.id, 'name', v.name) FROM issues i"
            " JOIN theme_assignments a ON (a.workspace_id, a.issue_id) = (i.workspace_id, i.id)"
            " AND a.superseded_at IS NULL"
            " JOIN themes t ON (t.workspace_id, t.id) = (a.workspace_id, a.theme_id)"
            " JOIN theme_versions v ON (v.workspace_id, v.theme_id, v.version)"
            " = (t.workspace_id, t.id, t.current_version)"
            " WHERE i.workspace_id = c.workspace_id AND i.conversation_id = c.id"
            " ORDER BY i.position) AS themes"
            " FROM conversations c"
            " LEFT JOIN classifications l ON (l.workspace_id, l.conversation_id)"
            " = (c.workspace_id, c.id) AND l.stage = 'final' AND l.is_current"
            " LEFT JOIN facets f ON (f.workspace_id, f.conversation_id) = (c.workspace_id, c.id)"
            " LEFT JOIN contacts p ON (p.workspace_id, p.id) = (c.workspace_id, c.contact_id)"
            " LEFT JOIN companies o ON (o.workspace_id, o.id) = (c.workspace_id, c.company_id)"
            " WHERE c.workspace_id = %(workspace_id)s"
            " AND (%(after_id)s::text IS NULL"
            " OR (c.created_at, c.id) < (%(after_at)s::timestamptz, %(after_id)s::text))"
            " AND (%(category_id)s::text IS NULL OR l.category_id = %(category_id)s)"
            " AND (%(language)s::text IS NULL OR f.language = %(language)s)"
            " AND (%(sentiment)s::text IS NULL OR f.sentiment = %(sentiment)s)"
            " AND (%(churn_risk)s::boolean IS NULL OR f.churn_risk = %(churn_risk)s)"
            " AND (%(state)s::text IS NULL OR c.state = %(state)s)"
            " AND (%(contact_id)s::text IS NULL OR c.contact_id = %(contact_id)s)"
            " AND (%(since)s::timestamptz IS NULL OR c.created_at >= %(since)s)"
            " AND (%(until)s::timestamptz IS NULL OR c.created_at < %(until)s)"
            " AND (%(theme_id)s::bigint IS NULL OR EXISTS (SELECT FROM issues i"
            " JOIN theme_assignments a ON (a.workspace_id, a.issue_id) = (i.workspace_id, i.id)"
            " WHERE a.superseded_at IS NULL AND a.theme_id = %(theme_id)s"
            " AND i.workspace_id = c.workspace_id AND i.conversation_id = c.id))"
            " AND (NOT %(unthemed)s OR (l.category_id IS DISTINCT FROM 'spam' AND NOT EXISTS"
            " (SELECT FROM issues i JOIN theme_assignments a"
            " ON (a.workspace_id, a.issue_id) = (i.workspace_id, i.id)"
            " WHERE a.superseded_at IS NULL AND i.workspace_id = c.workspace_id"
            " AND i.conversation_id = c.id)))"
            " ORDER BY c.created_at DESC, c.id DESC LIMIT %(limit)s",
            {
                **narrow.model_dump(mode="python"),
                "sentiment": narrow.sentiment.value if narrow.sentiment else None,
                "workspace_id": workspace_id,
                "after_at": after[0] if after else None,
                "after_id": after[1] if after else None,
                "limit": limit,
            },
        )
        return await cursor.fetchall()


async def list_issue_themes(
    connection: ReadConnection, workspace_id: int, issue_ids: Sequence[int]
) -> dict[int, ThemeRef]:
    """The theme of each issue that has one."""
    cursor = await connection.execute(
        "SELECT a.issue_id, t.id, v.name FROM theme_assignments a"
        " JOIN themes t ON (t.workspace_id, t.id) = (a.workspace_id, a.theme_id)"
        " JOIN theme_versions v ON (v.workspace_id, v.theme_id, v.version)"
        " = (t.workspace_id, t.id, t.current_version)"
        " WHERE a.workspace_id = %(workspace_id)s AND a.issue_id = ANY(%(ids)s)"
        " AND a.superseded_at IS NULL",
        {"workspace_id": workspace_id, "ids": list(issue_ids)},
    )
    return {row["issue_id"]: ThemeRef(id=row["id"], name=row["name"]) async for row in cursor}


async def count_conversations(connection: ReadConnection, workspace_id: int) -> int:
    """Conversations that are stored and not deleted."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT count(*) FROM conversations WHERE workspace_id = %(workspace_id)s",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone() or 0
