"""Contact drivers: themes as reasons why customers write, and how surely that has changed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from earmark.api.estimates import ThemeEstimates, estimate_themes
from earmark.db import insight_storage, theme_storage
from earmark.db.connection import ReadConnection
from earmark.db.insight_storage import Quote, ThemeVolume
from earmark.db.models import Model, Theme
from earmark.evaluation import intervals
from earmark.evaluation.intervals import Change
from earmark.evaluation.prevalence import Estimate

RECENT_DAYS: Final = 7
BEFORE_DAYS: Final = 28

Verdict = Literal["rising", "falling", "new", "unclear"]


class Driver(Model):
    """One theme as a reason why customers write, and how that has changed."""

    theme: Theme
    volume: ThemeVolume
    usual: float
    """Conversations that a week had on average over the four weeks before."""
    change: Change
    verdict: Verdict
    """Rising or falling only where that is sure among all themes; new: first seen this week.

    Of many themes some change by chance: of those that are called rising or falling, one in twenty
    at most is expected to (Benjamini and Hochberg).
    """
    quotes: tuple[Quote, ...]
    estimate: Estimate
    """How many conversations truly belong to the theme."""
    recent_estimate: Estimate
    """The same of this week, which needs labels of this week."""


class Drivers(Model):
    """Drivers, and how much all themes together explain."""

    items: tuple[Driver, ...]
    themed: Estimate | None
    """Conversations that belong to any theme; null before there are conversations."""


async def load_drivers(
    reader: ReadConnection,
    workspace_id: int,
    *,
    until: datetime,
    quotes: int,
    theme_ids: Sequence[int] | None = None,
    most: int | None = None,
) -> Drivers:
    """Drivers with `quotes` quotes each: all or those named by size, or the `most` telling ones."""
    recent_from = until - timedelta(days=RECENT_DAYS)
    every = await insight_storage.theme_volumes(
        reader,
        workspace_id,
        recent_from=recent_from,
        before_from=recent_from - timedelta(days=BEFORE_DAYS),
        until=until,
    )
    verdicts = _verdicts(every, recent_from)
    volumes = [v for v in every if theme_ids is None or v.theme_id in theme_ids]
    if most is not None:
        volumes = sorted(volumes, key=lambda v: _telling(v, verdicts), reverse=True)[:most]
    ids = [volume.theme_id for volume in volumes]
    themes = await theme_storage.list_themes(reader, workspace_id, ids)
    by_id = {theme.id: theme for theme in themes}
    said: dict[int, list[Quote]] = {theme_id: [] for theme_id in ids}
    for quote in await insight_storage.theme_quotes(
        reader, workspace_id, ids, per_theme=quotes, recent_from=recent_from
    ):
        said[quote.theme_id].append(quote)
    behind = await estimate_themes(reader, workspace_id, ids, until=until, recent_days=RECENT_DAYS)
    return Drivers(
        items=tuple(
            _to_driver(by_id[volume.theme_id], volume, said[volume.theme_id], verdicts, behind)
            for volume in volumes
            if volume.theme_id in by_id
        ),
        themed=behind.themed,
    )


def end_of_day(moment: datetime) -> datetime:
    """Midnight UTC after `moment`: weeks are compared by whole days."""
    midnight = datetime.combine(moment.astimezone(UTC).date(), datetime.min.time(), UTC)
    return midnight + timedelta(days=1)


def _telling(volume: ThemeVolume, verdicts: Mapping[int, Verdict]) -> tuple[int, float]:
    """Sure rises first, by how many more conversations they brought; then by present size."""
    if verdicts[volume.theme_id] == "rising":
        return 1, volume.recent - _usual(volume)
    return 0, volume.recent


def _verdicts(volumes: Sequence[ThemeVolume], recent_from: datetime) -> dict[int, Verdict]:
    known = [volume for volume in volumes if volume.first_at < recent_from]
    sure = intervals.discoveries(
        [
            intervals.change_p_value(
                volume.recent, volume.before, now_days=RECENT_DAYS, before_days=BEFORE_DAYS
            )
            for volume in known
        ]
    )
    verdicts: dict[int, Verdict] = {volume.theme_id: "new" for volume in volumes}
    for volume, is_sure in zip(known, sure, strict=True):
        direction: Verdict = "rising" if volume.recent > _usual(volume) else "falling"
        verdicts[volume.theme_id] = direction if is_sure else "unclear"
    return verdicts


def _change(volume: ThemeVolume) -> Change:
    return intervals.change(
        volume.recent, volume.before, now_days=RECENT_DAYS, before_days=BEFORE_DAYS
    )


def _usual(volume: ThemeVolume) -> float:
    return volume.before * RECENT_DAYS / BEFORE_DAYS


def _to_driver(
    theme: Theme,
    volume: ThemeVolume,
    quotes: Sequence[Quote],
    verdicts: Mapping[int, Verdict],
    behind: ThemeEstimates,
) -> Driver:
    return Driver(
        theme=theme,
        volume=volume,
        usual=_usual(volume),
        change=_change(volume),
        verdict=verdicts[theme.id],
        quotes=tuple(quotes),
        estimate=behind.whole[theme.id],
        recent_estimate=behind.recent[theme.id],
    )
