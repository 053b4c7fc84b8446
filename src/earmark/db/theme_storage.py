"""Themes: the pool of issues that belong to none, assignments, versions."""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from psycopg.rows import class_row, scalar_row
from pydantic import ConfigDict

from earmark.db.bulk import stage
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Decider, Model, Theme

Vectors = npt.NDArray[np.float32]


Part = Literal["all", "sample", "unsearched"]


class PooledIssues(Model):
    """Issues with their embeddings; row i of `vectors` belongs to entry i of the lists."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    ids: tuple[int, ...]
    conversation_ids: tuple[str, ...]
    customer_ids: tuple[str, ...]
    category_ids: tuple[str | None, ...]
    area_ids: tuple[str | None, ...]
    statements: tuple[str, ...]
    languages: tuple[str | None, ...]
    vectors: Vectors


class Centroids(Model):
    """The mean embedding of each theme's members in each language, not normalised."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    theme_ids: tuple[int, ...]
    languages: tuple[str | None, ...]
    sizes: tuple[int, ...]
    vectors: Vectors


class LanguageMeans(Model):
    """The mean embedding of all issues in each language, the most frequent language first."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    languages: tuple[str, ...]
    sizes: tuple[int, ...]
    vectors: Vectors


class ThemeDraft(Model):
    """A theme version to be written."""

    name: str
    plain_name: str
    """What it is called instead if the words are no longer there."""
    named_by: int | None
    """The issue whose words the name is."""
    keywords: tuple[str, ...]
    category_id: str | None
    product_area_id: str | None
    cohesion: float


class Assignment(Model):
    """An issue that belongs to a theme."""

    issue_id: int
    theme_id: int
    probability: float


class ThemeName(Model):
    """A theme by its present name."""

    id: int
    name: str
    keywords: tuple[str, ...]


class ThemeTotals(Model):
    """How the workspace's conversations are spread over themes."""

    conversations: int
    """Read and not spam."""
    themed: int
    """Of these: at least one issue is in a theme."""
    without_issue: int
    """Of these: no issue was found in it."""
    themes: int


async def read_pool(
    connection: ReadConnection,
    workspace_id: int,
    *,
    model_version: str,
    excluded: Sequence[str],
    after: int = 0,
    limit: int,
    part: Part = "all",
) -> PooledIssues:
    """Issues without a theme, embedded by `model_version`, not of an `excluded` category.

    In the order of their ids, beginning after `after`. Those that no search for themes has seen
    yet are "unsearched"; a "sample" is even, and the same in every database that holds the same
    conversations.
    """
    parameters: dict[str, object] = {
        "workspace_id": workspace_id,
        "model_version": model_version,
        "excluded": list(excluded),
        "after": after,
        "limit": limit,
        "sampled": part == "sample",
        "unsearched": part == "unsearched",
    }
    cursor = await connection.execute(
        "SELECT i.id, i.conversation_id, coalesce(c.contact_id, 'of ' || c.id) AS customer_id,"
        " l.category_id, i.product_area_id AS area_id, i.statement, f.language, e.embedding"
        " FROM issues i JOIN embeddings e ON (e.workspace_id, e.issue_id) = (i.workspace_id, i.id)"
        " JOIN conversations c ON (c.workspace_id, c.id) = (i.workspace_id, i.conversation_id)"
        " LEFT JOIN classifications l ON (l.workspace_id, l.conversation_id)"
        " = (c.workspace_id, c.id) AND l.stage = 'final' AND l.is_current"
        " LEFT JOIN facets f ON (f.workspace_id, f.conversation_id) = (c.workspace_id, c.id)"
        " WHERE i.workspace_id = %(workspace_id)s AND i.id > %(after)s"
        " AND e.model_version = %(model_version)s AND NOT (e.searched AND %(unsearched)s)"
        " AND NOT coalesce(l.category_id, '') = ANY(%(excluded)s)"
        " AND NOT EXISTS (SELECT FROM theme_assignments a WHERE a.workspace_id = i.workspace_id"
        " AND a.issue_id = i.id AND a.superseded_at IS NULL)"
        " ORDER BY CASE WHEN %(sampled)s THEN hashtextextended(i.conversation_id, i.position)"
        " ELSE i.id END, i.id"
        " LIMIT %(limit)s",
        parameters,
        binary=True,
    )
    rows = await cursor.fetchall()
    return PooledIssues(
        ids=tuple(row["id"] for row in rows),
        conversation_ids=tuple(row["conversation_id"] for row in rows),
        customer_ids=tuple(row["customer_id"] for row in rows),
        category_ids=tuple(row["category_id"] for row in rows),
        area_ids=tuple(row["area_id"] for row in rows),
        statements=tuple(row["statement"] for row in rows),
        languages=tuple(row["language"] for row in rows),
        vectors=_stack(row["embedding"].to_numpy() for row in rows),
    )


