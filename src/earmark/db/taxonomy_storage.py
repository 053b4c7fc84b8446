"""Taxonomy versions and the local models fitted under them."""

from datetime import datetime

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import AwareDatetime, Field

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Category, Model, ProductArea, Taxonomy


class TextModelInfo(Model):
    """A fitted model without its artefact."""

    id: int
    version: str
    taxonomy_version: int
    fitted_on: int
    """Conversations that it was fitted on."""
    encoder_version: str | None = None
    """The ready-made encoder that it was fitted beside, and needs."""
    lessons: int
    """Texts of known category that it learnt from, beside the taxonomy's own."""
    created_at: AwareDatetime
    knows_erased: bool = False
    """Somebody was erased since: their words may be in it."""


class NewTextModel(Model):
    """A fitted model that is to be stored."""

    version: str
    taxonomy_version: int
    fitted_on: int
    """Conversations that it was fitted on."""
    lessons: int = 0
    """Texts of known category that it learnt from, beside the taxonomy's own."""
    dimensions: int
    encoder_version: str | None = None
    erasures: int = 0
    """How many there had been before its texts were read."""
    artefact: bytes
    calibration: dict[str, object] | None = None
    """What labels by people say of its confidence, as `evaluation.calibration` writes it."""
    held_out: dict[str, tuple[str, float]] = Field(default_factory=dict)
    """By conversation, category and confidence of heads that its label did not teach."""
    contradictions: int = 0
    """Texts that were told different categories."""


class TaxonomyVersion(Model):
    """A version without its content."""

    version: int
    note: str
    created_at: datetime
    categories: int
    areas: int
    change_id: int | None
    """The change that made it by being applied or reverted; null for the first."""


async def get_taxonomy(
    connection: ReadConnection, workspace_id: int, version: int | None = None
) -> Taxonomy | None:
    """That version, or the newest; null where there is none."""
    cursor = await connection.execute(
        "SELECT max(version) AS version FROM taxonomy_versions"
        " WHERE workspace_id = %(workspace_id)s"
        " AND version = coalesce(%(version)s::int, version)",
        {"workspace_id": workspace_id, "version": version},
    )
    row = await cursor.fetchone()
    if row is None or row["version"] is None:
        return None
    key = {"workspace_id": workspace_id, "version": row["version"]}
    async with connection.cursor(row_factory=class_row(Category)) as categories:
        await categories.execute(
            "SELECT id, name, definition, includes, excludes, examples FROM categories"
            " WHERE workspace_id = %(workspace_id)s AND taxonomy_version = %(version)s"
            " ORDER BY position",
            key,
        )
        found = await categories.fetchall()
    async with connection.cursor(row_factory=class_row(ProductArea)) as areas:
        await areas.execute(
            "SELECT id, name, patterns, definition, parent_id FROM product_areas"
            " WHERE workspace_id = %(workspace_id)s AND taxonomy_version = %(version)s"
            " ORDER BY position",
            key,
        )
        return Taxonomy(
            version=row["version"], categories=tuple(found), areas=tuple(await areas.fetchall())
        )


