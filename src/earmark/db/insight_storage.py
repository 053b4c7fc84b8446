"""What the themes pages count: volumes, weeks, customers and quotes; numbers come from SQL only."""

from collections.abc import Sequence
from datetime import date, datetime

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection
from earmark.db.models import EvidenceKind, Model


class ThemeVolume(Model):
    """One theme's size, whole and in the windows that are compared."""

    theme_id: int
    conversations: int
    customers: int
    recent: int
    """Conversations in the newest window."""
    recent_customers: int
    before: int
    """Conversations in the window before it."""
    revenue: float
    """Monthly spend of the companies behind it, each counted once."""
    negative: int
    churn: int
    first_at: datetime
    latest_at: datetime


class WeekCount(Model):
    """Conversations of one theme that began in one week (Monday, UTC)."""

    theme_id: int
    week: date
    conversations: int


class Quote(Model):
    """A verified quote: read out of the message at this moment, never a stored copy."""

    evidence_id: int
    theme_id: int
    conversation_id: str
    message_id: str
    kind: EvidenceKind
    start: int
    end: int
    text: str
    customer_id: str | None
    said_at: datetime
    plan: str | None
    probability: float


async def theme_volumes(
    connection: ReadConnection,
    workspace_id: int,
    *,
    recent_from: datetime,
    before_from: datetime,
    until: datetime,
    theme_ids: Sequence[int] | None = None,
) -> list[ThemeVolume]:
    """Volumes of all themes, or of those named; `recent` is [recent_from, until)."""
    async with connection.cursor(row_factory=class_row(ThemeVolume)) as cursor:
        await cursor.execute(
            "WITH member AS (SELECT DISTINCT a.theme_id, c.id, c.created_at, c.company_id,"
            " coalesce(c.contact_id, 'of ' || c.id) AS customer_id,"
            " f.sentiment = 'negative' AS negative, f.churn_risk AS churn"
            " FROM theme_assignments a"
            " JOIN issues i ON (i.workspace_id, i.id) = (a.workspace_id, a.issue_id)"
            " JOIN conversations c ON (c.workspace_id, c.id) = (i.workspace_id, i.conversation_id)"
            " LEFT JOIN facets f ON (f.workspace_id, f.conversation_id) = (c.workspace_id, c.id)"
            " WHERE a.workspace_id = %(workspace_id)s AND a.superseded_at IS NULL"
            " AND (%(ids)s::bigint[] IS NULL OR a.theme_id = ANY(%(ids)s))"
            "), money AS (SELECT theme_id, sum(monthly_spend) AS revenue FROM"
            " (SELECT DISTINCT theme_id, company_id FROM member) m JOIN companies o"
            " ON o.workspace_id = %(workspace_id)s AND o.id = m.company_id GROUP BY theme_id)"
            " SELECT theme_id, count(*) AS conversations,"
            " count(DISTINCT customer_id) AS customers,"
            " count(*) FILTER (WHERE created_at >= %(recent_from)s AND created_at < %(until)s)"
            " AS recent, count(DISTINCT customer_id) FILTER (WHERE created_at >= %(recent_from)s"
            " AND created_at < %(until)s) AS recent_customers,"
            " count(*) FILTER (WHERE created_at >= %(before_from)s"
            " AND created_at < %(recent_from)s) AS before,"
            " coalesce(max(money.revenue), 0) AS revenue,"
            " count(*) FILTER (WHERE negative) AS negative,"
            " count(*) FILTER (WHERE churn) AS churn, min(created_at) AS first_at,"
            " max(created_at) AS latest_at"
            " FROM member LEFT JOIN money USING (theme_id) GROUP BY theme_id"
            " ORDER BY count(*) DESC, theme_id",
            {
                "workspace_id": workspace_id,
                "recent_from": recent_from,
                "before_from": before_from,
                "until": until,
                "ids": None if theme_ids is None else list(theme_ids),
            },
        )
        return await cursor.fetchall()


