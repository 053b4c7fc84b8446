"""`earmark themes` and `earmark stories`: what was found, as tables or JSON."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.measure import Measurement
from rich.table import Table

from earmark.api.drivers import Driver, end_of_day, load_drivers
from earmark.cli.output import (
    ExitCode,
    JsonOption,
    WorkspaceOption,
    console,
    escape,
    execute,
    print_json,
    stdout,
)
from earmark.cli.workspaces import open_workspace
from earmark.db import conversation_storage, story_storage, theme_storage
from earmark.db.models import THEMELESS_CATEGORIES, Model, Story
from earmark.db.theme_storage import ThemeTotals
from earmark.evaluation.prevalence import Estimate

_NAMES = frozenset({"Theme", "Story"})
_PADDING = 2
_SHORTEST_NAME = 12

LimitOption = Annotated[int, typer.Option(min=1, max=500, help="Rows to show.")]


class ThemesReport(Model):
    """Themes with their change, and how much of the workspace they explain."""

    workspace: str
    totals: ThemeTotals
    themes: tuple[Driver, ...]


class StoriesReport(Model):
    """Stories, best first."""

    workspace: str
    stories: tuple[Story, ...]


def themes(
    limit: LimitOption = 25, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """The themes that customers write about, those that have changed first."""
    execute(_themes(limit, workspace, as_json), as_json=as_json)


def stories(
    limit: LimitOption = 25, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """The stories that the themes have earned, best first."""
    execute(_stories(limit, workspace, as_json), as_json=as_json)


async def _themes(limit: int, code: str | None, as_json: bool) -> ExitCode:
    async with open_workspace(code) as (reader, workspace):
        latest = await conversation_storage.latest_conversation_at(reader, workspace.id)
        drivers: Sequence[Driver] = ()
        if latest is not None:
            loaded = await load_drivers(
                reader, workspace.id, until=end_of_day(latest), quotes=1, most=limit
            )
            drivers = loaded.items
        totals = await theme_storage.count_themed(
            reader, workspace.id, excluded=THEMELESS_CATEGORIES
        )
    if as_json:
        print_json(ThemesReport(workspace=workspace.code, totals=totals, themes=tuple(drivers)))
        return ExitCode.DONE
    table = _table("Id", "Theme", "All", "Measured", "Customers", "This week", "Usual", "Change")
    for driver in drivers:
        volume, change = driver.volume, driver.change
        ratio = "new" if change.value is None else f"×{change.value:.1f}"
        high = "∞" if change.high is None else f"{change.high:.1f}"
        table.add_row(
            *(str(driver.theme.id), escape(driver.theme.name), f"{volume.conversations:,}"),
            *(
                _measured(driver.estimate),
                f"{volume.customers:,}",
                str(volume.recent),
                f"{driver.usual:.1f}",
            ),
            f"{driver.verdict} {ratio} ({change.low:.1f}-{high})",
        )
    stdout.print(_fitted(table))
    remainder = totals.conversations - totals.themed
    console.print(
        f"{totals.themes:,} themes explain {totals.themed:,} of {totals.conversations:,}"
        f" conversations; {remainder:,} are in the remainder."
    )
    return ExitCode.DONE


def _measured(estimate: Estimate) -> str:
    """How many there truly are, or how many labels that needs."""
    if estimate.count is None:
        return f"{estimate.missing:,} labels missing"
    return f"{estimate.count.value:,.0f} ({estimate.count.low:,.0f}-{estimate.count.high:,.0f})"


async def _stories(limit: int, code: str | None, as_json: bool) -> ExitCode:
    async with open_workspace(code) as (reader, workspace):
        found = await story_storage.list_stories(reader, workspace.id, limit=limit)
    if as_json:
        print_json(StoriesReport(workspace=workspace.code, stories=tuple(found)))
        return ExitCode.DONE
    table = _table("Id", "Story", "Customers a quarter", "Score")
    for story in found:
        reach, score = story.reach, story.score
        table.add_row(
            str(story.id),
            escape(story.title),
            f"{reach.value:.0f} ({reach.low:.0f}-{reach.high:.0f})",
            f"{score.value:.1f} ({score.low:.1f}-{score.high:.1f})",
        )
    stdout.print(_fitted(table))
    if not found:
        console.print("No theme has earned a story yet.")
    return ExitCode.DONE


def _table(*columns: str) -> Table:
    """One line per row."""
    table = Table(box=None)
    for column in columns:
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    return table


def _fitted(table: Table) -> Table:
    """Names are cut to the terminal's width, figures never."""
    names = [column for column in table.columns if column.header in _NAMES]
    figures = [column for column in table.columns if column.header not in _NAMES]
    for column in figures:
        column.width = max(
            Measurement.get(stdout, stdout.options, cell).maximum
            for cell in (column.header, *column.cells)
        )
    taken = sum((column.width or 0) + _PADDING for column in figures)
    for column in names:
        column.max_width = max(stdout.width - taken - _PADDING, _SHORTEST_NAME)
    return table
