"""The completeness ledger: what the source says exists, against what is stored."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from earmark.api.deps import CurrentWorkspace, Reader
from earmark.api.problems import problem_responses
from earmark.db import event_storage, import_storage, sync_storage
from earmark.db.import_storage import UnreadableRow
from earmark.db.models import Model
from earmark.db.sync_storage import Coverage, CoverageDay, CoverageGap

router = APIRouter(
    prefix="/workspaces/{workspace}/coverage",
    tags=["coverage"],
    responses=problem_responses(404, 422, 503),
)


class CoverageReport(Model):
    """Completeness in total, per day, and every conversation that is not whole (at most 500)."""

    total: Coverage
    days: tuple[CoverageDay, ...]
    gaps: tuple[CoverageGap, ...]
    unreadable: tuple[UnreadableRow, ...]
    """Rows that hold no usable conversation (at most 500)."""
    last_event_at: datetime | None
    """When the last notification came; null if none ever did."""
    events_silent_since: datetime | None
    """When the last notification came, if they have stopped although conversations change."""


@router.get("", operation_id="getCoverage")
async def get_coverage(
    reader: Reader,
    workspace: CurrentWorkspace,
    since: Annotated[date, Query(description="First day, UTC")] = date(2000, 1, 1),
    until: Annotated[date, Query(description="Last day, UTC")] = date(2199, 12, 31),
) -> CoverageReport:
    """How complete the workspace is."""
    return CoverageReport(
        total=await sync_storage.get_coverage(reader, workspace.id),
        days=tuple(
            await sync_storage.list_coverage_days(reader, workspace.id, since=since, until=until)
        ),
        gaps=tuple(await sync_storage.list_gaps(reader, workspace.id, limit=500)),
        unreadable=tuple(await import_storage.list_unreadable(reader, workspace.id, limit=500)),
        last_event_at=await event_storage.last_event_at(reader, workspace.id),
        events_silent_since=await event_storage.silent_since(reader, workspace.id),
    )
