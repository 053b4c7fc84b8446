"""What previews of the taxonomy read: the last weeks, a sample of them, and the pace of runs.

Also counts per category and week under any version of the taxonomy.
"""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import class_row, scalar_row

from earmark.db.connection import ReadConnection
from earmark.db.models import Model


class WeekSize(Model):
    """The conversations of seven days that begin at `week`; only masked ones can be read."""

    week: datetime
    conversations: int


class PreviewText(Model):
    """What the customer wrote in one conversation, masked."""

    conversation_id: str
    week: datetime
    text: str


class ReplaySize(Model):
    """What a replay of the workspace would be."""

    conversations: int
    seconds: float | None


class CategoryWeek(Model):
    """Conversations of a week that have a category under a version of the taxonomy."""

    week: datetime
    category_id: str | None
    """Null: they were never read under that version."""
    conversations: int


async def list_weeks(
    connection: ReadConnection, workspace_id: int, *, weeks: int
) -> list[WeekSize]:
    """The last weeks up to the newest conversation, oldest first; the last ends with its day."""
    async with connection.cursor(row_factory=class_row(WeekSize)) as cursor:
        await cursor.execute(
            "WITH span AS (SELECT date_trunc('day', max(created_at) AT TIME ZONE 'UTC')"
            " AT TIME ZONE 'UTC' + interval '1 day' AS until FROM conversations"
            " WHERE workspace_id = %(workspace_id)s)"
            " SELECT w.week, (SELECT count(*) FROM conversations c"
            " WHERE c.workspace_id = %(workspace_id)s AND c.created_at >= w.week"
            " AND c.created_at < w.week + interval '7 days'"
            " AND c.masked_key LIKE c.content_hash || ':%%') AS conversations"
            " FROM span CROSS JOIN LATERAL (SELECT span.until - n * interval '7 days' AS week"
            " FROM generate_series(%(weeks)s::int, 1, -1) AS n) w WHERE span.until IS NOT NULL"
            " ORDER BY w.week",
            {"workspace_id": workspace_id, "weeks": weeks},
        )
        return await cursor.fetchall()


async def sample_ids(
    connection: ReadConnection, workspace_id: int, *, weeks: int, limit: int
) -> list[str]:
    """Conversations of the last weeks that can be read; an even sample if there are more.

    Deterministic: the same conversations give the same sample.
    """
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "WITH span AS (SELECT date_trunc('day', max(created_at) AT TIME ZONE 'UTC')"
            " AT TIME ZONE 'UTC' + interval '1 day' AS until FROM conversations"
            " WHERE workspace_id = %(workspace_id)s)"
            " SELECT c.id FROM span JOIN conversations c ON c.workspace_id = %(workspace_id)s"
            " AND c.created_at >= span.until - %(weeks)s::int * interval '7 days'"
            " WHERE c.masked_key LIKE c.content_hash || ':%%'"
            " ORDER BY hashtextextended(c.id, 1), c.id LIMIT %(limit)s",
            {"workspace_id": workspace_id, "weeks": weeks, "limit": limit},
        )
        return await cursor.fetchall()


