"""Themes: the list, and one theme with its trend and its verified quotes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter

from earmark.api.deps import CurrentWorkspace, Reader, RowId
from earmark.api.drivers import Driver, end_of_day, load_drivers
from earmark.api.paging import CursorText, Limit, decode_cursor, encode_cursor
from earmark.api.problems import problem_responses
from earmark.db import conversation_storage, insight_storage, story_storage, theme_storage
from earmark.db.connection import ReadConnection
from earmark.db.insight_storage import Quote, WeekCount
from earmark.db.models import THEMELESS_CATEGORIES, Model
from earmark.db.theme_storage import ThemeTotals
from earmark.errors import NotFound
from earmark.evaluation.prevalence import Estimate

router = APIRouter(
    prefix="/workspaces/{workspace}/themes",
    tags=["themes"],
    responses=problem_responses(404, 422, 503),
)

TREND_WEEKS: Final = 26


class TrendPoint(Model):
    """Conversations in the week that begins on this Monday (UTC)."""

    week: datetime
    conversations: int


class ThemeRow(Model):
    """A theme as the table shows it."""

    driver: Driver
    trend: tuple[int, ...]
    """Conversations per week, oldest first, the newest week last."""


class ThemeList(Model):
    """All themes, largest first, and how much they explain."""

    totals: ThemeTotals
    themed_estimate: Estimate | None
    """Conversations that belong to any theme; null before there are conversations."""
    weeks: tuple[datetime, ...]
    """The Mondays that the trends' entries belong to."""
    items: tuple[ThemeRow, ...]


class ThemeDetail(Model):
    """One theme."""

    driver: Driver
    trend: tuple[TrendPoint, ...]
    story_id: int | None


class QuotePage(Model):
    """Quotes, surest first, one of each customer before a second of any."""

    items: tuple[Quote, ...]
    next: str | None


@router.get("", operation_id="listThemes")
async def list_themes(reader: Reader, workspace: CurrentWorkspace) -> ThemeList:
    """All themes with their trend over half a year."""
    totals = await theme_storage.count_themed(reader, workspace.id, excluded=THEMELESS_CATEGORIES)
    until = await _until(reader, workspace.id)
    if until is None:
        return ThemeList(totals=totals, themed_estimate=None, weeks=(), items=())
    weeks = _mondays(until)
    counts = await insight_storage.weekly_counts(reader, workspace.id, since=weeks[0])
    trends = _trends(counts, weeks)
    drivers = await load_drivers(reader, workspace.id, until=until, quotes=1)
    return ThemeList(
        totals=totals,
        themed_estimate=drivers.themed,
        weeks=weeks,
        items=tuple(
            ThemeRow(driver=driver, trend=trends[driver.theme.id]) for driver in drivers.items
        ),
    )


@router.get("/{theme_id}", operation_id="getTheme")
async def get_theme(reader: Reader, workspace: CurrentWorkspace, theme_id: RowId) -> ThemeDetail:
    """One theme with its trend."""
    until = await _until(reader, workspace.id)
    drivers: Sequence[Driver] = ()
    if until is not None:
        loaded = await load_drivers(
            reader, workspace.id, until=until, quotes=5, theme_ids=[theme_id]
        )
        drivers = loaded.items
    if until is None or not drivers:
        raise NotFound(
            f"There is no theme {theme_id} in this workspace.",
            fix="The list of themes shows those that exist.",
        )
    weeks = _mondays(until)
    counts = await insight_storage.weekly_counts(
        reader, workspace.id, since=weeks[0], theme_ids=[theme_id]
    )
    points = zip(weeks, _trends(counts, weeks)[theme_id], strict=True)
    return ThemeDetail(
        driver=drivers[0],
        trend=tuple(TrendPoint(week=week, conversations=number) for week, number in points),
        story_id=await story_storage.find_story_id(reader, workspace.id, theme_id),
    )


@router.get("/{theme_id}/quotes", operation_id="listThemeQuotes")
async def list_quotes(
    reader: Reader,
    workspace: CurrentWorkspace,
    theme_id: RowId,
    cursor: CursorText = None,
    limit: Limit = 20,
) -> QuotePage:
    """The customers' words for a theme, in pages."""
    key = decode_cursor(cursor, int)
    offset: int = min(max(key[0], 0), 100_000) if key else 0
    quotes = await insight_storage.theme_quotes(
        reader, workspace.id, [theme_id], per_theme=limit + 1, offset=offset
    )
    more = len(quotes) > limit
    return QuotePage(
        items=tuple(quotes[:limit]), next=encode_cursor(offset + limit) if more else None
    )


async def _until(reader: ReadConnection, workspace_id: int) -> datetime | None:
    latest = await conversation_storage.latest_conversation_at(reader, workspace_id)
    return end_of_day(latest) if latest else None


def _mondays(until: datetime) -> tuple[datetime, ...]:
    """The weeks of a trend; the last one holds the day that ends at `until`."""
    day = until - timedelta(days=1)
    newest = day - timedelta(days=day.weekday())
    return tuple(newest - timedelta(weeks=back) for back in range(TREND_WEEKS - 1, -1, -1))


def _trends(
    counts: list[WeekCount], weeks: tuple[datetime, ...]
) -> defaultdict[int, tuple[int, ...]]:
    numbers = {(count.theme_id, count.week): count.conversations for count in counts}
    trends: defaultdict[int, tuple[int, ...]] = defaultdict(lambda: (0,) * len(weeks))
    for theme_id in {count.theme_id for count in counts}:
        trends[theme_id] = tuple(numbers.get((theme_id, week.date()), 0) for week in weeks)
    return trends
