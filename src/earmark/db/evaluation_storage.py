"""What people said of conversations drawn by chance, beside what the machine says of all.

The machine's word is that of its newest reading, also where a person has corrected it since: a
count is measured by how wrong the machine is, so its own words must not be mixed with people's.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection
from earmark.db.models import Model

LabelStage = Literal["open", "final"]


class CategoryTally(Model):
    """Conversations of which machine and people say the same."""

    said: str
    """The machine's category."""
    answered: str | None
    """The people's; null for conversations that nobody was asked about."""
    conversations: int


class ThemeTally(Model):
    """Conversations in which the machine finds the same themes, and people the same one."""

    said: tuple[int, ...]
    answered: tuple[int, ...] | None
    """Null where nobody was asked, empty where people find that it belongs to none."""
    recent: bool
    """It began in the period that was asked for."""
    conversations: int


_MACHINE: Final = (
    "SELECT l.conversation_id, coalesce(m.category_id, l.category_id) AS value,"
    " coalesce(m.created_at, l.created_at) AS created_at FROM classifications l"
    " LEFT JOIN LATERAL (SELECT o.category_id, o.created_at FROM classifications o"
    " WHERE l.decider = 'human' AND o.decider <> 'human'"
    " AND (o.workspace_id, o.conversation_id, o.stage)"
    " = (l.workspace_id, l.conversation_id, l.stage) ORDER BY o.id DESC LIMIT 1) m ON true"
    " WHERE l.workspace_id = %(workspace_id)s AND l.stage = %(stage)s AND l.is_current"
    " AND (l.decider <> 'human' OR m.category_id IS NOT NULL)"
)
"""The machine's newest label of each conversation that has one."""

ANSWERS: Final = (
    "SELECT DISTINCT ON (h.conversation_id) h.conversation_id, h.value, o.created_at AS said_at,"
    " r.is_holdout FROM human_labels h"
    " JOIN review_items r ON (r.workspace_id, r.id) = (h.workspace_id, h.item_id)"
    # A label that a change of the taxonomy wrote anew is as old as what its labeller said.
    " CROSS JOIN LATERAL (SELECT w.created_at FROM human_labels w"
    " WHERE (w.workspace_id, w.conversation_id, w.kind, w.labeller)"
    " = (h.workspace_id, h.conversation_id, h.kind, h.labeller)"
    " AND w.id <= h.id AND w.carried_by IS NULL ORDER BY w.id DESC LIMIT 1) o"
    " WHERE h.workspace_id = %(workspace_id)s AND h.kind = %(kind)s AND h.undone_at IS NULL"
    " AND r.reason = 'random' AND o.created_at > %(valid_since)s"
    " ORDER BY h.conversation_id, h.id DESC"
)
"""The newest label by a person of each conversation that was drawn by chance from all."""

EVER: Final = datetime.min.replace(tzinfo=UTC)


async def valid_since(connection: ReadConnection, workspace_id: int) -> datetime:
    """When the taxonomy last changed in a way that labels from before it cannot follow.

    That is: a category came that nobody could choose, or labels were put aside because theirs is
    gone. What is left of older labels is then no sample of all any more. Categories that were
    renamed or put together take their labels along.
    """
    cursor = await connection.execute(
        "WITH sets AS (SELECT v.version, v.created_at, array_agg(c.id) AS ids"
        " FROM taxonomy_versions v JOIN categories c"
        " ON (c.workspace_id, c.taxonomy_version) = (v.workspace_id, v.version)"
        " WHERE v.workspace_id = %(workspace_id)s GROUP BY v.version, v.created_at"
        "), step AS (SELECT version, created_at, ids,"
        " lag(ids) OVER (ORDER BY version) AS old_ids FROM sets"
        "), judged AS (SELECT s.*, t.id AS change_id, t.status,"
        " coalesce(t.reverted_version = s.version, false) AS is_revert FROM step s"
        " LEFT JOIN taxonomy_changes t ON t.workspace_id = %(workspace_id)s"
        " AND s.version IN (t.applied_version, t.reverted_version)"
        " WHERE s.old_ids IS NOT NULL)"
        " SELECT max(j.created_at) AS at FROM judged j WHERE CASE"
        " WHEN j.change_id IS NULL THEN NOT (j.ids <@ j.old_ids AND j.old_ids <@ j.ids)"
        # What was reverted is as if it had not been, but for labels that were given meanwhile.
        " WHEN j.status = 'reverted' AND NOT j.is_revert THEN false"
        " ELSE EXISTS (SELECT FROM human_labels h WHERE h.workspace_id = %(workspace_id)s"
        " AND h.set_aside_by = j.change_id AND h.undone_at IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM human_labels n WHERE (n.workspace_id, n.conversation_id,"
        " n.kind, n.labeller) = (h.workspace_id, h.conversation_id, h.kind, h.labeller)"
        " AND n.carried_by = j.change_id))"
        " OR NOT j.is_revert AND EXISTS (SELECT FROM unnest(j.ids) AS i (id)"
        " WHERE NOT i.id = ANY(j.old_ids) AND NOT EXISTS (SELECT FROM human_labels h"
        " WHERE h.workspace_id = %(workspace_id)s AND h.carried_by = j.change_id"
        " AND h.value = i.id)) END",
        {"workspace_id": workspace_id},
    )
    row = await cursor.fetchone()
    return row["at"] if row and row["at"] else EVER