async def read_texts(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> list[PreviewText]:
    """What customers wrote in them, as stage 2 reads it; those without words are left out."""
    async with connection.cursor(row_factory=class_row(PreviewText)) as cursor:
        await cursor.execute(
            "WITH span AS (SELECT date_trunc('day', max(created_at) AT TIME ZONE 'UTC')"
            " AT TIME ZONE 'UTC' + interval '1 day' AS until FROM conversations"
            " WHERE workspace_id = %(workspace_id)s)"
            " SELECT c.id AS conversation_id, span.until - interval '7 days'"
            " * ceil(extract(epoch FROM span.until - c.created_at) / 604800)::int AS week,"
            " left(concat_ws(E'\\n', nullif(c.masked_subject, ''),"
            " string_agg(k.text, E'\\n' ORDER BY m.created_at, m.position, m.id)), 20000) AS text"
            " FROM span JOIN conversations c ON c.workspace_id = %(workspace_id)s"
            " AND c.id = ANY(%(ids)s) JOIN masked_messages k"
            " ON (k.workspace_id, k.conversation_id) = (c.workspace_id, c.id) JOIN messages m"
            " ON (m.workspace_id, m.conversation_id, m.id)"
            " = (k.workspace_id, k.conversation_id, k.message_id)"
            " WHERE m.author_role = 'customer' AND k.text ~ '\\S'"
            " GROUP BY span.until, c.id, c.created_at, c.masked_subject ORDER BY c.id",
            {"workspace_id": workspace_id, "ids": list(conversation_ids)},
        )
        return await cursor.fetchall()


async def replay_size(connection: ReadConnection, workspace_id: int) -> ReplaySize:
    """All conversations that a replay reads, and how long the last run would have taken for them.

    Classifying is scaled by the number; learning, themes and stories are taken as they were.
    """
    async with connection.cursor(row_factory=class_row(ReplaySize)) as cursor:
        await cursor.execute(
            "WITH last AS (SELECT s.run_id, s.done,"
            " extract(epoch FROM s.finished_at - s.started_at) AS seconds FROM run_stages s"
            " WHERE s.workspace_id = %(workspace_id)s AND s.stage = 'classify'"
            " AND s.status = 'done' AND s.done > 0 ORDER BY s.done DESC, s.run_id DESC LIMIT 1),"
            " rest AS (SELECT sum(extract(epoch FROM s.finished_at - s.started_at)) AS seconds"
            " FROM last JOIN run_stages s ON s.workspace_id = %(workspace_id)s"
            " AND s.run_id = last.run_id AND s.stage IN ('learn', 'themes', 'stories')),"
            " whole AS (SELECT count(*) AS conversations FROM conversations c"
            " WHERE c.workspace_id = %(workspace_id)s"
            " AND c.masked_key LIKE c.content_hash || ':%%')"
            " SELECT whole.conversations, round(coalesce(rest.seconds, 0)"
            " + last.seconds * whole.conversations / last.done, 1)::float8 AS seconds"
            " FROM whole LEFT JOIN last ON true LEFT JOIN rest ON true",
            {"workspace_id": workspace_id},
        )
        row = await cursor.fetchone()
    return row or ReplaySize(conversations=0, seconds=None)


async def list_excerpts(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> dict[str, str]:
    """How each conversation begins, as it is stored now; those that are gone are left out."""
    cursor = await connection.execute(
        "SELECT id, preview FROM conversations WHERE workspace_id = %(workspace_id)s"
        " AND id = ANY(%(ids)s)",
        {"workspace_id": workspace_id, "ids": list(conversation_ids)},
    )
    return {row["id"]: row["preview"] async for row in cursor}


async def count_weeks(
    connection: ReadConnection, workspace_id: int, *, version: int, weeks: int
) -> list[CategoryWeek]:
    """Conversations per week and category under a version of the taxonomy, oldest week first.

    A person's label counts before a machine's, and the newest one, if it was not taken back while
    that version was the newest.
    """
    async with connection.cursor(row_factory=class_row(CategoryWeek)) as cursor:
        await cursor.execute(
            "WITH span AS (SELECT date_trunc('day', max(created_at) AT TIME ZONE 'UTC')"
            " AT TIME ZONE 'UTC' + interval '1 day' AS until,"
            " coalesce((SELECT created_at FROM taxonomy_versions"
            " WHERE workspace_id = %(workspace_id)s AND version = %(version)s + 1),"
            " 'infinity') AS ended FROM conversations WHERE workspace_id = %(workspace_id)s)"
            " SELECT span.until - interval '7 days'"
            " * ceil(extract(epoch FROM span.until - c.created_at) / 604800)::int AS week,"
            " l.category_id, count(*) AS conversations FROM span"
            " JOIN conversations c ON c.workspace_id = %(workspace_id)s"
            " AND c.created_at >= span.until - %(weeks)s::int * interval '7 days'"
            " LEFT JOIN LATERAL (SELECT category_id FROM classifications"
            " WHERE workspace_id = c.workspace_id AND conversation_id = c.id AND stage = 'final'"
            " AND taxonomy_version = %(version)s AND (decider <> 'human'"
            " OR coalesce(superseded_at, 'infinity') >= span.ended)"
            " ORDER BY decider = 'human' DESC, id DESC LIMIT 1) l ON true"
            " GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2",
            {"workspace_id": workspace_id, "version": version, "weeks": weeks},
        )
        return await cursor.fetchall()
