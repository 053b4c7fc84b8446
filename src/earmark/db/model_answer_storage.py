"""Answers of language models as they came, so that no question is paid for twice."""

from collections.abc import Sequence

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import JsonValue

from earmark.db.bulk import stage
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model, Stated


class AnswerSource(Model):
    """What answers depend on beside the conversation."""

    taxonomy_version: int
    prompt_hash: str
    model: str
    schema_version: str


class StoredAnswer(Model):
    """An answer about one conversation."""

    conversation_id: str
    content_hash: str
    attempt: int
    """1 is the answer to a second call, which told of the quotes that could not be found."""
    offered_themes: tuple[int, ...]
    answer: dict[str, JsonValue]


async def store_answers(
    connection: WriteConnection,
    workspace_id: int,
    source: AnswerSource,
    answers: Sequence[StoredAnswer],
) -> None:
    """Keep answers of conversations that have not changed since they were asked about."""
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_answers (conversation_id text,"
        " content_hash text, attempt smallint, offered_themes bigint[], answer jsonb)"
        " ON COMMIT DELETE ROWS",
        copy="COPY staged_answers FROM STDIN (FORMAT BINARY)",
        types=("text", "text", "int2", "int8[]", "jsonb"),
        rows=(
            (
                answer.conversation_id,
                answer.content_hash,
                answer.attempt,
                list(answer.offered_themes),
                Jsonb(answer.answer),
            )
            for answer in answers
        ),
    )
    # The lock makes a change of the text wait, and its trigger finds the answer.
    await connection.execute(
        "WITH present AS (SELECT c.id FROM conversations c JOIN staged_answers s"
        " ON s.conversation_id = c.id AND s.content_hash = c.content_hash"
        " WHERE c.workspace_id = %(workspace_id)s ORDER BY c.id FOR SHARE OF c)"
        " INSERT INTO model_answers (workspace_id, conversation_id, content_hash,"
        " taxonomy_version, prompt_hash, model, schema_version, attempt, offered_themes, answer)"
        " SELECT %(workspace_id)s, s.conversation_id, s.content_hash, %(taxonomy_version)s,"
        " %(prompt_hash)s, %(model)s, %(schema_version)s, s.attempt, s.offered_themes, s.answer"
        " FROM staged_answers s WHERE s.conversation_id IN (SELECT id FROM present)"
        " ON CONFLICT DO NOTHING",
        {"workspace_id": workspace_id, **source.model_dump()},
    )


async def list_answers(
    connection: ReadConnection,
    workspace_id: int,
    source: AnswerSource,
    conversation_ids: Sequence[str],
) -> dict[tuple[str, int], StoredAnswer]:
    """Answers about the conversations' present texts, by conversation id and attempt."""
    async with connection.cursor(row_factory=class_row(StoredAnswer)) as cursor:
        await cursor.execute(
            "SELECT a.conversation_id, a.content_hash, a.attempt, a.offered_themes, a.answer"
            " FROM model_answers a JOIN conversations c"
            " ON (c.workspace_id, c.id, c.content_hash)"
            " = (a.workspace_id, a.conversation_id, a.content_hash)"
            " WHERE a.workspace_id = %(workspace_id)s AND a.conversation_id = ANY(%(ids)s)"
            " AND a.taxonomy_version = %(taxonomy_version)s AND a.prompt_hash = %(prompt_hash)s"
            " AND a.model = %(model)s AND a.schema_version = %(schema_version)s",
            {"workspace_id": workspace_id, "ids": list(conversation_ids), **source.model_dump()},
        )
        return {(row.conversation_id, row.attempt): row async for row in cursor}


async def count_agreement(
    connection: ReadConnection, workspace_id: int, *, model: str
) -> dict[Stated, tuple[int, int]]:
    """How often people agreed with a model's labels, by how sure it said it was.

    Only of conversations that people labelled because chance had drawn them: of those that were
    chosen, too many are hard.
    """
    cursor = await connection.execute(
        "SELECT m.stated, count(*)::int AS checked,"
        " count(*) FILTER (WHERE m.choice = h.value)::int AS agreed"
        " FROM human_labels h JOIN review_items i"
        " ON (i.workspace_id, i.id) = (h.workspace_id, h.item_id) AND i.reason = 'random'"
        " CROSS JOIN LATERAL (SELECT stated,"
        # Below one half nothing is claimed, and what the model chose stands beside.
        " CASE WHEN confidence < 0.5 THEN coalesce(runner_up_id, category_id)"
        " ELSE category_id END AS choice"
        " FROM classifications c WHERE (c.workspace_id, c.conversation_id, c.stage)"
        " = (h.workspace_id, h.conversation_id, h.kind) AND c.decider = 'llm'"
        " AND c.model_version = %(model)s AND c.stated IS NOT NULL"
        " AND c.taxonomy_version = h.taxonomy_version ORDER BY c.id DESC LIMIT 1) m"
        " WHERE h.workspace_id = %(workspace_id)s AND h.kind IN ('open', 'final')"
        " AND h.undone_at IS NULL GROUP BY m.stated",
        {"workspace_id": workspace_id, "model": model},
    )
    return {Stated(row["stated"]): (row["agreed"], row["checked"]) async for row in cursor}
