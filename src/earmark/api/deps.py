"""What routes are given: connections, the workspace, the queue; annotated, for short signatures."""

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import Depends, Path, Request

from earmark.db import workspace_storage
from earmark.db.connection import Database, ReadConnection, WriteConnection
from earmark.db.models import Workspace
from earmark.db.spending_storage import Ceilings
from earmark.jobs.queue import JobQueue


def get_database(request: Request) -> Database:
    """The pool of this process."""
    database: Database = request.app.state.database
    return database


def get_queue(request: Request) -> JobQueue:
    """The job queue of this process."""
    queue: JobQueue = request.app.state.queue
    return queue


def get_ceilings(request: Request) -> Ceilings:
    """The ceilings of the settings."""
    ceilings: Ceilings = request.app.state.ceilings
    return ceilings


async def open_reader(
    database: Annotated[Database, Depends(get_database)],
) -> AsyncIterator[ReadConnection]:
    """One read-only transaction for the request."""
    async with database.read() as connection:
        yield connection


async def open_writer(
    database: Annotated[Database, Depends(get_database)],
) -> AsyncIterator[WriteConnection]:
    """One transaction for the request; it commits before the answer is sent."""
    async with database.write() as connection:
        yield connection


Reader = Annotated[ReadConnection, Depends(open_reader, scope="function")]
Writer = Annotated[WriteConnection, Depends(open_writer, scope="function")]
DefaultCeilings = Annotated[Ceilings, Depends(get_ceilings)]
Queue = Annotated[JobQueue, Depends(get_queue)]
WorkspaceCode = Annotated[
    str, Path(alias="workspace", description="The workspace's code", max_length=200)
]


async def find_workspace(reader: Reader, code: WorkspaceCode) -> Workspace:
    """The workspace that the address names."""
    return await workspace_storage.get_workspace(reader, code)


CurrentWorkspace = Annotated[Workspace, Depends(find_workspace)]
LARGEST_ID: Final = 2**63 - 1
RowId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
