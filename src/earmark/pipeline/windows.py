"""Walks windows of creation time, several at once.

Creation times never change, so nothing can slip from one window to another while they are walked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Final

from earmark.db import sync_storage, window_storage
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import Model
from earmark.db.window_storage import SyncWindow, Walk, WindowStatus
from earmark.errors import SourceUnavailable
from earmark.pipeline.intake import Intake
from earmark.pipeline.progress import Progress
from earmark.pipeline.source_calendar import Calendar
from earmark.sources.base import STUCK, Source

MOST_IN_WINDOW: Final = 15_000
_WINDOWS_AT_ONCE: Final = 4


class Found(Model):
    """What one walk through a window came to."""

    ids: frozenset[str]
    unreadable: int
    """Rows that the source counts, and that hold no usable conversation."""
    is_stuck: bool
    """The source repeated itself before the end."""


async def split(
    source: Source,
    calendar: Calendar,
    since: datetime,
    until: datetime,
    *,
    most_in_window: int = MOST_IN_WINDOW,
) -> list[SyncWindow]:
    """Windows that meet without a gap, small ones where times can tell conversations apart."""
    todo = [(calendar.floor(since), calendar.ceiling(until))]
    windows = list[SyncWindow]()
    while todo:
        low, high = todo.pop()
        number = await source.count(since=low, until=high)
        middle = calendar.floor(low + (high - low) / 2)
        if number > most_in_window and low < middle < high:
            todo += [(low, middle), (middle, high)]
        else:
            # Also where nothing is counted: a count may be wrong, and asking costs little.
            windows.append(SyncWindow(since=low, until=high, expected=number))
    return windows


class Walker:
    """Walks the windows of one workspace, for one run."""

    def __init__(
        self,
        database: Database,
        source: Source,
        workspace_id: int,
        progress: Progress,
        intake: Intake,
        calendar: Calendar,
        *,
        most_in_window: int = MOST_IN_WINDOW,
    ) -> None:
        self._database = database
        self._source = source
        self._workspace_id = workspace_id
        self._progress = progress
        self._intake = intake
        self._calendar = calendar
        self._most_in_window = most_in_window

    async def split(self, since: datetime, until: datetime) -> list[SyncWindow]:
        """Windows over what was created between these two, for a walk."""
        return await split(
            self._source, self._calendar, since, until, most_in_window=self._most_in_window
        )

    async def walk_all(self, walk: Walk) -> bool:
        """Walk what is left of the windows; false if that was cut short."""
        async with self._database.read() as connection:
            windows = await window_storage.list_windows(connection, self._workspace_id, walk)
        waiting = [window for window in windows if window.status is WindowStatus.WAITING]

        def work(window: SyncWindow) -> Callable[[], Awaitable[None]]:
            return lambda: self._walk(walk, window)

        await run_together((work(window) for window in waiting), most=_WINDOWS_AT_ONCE)
        return not await self._progress.cancelled()

    async def count_missing(self, connection: WriteConnection, walk: Walk) -> tuple[int, int]:
        """Conversations that the source counts and never listed, and windows that came short."""
        windows = await window_storage.list_windows(connection, self._workspace_id, walk)
        short = [window for window in windows if window.status is WindowStatus.SHORT]
        missing = 0
        for window in short:
            known = await sync_storage.count_alive(connection, self._workspace_id, window)
            missing += max((window.expected or 0) - known, 0)
        return missing, len(short)

    async def _walk(self, walk: Walk, window: SyncWindow) -> None:
        """Walk a window, and again if it came short of what the source counts."""
        for attempt in (1, 2):
            # A census must see a window whole, to know what is not there.
            begun = window if attempt == 1 and walk == "backfill" else _again(window)
            found = await self._walk_once(walk, begun)
            if found is None:
                return
            expected = await self._source.count(since=window.since, until=window.until)
            async with self._database.write() as connection:
                seen = found.unreadable + (
                    len(found.ids)
                    if begun.position is None
                    else await sync_storage.count_alive(connection, self._workspace_id, window)
                )
                is_short = found.is_stuck or seen < expected
                if is_short and attempt == 1:
                    continue
                if begun.position is None and not found.is_stuck:
                    await sync_storage.mark_absent(
                        connection, self._workspace_id, window, found.ids
                    )
                status = WindowStatus.SHORT if is_short else WindowStatus.DONE
                done = window.model_copy(update={"expected": expected, "status": status})
                await window_storage.save_window(connection, self._workspace_id, walk, done)
            if is_short:
                await self._tell(window, expected, seen, is_stuck=found.is_stuck)
            return

    async def _tell(self, window: SyncWindow, expected: int, seen: int, *, is_stuck: bool) -> None:
        why = " Its listing repeats itself and does not go on." if is_stuck else ""
        await self._progress.note(
            f"The source counts {expected:,} conversations between {window.since:%Y-%m-%d} and"
            f" {window.until:%Y-%m-%d}, and lists {seen:,}.{why}"
        )

    async def _walk_once(self, walk: Walk, window: SyncWindow) -> Found | None:
        """What is listed; null if a cancel was requested."""
        ids: set[str] = set()
        unreadable: set[tuple[str | None, str]] = set()
        is_stuck = False
        low, high = self._calendar.widen(window.position or window.since, window.until)
        try:
            async for page in self._source.listing(since=low, until=high):
                items = [
                    item for item in page.items if window.since <= item.created_at < window.until
                ]
                ids.update(item.id for item in items)
                unreadable.update((row.id, row.reason) for row in page.unreadable)
                newest = max((item.created_at for item in items), default=window.position)
                window = window.model_copy(update={"position": newest})
                async with self._database.write() as connection:
                    await self._intake.take(connection, page, items)
                    await window_storage.save_window(connection, self._workspace_id, walk, window)
                if await self._progress.cancelled():
                    return None
        except SourceUnavailable as error:
            if error.code != STUCK:
                raise
            is_stuck = True
        return Found(ids=frozenset(ids), unreadable=len(unreadable), is_stuck=is_stuck)


async def run_together(work: Iterable[Callable[[], Awaitable[None]]], *, most: int) -> None:
    """Do pieces of work, `most` at once; the first error stops the others and is raised."""
    waiting = iter(work)

    async def take_turns() -> None:
        for piece in waiting:
            await piece()

    tasks = [asyncio.ensure_future(take_turns()) for _ in range(most)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _again(window: SyncWindow) -> SyncWindow:
    return window.model_copy(update={"position": None})
