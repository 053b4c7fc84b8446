"""Where the `earmark taxonomy` commands work, and the options that they share."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, NamedTuple

import typer

from earmark.cli.output import configure_logging
from earmark.cli.workspaces import pick_workspace
from earmark.db import change_storage
from earmark.db.change_storage import TaxonomyChange
from earmark.db.connection import Database, ReadConnection
from earmark.db.models import Workspace
from earmark.errors import NotFound
from earmark.jobs.queue import JobQueue, open_queue
from earmark.settings import Settings
from earmark.wiring import Wiring

YesOption = Annotated[
    bool, typer.Option("--yes", help="Do it; without this, only say what would be done.")
]


class Place(NamedTuple):
    """Where a command works."""

    wiring: Wiring
    database: Database
    queue: JobQueue
    workspace: Workspace


@asynccontextmanager
async def open_place(code: str | None) -> AsyncGenerator[Place]:
    """The database, the queue and the workspace of that code, or the only one."""
    settings = Settings.read()
    configure_logging(settings.log_level)
    wiring = Wiring(settings)
    async with wiring.database() as database, open_queue(database) as queue:
        async with database.read() as reader:
            workspace = await pick_workspace(reader, code)
        yield Place(wiring, database, queue, workspace)


async def find_change(
    reader: ReadConnection, workspace_id: int, change_id: int | None
) -> TaxonomyChange:
    """That change, or the open draft; raises `NotFound`."""
    if change_id is not None:
        return await change_storage.get_change(reader, workspace_id, change_id)
    draft = await change_storage.find_draft(reader, workspace_id)
    if draft is None:
        raise NotFound(
            "There is no draft of the taxonomy.",
            fix="Begin one: `earmark taxonomy export taxonomy.yaml`, edit the file, then"
            " `earmark taxonomy import taxonomy.yaml --yes`.",
        )
    return draft
