"""What was understood of conversations: labels, facets, issues, quotes and vectors.

Batch writes only. A reading is stored if it is of the conversation's present text, of a model that
is not older than what is stored, and not stored already: a job that runs twice, or wakes up late,
changes nothing.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import LiteralString

import numpy as np
import numpy.typing as npt
from pgvector import HalfVector
from psycopg.rows import class_row, scalar_row

from earmark.db.bulk import stage
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Analysis, Classification, Facets, Model

IssueKey = tuple[str, int]
"""Conversation id and the issue's position in it."""

_classification_row = attrgetter(
    *("conversation_id", "stage.value", "category_id", "confidence", "runner_up_id"),
    *("runner_up_confidence", "decider.value", "model_version", "taxonomy_version", "input_key"),
    *("prompt_hash", "local_category_id", "local_confidence", "is_audit", "stated"),
)
_facets_row = attrgetter(
    *("conversation_id", "language", "sentiment.value", "urgency.value", "churn_risk"),
    *("product_area_id", "resolution_message_id", "instructs_reader", "decider.value"),
    *("input_key", "summary", "resolution", "self_service_gap", "change_reason"),
)
_issue_row = attrgetter(
    *("conversation_id", "position", "statement", "direction.value", "product_area_id"),
    *("verified", "component", "root_cause_stated", "root_cause_guessed", "known_theme_id"),
)
_evidence_row = attrgetter("message_id", "kind.value", "start", "end")


class CategoryCount(Model):
    """How many conversations carry a category at the final stage."""

    category_id: str
    conversations: int


async def store_analyses(
    connection: WriteConnection,
    workspace_id: int,
    analyses: Sequence[Analysis],
    vectors: Mapping[IssueKey, npt.NDArray[np.float32]],
) -> list[str]:
    """Store readings with the embeddings of their issues; returns the ids that were accepted."""
    accepted = frozenset(await _accept(connection, workspace_id, analyses))
    kept = [analysis for analysis in analyses if analysis.conversation_id in accepted]
    if kept:
        await _store_classifications(connection, workspace_id, kept)
        await _store_facets(connection, workspace_id, kept)
        await _store_issues(connection, workspace_id, kept)
        await _store_evidence(connection, workspace_id, kept)
        await _store_embeddings(connection, workspace_id, kept, vectors)
    return sorted(accepted)


async def _accept(
    connection: WriteConnection, workspace_id: int, analyses: Sequence[Analysis]
) -> list[str]:
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_analyses (conversation_id text,"
        " content_hash text, input_key text, model_id bigint, located integer, dropped integer,"
        " characters integer, messages integer)"
        " ON COMMIT DELETE ROWS",
        copy="COPY staged_analyses FROM STDIN (FORMAT BINARY)",
        types=("text", "text", "text", "int8", *("int4",) * 4),
        rows=(
            (
                analysis.conversation_id,
                analysis.content_hash,
                analysis.input_key,
                analysis.model_id,
                len(analysis.evidence) + sum(len(issue.evidence) for issue in analysis.issues),
                analysis.quotes_dropped,
                analysis.characters_left_out,
                analysis.messages_left_out,
            )
            for analysis in analyses
        ),
    )
    # The row lock makes two holders of the same page wait for each other, in one order.
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT c.id FROM conversations c JOIN staged_analyses s ON s.conversation_id = c.id"
            " AND s.content_hash = c.content_hash WHERE c.workspace_id = %(workspace_id)s"
            " AND NOT EXISTS (SELECT FROM analyses a"
            " WHERE a.workspace_id = c.workspace_id AND a.conversation_id = c.id"
            " AND (a.model_id > s.model_id"
            " OR (a.status = 'done' AND a.input_key = s.input_key)))"
            " ORDER BY c.id FOR UPDATE OF c",
            {"workspace_id": workspace_id},
        )
        accepted = await cursor.fetchall()
        await cursor.execute(
            "INSERT INTO analyses (workspace_id, conversation_id, status, input_key, model_id,"
            " quotes_located, quotes_dropped, characters_left_out, messages_left_out)"
            " SELECT %(workspace_id)s, conversation_id, 'done',"
            " input_key, model_id, located, dropped, characters, messages FROM staged_analyses"
            " WHERE conversation_id = ANY(%(accepted)s)"
            " ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET status = 'done',"
            " reason = NULL, attempts = 0, input_key = excluded.input_key,"
            " model_id = excluded.model_id, quotes_located = excluded.quotes_located,"
            " quotes_dropped = excluded.quotes_dropped,"
            " characters_left_out = excluded.characters_left_out,"
            " messages_left_out = excluded.messages_left_out, updated_at = now()",
            {"workspace_id": workspace_id, "accepted": accepted},
        )
    return accepted


