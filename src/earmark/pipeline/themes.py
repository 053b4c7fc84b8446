"""From issues to themes with stable ids.

Issues without a theme form the pool. First they are assigned to the themes that exist; what remains
is searched for new groups. A group becomes a theme once enough conversations of enough different
customers are in it. What fits nowhere stays in the pool, and its size is always shown: the
remainder.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict

from earmark.db import carry_storage, taxonomy_storage, theme_storage
from earmark.db.connection import Database
from earmark.db.models import CANNOT_TELL, THEMELESS_CATEGORIES, Decider, Model
from earmark.db.statistics import refresh_statistics
from earmark.db.theme_storage import Assignment, Part, PooledIssues, ThemeDraft
from earmark.llm.base import Grouping, ThemeFinder
from earmark.pipeline.languages import Origins
from earmark.pipeline.naming import choose_name, name_by_keywords
from earmark.pipeline.progress import Progress

_LEAST_CONVERSATIONS: Final = 3
_LEAST_CUSTOMERS: Final = 2
_BATCH: Final = 5_000
_INDUCED_ON: Final = 20_000
"""Issues that new groups are searched among; with more, the rest is assigned afterwards."""
_KEYWORDS: Final = 6


class Found(Model):
    """A new theme with the rows of the pool that it is made of."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    draft: ThemeDraft
    rows: tuple[int, ...]
    similarity: npt.NDArray[np.float32]


async def update_themes(
    database: Database, finder: ThemeFinder, workspace_id: int, progress: Progress
) -> None:
    """Assign the pool to known themes, then induce new ones from what remains."""
    async with database.read() as connection:
        info = await taxonomy_storage.latest_model(connection, workspace_id)
    if info is None:
        return
    await _refresh_statistics(database)
    async with database.read() as connection:
        fresh = await theme_storage.read_pool(
            connection,
            workspace_id,
            model_version=info.version,
            excluded=THEMELESS_CATEGORIES,
            limit=1,
            part="unsearched",
        )
    if fresh.ids:
        await _search(database, finder, workspace_id, info.version, progress)
    async with database.write() as connection:
        await carry_storage.settle_themes(connection, workspace_id)
    async with database.read() as connection:
        totals = await theme_storage.count_themed(
            connection, workspace_id, excluded=THEMELESS_CATEGORIES
        )
    await progress.report(totals.themes, totals.themes)


async def _search(
    database: Database,
    finder: ThemeFinder,
    workspace_id: int,
    model_version: str,
    progress: Progress,
) -> None:
    """Look through the pool; what was looked through once is not looked through again."""
    async with database.read() as connection:
        means = await theme_storage.read_language_means(
            connection, workspace_id, model_version=model_version
        )
    origins = Origins(means)
    await _assign_pool(database, finder, workspace_id, model_version, origins, part="unsearched")
    made = await _induce(database, finder, workspace_id, model_version, origins)
    if made and not await progress.cancelled():
        # With a large pool only a sample was searched: the rest meets the new themes here.
        await _assign_pool(database, finder, workspace_id, model_version, origins)
    async with database.write() as connection:
        await theme_storage.mark_searched(connection, workspace_id, model_version=model_version)
    await _refresh_statistics(database)


async def _refresh_statistics(database: Database) -> None:
    async with database.write() as connection:
        await refresh_statistics(connection)


async def _assign_pool(
    database: Database,
    finder: ThemeFinder,
    workspace_id: int,
    model_version: str,
    origins: Origins,
    *,
    part: Part = "all",
) -> None:
    """Walk the pool in batches, so that memory does not grow with it."""
    async with database.read() as connection:
        theme_ids, centroids = origins.join(
            await theme_storage.read_centroids(
                connection, workspace_id, model_version=model_version
            )
        )
    after = 0
    while theme_ids:
        async with database.read() as connection:
            pool = await theme_storage.read_pool(
                connection,
                workspace_id,
                model_version=model_version,
                excluded=THEMELESS_CATEGORIES,
                after=after,
                limit=_BATCH,
                part=part,
            )
        if not pool.ids:
            return
        after = pool.ids[-1]
        vectors = origins.shift(pool.vectors, pool.languages)
        fits = await asyncio.to_thread(finder.assign, vectors, centroids)
        assignments = [
            Assignment(
                issue_id=issue_id,
                theme_id=theme_ids[int(label)],
                probability=_probability(similarity),
            )
            for issue_id, label, similarity in zip(
                pool.ids, fits.labels.tolist(), fits.similarity.tolist(), strict=True
            )
            if label >= 0
        ]
        async with database.write() as connection:
            await theme_storage.assign_issues(
                connection,
                workspace_id,
                assignments,
                decider=Decider.LOCAL_MODEL,
                model_version=model_version,
            )


