"""What raw counts would be if people had read everything: the figures beside them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from earmark.db import evaluation_storage, taxonomy_storage
from earmark.db.connection import ReadConnection
from earmark.db.evaluation_storage import CategoryTally, LabelStage, ThemeTally
from earmark.db.models import CANNOT_TELL, THEMELESS_CATEGORIES, Model
from earmark.evaluation.prevalence import Basis, Estimate, Stratum, estimate


class ThemeEstimates(Model):
    """Of each theme, and of what no theme explains."""

    whole: dict[int, Estimate]
    """Conversations of each theme, from the beginning."""
    recent: dict[int, Estimate]
    """Those of the period, by labels of that period alone."""
    themed: Estimate
    """Conversations that belong to any theme."""


async def estimate_categories(
    reader: ReadConnection, workspace_id: int, stage: LabelStage = "final"
) -> dict[str, Estimate]:
    """The conversations of each category; none for what the machine cannot tell."""
    tallies = await evaluation_storage.tally_categories(reader, workspace_id, stage)
    names = {tally.said for tally in tallies} | {tally.answered for tally in tallies}
    listed = sorted(name for name in names if name not in (None, CANNOT_TELL))
    rows = [strata_of_category(tallies, name) for name in listed]
    return dict(zip(listed, estimate(rows, await _basis(reader, workspace_id)), strict=True))


def strata_of_category(tallies: Iterable[CategoryTally], category_id: str) -> list[Stratum]:
    """What the machine puts into the category, what it cannot tell, and all else."""
    sizes, labels, positives = Counter[int](), Counter[int](), Counter[int]()
    for tally in tallies:
        place = 0 if tally.said == category_id else 1 if tally.said == CANNOT_TELL else 2
        sizes[place] += tally.conversations
        if tally.answered is not None:
            labels[place] += tally.conversations
        if tally.answered == category_id:
            positives[place] += tally.conversations
    return [
        Stratum(size=sizes[place], labels=labels[place], positives=positives[place])
        for place in range(3)
    ]


async def estimate_themes(
    reader: ReadConnection,
    workspace_id: int,
    theme_ids: Sequence[int],
    *,
    until: datetime,
    recent_days: int,
) -> ThemeEstimates:
    """The conversations of each theme named, whole and in the days before `until`."""
    since = until - timedelta(days=recent_days)
    tallies = await evaluation_storage.tally_themes(
        reader, workspace_id, excluded=THEMELESS_CATEGORIES, recent_from=since, until=until
    )
    basis = await _basis(reader, workspace_id)
    window = basis.model_copy(update={"since": since, "until": until})
    recent = [tally for tally in tallies if tally.recent]
    return ThemeEstimates(
        whole=_estimate_each(tallies, theme_ids, basis),
        recent=_estimate_each(recent, theme_ids, window),
        themed=estimate([strata_of_themed(tallies)], basis)[0],
    )


def _estimate_each(
    tallies: Sequence[ThemeTally], theme_ids: Sequence[int], basis: Basis
) -> dict[int, Estimate]:
    rows = strata_of_themes(tallies, theme_ids)
    return dict(zip(theme_ids, estimate(rows, basis), strict=True))


def strata_of_themes(
    tallies: Sequence[ThemeTally], theme_ids: Sequence[int]
) -> list[list[Stratum]]:
    """For each theme: where the machine finds it, where it finds none, and where others alone."""
    sizes, labels = Counter[int | None](), Counter[int | None]()
    found, in_none, anywhere = Counter[int](), Counter[int](), Counter[int]()
    for tally in tallies:
        for said in tally.said or (None,):
            sizes[said] += tally.conversations
            labels[said] += 0 if tally.answered is None else tally.conversations
        for answered in tally.answered or ():
            anywhere[answered] += tally.conversations
            if not tally.said:
                in_none[answered] += tally.conversations
            elif answered in tally.said:
                found[answered] += tally.conversations
    size = sum(tally.conversations for tally in tallies)
    asked = sum(tally.conversations for tally in tallies if tally.answered is not None)
    return [
        [
            Stratum(size=sizes[theme], labels=labels[theme], positives=found[theme]),
            Stratum(size=sizes[None], labels=labels[None], positives=in_none[theme]),
            Stratum(
                size=size - sizes[theme] - sizes[None],
                labels=asked - labels[theme] - labels[None],
                positives=anywhere[theme] - found[theme] - in_none[theme],
            ),
        ]
        for theme in theme_ids
    ]


def strata_of_themed(tallies: Iterable[ThemeTally]) -> list[Stratum]:
    """Where the machine finds any theme, and where it finds none."""
    sizes, labels, positives = Counter[bool](), Counter[bool](), Counter[bool]()
    for tally in tallies:
        themed = bool(tally.said)
        sizes[themed] += tally.conversations
        labels[themed] += 0 if tally.answered is None else tally.conversations
        positives[themed] += tally.conversations if tally.answered else 0
    return [
        Stratum(size=sizes[themed], labels=labels[themed], positives=positives[themed])
        for themed in (True, False)
    ]


async def _basis(reader: ReadConnection, workspace_id: int) -> Basis:
    taxonomy = await taxonomy_storage.get_taxonomy(reader, workspace_id)
    version = taxonomy.version if taxonomy else None
    return Basis(taxonomy_version=version, as_of=datetime.now(UTC))