async def _store_classifications(
    connection: WriteConnection, workspace_id: int, analyses: Sequence[Analysis]
) -> None:
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_classifications (workspace_id bigint,"
        " conversation_id text, stage text, category_id text, confidence real, runner_up_id text,"
        " runner_up_confidence real, decider text, model_version text, taxonomy_version integer,"
        " input_key text, prompt_hash text, local_category_id text, local_confidence real,"
        " is_audit boolean, stated text) ON COMMIT DELETE ROWS",
        copy="COPY staged_classifications FROM STDIN (FORMAT BINARY)",
        types=(
            *("int8", "text", "text", "text", "float4", "text", "float4", "text", "text"),
            *("int4", "text", "text", "text", "float4", "bool", "text"),
        ),
        rows=(
            (workspace_id, *_classification_row(classification))
            for analysis in analyses
            for classification in analysis.classifications
        ),
    )
    await connection.execute(
        "UPDATE classifications c SET is_current = false, superseded_at = now()"
        " FROM staged_classifications s"
        " WHERE (c.workspace_id, c.conversation_id, c.stage)"
        " = (s.workspace_id, s.conversation_id, s.stage) AND c.is_current AND c.decider <> 'human'"
    )
    # What a person has decided stays current whatever a model says later.
    await connection.execute(
        "INSERT INTO classifications (workspace_id, conversation_id, stage, category_id,"
        " confidence, runner_up_id, runner_up_confidence, decider, model_version,"
        " taxonomy_version, input_key, prompt_hash, local_category_id, local_confidence, is_audit,"
        " stated, is_current, superseded_at) SELECT s.*, h.id IS NULL,"
        " CASE WHEN h.id IS NOT NULL THEN now() END"
        " FROM staged_classifications s LEFT JOIN classifications h"
        " ON (h.workspace_id, h.conversation_id, h.stage)"
        " = (s.workspace_id, s.conversation_id, s.stage) AND h.is_current"
        " ON CONFLICT (workspace_id, conversation_id, stage, input_key) DO UPDATE SET"
        " is_current = excluded.is_current, superseded_at = CASE WHEN NOT excluded.is_current"
        " THEN coalesce(classifications.superseded_at, excluded.superseded_at) END"
    )


async def _store_facets(
    connection: WriteConnection, workspace_id: int, analyses: Sequence[Analysis]
) -> None:
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_facets (LIKE facets INCLUDING DEFAULTS)"
        " ON COMMIT DELETE ROWS",
        copy="COPY staged_facets (workspace_id, conversation_id, language, sentiment, urgency,"
        " churn_risk, product_area_id, resolution_message_id, instructs_reader, decider,"
        " input_key, summary, resolution, self_service_gap, change_reason)"
        " FROM STDIN (FORMAT BINARY)",
        types=(
            *("int8", *("text",) * 4, "bool", "text", "text", "bool"),
            *("text", "text", "text", "text", "bool", "text"),
        ),
        rows=((workspace_id, *_facets_row(analysis.facets)) for analysis in analyses),
    )
    await connection.execute(
        "INSERT INTO facets SELECT * FROM staged_facets"
        " ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET language = excluded.language,"
        " sentiment = excluded.sentiment, urgency = excluded.urgency,"
        " churn_risk = excluded.churn_risk, product_area_id = excluded.product_area_id,"
        " resolution_message_id = excluded.resolution_message_id,"
        " instructs_reader = excluded.instructs_reader, decider = excluded.decider,"
        " input_key = excluded.input_key, updated_at = now(), summary = excluded.summary,"
        " resolution = excluded.resolution, self_service_gap = excluded.self_service_gap,"
        " change_reason = excluded.change_reason"
    )