def _stack(vectors: Iterable[npt.NDArray[np.floating]]) -> Vectors:
    listed = list(vectors)
    if not listed:
        return np.zeros((0, 0), dtype=np.float32)
    return np.vstack(listed).astype(np.float32)


async def mark_searched(
    connection: WriteConnection, workspace_id: int, *, model_version: str
) -> None:
    """Record that themes have been looked for among all issues that there are."""
    await connection.execute(
        "UPDATE embeddings SET searched = true WHERE workspace_id = %(workspace_id)s"
        " AND model_version = %(model_version)s AND NOT searched",
        {"workspace_id": workspace_id, "model_version": model_version},
    )


async def read_centroids(
    connection: ReadConnection, workspace_id: int, *, model_version: str
) -> Centroids:
    """The centroid of every theme that has members embedded by `model_version`, per language."""
    cursor = await connection.execute(
        "SELECT a.theme_id, f.language, count(*)::int AS size,"
        " avg(e.embedding::vector) AS centroid"
        " FROM theme_assignments a JOIN embeddings e"
        " ON (e.workspace_id, e.issue_id) = (a.workspace_id, a.issue_id)"
        " JOIN issues i ON (i.workspace_id, i.id) = (e.workspace_id, e.issue_id)"
        " LEFT JOIN facets f ON (f.workspace_id, f.conversation_id)"
        " = (i.workspace_id, i.conversation_id)"
        " JOIN themes t ON (t.workspace_id, t.id) = (a.workspace_id, a.theme_id)"
        " WHERE a.workspace_id = %(workspace_id)s AND a.superseded_at IS NULL"
        " AND t.merged_into IS NULL AND e.model_version = %(model_version)s"
        " GROUP BY a.theme_id, f.language ORDER BY a.theme_id, f.language",
        {"workspace_id": workspace_id, "model_version": model_version},
        binary=True,
    )
    rows = await cursor.fetchall()
    return Centroids(
        theme_ids=tuple(row["theme_id"] for row in rows),
        languages=tuple(row["language"] for row in rows),
        sizes=tuple(row["size"] for row in rows),
        vectors=_stack(row["centroid"].to_numpy() for row in rows),
    )


async def read_language_means(
    connection: ReadConnection, workspace_id: int, *, model_version: str
) -> LanguageMeans:
    """The mean embedding of each language's issues."""
    cursor = await connection.execute(
        "SELECT f.language, count(*)::int AS size, avg(e.embedding::vector) AS mean"
        " FROM embeddings e"
        " JOIN issues i ON (i.workspace_id, i.id) = (e.workspace_id, e.issue_id)"
        " JOIN facets f ON (f.workspace_id, f.conversation_id)"
        " = (i.workspace_id, i.conversation_id)"
        " WHERE e.workspace_id = %(workspace_id)s AND e.model_version = %(model_version)s"
        " AND f.language IS NOT NULL GROUP BY f.language ORDER BY count(*) DESC, f.language",
        {"workspace_id": workspace_id, "model_version": model_version},
        binary=True,
    )
    rows = await cursor.fetchall()
    return LanguageMeans(
        languages=tuple(row["language"] for row in rows),
        sizes=tuple(row["size"] for row in rows),
        vectors=_stack(row["mean"].to_numpy() for row in rows),
    )