async def _induce(
    database: Database,
    finder: ThemeFinder,
    workspace_id: int,
    model_version: str,
    origins: Origins,
) -> int:
    """Make themes of the groups in the pool; returns how many."""
    async with database.read() as connection:
        pool = await theme_storage.read_pool(
            connection,
            workspace_id,
            model_version=model_version,
            excluded=THEMELESS_CATEGORIES,
            limit=_INDUCED_ON,
            part="sample",
        )
    if len(pool.ids) < _LEAST_CONVERSATIONS:
        return 0
    shifted = pool.model_copy(update={"vectors": origins.shift(pool.vectors, pool.languages)})
    found = await asyncio.to_thread(find_themes, finder, shifted)
    async with database.write() as connection:
        ids = await theme_storage.create_themes(
            connection,
            workspace_id,
            [theme.draft for theme in found],
            model_version=model_version,
        )
        assignments = [
            Assignment(
                issue_id=pool.ids[row],
                theme_id=theme_id,
                probability=_probability(float(similarity)),
            )
            for theme_id, theme in zip(ids, found, strict=True)
            for row, similarity in zip(theme.rows, theme.similarity, strict=True)
        ]
        await theme_storage.assign_issues(
            connection,
            workspace_id,
            assignments,
            decider=Decider.LOCAL_MODEL,
            model_version=model_version,
        )
    return len(ids)


def find_themes(finder: ThemeFinder, pool: PooledIssues) -> list[Found]:
    """The groups of a pool that may be themes, largest first; uses the CPU only."""
    grouping = finder.induce(pool.vectors, min_size=_LEAST_CONVERSATIONS)
    groups = [rows for rows in _rows_by_group(grouping) if _is_enough(pool, rows)]
    groups.sort(key=len, reverse=True)
    terms = finder.distinctive_terms(
        [[pool.statements[row] for row in rows] for rows in groups], most=_KEYWORDS
    )
    return [
        _describe(finder, pool, grouping, rows, keywords)
        for rows, keywords in zip(groups, terms, strict=True)
    ]


def _rows_by_group(grouping: Grouping) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for row, label in enumerate(grouping.labels.tolist()):
        if label >= 0:
            groups.setdefault(label, []).append(row)
    return list(groups.values())


def _is_enough(pool: PooledIssues, rows: Sequence[int]) -> bool:
    """Thirty messages of one customer are one customer's trouble, not a theme."""
    conversations = {pool.conversation_ids[row] for row in rows}
    customers = {pool.customer_ids[row] for row in rows}
    return len(conversations) >= _LEAST_CONVERSATIONS and len(customers) >= _LEAST_CUSTOMERS


def _describe(
    finder: ThemeFinder,
    pool: PooledIssues,
    grouping: Grouping,
    rows: Sequence[int],
    keywords: Sequence[str],
) -> Found:
    members = np.asarray(rows)
    typical = [rows[rank] for rank in finder.rank(pool.vectors[members])]
    name = choose_name([pool.statements[row] for row in typical], keywords)
    similarity = grouping.similarity[members]
    return Found(
        draft=ThemeDraft(
            name=name.text,
            plain_name=name_by_keywords(keywords),
            named_by=None if name.statement is None else pool.ids[typical[name.statement]],
            keywords=tuple(keywords),
            category_id=_majority([pool.category_ids[row] for row in rows]),
            product_area_id=_majority([pool.area_ids[row] for row in rows]),
            cohesion=_probability(float(similarity.mean())),
        ),
        rows=tuple(rows),
        similarity=similarity,
    )


def _majority(values: Sequence[str | None]) -> str | None:
    """The most frequent value that is known, if at least half of the known ones have it."""
    known = Counter(value for value in values if value not in (None, CANNOT_TELL))
    if not known:
        return None
    value, number = known.most_common(1)[0]
    return value if 2 * number >= known.total() else None


def _probability(similarity: float) -> float:
    return min(max(similarity, 0.0), 1.0)
