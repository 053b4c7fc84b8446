"""The taxonomy: its versions, and the changes that lead from one to the next."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field

from earmark.api.deps import CurrentWorkspace, Queue, Reader, RowId, Writer
from earmark.api.problems import problem_responses
from earmark.db import change_storage, preview_storage, taxonomy_storage
from earmark.db.change_storage import ChangeStatus, Proposal, TaxonomyChange, Text
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model, Taxonomy
from earmark.db.preview_storage import CategoryWeek, WeekSize
from earmark.db.taxonomy_storage import TaxonomyVersion
from earmark.errors import VersionMissing
from earmark.jobs import taxonomy_jobs
from earmark.pipeline import taxonomy_change
from earmark.pipeline.taxonomy_diff import Operation, derive
from earmark.pipeline.taxonomy_rules import Finding, check

router = APIRouter(
    prefix="/workspaces/{workspace}/taxonomy",
    tags=["taxonomy"],
    responses=problem_responses(404, 422, 503),
)

_SHOWN_EXAMPLES: Final = 200
_EDITS: Final = problem_responses(400, 409, 412, 428)

VersionNumber = Annotated[
    int | None, Query(alias="taxonomy", ge=1, le=2**31 - 1, description="Version; else the newest")
]
IfMatch = Annotated[
    str | None, Header(max_length=200, description="`ETag` of the change that was read")
]


class TaxonomyDetail(Model):
    """One version of the taxonomy, in the form in which it can be proposed again."""

    version: int
    is_current: bool
    taxonomy: Taxonomy
    draft_id: int | None
    """The draft that is open, if there is one."""


class ChangeSummary(Model):
    """A change without what it proposes."""

    id: int
    base_version: int
    status: ChangeStatus
    note: str
    applied_version: int | None
    reverted_version: int | None
    run_id: int | None
    created_at: datetime
    updated_at: datetime


class ChangeDetail(Model):
    """A change, what it does, what is wrong with it, and what a preview has shown."""

    change: TaxonomyChange
    is_previewed: bool
    """There is a preview of what it says now."""
    operations: tuple[Operation, ...]
    findings: tuple[Finding, ...]
    excerpts: dict[str, str]
    """How the conversations begin that the preview names as examples, as they are stored now."""


class ChangeBody(Model):
    """What shall be proposed; without a proposal the present taxonomy, for editing."""

    proposal: Proposal | None = None
    note: Annotated[Text, Field(max_length=500)] = ""


class EditBody(Model):
    """What shall be proposed from now on."""

    proposal: Proposal
    note: Annotated[Text, Field(max_length=500)] = ""


class ApplyBody(Model):
    """How to apply."""

    without_preview: bool = False
    """Also if nobody has seen what it would do."""


class CategoryChart(Model):
    """Conversations per week and category under one version of the taxonomy."""

    version: int
    weeks: tuple[WeekSize, ...]
    counts: tuple[CategoryWeek, ...]
    unread: int
    """Conversations of these weeks that were never read under that version."""


@router.get("", operation_id="getTaxonomy")
async def get_taxonomy(
    reader: Reader, workspace: CurrentWorkspace, version: VersionNumber = None
) -> TaxonomyDetail:
    """A version of the taxonomy."""
    taxonomy = await taxonomy_change.require_taxonomy(reader, workspace.id, version)
    newest = await taxonomy_change.require_taxonomy(reader, workspace.id)
    draft = await change_storage.find_draft(reader, workspace.id)
    return TaxonomyDetail(
        version=taxonomy.version,
        is_current=taxonomy.version == newest.version,
        taxonomy=taxonomy,
        draft_id=draft.id if draft else None,
    )


@router.get("/versions", operation_id="listTaxonomyVersions")
async def list_versions(reader: Reader, workspace: CurrentWorkspace) -> list[TaxonomyVersion]:
    """All versions, newest first."""
    return await taxonomy_storage.list_versions(reader, workspace.id)


@router.get("/categories", operation_id="countCategories")
async def count_categories(
    reader: Reader,
    workspace: CurrentWorkspace,
    version: VersionNumber = None,
    weeks: Annotated[int, Query(ge=1, le=104, description="Weeks up to the newest day")] = 12,
) -> CategoryChart:
    """Conversations per week and category, under any version: the newest label of each."""
    taxonomy = await taxonomy_change.require_taxonomy(reader, workspace.id, version)
    counts = await preview_storage.count_weeks(
        reader, workspace.id, version=taxonomy.version, weeks=weeks
    )
    return CategoryChart(
        version=taxonomy.version,
        weeks=tuple(await preview_storage.list_weeks(reader, workspace.id, weeks=weeks)),
        counts=tuple(counts),
        unread=sum(row.conversations for row in counts if row.category_id is None),
    )


@router.get("/changes", operation_id="listTaxonomyChanges")
async def list_changes(reader: Reader, workspace: CurrentWorkspace) -> list[ChangeSummary]:
    """The hundred newest changes, newest first."""
    return [
        ChangeSummary(**change.model_dump(include=set(ChangeSummary.model_fields)))
        for change in await change_storage.list_changes(reader, workspace.id)
    ]


@router.post(
    "/changes",
    operation_id="draftTaxonomyChange",
    status_code=201,
    responses=problem_responses(400, 409),
)
async def draft_change(
    response: Response, writer: Writer, workspace: CurrentWorkspace, body: ChangeBody
) -> ChangeDetail:
    """Begin a change; `Location` names it. One draft is open at a time."""
    change = await taxonomy_change.open_draft(writer, workspace.id, body.proposal, note=body.note)
    response.headers["Location"] = _address(workspace.code, change)
    return await _describe(response, writer, workspace.id, change)


@router.get("/changes/{change_id}", operation_id="getTaxonomyChange")
async def get_change(
    response: Response, reader: Reader, workspace: CurrentWorkspace, change_id: RowId
) -> ChangeDetail:
    """One change; its `ETag` is what an edit must name in `If-Match`."""
    change = await change_storage.get_change(reader, workspace.id, change_id)
    return await _describe(response, reader, workspace.id, change)


@router.put("/changes/{change_id}", operation_id="editTaxonomyChange", responses=_EDITS)
async def edit_change(
    response: Response,
    writer: Writer,
    workspace: CurrentWorkspace,
    change_id: RowId,
    body: EditBody,
    if_match: IfMatch = None,
) -> ChangeDetail:
    """Put another proposal into a draft. It may still be wrong: `findings` say what is."""
    change = await _lock(writer, workspace.id, change_id, if_match)
    edited = await taxonomy_change.edit_draft(
        writer, workspace.id, change, body.proposal, note=body.note
    )
    return await _describe(response, writer, workspace.id, edited)


@router.delete(
    "/changes/{change_id}",
    operation_id="discardTaxonomyChange",
    status_code=204,
    responses=problem_responses(409, 412, 428),
)
async def discard_change(
    writer: Writer, workspace: CurrentWorkspace, change_id: RowId, if_match: IfMatch = None
) -> None:
    """Close a draft without applying it; it stays in the list."""
    change = await _lock(writer, workspace.id, change_id, if_match)
    taxonomy_change.require_draft(change)
    await change_storage.discard_change(writer, workspace.id, change_id)


@router.post(
    "/changes/{change_id}/preview",
    operation_id="previewTaxonomyChange",
    status_code=202,
    responses=problem_responses(409),
)
async def preview_change(
    response: Response,
    writer: Writer,
    queue: Queue,
    workspace: CurrentWorkspace,
    change_id: RowId,
) -> ChangeDetail:
    """Let a worker find out what a draft would do; `Location` shows how far it is."""
    change = await change_storage.lock_change(writer, workspace.id, change_id)
    queued = await taxonomy_jobs.queue_preview(writer, queue, workspace.id, change)
    response.headers["Location"] = _address(workspace.code, change)
    return await _describe(response, writer, workspace.id, queued)


@router.delete(
    "/changes/{change_id}/preview",
    operation_id="cancelTaxonomyPreview",
    responses=problem_responses(409),
)
async def cancel_preview(
    response: Response, writer: Writer, workspace: CurrentWorkspace, change_id: RowId
) -> ChangeDetail:
    """Stop making a preview."""
    change = await change_storage.lock_change(writer, workspace.id, change_id)
    cancelled = await taxonomy_jobs.cancel_preview(writer, workspace.id, change)
    return await _describe(response, writer, workspace.id, cancelled)


@router.post(
    "/changes/{change_id}/apply",
    operation_id="applyTaxonomyChange",
    status_code=202,
    responses=_EDITS,
)
async def apply_change(
    response: Response,
    writer: Writer,
    queue: Queue,
    workspace: CurrentWorkspace,
    change_id: RowId,
    body: ApplyBody,
    if_match: IfMatch = None,
) -> ChangeDetail:
    """Make a draft the newest version and start its replay; `Location` names the run."""
    change = await _lock(writer, workspace.id, change_id, if_match)
    applied = await taxonomy_jobs.apply_change(
        writer, queue, workspace.id, change, unseen=body.without_preview
    )
    response.headers["Location"] = f"/api/v1/workspaces/{workspace.code}/runs/{applied.run_id}"
    return await _describe(response, writer, workspace.id, applied)


@router.post(
    "/changes/{change_id}/revert",
    operation_id="revertTaxonomyChange",
    status_code=202,
    responses=problem_responses(409, 412, 428),
)
async def revert_change(
    response: Response,
    writer: Writer,
    queue: Queue,
    workspace: CurrentWorkspace,
    change_id: RowId,
    if_match: IfMatch = None,
) -> ChangeDetail:
    """Bring back, as a new version, what was before; `Location` names the run."""
    change = await _lock(writer, workspace.id, change_id, if_match)
    reverted = await taxonomy_jobs.revert_change(writer, queue, workspace.id, change)
    response.headers["Location"] = f"/api/v1/workspaces/{workspace.code}/runs/{reverted.run_id}"
    return await _describe(response, writer, workspace.id, reverted)


def _address(code: str, change: TaxonomyChange) -> str:
    return f"/api/v1/workspaces/{code}/taxonomy/changes/{change.id}"


def _tag(change: TaxonomyChange) -> str:
    return f'"{change.id}-{change.revision}"'


async def _lock(
    writer: WriteConnection, workspace_id: int, change_id: int, if_match: str | None
) -> TaxonomyChange:
    """The change, if the writer has seen its last edit."""
    change = await change_storage.lock_change(writer, workspace_id, change_id)
    if if_match is None:
        raise VersionMissing(
            "The request does not say which edit of the change it is made of.",
            why="Without that, one person could undo what another has just written.",
            fix="Send the `ETag` of the change as `If-Match`.",
        )
    if if_match.strip() != _tag(change):
        raise change_storage.stale(change_id)
    return change


async def _describe(
    response: Response, reader: ReadConnection, workspace_id: int, change: TaxonomyChange
) -> ChangeDetail:
    response.headers["ETag"] = _tag(change)
    base = await taxonomy_change.require_taxonomy(reader, workspace_id, change.base_version)
    moves = change.preview.moves if change.preview else ()
    named = [identifier for move in moves for identifier in move.examples]
    return ChangeDetail(
        change=change,
        is_previewed=change.is_previewed,
        operations=tuple(derive(base, change.proposal)),
        findings=tuple(check(base, change.proposal)) if change.status == "draft" else (),
        excerpts=await preview_storage.list_excerpts(reader, workspace_id, named[:_SHOWN_EXAMPLES]),
    )