async def weekly_counts(
    connection: ReadConnection,
    workspace_id: int,
    *,
    since: datetime,
    theme_ids: Sequence[int] | None = None,
) -> list[WeekCount]:
    """Conversations per theme and week from `since` on; weeks without any are left out."""
    async with connection.cursor(row_factory=class_row(WeekCount)) as cursor:
        await cursor.execute(
            "SELECT a.theme_id, date_trunc('week', c.created_at AT TIME ZONE 'UTC')::date AS week,"
            " count(DISTINCT c.id) AS conversations FROM theme_assignments a"
            " JOIN issues i ON (i.workspace_id, i.id) = (a.workspace_id, a.issue_id)"
            " JOIN conversations c ON (c.workspace_id, c.id) = (i.workspace_id, i.conversation_id)"
            " WHERE a.workspace_id = %(workspace_id)s AND a.superseded_at IS NULL"
            " AND c.created_at >= %(since)s"
            " AND (%(ids)s::bigint[] IS NULL OR a.theme_id = ANY(%(ids)s))"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            {
                "workspace_id": workspace_id,
                "since": since,
                "ids": None if theme_ids is None else list(theme_ids),
            },
        )
        return await cursor.fetchall()


async def theme_quotes(
    connection: ReadConnection,
    workspace_id: int,
    theme_ids: Sequence[int],
    *,
    per_theme: int,
    offset: int = 0,
    recent_from: datetime | None = None,
) -> list[Quote]:
    """The customers' words for each theme.

    First those since `recent_from`, then those that state an issue before what was said beside it,
    then one of each customer before a second of any, then the surest members. What a customer said
    in the same words again is left out.
    """
    async with connection.cursor(row_factory=class_row(Quote)) as cursor:
        await cursor.execute(
            "WITH quote AS (SELECT e.id AS evidence_id, a.theme_id, e.conversation_id,"
            " e.message_id, e.kind, e.quote_start AS start, e.quote_end AS end,"
            " substr(m.body, e.quote_start + 1, e.quote_end - e.quote_start) AS text,"
            " c.contact_id AS customer_id, m.created_at AS said_at, o.plan, a.probability,"
            " m.created_at < %(recent_from)s::timestamptz AS is_old,"
            # The statement is masked, the quote is not: their beginnings tell enough.
            " lower(left(i.statement, 12)) <> lower(substr(m.body, e.quote_start + 1, 12))"
            " AS is_beside"
            " FROM theme_assignments a"
            " JOIN issues i ON (i.workspace_id, i.id) = (a.workspace_id, a.issue_id)"
            " JOIN evidence e ON (e.workspace_id, e.issue_id) = (a.workspace_id, a.issue_id)"
            " JOIN messages m ON (m.workspace_id, m.conversation_id, m.id)"
            " = (e.workspace_id, e.conversation_id, e.message_id)"
            " JOIN conversations c ON (c.workspace_id, c.id) = (e.workspace_id, e.conversation_id)"
            " LEFT JOIN companies o ON (o.workspace_id, o.id) = (c.workspace_id, c.company_id)"
            " WHERE a.workspace_id = %(workspace_id)s AND a.superseded_at IS NULL"
            " AND a.theme_id = ANY(%(ids)s) AND e.kind = 'issue'"
            "), said AS (SELECT *, row_number() OVER (PARTITION BY theme_id,"
            " coalesce(customer_id, conversation_id), lower(text)"
            " ORDER BY is_old, is_beside, probability DESC, evidence_id) AS time FROM quote"
            "), turned AS (SELECT *, row_number() OVER (PARTITION BY theme_id, is_old, is_beside,"
            " coalesce(customer_id, conversation_id) ORDER BY probability DESC, evidence_id)"
            " AS turn FROM said WHERE time = 1), ranked AS (SELECT *, row_number() OVER"
            " (PARTITION BY theme_id ORDER BY is_old, is_beside, turn, probability DESC,"
            " evidence_id) AS rank FROM turned)"
            ' SELECT evidence_id, theme_id, conversation_id, message_id, kind, start, "end",'
            " text, customer_id, said_at, plan, probability FROM ranked"
            " WHERE rank > %(offset)s AND rank <= %(offset)s + %(per_theme)s"
            " ORDER BY theme_id, rank",
            {
                "workspace_id": workspace_id,
                "ids": list(theme_ids),
                "per_theme": per_theme,
                "offset": offset,
                "recent_from": recent_from,
            },
        )
        return await cursor.fetchall()
