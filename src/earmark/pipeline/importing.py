"""From files to the database: the first stages of a run, without waiting for a worker.

A file is there only where the command was typed, so the command reads it, by the same stages as
any source. What the files do not hold stays as it is: they are a part, never the whole truth.
"""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from earmark.db import (
    conversation_storage,
    import_storage,
    run_storage,
    sync_storage,
    workspace_storage,
)
from earmark.db.connection import Database
from earmark.db.import_storage import Known
from earmark.db.locks import is_held
from earmark.db.models import Checkpoint, Model, Run, RunStatus, Stage, Thread, Workspace
from earmark.db.statistics import refresh_statistics
from earmark.errors import Conflict, EarmarkError, NotFound
from earmark.pipeline import ingest
from earmark.pipeline.enrichment import PEOPLE, enrich
from earmark.pipeline.intake import Intake
from earmark.pipeline.listing import BACKFILL
from earmark.pipeline.mask import without_secrets
from earmark.pipeline.progress import Progress
from earmark.sources.base import ListingPage, Source, SourceIdentity

STAGES: Final = (Stage.SYNC, Stage.FETCH)
_PAGE: Final = 100
_REASONS_AT_ONCE: Final = 1_000
_INTERRUPTED: Final = (
    "The import was interrupted. Type the same `earmark import` again, on any machine that can read"
    " the files: what is stored already stays, the rest is read."
)


class ImportCounts(Model):
    """The conversations of the files against those that were stored before."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    older: int = 0
    """Stored in a later version than the files'; these stay as they are."""


async def open_workspace(database: Database, identity: SourceIdentity) -> Workspace:
    """The workspace that files go to; raises `Conflict` if its code is that of another kind."""
    async with database.write() as connection:
        try:
            known = await workspace_storage.get_workspace(connection, identity.code)
        except NotFound:
            known = None
        if known is not None and known.kind != "file":
            raise Conflict(
                f"There is a workspace {identity.code} that is not made of files.",
                fix="Choose another name: --name NAME.",
            )
        return await workspace_storage.upsert_workspace(
            connection,
            code=identity.code,
            name=identity.name,
            kind="file",
            region=identity.region,
            timezone=identity.timezone,
        )


def lock_name(workspace_id: int) -> str:
    """The lock that an import to this workspace holds from before its run begins."""
    return f"import:{workspace_id}"


async def end_abandoned(database: Database) -> list[Run]:
    """End the runs of imports whose process is gone; returns them.

    No other process can go on by itself: it does not know the files. Whoever can read them can, and
    is told how.
    """
    async with database.write() as connection:
        # First the runs, then the locks: the lock is taken before a run begins.
        runs = await import_storage.list_under_way(connection)
        gone = [run for run in runs if not await is_held(connection, lock_name(run.workspace_id))]
        for run in gone:
            await run_storage.finish_run(connection, run, RunStatus.FAILED, error=_INTERRUPTED)
    return gone


async def unfinished_run(database: Database, workspace_id: int) -> Run | None:
    """A run that is to be gone on with; one that was an import and was cut off is ended here.

    To be called by whoever holds the lock on imports to this workspace.
    """
    async with database.write() as connection:
        newest = await run_storage.list_runs(connection, workspace_id, limit=1)
        if not newest or newest[0].finished_at is not None:
            return None
        stages = await run_storage.list_stages(connection, workspace_id, newest[0].id)
        if Stage.SYNC not in {stage.stage for stage in stages}:
            return newest[0]
        await run_storage.finish_run(connection, newest[0], RunStatus.FAILED, error=_INTERRUPTED)
        return None


async def begin(
    database: Database, workspace_id: int, prefixes: Sequence[str], reasons: Iterable[str]
) -> Run:
    """A run that reads files, and the rows that were left out of them, with the reasons.

    What an earlier import left out of the same files (`prefixes`: how their reasons begin) is
    forgotten.
    """
    left_out = iter(reasons)
    async with database.write() as connection:
        run = await run_storage.create_run(connection, workspace_id, STAGES)
        await import_storage.forget_unreadable(connection, workspace_id, prefixes)
        while some := list(islice(left_out, _REASONS_AT_ONCE)):
            await import_storage.add_unreadable(connection, workspace_id, some)
        for stream in (BACKFILL, PEOPLE):
            # Looked through from the beginning: these files may be others than the last ones.
            await sync_storage.save_checkpoint(connection, workspace_id, Checkpoint(), stream)
    return run


