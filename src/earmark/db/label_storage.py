"""Labels by people: append-only, each beside what the machine said at that moment.

A category that a person gives becomes the conversation's current one, and no model replaces it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Decider, Model

LabelKind = Literal["open", "final", "theme"]


class NewLabel(Model):
    """What a person says of a conversation."""

    conversation_id: str
    kind: LabelKind
    value: str
    """A category's id; for themes their ids in their order, joined by commas."""
    item_id: int | None = None


class HumanLabel(NewLabel):
    """A stored label."""

    id: int
    labeller: str
    taxonomy_version: int
    machine_value: str | None
    machine_confidence: float | None
    machine_decider: Decider | None
    created_at: datetime


class Verdicts(Model):
    """A conversation that two people labelled differently."""

    conversation_id: str
    kind: LabelKind
    labellers: tuple[str, ...]
    values: tuple[str, ...]
    latest_at: datetime


async def add_labels(
    connection: WriteConnection, workspace_id: int, labeller: str, labels: Sequence[NewLabel]
) -> list[int]:
    """Store labels of one person; an older one of theirs about the same is replaced.

    Categories become current. Labels of conversations that are gone are left out; returns the ids
    of those stored.
    """
    conversation_ids = [label.conversation_id for label in labels]
    parameters = {
        "workspace_id": workspace_id,
        "labeller": labeller,
        "conversations": conversation_ids,
        "kinds": [label.kind for label in labels],
        "values": [label.value for label in labels],
        "items": [label.item_id for label in labels],
    }
    await connection.execute(
        "UPDATE human_labels h SET undone_at = now() FROM unnest(%(conversations)s::text[],"
        " %(kinds)s::text[]) AS n (conversation_id, kind)"
        " WHERE h.workspace_id = %(workspace_id)s AND h.labeller = %(labeller)s"
        " AND h.undone_at IS NULL AND (h.conversation_id, h.kind) = (n.conversation_id, n.kind)",
        parameters,
    )
    cursor = await connection.execute(
        "INSERT INTO human_labels (workspace_id, conversation_id, kind, value, labeller, item_id,"
        " taxonomy_version, content_hash, machine_value, machine_confidence, machine_decider,"
        " machine_version) SELECT c.workspace_id, c.id, n.kind, n.value, %(labeller)s, n.item_id,"
        " (SELECT max(version) FROM taxonomy_versions WHERE workspace_id = c.workspace_id),"
        " c.content_hash, m.value, m.confidence, m.decider, m.version"
        " FROM unnest(%(conversations)s::text[], %(kinds)s::text[], %(values)s::text[],"
        " %(items)s::bigint[]) AS n (conversation_id, kind, value, item_id)"
        " JOIN conversations c ON c.workspace_id = %(workspace_id)s AND c.id = n.conversation_id"
        " LEFT JOIN LATERAL (SELECT l.category_id AS value, l.confidence, l.decider,"
        " l.model_version AS version FROM classifications l WHERE (l.workspace_id,"
        " l.conversation_id, l.stage) = (c.workspace_id, c.id, n.kind) AND l.decider <> 'human'"
        " ORDER BY l.id DESC LIMIT 1) category ON n.kind <> 'theme'"
        " LEFT JOIN LATERAL (SELECT string_agg(DISTINCT a.theme_id::text, ',') AS value,"
        " min(a.probability) AS confidence, min(a.decider) AS decider,"
        " min(a.model_version) AS version FROM issues i JOIN theme_assignments a"
        " ON (a.workspace_id, a.issue_id) = (i.workspace_id, i.id) AND a.superseded_at IS NULL"
        " WHERE (i.workspace_id, i.conversation_id) = (c.workspace_id, c.id)) theme"
        " ON n.kind = 'theme'"
        " CROSS JOIN LATERAL (SELECT coalesce(category.value, theme.value,"
        " CASE WHEN n.kind = 'theme' THEN '' END) AS value,"
        " coalesce(category.confidence, theme.confidence) AS confidence,"
        " coalesce(category.decider, theme.decider) AS decider,"
        " coalesce(category.version, theme.version) AS version) m RETURNING id",
        parameters,
    )
    ids = [int(row["id"]) for row in await cursor.fetchall()]
    await make_current(connection, workspace_id, conversation_ids)
    return ids


async def undo_labels(
    connection: WriteConnection, workspace_id: int, labeller: str, conversation_ids: Sequence[str]
) -> list[int]:
    """Take back what a person has said of conversations; returns the items that were answered."""
    cursor = await connection.execute(
        "UPDATE human_labels SET undone_at = now() WHERE workspace_id = %(workspace_id)s"
        " AND labeller = %(labeller)s AND conversation_id = ANY(%(ids)s) AND undone_at IS NULL"
        " RETURNING item_id",
        {"workspace_id": workspace_id, "labeller": labeller, "ids": list(conversation_ids)},
    )
    items = {int(row["item_id"]) for row in await cursor.fetchall() if row["item_id"]}
    await make_current(connection, workspace_id, conversation_ids)
    return sorted(items)


