"""What people and language models have told of the workspace's texts: what the local model learns
from, and what it is judged by."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb
from pydantic import AwareDatetime

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model


class Told(Model):
    """The category that a conversation is said to have."""

    conversation_id: str
    category_id: str
    """Or the abstention, by a person who could not tell either."""
    origin: Literal["llm", "human"]
    at_random: bool
    """The conversation had been drawn from all with the same chance."""
    told_at: AwareDatetime


class Thread(Model):
    """What a customer wrote in a conversation."""

    conversation_id: str
    text: str
    """Masked: the subject and all of the customer's messages, as classification reads them."""


class Audit(Model):
    """What a language model said where the local one was sure, too."""

    conversation_id: str
    category_id: str
    local_category_id: str
    local_confidence: float


class StoredCalibration(Model):
    """What is known of the newest model's confidence."""

    model_id: int
    calibration: dict[str, object] | None
    held_out: dict[str, tuple[str, float]]


async def list_told(
    connection: ReadConnection, workspace_id: int, *, most_by_model: int
) -> list[Told]:
    """Every label by a person, and the newest by language models, in equal parts of categories.

    One for each conversation, newest first: people outrank models, and of several people the last
    one counts. Conversations of the holdout are left out: nothing may be learnt of them.
    """
    async with connection.cursor(row_factory=class_row(Told)) as cursor:
        await cursor.execute(
            "WITH held AS (SELECT DISTINCT conversation_id FROM review_items"
            " WHERE workspace_id = %(workspace_id)s AND is_holdout),"
            " human AS (SELECT DISTINCT ON (l.conversation_id) l.conversation_id,"
            " l.value AS category_id, 'human' AS origin,"
            " coalesce(i.reason = 'random', false) AS at_random, l.created_at AS told_at"
            " FROM human_labels l LEFT JOIN review_items i"
            " ON (i.workspace_id, i.id) = (l.workspace_id, l.item_id)"
            " WHERE l.workspace_id = %(workspace_id)s AND l.kind = 'final'"
            " AND l.undone_at IS NULL"
            " AND l.conversation_id NOT IN (SELECT conversation_id FROM held)"
            " ORDER BY l.conversation_id, l.created_at DESC, l.id DESC),"
            " model AS (SELECT c.conversation_id, c.category_id, c.created_at,"
            " row_number() OVER (PARTITION BY c.category_id ORDER BY c.id DESC) AS place"
            " FROM classifications c WHERE c.workspace_id = %(workspace_id)s"
            " AND c.stage = 'final' AND c.is_current AND c.decider = 'llm'"
            " AND c.category_id <> 'cannot_tell'"
            # Under an older taxonomy the same word may have meant more, or less.
            " AND c.taxonomy_version = (SELECT max(version) FROM taxonomy_versions"
            " WHERE workspace_id = %(workspace_id)s)"
            " AND c.conversation_id NOT IN (SELECT conversation_id FROM held)"
            " AND c.conversation_id NOT IN (SELECT conversation_id FROM human)"
            " ORDER BY place, c.id DESC LIMIT %(most_by_model)s)"
            " SELECT * FROM human UNION ALL"
            " SELECT conversation_id, category_id, 'llm', false, created_at FROM model"
            " ORDER BY told_at DESC, conversation_id",
            {"workspace_id": workspace_id, "most_by_model": most_by_model},
        )
        return await cursor.fetchall()


async def list_threads(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> list[Thread]:
    """What customers wrote in these conversations; those without words are left out."""
    async with connection.cursor(row_factory=class_row(Thread)) as cursor:
        await cursor.execute(
            "SELECT k.conversation_id, left(concat_ws(E'\\n', nullif(c.masked_subject, ''),"
            " string_agg(left(k.text, 20000), E'\\n' ORDER BY m.created_at, m.position, m.id)),"
            " 20000) AS text"
            " FROM masked_messages k JOIN messages m ON (m.workspace_id, m.conversation_id, m.id)"
            " = (k.workspace_id, k.conversation_id, k.message_id)"
            " JOIN conversations c ON (c.workspace_id, c.id) = (k.workspace_id, k.conversation_id)"
            " WHERE k.workspace_id = %(workspace_id)s AND k.conversation_id = ANY(%(ids)s)"
            " AND m.author_role = 'customer' AND k.text ~ '\\S'"
            " GROUP BY k.conversation_id, c.masked_subject ORDER BY k.conversation_id",
            {"workspace_id": workspace_id, "ids": list(conversation_ids)},
        )
        return await cursor.fetchall()


async def sample_conversations(
    connection: ReadConnection, workspace_id: int, *, limit: int
) -> list[str]:
    """Ids of masked conversations; the same ones for the same conversations."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT id FROM conversations WHERE workspace_id = %(workspace_id)s"
            " AND masked_key IS NOT NULL ORDER BY hashtextextended(id, 1), id LIMIT %(limit)s",
            {"workspace_id": workspace_id, "limit": limit},
        )
        return await cursor.fetchall()


async def latest_calibration(
    connection: ReadConnection, workspace_id: int
) -> StoredCalibration | None:
    """Of the newest model; null before the first was fitted."""
    async with connection.cursor(row_factory=class_row(StoredCalibration)) as cursor:
        await cursor.execute(
            "SELECT id AS model_id, calibration, held_out FROM text_models"
            " WHERE workspace_id = %(workspace_id)s ORDER BY id DESC LIMIT 1",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone()


async def set_calibration(
    connection: WriteConnection,
    workspace_id: int,
    model_id: int,
    calibration: Mapping[str, object],
) -> None:
    """Replace what is known of a model's confidence."""
    await connection.execute(
        "UPDATE text_models SET calibration = %(calibration)s"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s",
        {
            "workspace_id": workspace_id,
            "id": model_id,
            "calibration": Jsonb(dict(calibration)),
        },
    )


async def list_audits(
    connection: ReadConnection, workspace_id: int, *, since: datetime, limit: int
) -> list[Audit]:
    """The newest answers of language models that were asked by chance since then."""
    async with connection.cursor(row_factory=class_row(Audit)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, category_id, local_category_id, local_confidence"
            " FROM classifications WHERE workspace_id = %(workspace_id)s AND stage = 'final'"
            " AND is_audit AND decider = 'llm' AND created_at > %(since)s"
            " AND category_id <> 'cannot_tell' AND local_category_id IS NOT NULL"
            " AND local_confidence IS NOT NULL ORDER BY id DESC LIMIT %(limit)s",
            {"workspace_id": workspace_id, "since": since, "limit": limit},
        )
        return await cursor.fetchall()


async def list_confidences(
    connection: ReadConnection, workspace_id: int, *, since: datetime, limit: int
) -> list[float]:
    """How sure the local model was of the newest conversations that began since then."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT coalesce(k.local_confidence, k.confidence)::float8 FROM conversations c"
            " JOIN LATERAL (SELECT local_confidence, confidence, decider FROM classifications"
            " WHERE workspace_id = c.workspace_id AND conversation_id = c.id AND stage = 'final'"
            " AND created_at > %(since)s AND (decider = 'local_model'"
            " OR local_confidence IS NOT NULL) ORDER BY id DESC LIMIT 1) k ON true"
            " WHERE c.workspace_id = %(workspace_id)s AND c.created_at > %(since)s"
            " ORDER BY c.created_at DESC LIMIT %(limit)s",
            {"workspace_id": workspace_id, "since": since, "limit": limit},
        )
        return await cursor.fetchall()
