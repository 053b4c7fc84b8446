"""Which workspace a command is about."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from earmark.cli.output import configure_logging
from earmark.db import workspace_storage
from earmark.db.connection import Database, ReadConnection, WriteConnection
from earmark.db.models import Workspace
from earmark.errors import NotFound
from earmark.settings import Settings
from earmark.wiring import Wiring


@asynccontextmanager
async def open_workspace(code: str | None) -> AsyncGenerator[tuple[ReadConnection, Workspace]]:
    """A read connection and the workspace with that code, or the newest; raises `NotFound`."""
    async with _open_database() as database, database.read() as reader:
        yield reader, await pick_workspace(reader, code)


@asynccontextmanager
async def write_workspace(code: str | None) -> AsyncGenerator[tuple[WriteConnection, Workspace]]:
    """The same with a connection that writes, in one transaction."""
    async with _open_database() as database, database.write() as writer:
        yield writer, await pick_workspace(writer, code)


@asynccontextmanager
async def _open_database() -> AsyncGenerator[Database]:
    settings = Settings.read()
    configure_logging(settings.log_level)
    async with Wiring(settings).database() as database:
        yield database


async def pick_workspace(reader: ReadConnection, code: str | None) -> Workspace:
    """The workspace with that code, or the newest; raises `NotFound`."""
    if code is not None:
        return await workspace_storage.get_workspace(reader, code)
    known = await workspace_storage.list_workspaces(reader)
    if not known:
        raise NotFound("There is no workspace yet.", fix="Run `earmark demo` or `earmark run`.")
    return known[0]
