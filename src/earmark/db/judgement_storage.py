"""Labels by people beside those of machines: what accuracy and agreement are counted from."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection
from earmark.db.evaluation_storage import ANSWERS, LabelStage, valid_since
from earmark.db.models import Decider, Model


class MachineLabel(Model):
    """What one version of the machine said of a conversation that people were asked about."""

    conversation_id: str
    category_id: str
    confidence: float
    decider: Decider
    model_version: str
    taxonomy_version: int
    created_at: datetime
    answered: str
    answered_at: datetime
    is_holdout: bool


class Rating(Model):
    """What one person said."""

    conversation_id: str
    labeller: str
    value: str


class MixCount(Model):
    """Conversations that the machine puts into a category, in two periods."""

    category_id: str
    recent: int
    before: int


class AuditCount(Model):
    """Sure labels of the local model that a language model was asked about by chance."""

    checked: int
    agreed: int


class QuoteCount(Model):
    """Quotes of one model."""

    decider: Decider
    model_version: str
    located: int
    dropped: int
    """Not found in the message that they were said to be from."""


async def list_machine_labels(
    connection: ReadConnection, workspace_id: int, stage: LabelStage
) -> list[MachineLabel]:
    """All labels that machines ever gave to conversations drawn by chance and labelled by people.

    Newest first within a conversation, beside the newest answer of a person.
    """
    async with connection.cursor(row_factory=class_row(MachineLabel)) as cursor:
        await cursor.execute(
            "WITH answer AS (" + ANSWERS + ")"  # noqa: S608 - a constant
            " SELECT l.conversation_id, l.category_id, l.confidence, l.decider, l.model_version,"
            " l.taxonomy_version, l.created_at, a.value AS answered,"
            " a.said_at AS answered_at, a.is_holdout FROM answer a JOIN classifications l"
            " ON l.workspace_id = %(workspace_id)s AND l.conversation_id = a.conversation_id"
            " AND l.stage = %(stage)s AND l.decider <> 'human'"
            " ORDER BY l.conversation_id, l.is_current DESC, l.id DESC",
            {
                "workspace_id": workspace_id,
                "stage": stage,
                "kind": stage,
                "valid_since": await valid_since(connection, workspace_id),
            },
        )
        return await cursor.fetchall()


async def list_ratings(
    connection: ReadConnection, workspace_id: int, stage: LabelStage
) -> list[Rating]:
    """What people said of conversations that several of them labelled, whatever the reason."""
    async with connection.cursor(row_factory=class_row(Rating)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, labeller, value FROM (SELECT conversation_id, labeller, value,"
            " count(*) OVER (PARTITION BY conversation_id) AS labels FROM human_labels"
            " WHERE workspace_id = %(workspace_id)s AND kind = %(stage)s AND undone_at IS NULL) x"
            " WHERE labels > 1 ORDER BY conversation_id, labeller",
            {"workspace_id": workspace_id, "stage": stage},
        )
        return await cursor.fetchall()


async def count_mix(
    connection: ReadConnection,
    workspace_id: int,
    stage: LabelStage,
    *,
    before_from: datetime,
    recent_from: datetime,
    until: datetime,
) -> list[MixCount]:
    """Current labels by category, of conversations that began in each period."""
    async with connection.cursor(row_factory=class_row(MixCount)) as cursor:
        await cursor.execute(
            "SELECT l.category_id, count(*) FILTER (WHERE c.created_at >= %(recent_from)s)"
            " AS recent, count(*) FILTER (WHERE c.created_at < %(recent_from)s) AS before"
            " FROM conversations c JOIN classifications l"
            " ON (l.workspace_id, l.conversation_id) = (c.workspace_id, c.id)"
            " AND l.stage = %(stage)s AND l.is_current"
            " WHERE c.workspace_id = %(workspace_id)s AND c.created_at >= %(before_from)s"
            " AND c.created_at < %(until)s GROUP BY l.category_id"
            " ORDER BY count(*) DESC, l.category_id",
            {
                "workspace_id": workspace_id,
                "stage": stage,
                "before_from": before_from,
                "recent_from": recent_from,
                "until": until,
            },
        )
        return await cursor.fetchall()


async def count_audits(connection: ReadConnection, workspace_id: int) -> AuditCount:
    """How often a language model agreed with what the local model was sure of."""
    async with connection.cursor(row_factory=class_row(AuditCount)) as cursor:
        await cursor.execute(
            "SELECT count(*) AS checked,"
            " count(*) FILTER (WHERE local_category_id = category_id) AS agreed"
            " FROM classifications WHERE workspace_id = %(workspace_id)s AND is_audit",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone() or AuditCount(checked=0, agreed=0)


async def count_quotes_by_model(connection: ReadConnection, workspace_id: int) -> list[QuoteCount]:
    """Quotes by who decided the conversation's label, most first."""
    async with connection.cursor(row_factory=class_row(QuoteCount)) as cursor:
        await cursor.execute(
            "SELECT l.decider, l.model_version, sum(a.quotes_located) AS located,"
            " sum(a.quotes_dropped) AS dropped FROM analyses a"
            " CROSS JOIN LATERAL (SELECT decider, model_version FROM classifications c"
            " WHERE (c.workspace_id, c.conversation_id) = (a.workspace_id, a.conversation_id)"
            " AND c.stage = 'final' AND c.decider <> 'human'"
            " ORDER BY c.is_current DESC, c.id DESC LIMIT 1) l"
            " WHERE a.workspace_id = %(workspace_id)s AND a.status = 'done'"
            " GROUP BY l.decider, l.model_version"
            " ORDER BY sum(a.quotes_located + a.quotes_dropped) DESC, 1, 2",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchall()


async def count_labels(
    connection: ReadConnection, workspace_id: int, kinds: Sequence[str]
) -> dict[str, int]:
    """Conversations that people have labelled, by kind, whatever the reason."""
    cursor = await connection.execute(
        "SELECT kind, count(DISTINCT conversation_id) AS labels FROM human_labels"
        " WHERE workspace_id = %(workspace_id)s AND kind = ANY(%(kinds)s) AND undone_at IS NULL"
        " GROUP BY kind",
        {"workspace_id": workspace_id, "kinds": list(kinds)},
    )
    counted = {str(row["kind"]): int(row["labels"]) for row in await cursor.fetchall()}
    return {kind: counted.get(kind, 0) for kind in kinds}
