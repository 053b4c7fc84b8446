"""Runs: start, watch live, cancel."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from earmark.api.deps import (
    LARGEST_ID,
    CurrentWorkspace,
    Queue,
    Reader,
    RowId,
    Writer,
    get_database,
)
from earmark.api.problems import problem_responses
from earmark.db import run_reading_storage, run_storage
from earmark.db.connection import Database
from earmark.db.models import AFTER_FETCHING, Model, Run, RunEvent, Stage, StageProgress
from earmark.db.run_reading_storage import RunReading
from earmark.jobs import queue as jobs

router = APIRouter(
    prefix="/workspaces/{workspace}/runs",
    tags=["runs"],
    responses=problem_responses(404, 422, 503),
)

_POLL_SECONDS: Final = 0.3
_KEEP_ALIVE_SECONDS: Final = 15.0


class RunDetail(Model):
    """A run and how far each of its stages is."""

    run: Run
    stages: tuple[StageProgress, ...]


@router.get("", operation_id="listRuns")
async def list_runs(reader: Reader, workspace: CurrentWorkspace) -> list[Run]:
    """The hundred newest runs, newest first."""
    return await run_storage.list_runs(reader, workspace.id, limit=100)


@router.post("", operation_id="startRun", status_code=202, responses=problem_responses(409))
async def start_run(
    response: Response, writer: Writer, queue: Queue, workspace: CurrentWorkspace
) -> RunDetail:
    """Queue a run over the workspace; `Location` names it."""
    # Files lie on the machine where they were imported: `earmark import` reads them again.
    stages = AFTER_FETCHING if workspace.kind == "file" else tuple(Stage)
    run = await jobs.start_run(writer, queue, workspace.id, stages)
    response.headers["Location"] = f"/api/v1/workspaces/{workspace.code}/runs/{run.id}"
    progress = await run_storage.list_stages(writer, workspace.id, run.id)
    return RunDetail(run=run, stages=tuple(progress))


@router.get("/{run_id}", operation_id="getRun")
async def get_run(reader: Reader, workspace: CurrentWorkspace, run_id: RowId) -> RunDetail:
    """One run."""
    run = await run_storage.get_run(reader, workspace.id, run_id)
    stages = await run_storage.list_stages(reader, workspace.id, run_id)
    return RunDetail(run=run, stages=tuple(stages))


@router.get("/{run_id}/reading", operation_id="getRunReading")
async def get_run_reading(reader: Reader, workspace: CurrentWorkspace, run_id: RowId) -> RunReading:
    """Who decided the labels of a run, what it left waiting, and what failed."""
    run = await run_storage.get_run(reader, workspace.id, run_id)
    return await run_reading_storage.get_run_reading(reader, run)


@router.post(
    "/{run_id}/cancel",
    operation_id="cancelRun",
    status_code=202,
    responses=problem_responses(409),
)
async def cancel_run(
    writer: Writer, queue: Queue, workspace: CurrentWorkspace, run_id: RowId
) -> RunDetail:
    """Ask a run to stop at the next safe point; what it has done stays."""
    run = await jobs.cancel_run(writer, queue, workspace.id, run_id)
    stages = await run_storage.list_stages(writer, workspace.id, run.id)
    return RunDetail(run=run, stages=tuple(stages))


async def find_run(
    workspace: CurrentWorkspace,
    run_id: RowId,
    database: Annotated[Database, Depends(get_database)],
) -> int:
    """The run's id, if there is one: a stream that has begun can answer nothing but its events."""
    async with database.read() as reader:
        return (await run_storage.get_run(reader, workspace.id, run_id)).id


@router.get("/{run_id}/events", operation_id="streamRunEvents", response_class=EventSourceResponse)
async def stream_events(
    workspace: CurrentWorkspace,
    run_id: Annotated[int, Depends(find_run)],
    database: Annotated[Database, Depends(get_database)],
    last_event_id: Annotated[int, Header(ge=0, le=LARGEST_ID)] = 0,
) -> AsyncIterator[ServerSentEvent]:
    """The run's events as they happen, from after `Last-Event-ID`; ends when the run does."""
    seen, spoke_at = last_event_id, time.monotonic()
    while True:
        async with database.read() as reader:
            run = await run_storage.get_run(reader, workspace.id, run_id)
            events = await run_storage.list_events(reader, workspace.id, run_id, after=seen)
        for event in events:
            seen = event.id
            yield _to_sse(event)
        if run.finished_at is not None and not events:
            return
        if events:
            spoke_at = time.monotonic()
        elif time.monotonic() - spoke_at > _KEEP_ALIVE_SECONDS:
            spoke_at = time.monotonic()
            yield ServerSentEvent(comment="still here")
        await asyncio.sleep(_POLL_SECONDS)


def _to_sse(event: RunEvent) -> ServerSentEvent:
    return ServerSentEvent(id=str(event.id), event=event.kind, data=event)
