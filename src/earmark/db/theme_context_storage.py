"""What else is known of a theme's conversations: plans, severity, and how teammates answered."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection
from earmark.db.models import Direction, Model


class ThemeContext(Model):
    """Counts over the conversations of one theme that began in a window."""

    theme_id: int
    conversations: int
    customers: int
    negative: int
    urgent: int
    churn: int
    revenue: float
    verified: int
    """Issues with a located quote."""
    issues: int
    direction: Direction
    """The most frequent one."""
    first_at: datetime
    last_at: datetime


class PlanCount(Model):
    """Customers of one plan behind a theme."""

    theme_id: int
    plan: str
    customers: int


class Answer(Model):
    """What a teammate answered, masked."""

    theme_id: int
    conversation_id: str
    message_id: str
    text: str
    content_hash: str
    """Of the conversation, to know later whether it is still the same."""


async def list_contexts(
    connection: ReadConnection, workspace_id: int, *, since: datetime, until: datetime
) -> list[ThemeContext]:
    """The context of every theme that has conversations in [since, until)."""
    async with connection.cursor(row_factory=class_row(ThemeContext)) as cursor:
        await cursor.execute(
            "WITH member AS (SELECT a.theme_id, i.id AS issue_id, i.direction, i.verified, c.id,"
            " c.created_at, c.company_id, coalesce(c.contact_id, 'of ' || c.id) AS customer_id,"
            " f.sentiment, f.urgency, f.churn_risk FROM theme_assignments a"
            " JOIN issues i ON (i.workspace_id, i.id) = (a.workspace_id, a.issue_id)"
            " JOIN conversations c ON (c.workspace_id, c.id) = (i.workspace_id, i.conversation_id)"
            " LEFT JOIN facets f ON (f.workspace_id, f.conversation_id) = (c.workspace_id, c.id)"
            " WHERE a.workspace_id = %(workspace_id)s AND a.superseded_at IS NULL"
            " AND c.created_at >= %(since)s AND c.created_at < %(until)s"
            "), money AS (SELECT theme_id, sum(monthly_spend) AS revenue FROM"
            " (SELECT DISTINCT theme_id, company_id FROM member) m JOIN companies o"
            " ON o.workspace_id = %(workspace_id)s AND o.id = m.company_id GROUP BY theme_id)"
            " SELECT theme_id, count(DISTINCT id) AS conversations,"
            " count(DISTINCT customer_id) AS customers,"
            " count(DISTINCT id) FILTER (WHERE sentiment = 'negative') AS negative,"
            " count(DISTINCT id) FILTER (WHERE urgency = 'high') AS urgent,"
            " count(DISTINCT id) FILTER (WHERE churn_risk) AS churn,"
            " coalesce(max(money.revenue), 0) AS revenue,"
            " count(DISTINCT issue_id) FILTER (WHERE verified) AS verified,"
            " count(DISTINCT issue_id) AS issues,"
            " mode() WITHIN GROUP (ORDER BY direction) AS direction,"
            " min(created_at) AS first_at, max(created_at) AS last_at"
            " FROM member LEFT JOIN money USING (theme_id) GROUP BY theme_id ORDER BY theme_id",
            {"workspace_id": workspace_id, "since": since, "until": until},
        )
        return await cursor.fetchall()


async def list_plans(
    connection: ReadConnection, workspace_id: int, *, since: datetime, until: datetime
) -> list[PlanCount]:
    """Customers per plan and theme, most first; customers without a known plan are left out."""
    async with connection.cursor(row_factory=class_row(PlanCount)) as cursor:
        await cursor.execute(
            "SELECT a.theme_id, o.plan, count(DISTINCT coalesce(c.contact_id, c.id)) AS customers"
            " FROM theme_assignments a"
            " JOIN issues i ON (i.workspace_id, i.id) = (a.workspace_id, a.issue_id)"
            " JOIN conversations c ON (c.workspace_id, c.id) = (i.workspace_id, i.conversation_id)"
            " JOIN companies o ON (o.workspace_id, o.id) = (c.workspace_id, c.company_id)"
            " WHERE a.workspace_id = %(workspace_id)s AND a.superseded_at IS NULL"
            " AND o.plan IS NOT NULL"
            " AND c.created_at >= %(since)s AND c.created_at < %(until)s"
            " GROUP BY a.theme_id, o.plan ORDER BY a.theme_id, customers DESC, o.plan",
            {"workspace_id": workspace_id, "since": since, "until": until},
        )
        return await cursor.fetchall()


async def list_answers(
    connection: ReadConnection, workspace_id: int, theme_ids: Sequence[int]
) -> list[Answer]:
    """One answer per theme: that of its surest conversation that has one."""
    async with connection.cursor(row_factory=class_row(Answer)) as cursor:
        await cursor.execute(
            "SELECT DISTINCT ON (a.theme_id) a.theme_id, i.conversation_id, k.message_id, k.text,"
            " c.content_hash"
            " FROM theme_assignments a"
            " JOIN issues i ON (i.workspace_id, i.id) = (a.workspace_id, a.issue_id)"
            " JOIN facets f ON (f.workspace_id, f.conversation_id)"
            " = (i.workspace_id, i.conversation_id)"
            " JOIN conversations c ON (c.workspace_id, c.id) = (i.workspace_id, i.conversation_id)"
            " JOIN masked_messages k ON (k.workspace_id, k.conversation_id, k.message_id)"
            " = (f.workspace_id, f.conversation_id, f.resolution_message_id)"
            " WHERE a.workspace_id = %(workspace_id)s AND a.superseded_at IS NULL"
            " AND a.theme_id = ANY(%(ids)s) AND k.text <> ''"
            " ORDER BY a.theme_id, a.probability DESC, a.id",
            {"workspace_id": workspace_id, "ids": list(theme_ids)},
        )
        return await cursor.fetchall()
