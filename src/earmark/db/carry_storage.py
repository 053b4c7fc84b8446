"""Labels by people, and themes, when the taxonomy changes: carried over, or put aside.

A mapping is given as two lists: an id of the old taxonomy, and the id that it has in the new one,
or null where it has none or several. What it does not name stays as it is. Nothing is deleted: a
label that is put aside keeps its row and the change that put it there, so that a revert finds it.
"""

from collections.abc import Mapping

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model


class Carried(Model):
    """How many labels by people say what; `value` is a category of the old taxonomy."""

    value: str
    labels: int


async def count_labels(connection: ReadConnection, workspace_id: int) -> list[Carried]:
    """Labels by people that count now, per category."""
    async with connection.cursor(row_factory=class_row(Carried)) as cursor:
        await cursor.execute(
            "SELECT value, count(*) AS labels FROM human_labels"
            " WHERE workspace_id = %(workspace_id)s AND kind IN ('open', 'final')"
            " AND undone_at IS NULL GROUP BY value ORDER BY value",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchall()


async def carry_labels(
    connection: WriteConnection,
    workspace_id: int,
    *,
    change_id: int,
    version: int,
    mapping: Mapping[str, str | None],
    given_under: int | None = None,
) -> None:
    """Write labels by people anew where their category has another id, put aside where none.

    With `given_under`, only those that were given under that version.
    """
    arguments = {
        "workspace_id": workspace_id,
        "given_under": given_under,
        "change_id": change_id,
        "version": version,
        "olds": list(mapping),
        "news": list(mapping.values()),
    }
    await connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS moving_labels (id bigint, value text)"
        " ON COMMIT DELETE ROWS"
    )
    await connection.execute("DELETE FROM moving_labels")
    await connection.execute(
        "INSERT INTO moving_labels SELECT h.id, m.new FROM human_labels h"
        " JOIN unnest(%(olds)s::text[], %(news)s::text[]) AS m (old, new) ON m.old = h.value"
        " WHERE h.workspace_id = %(workspace_id)s AND h.kind IN ('open', 'final')"
        " AND h.undone_at IS NULL AND m.new IS DISTINCT FROM m.old"
        " AND h.taxonomy_version = coalesce(%(given_under)s::int, h.taxonomy_version)",
        arguments,
    )
    await connection.execute(
        "UPDATE human_labels h SET undone_at = now(), set_aside_by = %(change_id)s"
        " FROM moving_labels m WHERE h.workspace_id = %(workspace_id)s AND h.id = m.id",
        arguments,
    )
    # What the machine said goes along, so that the two can still be compared.
    await connection.execute(
        "INSERT INTO human_labels (workspace_id, conversation_id, kind, value, labeller, item_id,"
        " taxonomy_version, content_hash, machine_value, machine_confidence, machine_decider,"
        " machine_version, carried_by) SELECT h.workspace_id, h.conversation_id, h.kind, m.value,"
        " h.labeller, h.item_id, %(version)s, h.content_hash,"
        " CASE WHEN w.old IS NULL THEN h.machine_value ELSE w.new END, h.machine_confidence,"
        " h.machine_decider, h.machine_version, %(change_id)s FROM human_labels h"
        " JOIN moving_labels m ON m.id = h.id"
        " LEFT JOIN unnest(%(olds)s::text[], %(news)s::text[]) AS w (old, new)"
        " ON w.old = h.machine_value"
        " WHERE h.workspace_id = %(workspace_id)s AND m.value IS NOT NULL ORDER BY h.id",
        arguments,
    )


async def restore_labels(connection: WriteConnection, workspace_id: int, *, change_id: int) -> None:
    """Undo `carry_labels`: what it put aside counts again, unless its labeller has said more."""
    arguments = {"workspace_id": workspace_id, "change_id": change_id}
    await connection.execute(
        "UPDATE human_labels SET undone_at = now() WHERE workspace_id = %(workspace_id)s"
        " AND carried_by = %(change_id)s AND undone_at IS NULL",
        arguments,
    )
    await connection.execute(
        "UPDATE human_labels h SET undone_at = NULL, set_aside_by = NULL"
        " WHERE h.workspace_id = %(workspace_id)s AND h.set_aside_by = %(change_id)s"
        " AND NOT EXISTS (SELECT FROM human_labels n WHERE n.workspace_id = h.workspace_id"
        " AND n.conversation_id = h.conversation_id AND n.kind = h.kind"
        " AND n.labeller = h.labeller AND n.undone_at IS NULL)",
        arguments,
    )


