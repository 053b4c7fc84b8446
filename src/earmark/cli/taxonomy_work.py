"""Waits for what a taxonomy command has queued, and shows how far it is."""

import asyncio
from typing import Final

from earmark.cli.output import console
from earmark.cli.watching import watch_run
from earmark.db import change_storage, run_storage
from earmark.db.change_storage import TaxonomyChange
from earmark.db.connection import Database
from earmark.db.models import Run

_POLL_SECONDS: Final = 0.25


async def await_preview(database: Database, workspace_id: int, change_id: int) -> TaxonomyChange:
    """The change, once its preview has ended in some way."""
    told = -1
    while True:
        async with database.read() as reader:
            change = await change_storage.get_change(reader, workspace_id, change_id)
        if change.preview_status not in ("queued", "running"):
            return change
        if change.preview_done != told and change.preview_total:
            told = change.preview_done
            console.print(f"Read {told:,} of {change.preview_total:,} conversations twice.")
        await asyncio.sleep(_POLL_SECONDS)


async def await_run(database: Database, workspace_id: int, run_id: int) -> Run:
    """The run, once it has ended."""
    async with database.read() as reader:
        run = await run_storage.get_run(reader, workspace_id, run_id)
    ended, _ = await watch_run(database, run)
    return ended
