"""What one conversation was read as: its labels, its issues and all the proof in it."""

from datetime import datetime

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection
from earmark.db.models import (
    AuthorRole,
    Classification,
    Decider,
    Direction,
    EvidenceKind,
    Model,
)


class StoredLabel(Classification):
    """A label with the time in which it counts."""

    is_current: bool
    created_at: datetime
    superseded_at: datetime | None
    """Since when it no longer counts; null also where an old version did not write that down."""


class StoredEvidence(Model):
    """A verified quote of a conversation, as a range of one of its messages."""

    id: int
    issue_id: int | None
    message_id: str
    author_role: AuthorRole
    kind: EvidenceKind
    start: int
    end: int


class StoredIssue(Model):
    """An issue of a conversation."""

    id: int
    position: int
    statement: str
    direction: Direction
    product_area_id: str | None
    verified: bool
    component: str | None
    symptoms: tuple[str, ...]
    root_cause_stated: str | None
    """Somebody in the conversation said so."""
    root_cause_guessed: str | None
    """A model supposes so; nobody said it."""
    known_theme_id: int | None
    """The theme that a model recognised, out of those it was offered."""


class ReadingState(Model):
    """Whether a conversation was read, and if not, why."""

    status: str
    reason: str | None
    attempts: int
    quotes_located: int
    quotes_dropped: int
    characters_left_out: int
    """Of a conversation too long for a language model: what it was not shown."""
    messages_left_out: int


class QuoteTotals(Model):
    """How the verification of quotes went over a whole workspace."""

    located: int
    dropped: int


class QuotesByReader(Model):
    """How often the quotes of one reader were found: the cheapest alarm for invention."""

    decider: Decider
    model_version: str
    conversations: int
    located: int
    dropped: int


async def list_issues(
    connection: ReadConnection, workspace_id: int, conversation_id: str
) -> list[StoredIssue]:
    """The issues of a conversation, first one first."""
    async with connection.cursor(row_factory=class_row(StoredIssue)) as cursor:
        await cursor.execute(
            "SELECT id, position, statement, direction, product_area_id, verified, component,"
            " symptoms, root_cause_stated, root_cause_guessed, known_theme_id FROM issues"
            " WHERE workspace_id = %(workspace_id)s AND conversation_id = %(id)s"
            " ORDER BY position",
            {"workspace_id": workspace_id, "id": conversation_id},
        )
        return await cursor.fetchall()


async def list_label_history(
    connection: ReadConnection, workspace_id: int, conversation_id: str, *, earlier: int
) -> list[StoredLabel]:
    """The labels of a conversation that count now, then the newest `earlier` that once did."""
    async with connection.cursor(row_factory=class_row(StoredLabel)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, stage, category_id, confidence, runner_up_id,"
            " runner_up_confidence, decider, model_version, taxonomy_version, input_key,"
            " prompt_hash, local_category_id, local_confidence, is_audit, stated, is_current,"
            " created_at, superseded_at FROM (SELECT *, row_number() OVER (PARTITION BY is_current"
            " ORDER BY superseded_at DESC NULLS LAST, id DESC) AS place FROM classifications"
            " WHERE workspace_id = %(workspace_id)s AND conversation_id = %(id)s) l"
            " WHERE is_current OR place <= %(earlier)s"
            " ORDER BY is_current DESC, superseded_at DESC NULLS LAST, stage, id DESC",
            {"workspace_id": workspace_id, "id": conversation_id, "earlier": earlier},
        )
        return await cursor.fetchall()


async def list_evidence(
    connection: ReadConnection, workspace_id: int, conversation_id: str
) -> list[StoredEvidence]:
    """All verified quotes of a conversation, in the order of the text."""
    async with connection.cursor(row_factory=class_row(StoredEvidence)) as cursor:
        await cursor.execute(
            "SELECT e.id, e.issue_id, e.message_id, e.author_role, e.kind, e.quote_start AS start,"
            " e.quote_end AS end FROM evidence e JOIN messages m"
            " ON (m.workspace_id, m.conversation_id, m.id)"
            " = (e.workspace_id, e.conversation_id, e.message_id)"
            " WHERE e.workspace_id = %(workspace_id)s AND e.conversation_id = %(id)s"
            " ORDER BY m.created_at, m.position, e.quote_start, e.id",
            {"workspace_id": workspace_id, "id": conversation_id},
        )
        return await cursor.fetchall()


async def get_reading_state(
    connection: ReadConnection, workspace_id: int, conversation_id: str
) -> ReadingState | None:
    """Where a conversation stands; null if nothing has tried to read it yet."""
    async with connection.cursor(row_factory=class_row(ReadingState)) as cursor:
        await cursor.execute(
            "SELECT status, reason, attempts, quotes_located, quotes_dropped,"
            " characters_left_out, messages_left_out FROM analyses"
            " WHERE workspace_id = %(workspace_id)s AND conversation_id = %(id)s",
            {"workspace_id": workspace_id, "id": conversation_id},
        )
        return await cursor.fetchone()


async def count_quotes(connection: ReadConnection, workspace_id: int) -> QuoteTotals:
    """Quotes that were located and quotes that were dropped, over all readings."""
    async with connection.cursor(row_factory=class_row(QuoteTotals)) as cursor:
        await cursor.execute(
            "SELECT coalesce(sum(quotes_located), 0)::bigint AS located,"
            " coalesce(sum(quotes_dropped), 0)::bigint AS dropped FROM analyses"
            " WHERE workspace_id = %(workspace_id)s AND status = 'done'",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone() or QuoteTotals(located=0, dropped=0)


async def count_quotes_by_reader(
    connection: ReadConnection, workspace_id: int
) -> list[QuotesByReader]:
    """The same for each model that has read conversations as they stand now, busiest first.

    A reader is known by the label of the whole thread, which it gave in the same reading. What was
    dropped counts also if the model mended it when it was asked a second time.
    """
    async with connection.cursor(row_factory=class_row(QuotesByReader)) as cursor:
        await cursor.execute(
            "SELECT c.decider, c.model_version, count(*) AS conversations,"
            " sum(a.quotes_located)::bigint AS located, sum(a.quotes_dropped)::bigint AS dropped"
            " FROM analyses a JOIN classifications c"
            " ON (c.workspace_id, c.conversation_id, c.input_key, c.stage)"
            " = (a.workspace_id, a.conversation_id, a.input_key, 'final')"
            " WHERE a.workspace_id = %(workspace_id)s AND a.status = 'done'"
            " GROUP BY c.decider, c.model_version ORDER BY count(*) DESC, c.model_version",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchall()