async def _store_issues(
    connection: WriteConnection, workspace_id: int, analyses: Sequence[Analysis]
) -> None:
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_issues (workspace_id bigint,"
        " conversation_id text, position integer, statement text, direction text,"
        " product_area_id text, verified boolean, component text, root_cause_stated text,"
        " root_cause_guessed text, known_theme_id bigint, symptoms text[], input_key text)"
        " ON COMMIT DELETE ROWS",
        copy="COPY staged_issues FROM STDIN (FORMAT BINARY)",
        types=(
            *("int8", "text", "int4", "text", "text", "text", "bool"),
            *("text", "text", "text", "int8", "text[]", "text"),
        ),
        rows=(
            (workspace_id, *_issue_row(issue), list(issue.symptoms), analysis.input_key)
            for analysis in analyses
            for issue in analysis.issues
        ),
    )
    await connection.execute(
        "DELETE FROM issues i WHERE i.workspace_id = %(workspace_id)s"
        " AND i.conversation_id = ANY(%(ids)s) AND NOT EXISTS (SELECT FROM staged_issues s"
        " WHERE (s.conversation_id, s.position) = (i.conversation_id, i.position))",
        {"workspace_id": workspace_id, "ids": [analysis.conversation_id for analysis in analyses]},
    )
    # An issue that now says something else goes back to the pool.
    await connection.execute(
        "UPDATE theme_assignments a SET superseded_at = now() FROM issues i JOIN staged_issues s"
        " ON (s.workspace_id, s.conversation_id, s.position)"
        " = (i.workspace_id, i.conversation_id, i.position)"
        " WHERE (a.workspace_id, a.issue_id) = (i.workspace_id, i.id)"
        " AND a.superseded_at IS NULL AND a.decider <> 'human' AND i.statement <> s.statement"
    )
    await connection.execute(
        "INSERT INTO issues (workspace_id, conversation_id, position, statement, direction,"
        " product_area_id, verified, component, root_cause_stated, root_cause_guessed,"
        " known_theme_id, symptoms, input_key) SELECT * FROM staged_issues"
        " ON CONFLICT (workspace_id, conversation_id, position) DO UPDATE SET"
        " statement = excluded.statement, direction = excluded.direction,"
        " product_area_id = excluded.product_area_id, verified = excluded.verified,"
        " component = excluded.component, root_cause_stated = excluded.root_cause_stated,"
        " root_cause_guessed = excluded.root_cause_guessed,"
        " known_theme_id = excluded.known_theme_id, symptoms = excluded.symptoms,"
        " input_key = excluded.input_key"
    )


async def _store_evidence(
    connection: WriteConnection, workspace_id: int, analyses: Sequence[Analysis]
) -> None:
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_evidence (conversation_id text,"
        " position integer, message_id text, kind text, quote_start integer, quote_end integer)"
        " ON COMMIT DELETE ROWS",
        copy="COPY staged_evidence FROM STDIN (FORMAT BINARY)",
        types=("text", "int4", "text", "text", "int4", "int4"),
        rows=[
            (analysis.conversation_id, position, *_evidence_row(evidence))
            for analysis in analyses
            for position, quotes in _quotes(analysis)
            for evidence in quotes
        ],
    )
    await connection.execute(
        "INSERT INTO evidence (workspace_id, conversation_id, message_id, author_role,"
        " body_length, issue_id, kind, quote_start, quote_end) SELECT m.workspace_id,"
        " m.conversation_id, m.id, m.author_role, m.body_length, i.id, s.kind, s.quote_start,"
        " s.quote_end FROM staged_evidence s JOIN messages m ON m.workspace_id = %(workspace_id)s"
        " AND (m.conversation_id, m.id) = (s.conversation_id, s.message_id)"
        " LEFT JOIN issues i ON i.workspace_id = m.workspace_id"
        " AND (i.conversation_id, i.position) = (s.conversation_id, s.position)"
        " ON CONFLICT DO NOTHING",
        {"workspace_id": workspace_id},
    )
    await connection.execute(
        "DELETE FROM evidence e USING (SELECT unnest(%(ids)s::text[]) AS id) c"
        " WHERE e.workspace_id = %(workspace_id)s AND e.conversation_id = c.id"
        " AND NOT EXISTS (SELECT FROM staged_evidence s LEFT JOIN issues i"
        " ON i.workspace_id = e.workspace_id"
        " AND (i.conversation_id, i.position) = (s.conversation_id, s.position)"
        " WHERE (s.conversation_id, s.message_id, s.kind, s.quote_start, s.quote_end)"
        " = (e.conversation_id, e.message_id, e.kind, e.quote_start, e.quote_end)"
        " AND i.id IS NOT DISTINCT FROM e.issue_id)",
        {"workspace_id": workspace_id, "ids": [analysis.conversation_id for analysis in analyses]},
    )