async def list_versions(connection: ReadConnection, workspace_id: int) -> list[TaxonomyVersion]:
    """All versions, newest first, with the change that made each."""
    async with connection.cursor(row_factory=class_row(TaxonomyVersion)) as cursor:
        await cursor.execute(
            "SELECT v.version, v.note, v.created_at,"
            " (SELECT count(*) FROM categories c WHERE (c.workspace_id, c.taxonomy_version)"
            " = (v.workspace_id, v.version)) AS categories,"
            " (SELECT count(*) FROM product_areas a WHERE (a.workspace_id, a.taxonomy_version)"
            " = (v.workspace_id, v.version)) AS areas,"
            " (SELECT max(h.id) FROM taxonomy_changes h WHERE h.workspace_id = v.workspace_id"
            " AND v.version IN (h.applied_version, h.reverted_version)) AS change_id"
            " FROM taxonomy_versions v WHERE v.workspace_id = %(workspace_id)s"
            " ORDER BY v.version DESC",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchall()


async def add_taxonomy(
    connection: WriteConnection, workspace_id: int, taxonomy: Taxonomy, *, note: str
) -> None:
    """Store a new version; its number must not be taken."""
    key = {"workspace_id": workspace_id, "version": taxonomy.version}
    await connection.execute(
        "INSERT INTO taxonomy_versions (workspace_id, version, note)"
        " VALUES (%(workspace_id)s, %(version)s, %(note)s)",
        {**key, "note": note},
    )
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO categories (workspace_id, taxonomy_version, position, id, name,"
            " definition, includes, excludes, examples) VALUES (%(workspace_id)s, %(version)s,"
            " %(position)s, %(id)s, %(name)s, %(definition)s, %(includes)s, %(excludes)s,"
            " %(examples)s)",
            [
                {
                    **key,
                    "position": position,
                    "id": category.id,
                    "name": category.name,
                    "definition": category.definition,
                    "includes": list(category.includes),
                    "excludes": list(category.excludes),
                    "examples": list(category.examples),
                }
                for position, category in enumerate(taxonomy.categories)
            ],
        )
        await cursor.executemany(
            "INSERT INTO product_areas (workspace_id, taxonomy_version, position, id, name,"
            " patterns, definition, parent_id) VALUES (%(workspace_id)s, %(version)s,"
            " %(position)s, %(id)s, %(name)s, %(patterns)s, %(definition)s, %(parent_id)s)",
            [
                {
                    **key,
                    "position": position,
                    **area.model_dump(exclude={"patterns"}),
                    "patterns": list(area.patterns),
                }
                for position, area in enumerate(taxonomy.areas)
            ],
        )


async def suggest_areas(
    connection: ReadConnection, workspace_id: int, *, least: int, limit: int
) -> list[ProductArea]:
    """Product areas from what the workspace itself uses: its tags, most used first.

    `least` is the number of conversations that a tag needs. Names and ids are the tag's own words.
    """
    async with connection.cursor(row_factory=class_row(ProductArea)) as cursor:
        await cursor.execute(
            "SELECT lower(tag) AS id, min(tag) AS name, ARRAY[lower(tag)] AS patterns"
            " FROM conversations, unnest(tags) AS tag"
            " WHERE workspace_id = %(workspace_id)s"
            " GROUP BY lower(tag) HAVING count(*) >= %(least)s"
            " ORDER BY count(*) DESC, 1 LIMIT %(limit)s",
            {"workspace_id": workspace_id, "least": least, "limit": limit},
        )
        return await cursor.fetchall()


async def latest_model(connection: ReadConnection, workspace_id: int) -> TextModelInfo | None:
    """The model that new readings use; null before the first was fitted."""
    async with connection.cursor(row_factory=class_row(TextModelInfo)) as cursor:
        await cursor.execute(
            "SELECT id, version, taxonomy_version, fitted_on, encoder_version, lessons, created_at,"
            " erasures < (SELECT count(*) FROM erasures WHERE workspace_id = %(workspace_id)s)"
            " AS knows_erased"
            " FROM text_models WHERE workspace_id = %(workspace_id)s ORDER BY id DESC LIMIT 1",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone()


async def read_thresholds(
    connection: ReadConnection, workspace_id: int, model_id: int
) -> dict[str, float]:
    """From which confidence on a model may decide alone, by category; absent ones never may."""
    cursor = await connection.execute(
        "SELECT key, value::float8 AS threshold FROM text_models,"
        " jsonb_each_text(calibration -> 'thresholds')"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND value IS NOT NULL",
        {"workspace_id": workspace_id, "id": model_id},
    )
    return {row["key"]: row["threshold"] async for row in cursor}


async def read_artefact(
    connection: ReadConnection, workspace_id: int, model_id: int
) -> bytes | None:
    """The bytes of a fitted model."""
    cursor = await connection.execute(
        "SELECT artefact FROM text_models WHERE workspace_id = %(workspace_id)s AND id = %(id)s",
        {"workspace_id": workspace_id, "id": model_id},
        binary=True,
    )
    row = await cursor.fetchone()
    return bytes(row["artefact"]) if row else None


async def add_model(connection: WriteConnection, workspace_id: int, fitted: NewTextModel) -> int:
    """Store a fitted model; it is the latest from now on. Returns its id."""
    cursor = await connection.execute(
        "INSERT INTO text_models (workspace_id, version, taxonomy_version, fitted_on, lessons,"
        " dimensions, encoder_version, erasures, artefact, calibration, held_out, contradictions)"
        " VALUES (%(workspace_id)s, %(version)s, %(taxonomy_version)s, %(fitted_on)s,"
        " %(lessons)s, %(dimensions)s, %(encoder_version)s, %(erasures)s, %(artefact)b,"
        " %(calibration)s, %(held_out)s, %(contradictions)s) RETURNING id",
        {
            "workspace_id": workspace_id,
            **fitted.model_dump(),
            "calibration": None if fitted.calibration is None else Jsonb(fitted.calibration),
            "held_out": Jsonb(fitted.held_out),
        },
    )
    row = await cursor.fetchone()
    # What older models have learnt from people who were erased since goes with them.
    await connection.execute(
        "UPDATE text_models SET artefact = '' WHERE workspace_id = %(workspace_id)s"
        " AND erasures < %(erasures)s",
        {"workspace_id": workspace_id, "erasures": fitted.erasures},
    )
    return int(row["id"]) if row else 0


async def copy_model(
    connection: WriteConnection, workspace_id: int, *, of_version: int, to_version: int
) -> bool:
    """Let the newest model of one taxonomy version serve another of the same content.

    It is the latest from now on; false if that version has none, or if it was emptied because
    somebody was erased.
    """
    cursor = await connection.execute(
        "INSERT INTO text_models (workspace_id, version, taxonomy_version, fitted_on, dimensions,"
        " artefact, lessons, encoder_version, calibration) SELECT workspace_id, version,"
        " %(to_version)s, fitted_on, dimensions, artefact, lessons, encoder_version, calibration"
        " FROM text_models WHERE workspace_id = %(workspace_id)s AND artefact <> ''"
        " AND id = (SELECT max(id) FROM text_models WHERE workspace_id = %(workspace_id)s"
        " AND taxonomy_version = %(of_version)s)",
        {"workspace_id": workspace_id, "of_version": of_version, "to_version": to_version},
    )
    return cursor.rowcount > 0