async def create_themes(
    connection: WriteConnection,
    workspace_id: int,
    drafts: Sequence[ThemeDraft],
    *,
    model_version: str,
) -> list[int]:
    """Make a theme for each draft; returns their ids in the same order."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "INSERT INTO themes (workspace_id) SELECT %(workspace_id)s"
            " FROM generate_series(1, %(number)s) RETURNING id",
            {"workspace_id": workspace_id, "number": len(drafts)},
        )
        ids: list[int] = sorted(await cursor.fetchall())
    await _add_versions(
        connection, workspace_id, list(zip(ids, drafts, strict=True)), model_version
    )
    return ids


async def _add_versions(
    connection: WriteConnection,
    workspace_id: int,
    drafts: Sequence[tuple[int, ThemeDraft]],
    model_version: str,
) -> None:
    namers = [draft.named_by for _, draft in drafts if draft.named_by is not None]
    present = await _lock_issues(connection, workspace_id, namers)
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO theme_versions (workspace_id, theme_id, version, name, named_by,"
            " keywords, category_id, product_area_id, cohesion, model_version)"
            " SELECT workspace_id, id, current_version, %(name)s, %(named_by)s, %(keywords)s,"
            " %(category_id)s, %(product_area_id)s, %(cohesion)s, %(model_version)s FROM themes"
            " WHERE workspace_id = %(workspace_id)s AND id = %(theme_id)s",
            [
                {
                    "workspace_id": workspace_id,
                    "theme_id": theme_id,
                    "model_version": model_version,
                    **_chosen(draft, present).model_dump(exclude={"keywords", "plain_name"}),
                    "keywords": list(draft.keywords),
                }
                for theme_id, draft in drafts
            ],
        )


def _chosen(draft: ThemeDraft, present: set[int]) -> ThemeDraft:
    if draft.named_by is None or draft.named_by in present:
        return draft
    return draft.model_copy(update={"name": draft.plain_name, "named_by": None})


async def _lock_issues(
    connection: WriteConnection, workspace_id: int, issue_ids: Sequence[int]
) -> set[int]:
    """Those of the issues that are still there; until the transaction ends, they stay."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT id FROM issues WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s)"
            " ORDER BY id FOR KEY SHARE",
            {"workspace_id": workspace_id, "ids": list(issue_ids)},
        )
        return set(await cursor.fetchall())


async def assign_issues(
    connection: WriteConnection,
    workspace_id: int,
    assignments: Sequence[Assignment],
    *,
    decider: Decider,
    model_version: str,
) -> None:
    """Append assignments; an issue that has a current one keeps it."""
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_assignments (issue_id bigint,"
        " theme_id bigint, probability real) ON COMMIT DELETE ROWS",
        copy="COPY staged_assignments FROM STDIN (FORMAT BINARY)",
        types=("int8", "int8", "float4"),
        rows=((row.issue_id, row.theme_id, row.probability) for row in assignments),
    )
    # Joined with issues: one that was read anew meanwhile may be gone.
    await connection.execute(
        "INSERT INTO theme_assignments (workspace_id, issue_id, theme_id, probability, decider,"
        " model_version) SELECT i.workspace_id, i.id, s.theme_id, s.probability, %(decider)s,"
        " %(model_version)s FROM staged_assignments s JOIN issues i"
        " ON i.workspace_id = %(workspace_id)s AND i.id = s.issue_id"
        " ON CONFLICT (workspace_id, issue_id) WHERE superseded_at IS NULL DO NOTHING",
        {
            "workspace_id": workspace_id,
            "decider": decider.value,
            "model_version": model_version,
        },
    )
    await connection.execute("DELETE FROM staged_assignments")


