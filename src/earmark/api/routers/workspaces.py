"""Workspaces, and the page that opens first: what changed this week."""

from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter

from earmark.api import estimates
from earmark.api.deps import CurrentWorkspace, Reader
from earmark.api.drivers import RECENT_DAYS, Driver, Drivers, end_of_day, load_drivers
from earmark.api.problems import problem_responses
from earmark.db import (
    classification_storage,
    conversation_storage,
    run_storage,
    sync_storage,
    taxonomy_storage,
    theme_storage,
    workspace_storage,
)
from earmark.db.connection import ReadConnection
from earmark.db.models import (
    THEMELESS_CATEGORIES,
    Category,
    Model,
    ProductArea,
    Run,
    Workspace,
)
from earmark.db.sync_storage import Coverage
from earmark.db.theme_storage import ThemeTotals
from earmark.evaluation.prevalence import Estimate

router = APIRouter(prefix="/workspaces", tags=["workspaces"])

_DRIVERS: Final = 20
_QUOTES: Final = 5


class WorkspaceDetail(Model):
    """A workspace with the names that its labels have."""

    workspace: Workspace
    taxonomy_version: int | None
    categories: tuple[Category, ...]
    areas: tuple[ProductArea, ...]


class CategoryFigure(Model):
    """How many conversations carry a category now, and how many truly belong to it."""

    category_id: str
    conversations: int
    estimate: Estimate | None
    """Null for what nobody could tell: it is no category that a conversation belongs to."""


class Week(Model):
    """This week: seven days up to the newest conversation, against the four weeks before."""

    since: datetime | None
    until: datetime | None
    coverage: Coverage
    categories: tuple[CategoryFigure, ...]
    themed: ThemeTotals
    themed_estimate: Estimate | None
    """Conversations that belong to any theme; null before there are conversations."""
    drivers: tuple[Driver, ...]
    last_run: Run | None


@router.get("", operation_id="listWorkspaces", responses=problem_responses(503))
async def list_workspaces(reader: Reader) -> list[Workspace]:
    """All workspaces, newest first."""
    return await workspace_storage.list_workspaces(reader)


@router.get("/{workspace}", operation_id="getWorkspace", responses=problem_responses(404, 422, 503))
async def get_workspace(reader: Reader, workspace: CurrentWorkspace) -> WorkspaceDetail:
    """One workspace, with its categories and product areas."""
    taxonomy = await taxonomy_storage.get_taxonomy(reader, workspace.id)
    return WorkspaceDetail(
        workspace=workspace,
        taxonomy_version=taxonomy.version if taxonomy else None,
        categories=taxonomy.categories if taxonomy else (),
        areas=taxonomy.areas if taxonomy else (),
    )


@router.get("/{workspace}/week", operation_id="getWeek", responses=problem_responses(404, 422, 503))
async def get_week(reader: Reader, workspace: CurrentWorkspace) -> Week:
    """Contact drivers ranked by how surely they have changed."""
    latest = await conversation_storage.latest_conversation_at(reader, workspace.id)
    until = end_of_day(latest) if latest else None
    drivers = Drivers(items=(), themed=None)
    if until is not None:
        drivers = await load_drivers(
            reader, workspace.id, until=until, quotes=_QUOTES, most=_DRIVERS
        )
    runs = await run_storage.list_runs(reader, workspace.id, limit=1)
    return Week(
        since=until - timedelta(days=RECENT_DAYS) if until else None,
        until=until,
        coverage=await sync_storage.get_coverage(reader, workspace.id),
        categories=await _count_categories(reader, workspace.id),
        themed=await theme_storage.count_themed(
            reader, workspace.id, excluded=THEMELESS_CATEGORIES
        ),
        themed_estimate=drivers.themed,
        drivers=drivers.items,
        last_run=runs[0] if runs else None,
    )


async def _count_categories(
    reader: ReadConnection, workspace_id: int
) -> tuple[CategoryFigure, ...]:
    counts = await classification_storage.count_categories(reader, workspace_id)
    behind = await estimates.estimate_categories(reader, workspace_id)
    return tuple(
        CategoryFigure(
            category_id=count.category_id,
            conversations=count.conversations,
            estimate=behind.get(count.category_id),
        )
        for count in counts
    )
