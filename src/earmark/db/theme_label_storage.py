"""Themes that people are offered for a conversation, and what their answer does to it."""

from collections.abc import Sequence

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model


class Candidate(Model):
    """A theme that a conversation may belong to."""

    conversation_id: str
    theme_id: int
    name: str
    assigned: bool
    """The machine says that it does."""
    near: int
    """Of the nearest issues of other conversations, how many are in it."""


async def list_theme_candidates(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str], *, most: int
) -> list[Candidate]:
    """Themes that each conversation is in, and those of the issues that are nearest to its own."""
    async with connection.cursor(row_factory=class_row(Candidate)) as cursor:
        await cursor.execute(
            "WITH own AS (SELECT i.conversation_id, i.id, e.embedding, e.model_version"
            " FROM issues i LEFT JOIN embeddings e ON (e.workspace_id, e.issue_id)"
            " = (i.workspace_id, i.id) WHERE i.workspace_id = %(workspace_id)s"
            " AND i.conversation_id = ANY(%(ids)s)"
            "), found AS (SELECT own.conversation_id, a.theme_id, true AS assigned FROM own"
            " JOIN theme_assignments a ON a.workspace_id = %(workspace_id)s"
            " AND a.issue_id = own.id AND a.superseded_at IS NULL"
            " UNION ALL SELECT own.conversation_id, near.theme_id, false FROM own"
            " CROSS JOIN LATERAL (SELECT a.theme_id FROM embeddings e JOIN theme_assignments a"
            " ON (a.workspace_id, a.issue_id) = (e.workspace_id, e.issue_id)"
            " AND a.superseded_at IS NULL WHERE e.workspace_id = %(workspace_id)s"
            " AND e.issue_id <> own.id AND e.model_version = own.model_version"
            " AND own.embedding IS NOT NULL ORDER BY e.embedding <=> own.embedding LIMIT 30) near"
            "), ranked AS (SELECT conversation_id, theme_id, bool_or(assigned) AS assigned,"
            " count(*) FILTER (WHERE NOT assigned) AS near, row_number() OVER (PARTITION BY"
            " conversation_id ORDER BY bool_or(assigned) DESC, count(*) DESC, theme_id) AS rank"
            " FROM found GROUP BY conversation_id, theme_id)"
            " SELECT r.conversation_id, r.theme_id, v.name, r.assigned, r.near FROM ranked r"
            " JOIN themes t ON t.workspace_id = %(workspace_id)s AND t.id = r.theme_id"
            " AND t.merged_into IS NULL"
            " JOIN theme_versions v ON (v.workspace_id, v.theme_id, v.version)"
            " = (t.workspace_id, t.id, t.current_version)"
            " WHERE r.rank <= %(most)s ORDER BY r.conversation_id, r.rank",
            {"workspace_id": workspace_id, "ids": list(conversation_ids), "most": most},
        )
        return await cursor.fetchall()


async def move_to_labelled_themes(
    connection: WriteConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> None:
    """Let the only issue of a conversation follow its only labelled theme, for good.

    Where a conversation has several issues or themes, a label does not say which belongs where.
    """
    parameters = {"workspace_id": workspace_id, "ids": list(conversation_ids)}
    await connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS moved_issues (issue_id bigint, theme_id bigint)"
        " ON COMMIT DELETE ROWS"
    )
    await connection.execute(
        "INSERT INTO moved_issues SELECT min(i.id), n.theme_id FROM (SELECT DISTINCT ON"
        " (conversation_id) conversation_id, value::bigint AS theme_id FROM human_labels"
        " WHERE workspace_id = %(workspace_id)s AND conversation_id = ANY(%(ids)s)"
        " AND kind = 'theme' AND undone_at IS NULL AND value ~ '^[0-9]+$'"
        " ORDER BY conversation_id, id DESC) n JOIN issues i"
        " ON i.workspace_id = %(workspace_id)s AND i.conversation_id = n.conversation_id"
        " GROUP BY n.conversation_id, n.theme_id HAVING count(*) = 1",
        parameters,
    )
    await connection.execute(
        "UPDATE theme_assignments a SET superseded_at = now() FROM moved_issues m"
        " WHERE a.workspace_id = %(workspace_id)s AND a.issue_id = m.issue_id"
        " AND a.superseded_at IS NULL AND (a.theme_id <> m.theme_id OR a.decider <> 'human')",
        parameters,
    )
    await connection.execute(
        "INSERT INTO theme_assignments (workspace_id, issue_id, theme_id, probability, decider,"
        " model_version) SELECT %(workspace_id)s, m.issue_id, m.theme_id, 1, 'human', 'human'"
        " FROM moved_issues m ON CONFLICT (workspace_id, issue_id) WHERE superseded_at IS NULL"
        " DO NOTHING",
        parameters,
    )
    await connection.execute("DELETE FROM moved_issues")