async def read_in(database: Database, source: Source, run: Run) -> ImportCounts:
    """List, fetch and store what the files hold; the run ends with it, in whatever way."""
    status, error = RunStatus.FAILED, "The import ended early."
    try:
        progress = Progress(database, run, Stage.SYNC)
        counts = await _list(database, source, run, progress)
        await _fetch(database, source, run, progress)
        is_cancelled = await progress.cancelled()
        status, error = RunStatus.CANCELLED if is_cancelled else RunStatus.SUCCEEDED, ""
    except EarmarkError as problem:
        error = str(problem)
        raise
    except asyncio.CancelledError:
        status, error = RunStatus.CANCELLED, ""
        raise
    finally:
        async with database.write() as connection:
            await run_storage.finish_run(connection, run, status, error=error or None)
    return counts


async def _list(database: Database, source: Source, run: Run, progress: Progress) -> ImportCounts:
    """Take everything into the ledger; what has changed without a later time is opened again.

    Not by the listing of a live source: that takes what is no longer listed for gone.
    """
    async with database.write() as connection:
        await run_storage.start_stage(connection, run, Stage.SYNC)
    identity = await source.identity()
    await enrich(database, source, run.workspace_id, identity.server_time, progress.note)
    expected = await source.count(since=None, until=identity.server_time)
    intake = Intake(database, run.workspace_id, progress)
    await intake.begin(expected)
    counts = dict.fromkeys(ImportCounts.model_fields, 0)
    async for page in source.listing(since=None, until=None):
        changed = await _compare(database, source, run.workspace_id, page, counts)
        async with database.write() as connection:
            await import_storage.reopen(connection, run.workspace_id, changed)
            await intake.take(connection, page, page.items)
        if await progress.cancelled():
            break
    async with database.write() as connection:
        done = Checkpoint(expected=expected, finished=True)
        await sync_storage.save_checkpoint(connection, run.workspace_id, done, BACKFILL)
        await refresh_statistics(connection)
        await run_storage.finish_stage(connection, run, Stage.SYNC)
    return ImportCounts(**counts)


async def _compare(
    database: Database,
    source: Source,
    workspace_id: int,
    page: ListingPage,
    counts: dict[str, int],
) -> list[str]:
    """Count what is new on a page; returns what has changed."""
    ids = [item.id for item in page.items]
    async with database.read() as connection:
        known = await import_storage.list_known(connection, workspace_id, ids)
    counts["new"] += len(ids) - len(known)
    changed: list[str] = []
    for thread in await source.fetch(list(known)):
        if isinstance(thread, Thread):
            word = judge(thread, known[thread.conversation.id])
            counts[word] += 1
            if word == "changed":
                changed.append(thread.conversation.id)
    return changed


def judge(thread: Thread, known: Known) -> str:
    """`changed`, `unchanged` or `older`, by what is stored."""
    fresh = without_secrets(thread)
    if fresh.conversation.updated_at < known.conversation.updated_at:
        return "older"
    same = fresh.conversation == known.conversation
    is_said = conversation_storage.content_hash(fresh) == known.content_hash
    return "unchanged" if same and is_said else "changed"


async def _fetch(database: Database, source: Source, run: Run, progress: Progress) -> None:
    async with database.write() as connection:
        total = await run_storage.create_fetch_pages(
            connection, run, max_attempts=ingest.MOST_ATTEMPTS, page_size=_PAGE
        )
        await run_storage.start_stage(connection, run, Stage.FETCH, total=total)
        pages = await run_storage.claim_pages(connection, run, Stage.FETCH, limit=total)
    for page in pages:
        async with database.read() as connection:
            ids = await run_storage.read_page(connection, run, Stage.FETCH, page)
        await ingest.fetch_page(database, source, run.workspace_id, ids)
        async with database.write() as connection:
            await run_storage.finish_page(connection, run, Stage.FETCH, page)
        if await progress.cancelled():
            return
    async with database.write() as connection:
        await run_storage.finish_stage(connection, run, Stage.FETCH)