async def make_current(
    connection: WriteConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> None:
    """Let the newest label by a person be the current one; without any, the machine's newest."""
    parameters = {"workspace_id": workspace_id, "ids": list(conversation_ids)}
    await connection.execute(
        "INSERT INTO classifications (workspace_id, conversation_id, stage, category_id,"
        " confidence, decider, model_version, taxonomy_version, input_key, is_current,"
        " superseded_at) SELECT h.workspace_id, h.conversation_id, h.kind, h.value, 1, 'human',"
        " 'human', h.taxonomy_version, 'human:' || h.id, false, now() FROM human_labels h"
        " WHERE h.workspace_id = %(workspace_id)s AND h.conversation_id = ANY(%(ids)s)"
        " AND h.kind <> 'theme' AND h.undone_at IS NULL ON CONFLICT DO NOTHING",
        parameters,
    )
    # One statement would meet the index of current rows in between: first the old ones leave.
    await connection.execute(
        "UPDATE classifications c SET is_current = false, superseded_at = now()"
        " WHERE c.workspace_id = %(workspace_id)s AND c.conversation_id = ANY(%(ids)s)"
        " AND c.is_current",
        parameters,
    )
    await connection.execute(
        "UPDATE classifications c SET is_current = true, superseded_at = NULL FROM (SELECT"
        " DISTINCT ON (k.conversation_id, k.stage) k.id FROM classifications k"
        " LEFT JOIN human_labels h ON h.workspace_id = k.workspace_id AND k.decider = 'human'"
        " AND k.input_key = 'human:' || h.id AND h.undone_at IS NULL"
        " WHERE k.workspace_id = %(workspace_id)s AND k.conversation_id = ANY(%(ids)s)"
        " AND (k.decider <> 'human' OR h.id IS NOT NULL)"
        " ORDER BY k.conversation_id, k.stage, h.id DESC NULLS LAST, k.id DESC) newest"
        " WHERE c.workspace_id = %(workspace_id)s AND c.id = newest.id",
        parameters,
    )


async def list_labels(
    connection: ReadConnection,
    workspace_id: int,
    *,
    conversation_ids: Sequence[str] | None = None,
) -> list[HumanLabel]:
    """Labels that count, of all conversations or those named, oldest first."""
    async with connection.cursor(row_factory=class_row(HumanLabel)) as cursor:
        await cursor.execute(
            "SELECT id, conversation_id, kind, value, item_id, labeller, taxonomy_version,"
            " machine_value, machine_confidence, machine_decider, created_at FROM human_labels"
            " WHERE workspace_id = %(workspace_id)s AND undone_at IS NULL"
            " AND (%(ids)s::text[] IS NULL OR conversation_id = ANY(%(ids)s)) ORDER BY id",
            {
                "workspace_id": workspace_id,
                "ids": None if conversation_ids is None else list(conversation_ids),
            },
        )
        return await cursor.fetchall()


async def list_conflicts(
    connection: ReadConnection, workspace_id: int, *, limit: int
) -> list[Verdicts]:
    """What people labelled differently, newest first."""
    async with connection.cursor(row_factory=class_row(Verdicts)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, kind, array_agg(labeller ORDER BY id) AS labellers,"
            ' array_agg(value ORDER BY id) AS "values", max(created_at) AS latest_at'
            " FROM human_labels WHERE workspace_id = %(workspace_id)s AND undone_at IS NULL"
            " GROUP BY conversation_id, kind HAVING count(DISTINCT value) > 1"
            " ORDER BY max(created_at) DESC, conversation_id, kind LIMIT %(limit)s",
            {"workspace_id": workspace_id, "limit": limit},
        )
        return await cursor.fetchall()


async def count_agreement(connection: ReadConnection, workspace_id: int) -> tuple[int, int]:
    """Of conversations whose category two people or more have labelled: agreed, all."""
    cursor = await connection.execute(
        "SELECT count(*) FILTER (WHERE voices = 1) AS agreed, count(*) AS pairs FROM (SELECT"
        " count(DISTINCT value) AS voices FROM human_labels WHERE workspace_id = %(workspace_id)s"
        " AND kind = 'final' AND undone_at IS NULL GROUP BY conversation_id"
        " HAVING count(DISTINCT labeller) > 1) x",
        {"workspace_id": workspace_id},
    )
    row = await cursor.fetchone()
    return (int(row["agreed"]), int(row["pairs"])) if row else (0, 0)
