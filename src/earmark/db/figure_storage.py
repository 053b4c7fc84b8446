"""Any figure again, as it was at any moment: whom it counts, who decided so, what it leaves out.

Labels and assignments are append-only with the time since when they count and until when, so what
was counted then can be counted now. Only what was deleted since is missing, and that is counted.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, LiteralString

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection
from earmark.db.models import Decider, Model

FigureKind = Literal["category", "theme", "remainder"]


class FigureSpec(Model):
    """What is counted: conversations that began in [since, until), as known at `as_of`."""

    kind: FigureKind
    id: str = ""
    """Of the category or the theme; empty for the remainder."""
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime


class FigureTotals(Model):
    """The figure itself."""

    conversations: int
    customers: int
    first_at: datetime | None
    latest_at: datetime | None


class Provenance(Model):
    """Conversations that were decided by the same, in the same way."""

    decider: Decider
    model_version: str
    taxonomy_version: int | None
    """Null where a theme is counted: themes belong to no taxonomy."""
    prompt_hash: str | None
    conversations: int


class Exclusion(Model):
    """Conversations that the figure cannot count, with the reason."""

    reason: str
    conversations: int


class Gone(Model):
    """What has left the database since a moment, and may have been counted at it."""

    deleted: int
    """At the source."""
    erased: int
    """Persons, on request."""


FIGURE_QUERY: Final[LiteralString] = """\
WITH label AS (
    SELECT DISTINCT ON (conversation_id) conversation_id, category_id, decider, model_version,
           taxonomy_version, prompt_hash
      FROM classifications
     WHERE workspace_id = %(workspace_id)s AND stage = 'final' AND created_at <= %(as_of)s
       AND (superseded_at IS NULL OR superseded_at > %(as_of)s)
     ORDER BY conversation_id, created_at DESC, id DESC
), assigned AS (
    SELECT DISTINCT ON (i.conversation_id, a.theme_id) i.conversation_id, a.theme_id, a.decider,
           a.model_version
      FROM theme_assignments a
      JOIN issues i ON (i.workspace_id, i.id) = (a.workspace_id, a.issue_id)
     WHERE a.workspace_id = %(workspace_id)s AND a.created_at <= %(as_of)s
       AND (a.superseded_at IS NULL OR a.superseded_at > %(as_of)s)
     ORDER BY i.conversation_id, a.theme_id, a.id DESC
), counted AS (
    SELECT conversation_id, decider, model_version, taxonomy_version, prompt_hash
      FROM label WHERE %(kind)s = 'category' AND category_id = %(id)s
    UNION ALL
    SELECT conversation_id, decider, model_version, NULL, NULL
      FROM assigned WHERE %(kind)s = 'theme' AND theme_id::text = %(id)s
    UNION ALL
    SELECT conversation_id, decider, model_version, taxonomy_version, prompt_hash
      FROM label WHERE %(kind)s = 'remainder' AND category_id <> ALL(%(excluded)s)
       AND conversation_id NOT IN (SELECT conversation_id FROM assigned)
), member AS (
    SELECT k.*, c.created_at, coalesce(c.contact_id, 'of ' || c.id) AS customer_id
      FROM counted k
      JOIN conversations c ON c.workspace_id = %(workspace_id)s AND c.id = k.conversation_id
     WHERE (%(since)s::timestamptz IS NULL OR c.created_at >= %(since)s)
       AND (%(until)s::timestamptz IS NULL OR c.created_at < %(until)s)
)
"""
"""The rows of a figure, as `member`; shown to whoever wants to know what was counted."""


def parameters_of(
    workspace_id: int, figure: FigureSpec, excluded: Sequence[str]
) -> dict[str, object]:
    """What the parameters of `FIGURE_QUERY` stand for."""
    return {"workspace_id": workspace_id, **figure.model_dump(), "excluded": list(excluded)}


async def count_figure(
    connection: ReadConnection, workspace_id: int, figure: FigureSpec, *, excluded: Sequence[str]
) -> FigureTotals:
    """The figure: distinct conversations and customers; the remainder leaves `excluded` out."""
    async with connection.cursor(row_factory=class_row(FigureTotals)) as cursor:
        await cursor.execute(
            FIGURE_QUERY  # noqa: S608 - two literals
            + "SELECT count(*) AS conversations,"
            " count(DISTINCT customer_id) AS customers, min(created_at) AS first_at,"
            " max(created_at) AS latest_at FROM member",
            parameters_of(workspace_id, figure, excluded),
        )
        (row,) = await cursor.fetchall()
    return row


async def list_provenance(
    connection: ReadConnection, workspace_id: int, figure: FigureSpec, *, excluded: Sequence[str]
) -> list[Provenance]:
    """Who decided, with which model, taxonomy and prompt; the most frequent first."""
    async with connection.cursor(row_factory=class_row(Provenance)) as cursor:
        await cursor.execute(
            FIGURE_QUERY  # noqa: S608 - two literals
            + "SELECT decider, model_version, taxonomy_version, prompt_hash,"
            " count(*) AS conversations FROM member"
            " GROUP BY decider, model_version, taxonomy_version, prompt_hash"
            " ORDER BY count(*) DESC, model_version, taxonomy_version, prompt_hash",
            parameters_of(workspace_id, figure, excluded),
        )
        return await cursor.fetchall()


async def list_members(
    connection: ReadConnection,
    workspace_id: int,
    figure: FigureSpec,
    *,
    excluded: Sequence[str],
    after: str | None,
    limit: int,
) -> list[str]:
    """Ids of the conversations that are counted, in the order of their ids."""
    cursor = await connection.execute(
        FIGURE_QUERY  # noqa: S608 - two literals
        + "SELECT conversation_id FROM member"
        " WHERE %(after)s::text IS NULL OR conversation_id > %(after)s"
        " ORDER BY conversation_id LIMIT %(limit)s",
        {**parameters_of(workspace_id, figure, excluded), "after": after, "limit": limit},
    )
    return [str(row["conversation_id"]) for row in await cursor.fetchall()]


async def list_labelled(
    connection: ReadConnection, workspace_id: int, figure: FigureSpec, *, limit: int
) -> list[str]:
    """Conversations drawn by chance that people had labelled by then, wherever they were put."""
    cursor = await connection.execute(
        "SELECT DISTINCT h.conversation_id FROM human_labels h JOIN review_items r"
        " ON (r.workspace_id, r.id) = (h.workspace_id, h.item_id)"
        " WHERE h.workspace_id = %(workspace_id)s AND r.reason = 'random'"
        " AND h.kind = CASE WHEN %(kind)s = 'category' THEN 'final' ELSE 'theme' END"
        " AND h.created_at <= %(as_of)s AND (h.undone_at IS NULL OR h.undone_at > %(as_of)s)"
        " ORDER BY h.conversation_id LIMIT %(limit)s",
        {**parameters_of(workspace_id, figure, ()), "limit": limit},
    )
    return [str(row["conversation_id"]) for row in await cursor.fetchall()]


async def list_exclusions(
    connection: ReadConnection, workspace_id: int, figure: FigureSpec
) -> list[Exclusion]:
    """Conversations of the period that have no label now, with the reason; largest first."""
    async with connection.cursor(row_factory=class_row(Exclusion)) as cursor:
        await cursor.execute(
            "SELECT reason, count(*) AS conversations FROM ("
            "SELECT coalesce(a.status || coalesce(': ' || a.reason, ''), 'not read yet') AS reason"
            " FROM conversations c LEFT JOIN analyses a"
            " ON (a.workspace_id, a.conversation_id) = (c.workspace_id, c.id)"
            " WHERE c.workspace_id = %(workspace_id)s AND a.status IS DISTINCT FROM 'done'"
            " AND (%(since)s::timestamptz IS NULL OR c.created_at >= %(since)s)"
            " AND (%(until)s::timestamptz IS NULL OR c.created_at < %(until)s)"
            " UNION ALL SELECT 'not stored: ' || l.status FROM sync_ledger l"
            " WHERE l.workspace_id = %(workspace_id)s AND l.status IN ('pending', 'failed')"
            " AND NOT EXISTS (SELECT FROM conversations c"
            " WHERE (c.workspace_id, c.id) = (l.workspace_id, l.conversation_id))"
            " AND (%(since)s::timestamptz IS NULL OR l.source_created_at >= %(since)s)"
            " AND (%(until)s::timestamptz IS NULL OR l.source_created_at < %(until)s)) x"
            " GROUP BY reason ORDER BY count(*) DESC, reason",
            parameters_of(workspace_id, figure, ()),
        )
        return await cursor.fetchall()


async def count_gone(connection: ReadConnection, workspace_id: int, since: datetime) -> Gone:
    """What was deleted or erased after a moment."""
    async with connection.cursor(row_factory=class_row(Gone)) as cursor:
        await cursor.execute(
            "SELECT (SELECT count(*) FROM sync_ledger WHERE workspace_id = %(workspace_id)s"
            " AND deleted_at > %(since)s) AS deleted, (SELECT count(*) FROM erasures"
            " WHERE workspace_id = %(workspace_id)s AND erased_at > %(since)s) AS erased",
            {"workspace_id": workspace_id, "since": since},
        )
        (row,) = await cursor.fetchall()
    return row
