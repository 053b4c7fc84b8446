"""Changes of the taxonomy together with the jobs that they need, in one transaction each."""

from earmark.db import change_storage
from earmark.db.change_storage import TaxonomyChange
from earmark.db.connection import WriteConnection
from earmark.errors import Conflict
from earmark.jobs.queue import JobQueue, start_run
from earmark.pipeline import taxonomy_change


async def queue_preview(
    connection: WriteConnection, queue: JobQueue, workspace_id: int, change: TaxonomyChange
) -> TaxonomyChange:
    """Let a worker preview a draft; one that is being made is not begun again."""
    await taxonomy_change.require_usable(connection, workspace_id, change)
    if change.preview_status in ("queued", "running"):
        return change
    await change_storage.request_preview(connection, workspace_id, change.id)
    await queue.preview(connection, workspace_id, change.id)
    return await change_storage.get_change(connection, workspace_id, change.id)


async def cancel_preview(
    connection: WriteConnection, workspace_id: int, change: TaxonomyChange
) -> TaxonomyChange:
    """Stop making a preview; raises `Conflict` if none is being made."""
    if not await change_storage.cancel_preview(connection, workspace_id, change.id):
        raise Conflict(f"No preview of change {change.id} of the taxonomy is being made.")
    return await change_storage.get_change(connection, workspace_id, change.id)


async def apply_change(
    connection: WriteConnection,
    queue: JobQueue,
    workspace_id: int,
    change: TaxonomyChange,
    *,
    unseen: bool = False,
) -> TaxonomyChange:
    """Apply a draft and start its replay; raises `Conflict` while another run is under way."""
    await taxonomy_change.apply(connection, workspace_id, change, unseen=unseen)
    return await _replay(connection, queue, workspace_id, change)


async def revert_change(
    connection: WriteConnection, queue: JobQueue, workspace_id: int, change: TaxonomyChange
) -> TaxonomyChange:
    """Take an applied change back and start the replay; raises `Conflict` as above."""
    await taxonomy_change.revert(connection, workspace_id, change)
    return await _replay(connection, queue, workspace_id, change)


async def _replay(
    connection: WriteConnection, queue: JobQueue, workspace_id: int, change: TaxonomyChange
) -> TaxonomyChange:
    run = await start_run(connection, queue, workspace_id, taxonomy_change.REPLAY)
    await change_storage.set_run(connection, workspace_id, change.id, run.id)
    return await change_storage.get_change(connection, workspace_id, change.id)