async def carry_decisions(
    connection: WriteConnection,
    workspace_id: int,
    *,
    version: int,
    mapping: Mapping[str, str | None],
) -> None:
    """Let what people decided be current in the new version too, where it has a category there.

    Where it has none, the newest label of a machine is current until the replay makes another.
    """
    arguments = {
        "workspace_id": workspace_id,
        "version": version,
        "olds": list(mapping),
        "news": list(mapping.values()),
    }
    await _retire_decisions(connection, arguments)
    await connection.execute(
        "INSERT INTO classifications (workspace_id, conversation_id, stage, category_id,"
        " confidence, decider, model_version, taxonomy_version, input_key, is_current)"
        " SELECT c.workspace_id, c.conversation_id, c.stage,"
        " CASE WHEN m.old IS NULL THEN c.category_id ELSE m.new END, c.confidence, c.decider,"
        " c.model_version, %(version)s, 'carried:' || %(version)s::text || ':' || c.id, true"
        " FROM retired_decisions r JOIN classifications c"
        " ON c.workspace_id = %(workspace_id)s AND c.id = r.id"
        " LEFT JOIN unnest(%(olds)s::text[], %(news)s::text[]) AS m (old, new)"
        " ON m.old = c.category_id WHERE m.old IS NULL OR m.new IS NOT NULL",
        arguments,
    )
    await _revive_machines(connection, workspace_id)


async def restore_decisions(
    connection: WriteConnection,
    workspace_id: int,
    *,
    applied_version: int,
    version: int,
    mapping: Mapping[str, str | None],
) -> None:
    """Let what people decided before `applied_version` be current again, under `version`.

    What they have decided since goes by the mapping, as in `carry_decisions`.
    """
    arguments = {
        "workspace_id": workspace_id,
        "applied_version": applied_version,
        "version": version,
        "olds": list(mapping),
        "news": list(mapping.values()),
    }
    await _retire_decisions(connection, arguments)
    # Those that the change had ended: the end of them is the beginning of the version.
    await connection.execute(
        "INSERT INTO classifications (workspace_id, conversation_id, stage, category_id,"
        " confidence, decider, model_version, taxonomy_version, input_key, is_current)"
        " SELECT c.workspace_id, c.conversation_id, c.stage,"
        " CASE WHEN b.id IS NOT NULL THEN b.category_id WHEN m.old IS NULL THEN c.category_id"
        " ELSE m.new END, c.confidence, c.decider, c.model_version, %(version)s,"
        " 'carried:' || %(version)s::text || ':' || c.id, true FROM retired_decisions r"
        " JOIN classifications c ON c.workspace_id = %(workspace_id)s AND c.id = r.id"
        " LEFT JOIN classifications b ON b.workspace_id = c.workspace_id"
        " AND c.input_key = 'carried:' || %(applied_version)s::text || ':' || b.id"
        " LEFT JOIN unnest(%(olds)s::text[], %(news)s::text[]) AS m (old, new)"
        " ON m.old = c.category_id WHERE b.id IS NOT NULL OR m.old IS NULL OR m.new IS NOT NULL",
        arguments,
    )
    await _restore_set_aside(connection, arguments)
    await _revive_machines(connection, workspace_id)