def _quotes(analysis: Analysis) -> list[tuple[int | None, Sequence[object]]]:
    whole: tuple[int | None, Sequence[object]] = (None, analysis.evidence)
    return [whole, *((issue.position, issue.evidence) for issue in analysis.issues)]


async def _store_embeddings(
    connection: WriteConnection,
    workspace_id: int,
    analyses: Sequence[Analysis],
    vectors: Mapping[IssueKey, npt.NDArray[np.float32]],
) -> None:
    ids = {analysis.conversation_id for analysis in analyses}
    cursor = await connection.execute(
        "SELECT id, version FROM text_models WHERE workspace_id = %(workspace_id)s"
        " AND id = ANY(%(models)s)",
        {"workspace_id": workspace_id, "models": [analysis.model_id for analysis in analyses]},
    )
    by_model = {row["id"]: row["version"] async for row in cursor}
    versions = {analysis.conversation_id: by_model[analysis.model_id] for analysis in analyses}
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_embeddings (conversation_id text,"
        " position integer, model_version text, embedding halfvec) ON COMMIT DELETE ROWS",
        copy="COPY staged_embeddings FROM STDIN (FORMAT BINARY)",
        types=("text", "int4", "text", "halfvec"),
        rows=(
            (identifier, position, versions[identifier], HalfVector(vector))
            for (identifier, position), vector in vectors.items()
            if identifier in ids
        ),
    )
    await connection.execute(
        "INSERT INTO embeddings (workspace_id, issue_id, model_version, embedding)"
        " SELECT i.workspace_id, i.id, s.model_version, s.embedding FROM staged_embeddings s"
        " JOIN issues i ON i.workspace_id = %(workspace_id)s"
        " AND (i.conversation_id, i.position) = (s.conversation_id, s.position)"
        " ON CONFLICT (workspace_id, issue_id) DO UPDATE SET"
        " model_version = excluded.model_version, embedding = excluded.embedding,"
        " searched = false",
        {"workspace_id": workspace_id},
    )


async def record_failures(
    connection: WriteConnection,
    workspace_id: int,
    *,
    input_keys: Mapping[str, str],
    model_id: int,
    reason: str,
    counts: bool = True,
) -> None:
    """Mark conversations (id to input key) as not read, with the reason and one attempt more.

    Without `counts` the attempt says nothing against the conversation, and is not counted.
    """
    attempts = 1 if counts else 0
    await _record_unread(
        connection, workspace_id, "failed", input_keys, (model_id, reason, attempts)
    )


async def record_skips(
    connection: WriteConnection,
    workspace_id: int,
    *,
    input_keys: Mapping[str, str],
    model_id: int,
    reason: str,
) -> None:
    """Mark conversations that hold nothing to read; they are not tried again until they change."""
    await _record_unread(connection, workspace_id, "skipped", input_keys, (model_id, reason, 1))