async def tally_categories(
    connection: ReadConnection, workspace_id: int, stage: LabelStage
) -> list[CategoryTally]:
    """All conversations by what the machine says, and by what people say of the sample.

    A machine that has learnt from a label is better on that conversation than on all others, so
    a label counts only if it is never learnt from, or was given after the machine spoke.
    """
    async with connection.cursor(row_factory=class_row(CategoryTally)) as cursor:
        await cursor.execute(
            "WITH said AS (" + _MACHINE + "), answer AS (" + ANSWERS + ")"  # noqa: S608 - constants
            " SELECT s.value AS said, a.value AS answered, count(*) AS conversations FROM said s"
            " LEFT JOIN answer a ON a.conversation_id = s.conversation_id"
            " AND (a.is_holdout OR a.said_at > s.created_at)"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            {
                "workspace_id": workspace_id,
                "stage": stage,
                "kind": stage,
                "valid_since": await valid_since(connection, workspace_id),
            },
        )
        return await cursor.fetchall()


async def tally_themes(
    connection: ReadConnection,
    workspace_id: int,
    *,
    excluded: Sequence[str],
    recent_from: datetime,
    until: datetime,
) -> list[ThemeTally]:
    """Conversations that the machine does not put into an `excluded` category, by their themes.

    A theme that people named and that was merged since counts as the one that it was merged into.
    """
    async with connection.cursor(row_factory=class_row(ThemeTally)) as cursor:
        await cursor.execute(
            "WITH RECURSIVE said AS ("  # noqa: S608 - constants
            + _MACHINE
            + "), answer AS ("
            + ANSWERS
            + ")"
            ", merged AS (SELECT id, id AS into_id, merged_into FROM themes"
            " WHERE workspace_id = %(workspace_id)s"
            " UNION ALL SELECT g.id, t.id, t.merged_into FROM merged g JOIN themes t"
            " ON t.workspace_id = %(workspace_id)s AND t.id = g.merged_into"
            "), found AS (SELECT i.conversation_id,"
            " array_agg(DISTINCT coalesce(m.theme_id, a.theme_id)) AS themes"
            " FROM theme_assignments a JOIN issues i"
            " ON (i.workspace_id, i.id) = (a.workspace_id, a.issue_id)"
            " LEFT JOIN LATERAL (SELECT o.theme_id FROM theme_assignments o"
            " WHERE a.decider = 'human' AND o.decider <> 'human'"
            " AND (o.workspace_id, o.issue_id) = (a.workspace_id, a.issue_id)"
            " ORDER BY o.id DESC LIMIT 1) m ON true"
            " WHERE a.workspace_id = %(workspace_id)s AND a.superseded_at IS NULL"
            " AND (a.decider <> 'human' OR m.theme_id IS NOT NULL) GROUP BY i.conversation_id)"
            ", named AS (SELECT a.conversation_id, coalesce(array_agg(DISTINCT g.into_id"
            " ORDER BY g.into_id) FILTER (WHERE g.id IS NOT NULL), '{}') AS themes FROM answer a"
            " LEFT JOIN LATERAL unnest(string_to_array(a.value, ',')) AS v (id) ON true"
            " LEFT JOIN merged g ON g.id::text = v.id AND g.merged_into IS NULL"
            " GROUP BY a.conversation_id)"
            " SELECT coalesce(f.themes, '{}') AS said, n.themes AS answered,"
            " c.created_at >= %(recent_from)s AND c.created_at < %(until)s AS recent,"
            " count(*) AS conversations FROM said s"
            " JOIN conversations c ON c.workspace_id = %(workspace_id)s"
            " AND c.id = s.conversation_id"
            " LEFT JOIN found f ON f.conversation_id = s.conversation_id"
            " LEFT JOIN named n ON n.conversation_id = s.conversation_id"
            " WHERE NOT s.value = ANY(%(excluded)s) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
            {
                "workspace_id": workspace_id,
                "stage": "final",
                "kind": "theme",
                "valid_since": EVER,
                "excluded": list(excluded),
                "recent_from": recent_from,
                "until": until,
            },
        )
        return await cursor.fetchall()