async def _restore_set_aside(connection: WriteConnection, arguments: Mapping[str, object]) -> None:
    """Decisions that ended with the beginning of the version, and were not carried into it."""
    await connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS set_aside_decisions (id bigint, conversation_id text,"
        " stage text) ON COMMIT DELETE ROWS"
    )
    await connection.execute("DELETE FROM set_aside_decisions")
    await connection.execute(
        "INSERT INTO set_aside_decisions SELECT p.id, p.conversation_id, p.stage"
        " FROM classifications p JOIN taxonomy_versions v ON v.workspace_id = p.workspace_id"
        " AND v.version = %(applied_version)s AND p.superseded_at = v.created_at"
        " WHERE p.workspace_id = %(workspace_id)s AND p.decider = 'human'"
        " AND NOT EXISTS (SELECT FROM classifications n WHERE n.workspace_id = p.workspace_id"
        " AND (n.conversation_id, n.stage) = (p.conversation_id, p.stage)"
        " AND (n.input_key = 'carried:' || %(applied_version)s::text || ':' || p.id"
        " OR (n.is_current AND n.decider = 'human')))",
        arguments,
    )
    await connection.execute(
        "UPDATE classifications c SET is_current = false, superseded_at = now()"
        " FROM set_aside_decisions p WHERE c.workspace_id = %(workspace_id)s"
        " AND (c.conversation_id, c.stage) = (p.conversation_id, p.stage) AND c.is_current",
        arguments,
    )
    await connection.execute(
        "INSERT INTO classifications (workspace_id, conversation_id, stage, category_id,"
        " confidence, decider, model_version, taxonomy_version, input_key, is_current)"
        " SELECT c.workspace_id, c.conversation_id, c.stage, c.category_id, c.confidence,"
        " c.decider, c.model_version, %(version)s,"
        " 'carried:' || %(version)s::text || ':' || c.id, true"
        " FROM set_aside_decisions p JOIN classifications c"
        " ON c.workspace_id = %(workspace_id)s AND c.id = p.id",
        arguments,
    )


async def _retire_decisions(connection: WriteConnection, arguments: Mapping[str, object]) -> None:
    """No decision by people is current any more; `retired_decisions` names those that were."""
    await connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS retired_decisions (id bigint, conversation_id text,"
        " stage text) ON COMMIT DELETE ROWS"
    )
    await connection.execute("DELETE FROM retired_decisions")
    await connection.execute(
        "WITH retired AS (UPDATE classifications SET is_current = false, superseded_at = now()"
        " WHERE workspace_id = %(workspace_id)s AND is_current AND decider = 'human'"
        " RETURNING id, conversation_id, stage)"
        " INSERT INTO retired_decisions SELECT id, conversation_id, stage FROM retired",
        arguments,
    )


async def _revive_machines(connection: WriteConnection, workspace_id: int) -> None:
    """Where a decision has gone and nothing has come, the newest label of a machine is current."""
    await connection.execute(
        "UPDATE classifications c SET is_current = true, superseded_at = NULL"
        " FROM (SELECT DISTINCT ON (m.conversation_id, m.stage) m.id FROM classifications m"
        " JOIN retired_decisions r ON (r.conversation_id, r.stage) = (m.conversation_id, m.stage)"
        " WHERE m.workspace_id = %(workspace_id)s AND m.decider <> 'human'"
        " AND NOT EXISTS (SELECT FROM classifications n WHERE n.workspace_id = m.workspace_id"
        " AND (n.conversation_id, n.stage) = (m.conversation_id, m.stage) AND n.is_current)"
        " ORDER BY m.conversation_id, m.stage, m.id DESC) newest"
        " WHERE c.workspace_id = %(workspace_id)s AND c.id = newest.id",
        {"workspace_id": workspace_id},
    )