async def record_waiting(
    connection: WriteConnection,
    workspace_id: int,
    *,
    input_keys: Mapping[str, str],
    model_id: int,
    reason: str,
) -> None:
    """Mark conversations whose turn has not come, with the reason; what is known of them stays."""
    await connection.execute(
        "INSERT INTO analyses AS a (workspace_id, conversation_id, status, reason, input_key,"
        " model_id) SELECT %(workspace_id)s, k.id, 'pending', %(reason)s, k.key, %(model_id)s"
        " FROM unnest(%(ids)s::text[], %(keys)s::text[]) AS k (id, key)"
        " JOIN conversations c ON c.workspace_id = %(workspace_id)s AND c.id = k.id"
        " ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET status = 'pending',"
        " reason = excluded.reason, input_key = excluded.input_key,"
        " model_id = excluded.model_id, updated_at = now()"
        " WHERE a.model_id <= excluded.model_id AND a.status <> 'done'",
        {
            "workspace_id": workspace_id,
            "reason": reason,
            "model_id": model_id,
            "ids": list(input_keys),
            "keys": list(input_keys.values()),
        },
    )


async def _record_unread(
    connection: WriteConnection,
    workspace_id: int,
    status: LiteralString,
    input_keys: Mapping[str, str],
    why: tuple[int, str, int],
) -> None:
    await connection.execute(
        "INSERT INTO analyses AS a (workspace_id, conversation_id, status, reason, attempts,"
        " input_key, model_id) SELECT %(workspace_id)s, k.id, %(status)s, %(reason)s, %(more)s,"
        " k.key, %(model_id)s FROM unnest(%(ids)s::text[], %(keys)s::text[]) AS k (id, key)"
        " JOIN conversations c ON c.workspace_id = %(workspace_id)s AND c.id = k.id"
        " ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET status = excluded.status,"
        " reason = excluded.reason, input_key = excluded.input_key, model_id = excluded.model_id,"
        " attempts = excluded.attempts"
        " + CASE WHEN a.input_key = excluded.input_key THEN a.attempts ELSE 0 END,"
        " updated_at = now()"
        " WHERE a.model_id <= excluded.model_id"
        " AND NOT (a.status = 'done' AND a.input_key = excluded.input_key)",
        {
            "workspace_id": workspace_id,
            "status": status,
            "reason": why[1],
            "more": why[2],
            "model_id": why[0],
            "ids": list(input_keys),
            "keys": list(input_keys.values()),
        },
    )


async def list_classifications(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> list[Classification]:
    """The current labels of conversations."""
    async with connection.cursor(row_factory=class_row(Classification)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, stage, category_id, confidence, runner_up_id,"
            " runner_up_confidence, decider, model_version, taxonomy_version, input_key,"
            " prompt_hash, local_category_id, local_confidence, is_audit, stated"
            " FROM classifications WHERE workspace_id = %(workspace_id)s"
            " AND conversation_id = ANY(%(ids)s) AND is_current ORDER BY conversation_id, stage",
            {"workspace_id": workspace_id, "ids": list(conversation_ids)},
        )
        return await cursor.fetchall()


async def get_facets(
    connection: ReadConnection, workspace_id: int, conversation_id: str
) -> Facets | None:
    """The facets of one conversation; null if it was not read yet."""
    async with connection.cursor(row_factory=class_row(Facets)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, language, sentiment, urgency, churn_risk, product_area_id,"
            " resolution_message_id, instructs_reader, decider, input_key, summary, resolution,"
            " self_service_gap, change_reason FROM facets"
            " WHERE workspace_id = %(workspace_id)s AND conversation_id = %(id)s",
            {"workspace_id": workspace_id, "id": conversation_id},
        )
        return await cursor.fetchone()


async def count_categories(connection: ReadConnection, workspace_id: int) -> list[CategoryCount]:
    """Conversations per category of the whole thread, largest first."""
    async with connection.cursor(row_factory=class_row(CategoryCount)) as cursor:
        await cursor.execute(
            "SELECT category_id, count(*) AS conversations FROM classifications"
            " WHERE workspace_id = %(workspace_id)s AND stage = 'final' AND is_current"
            " GROUP BY category_id ORDER BY count(*) DESC, category_id",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchall()


async def final_categories(connection: ReadConnection, workspace_id: int) -> dict[str, str]:
    """The current category of every conversation's whole thread, by conversation id."""
    cursor = await connection.execute(
        "SELECT conversation_id, category_id FROM classifications"
        " WHERE workspace_id = %(workspace_id)s AND stage = 'final' AND is_current",
        {"workspace_id": workspace_id},
    )
    return {row["conversation_id"]: row["category_id"] async for row in cursor}