async def list_themes(
    connection: ReadConnection, workspace_id: int, theme_ids: Sequence[int] | None = None
) -> list[Theme]:
    """Current versions of themes that are not merged away; all, or those named."""
    async with connection.cursor(row_factory=class_row(Theme)) as cursor:
        await cursor.execute(
            "SELECT t.id, v.version, v.name, v.keywords, v.category_id, v.product_area_id,"
            " v.cohesion, t.merged_into, t.created_at, v.created_at AS updated_at"
            " FROM themes t JOIN theme_versions v ON (v.workspace_id, v.theme_id, v.version)"
            " = (t.workspace_id, t.id, t.current_version)"
            " WHERE t.workspace_id = %(workspace_id)s AND t.merged_into IS NULL"
            " AND (%(ids)s::bigint[] IS NULL OR t.id = ANY(%(ids)s)) ORDER BY t.id",
            {
                "workspace_id": workspace_id,
                "ids": None if theme_ids is None else list(theme_ids),
            },
        )
        return await cursor.fetchall()


async def list_theme_names(
    connection: ReadConnection, workspace_id: int, *, most: int = 500
) -> list[ThemeName]:
    """The names of the largest themes."""
    async with connection.cursor(row_factory=class_row(ThemeName)) as cursor:
        await cursor.execute(
            "SELECT t.id, v.name, v.keywords FROM themes t JOIN theme_versions v"
            " ON (v.workspace_id, v.theme_id, v.version)"
            " = (t.workspace_id, t.id, t.current_version)"
            " LEFT JOIN (SELECT theme_id, count(*) AS size FROM theme_assignments"
            " WHERE workspace_id = %(workspace_id)s AND superseded_at IS NULL GROUP BY theme_id) a"
            " ON a.theme_id = t.id WHERE t.workspace_id = %(workspace_id)s"
            " AND t.merged_into IS NULL ORDER BY a.size DESC NULLS LAST, t.id LIMIT %(most)s",
            {"workspace_id": workspace_id, "most": most},
        )
        return await cursor.fetchall()


async def count_themed(
    connection: ReadConnection, workspace_id: int, *, excluded: Sequence[str]
) -> ThemeTotals:
    """How much of the workspace the themes explain; the rest is the remainder."""
    async with connection.cursor(row_factory=class_row(ThemeTotals)) as cursor:
        await cursor.execute(
            "SELECT count(*) AS conversations,"
            " count(*) FILTER (WHERE EXISTS (SELECT FROM issues i JOIN theme_assignments a"
            " ON (a.workspace_id, a.issue_id) = (i.workspace_id, i.id)"
            " WHERE a.superseded_at IS NULL AND i.workspace_id = l.workspace_id"
            " AND i.conversation_id = l.conversation_id)) AS themed,"
            " count(*) FILTER (WHERE NOT EXISTS (SELECT FROM issues i"
            " WHERE i.workspace_id = l.workspace_id AND i.conversation_id = l.conversation_id))"
            " AS without_issue,"
            " (SELECT count(*) FROM themes t WHERE t.workspace_id = %(workspace_id)s"
            " AND t.merged_into IS NULL) AS themes"
            " FROM classifications l JOIN conversations c"
            " ON (c.workspace_id, c.id) = (l.workspace_id, l.conversation_id)"
            " WHERE l.workspace_id = %(workspace_id)s AND l.stage = 'final' AND l.is_current"
            " AND NOT l.category_id = ANY(%(excluded)s)",
            {"workspace_id": workspace_id, "excluded": list(excluded)},
        )
        row = await cursor.fetchone()
    return row or ThemeTotals(conversations=0, themed=0, without_issue=0, themes=0)


async def primary_themes(connection: ReadConnection, workspace_id: int) -> dict[str, int]:
    """The theme of each conversation's first themed issue."""
    cursor = await connection.execute(
        "SELECT DISTINCT ON (i.conversation_id) i.conversation_id, a.theme_id FROM issues i"
        " JOIN theme_assignments a ON (a.workspace_id, a.issue_id) = (i.workspace_id, i.id)"
        " WHERE i.workspace_id = %(workspace_id)s AND a.superseded_at IS NULL"
        " ORDER BY i.conversation_id, i.position",
        {"workspace_id": workspace_id},
    )
    return {row["conversation_id"]: row["theme_id"] async for row in cursor}