async def carry_themes(
    connection: WriteConnection,
    workspace_id: int,
    *,
    categories: Mapping[str, str | None],
    areas: Mapping[str, str | None],
) -> None:
    """Give themes whose category or area has another id, or none, a new version that says so."""
    await connection.execute(
        "WITH categories (old, new) AS (SELECT * FROM unnest(%(c_olds)s::text[],"
        " %(c_news)s::text[])), areas (old, new) AS (SELECT * FROM unnest(%(a_olds)s::text[],"
        " %(a_news)s::text[])), moved AS (SELECT v.theme_id, v.version,"
        " CASE WHEN c.old IS NULL THEN v.category_id ELSE c.new END AS category_id,"
        " CASE WHEN a.old IS NULL THEN v.product_area_id ELSE a.new END AS product_area_id"
        " FROM themes t JOIN theme_versions v ON (v.workspace_id, v.theme_id, v.version)"
        " = (t.workspace_id, t.id, t.current_version)"
        " LEFT JOIN categories c ON c.old = v.category_id"
        " LEFT JOIN areas a ON a.old = v.product_area_id"
        " WHERE t.workspace_id = %(workspace_id)s AND (c.new IS DISTINCT FROM c.old"
        " OR a.new IS DISTINCT FROM a.old)), made AS (INSERT INTO theme_versions (workspace_id,"
        " theme_id, version, name, keywords, category_id, product_area_id, cohesion,"
        " model_version, named_by) SELECT v.workspace_id, v.theme_id, v.version + 1, v.name,"
        " v.keywords, m.category_id, m.product_area_id, v.cohesion, v.model_version, v.named_by"
        " FROM moved m JOIN theme_versions v ON v.workspace_id = %(workspace_id)s"
        " AND (v.theme_id, v.version) = (m.theme_id, m.version) RETURNING theme_id, version)"
        " UPDATE themes t SET current_version = made.version FROM made"
        " WHERE t.workspace_id = %(workspace_id)s AND t.id = made.theme_id",
        {
            "workspace_id": workspace_id,
            "c_olds": list(categories),
            "c_news": list(categories.values()),
            "a_olds": list(areas),
            "a_news": list(areas.values()),
        },
    )


async def settle_themes(connection: WriteConnection, workspace_id: int) -> None:
    """Give themes without a category the one that at least half of their conversations have."""
    await connection.execute(
        "WITH counted AS (SELECT t.id, l.category_id, count(*) AS number,"
        " sum(count(*)) OVER (PARTITION BY t.id) AS whole,"
        " row_number() OVER (PARTITION BY t.id ORDER BY count(*) DESC, l.category_id) AS place"
        " FROM themes t JOIN theme_versions v ON (v.workspace_id, v.theme_id, v.version)"
        " = (t.workspace_id, t.id, t.current_version)"
        " JOIN theme_assignments a ON (a.workspace_id, a.theme_id) = (t.workspace_id, t.id)"
        " AND a.superseded_at IS NULL"
        " JOIN issues i ON (i.workspace_id, i.id) = (a.workspace_id, a.issue_id)"
        " JOIN classifications l ON (l.workspace_id, l.conversation_id)"
        " = (i.workspace_id, i.conversation_id) AND l.stage = 'final' AND l.is_current"
        " AND l.category_id <> 'cannot_tell'"
        " WHERE t.workspace_id = %(workspace_id)s AND v.category_id IS NULL"
        " GROUP BY t.id, l.category_id)"
        " UPDATE theme_versions v SET category_id = counted.category_id FROM counted, themes t"
        " WHERE t.workspace_id = %(workspace_id)s AND t.id = counted.id AND counted.place = 1"
        " AND 2 * counted.number >= counted.whole AND v.workspace_id = t.workspace_id"
        " AND (v.theme_id, v.version) = (t.id, t.current_version)",
        {"workspace_id": workspace_id},
    )


async def copy_answers(
    connection: WriteConnection, workspace_id: int, *, of_version: int, to_version: int
) -> None:
    """Let what models answered under one version be known under another of the same content."""
    await connection.execute(
        "INSERT INTO model_answers (workspace_id, conversation_id, content_hash,"
        " taxonomy_version, prompt_hash, model, schema_version, attempt, offered_themes, answer,"
        " created_at) SELECT workspace_id, conversation_id, content_hash, %(to_version)s,"
        " prompt_hash, model, schema_version, attempt, offered_themes, answer, created_at"
        " FROM model_answers WHERE workspace_id = %(workspace_id)s"
        " AND taxonomy_version = %(of_version)s ON CONFLICT DO NOTHING",
        {"workspace_id": workspace_id, "of_version": of_version, "to_version": to_version},
    )
