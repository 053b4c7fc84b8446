"""What the source has, and what has changed there: the ledger is brought up to date.

The first time, windows of creation time are walked, several at once; creation times never change,
so nothing can slip from one window to another. Afterwards, what was updated since is asked for,
with an overlap, because an index may lag. Now and then a census walks windows again and finds what
no event and no update has told of.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from earmark.db import conversation_storage, people_storage, sync_storage, window_storage
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import Checkpoint, LedgerEntry, LedgerStatus, SyncWindow, WindowStatus
from earmark.db.window_storage import Walk
from earmark.pipeline.mask import without_secrets
from earmark.pipeline.progress import Progress
from earmark.sources.base import Listed, ListingPage, Order, Source

_MOST_IN_WINDOW: Final = 15_000
_WINDOWS_AT_ONCE: Final = 4
_OVERLAP: Final = timedelta(minutes=15)
_DAY: Final = timedelta(days=1)
_RECENT: Final = timedelta(days=30)
_RECENT_CENSUS_EVERY: Final = timedelta(hours=20)
_FULL_CENSUS_EVERY: Final = timedelta(days=30)
_DELETIONS_OVERLAP: Final = timedelta(hours=1)
_OPENINGS_FROM: Final = 5_000
"""With more to fetch than that, the first messages are stored at once, from the listing."""

BACKFILL: Final = "conversations"
UPDATES: Final = "updates"
DELETIONS: Final = "deletions"
_RECENT_CENSUS: Final = "recent census"
_FULL_CENSUS: Final = "full census"


class Listing:
    """One look at what the source has, for one run."""

    def __init__(
        self, database: Database, source: Source, workspace_id: int, progress: Progress
    ) -> None:
        self._database = database
        self._source = source
        self._workspace_id = workspace_id
        self._progress = progress
        self._listed = 0
        self._expected = 0
        self._with_openings = False
        self._calendar = Calendar(by_day=False, zone=ZoneInfo("UTC"))

    async def update(self) -> None:
        """Look for all that is new; returns early if a cancel is requested."""
        identity = await self._source.identity()
        self._calendar = Calendar(
            by_day=await self._source.dates_by_day(), zone=find_zone(identity.timezone)
        )
        now = identity.server_time
        if not (await self._checkpoint(BACKFILL)).finished:
            await self._backfill(now)
        else:
            await self._catch_up()
            await self._census(now)
        if not await self._progress.cancelled():
            await self._note_deletions(now)

    # ------------------------------------------------------------ the first time

    async def _backfill(self, now: datetime) -> None:
        begun = await self._checkpoint(BACKFILL)
        if begun.until is None:
            since = await self._source.edge(Order.CREATED, newest=False)
            windows = await self._split(since, now) if since is not None else []
            begun = Checkpoint(until=now, expected=sum(window.expected or 0 for window in windows))
            async with self._database.write() as connection:
                await window_storage.replace_windows(
                    connection, self._workspace_id, "backfill", windows
                )
                await self._save(connection, BACKFILL, begun)
        self._expected = begun.expected or 0
        self._with_openings = self._expected > _OPENINGS_FROM
        if not await self._walk_all("backfill"):
            return
        async with self._database.write() as connection:
            await self._save(connection, BACKFILL, begun.model_copy(update={"finished": True}))
            for stream in (UPDATES, DELETIONS, _RECENT_CENSUS, _FULL_CENSUS):
                await self._save(connection, stream, Checkpoint(position=begun.until))
            await window_storage.replace_windows(connection, self._workspace_id, "backfill", [])

    async def _split(self, since: datetime, until: datetime) -> list[SyncWindow]:
        """Windows of at most 15,000 conversations, where times can tell them apart."""
        start, end = self._calendar.floor(since), self._calendar.ceiling(until)
        todo, windows = [(start, end)], list[SyncWindow]()
        while todo:
            low, high = todo.pop()
            number = await self._source.count(since=low, until=high)
            middle = self._calendar.floor(low + (high - low) / 2)
            if number > _MOST_IN_WINDOW and low < middle < high:
                todo += [(low, middle), (middle, high)]
            elif number or not windows:
                windows.append(SyncWindow(since=low, until=high, expected=number))
        return windows

    # ------------------------------------------------------------ walking windows

    async def _walk_all(self, walk: Walk) -> bool:
        """Walk what is left of the windows; false if that was cut short."""
        async with self._database.read() as connection:
            windows = await window_storage.list_windows(connection, self._workspace_id, walk)
            self._listed = await sync_storage.count_listed(connection, self._workspace_id)
        waiting = [window for window in windows if window.status is WindowStatus.WAITING]

        def work(window: SyncWindow) -> Callable[[], Awaitable[None]]:
            return lambda: self._walk(walk, window)

        await run_together((work(window) for window in waiting), most=_WINDOWS_AT_ONCE)
        return not await self._progress.cancelled()

    async def _walk(self, walk: Walk, window: SyncWindow) -> None:
        """Walk a window, and again if it came short of what the source counts."""
        for attempt in (1, 2):
            begun = window if attempt == 1 and walk == "backfill" else _again(window)
            present = await self._walk_once(walk, begun)
            if present is None:
                return
            expected = await self._source.count(since=window.since, until=window.until)
            async with self._database.write() as connection:
                if walk == "census":
                    await sync_storage.mark_absent(connection, self._workspace_id, window, present)
                seen = await sync_storage.count_listed(
                    connection, self._workspace_id, since=window.since, until=window.until
                )
                is_short = seen < expected
                if not is_short or attempt > 1:
                    status = WindowStatus.SHORT if is_short else WindowStatus.DONE
                    done = window.model_copy(update={"expected": expected, "status": status})
                    await window_storage.save_window(connection, self._workspace_id, walk, done)
            if not is_short:
                return
        await self._progress.note(
            f"The source counts {expected:,} conversations between {window.since:%Y-%m-%d} and"
            f" {window.until:%Y-%m-%d}, and lists {seen:,}."
        )

    async def _walk_once(self, walk: Walk, window: SyncWindow) -> set[str] | None:
        """The ids that are listed; null if a cancel was requested."""
        present: set[str] = set()
        since = window.position or window.since
        pages = self._source.listing(since=since, until=window.until)
        async for page in pages:
            present.update(item.id for item in page.items)
            newest = max((item.created_at for item in page.items), default=window.position)
            window = window.model_copy(update={"position": newest})
            async with self._database.write() as connection:
                self._listed += await self._take(connection, page)
                await window_storage.save_window(connection, self._workspace_id, walk, window)
                await self._report(connection)
            if await self._progress.cancelled():
                return None
        return present

    async def _take(self, connection: WriteConnection, page: ListingPage) -> int:
        """Take a page into the ledger; how many of its conversations are new or have changed."""
        entries = [_to_entry(item) for item in page.items]
        changed = await sync_storage.mark_listed(connection, self._workspace_id, entries)
        await sync_storage.record_unreadable(
            connection, self._workspace_id, [(row.id, row.reason) for row in page.unreadable]
        )
        if self._with_openings:
            await self._store_openings(connection, page.items, set(changed))
        return len(changed)

    async def _store_openings(
        self, connection: WriteConnection, items: Sequence[Listed], wanted: set[str]
    ) -> None:
        openings = [
            without_secrets(item.opening) for item in items if item.opening and item.id in wanted
        ]
        await people_storage.add_missing_contacts(
            connection,
            self._workspace_id,
            [opening.contact for opening in openings if opening.contact],
        )
        await conversation_storage.upsert_threads(connection, self._workspace_id, openings)

    # ------------------------------------------------------------ afterwards

    async def _catch_up(self) -> None:
        """What was updated since the last time."""
        position = (await self._checkpoint(UPDATES)).position
        if position is None:
            return
        since = self._calendar.reach_back(position - _OVERLAP)
        pages = self._source.listing(since=since, until=None, order=Order.UPDATED)
        async for page in pages:
            position = max([position, *(item.updated_at for item in page.items)])
            async with self._database.write() as connection:
                self._listed += await self._take(connection, page)
                await self._save(connection, UPDATES, Checkpoint(position=position))
                await self._report(connection)
            if await self._progress.cancelled():
                return

    async def _census(self, now: datetime) -> None:
        """Walk windows again, the recent ones each night, all each month."""
        full, recent = await self._checkpoint(_FULL_CENSUS), await self._checkpoint(_RECENT_CENSUS)
        async with self._database.read() as connection:
            begun = await window_storage.list_windows(connection, self._workspace_id, "census")
        is_full = _is_due(full, now, _FULL_CENSUS_EVERY)
        if not begun:
            if not is_full and not _is_due(recent, now, _RECENT_CENSUS_EVERY):
                return
            since = await self._source.edge(Order.CREATED, newest=False)
            if since is None:
                return
            windows = await self._split(since if is_full else max(since, now - _RECENT), now)
            async with self._database.write() as connection:
                await window_storage.replace_windows(
                    connection, self._workspace_id, "census", windows
                )
        if not await self._walk_all("census"):
            return
        async with self._database.write() as connection:
            for stream in (_RECENT_CENSUS, _FULL_CENSUS) if is_full else (_RECENT_CENSUS,):
                await self._save(connection, stream, Checkpoint(position=now))
            await window_storage.replace_windows(connection, self._workspace_id, "census", [])

    async def _note_deletions(self, now: datetime) -> None:
        """Forget what the source says it has deleted, back to where we looked last."""
        newest = (await self._checkpoint(DELETIONS)).position or now
        horizon = newest - _DELETIONS_OVERLAP
        async for page in self._source.deletions():
            recent = {item.id: item.deleted_at for item in page if item.deleted_at >= horizon}
            newest = max([newest, *recent.values()])
            await self._forget(recent)
            if len(recent) < len(page):
                break
        async with self._database.write() as connection:
            await self._save(connection, DELETIONS, Checkpoint(position=newest))

    async def _forget(self, deletions: dict[str, datetime]) -> None:
        if not deletions:
            return
        async with self._database.write() as connection:
            await sync_storage.mark_deleted(
                connection, self._workspace_id, deletions, reason="deleted at the source"
            )
            await conversation_storage.delete_conversations(
                connection, self._workspace_id, list(deletions)
            )

    # ------------------------------------------------------------ what is kept

    async def _checkpoint(self, stream: str) -> Checkpoint:
        async with self._database.read() as connection:
            return await sync_storage.get_checkpoint(connection, self._workspace_id, stream)

    async def _save(self, connection: WriteConnection, stream: str, state: Checkpoint) -> None:
        await sync_storage.save_checkpoint(connection, self._workspace_id, state, stream)

    async def _report(self, connection: WriteConnection) -> None:
        await self._progress.report(self._listed, max(self._expected, self._listed), connection)


class Calendar:
    """How finely the source can tell times apart, and where its days begin."""

    def __init__(self, *, by_day: bool, zone: ZoneInfo) -> None:
        self._by_day = by_day
        self._zone = zone

    def floor(self, moment: datetime) -> datetime:
        """The last moment not after this one that a condition can name."""
        if not self._by_day:
            return moment.replace(microsecond=0)
        local = moment.astimezone(self._zone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)

    def ceiling(self, moment: datetime) -> datetime:
        """The first such moment after this one."""
        if not self._by_day:
            return moment.replace(microsecond=0) + timedelta(seconds=1)
        local = self.floor(moment).astimezone(self._zone)
        following = local.date() + _DAY
        return datetime(
            following.year, following.month, following.day, tzinfo=self._zone
        ).astimezone(UTC)

    def reach_back(self, moment: datetime) -> datetime:
        """From when to ask so that nothing since `moment` is missed."""
        # "After a day" begins with the next one, so the day before is asked for.
        return self.floor(moment) - (_DAY if self._by_day else timedelta())


def find_zone(name: str) -> ZoneInfo:
    """The time zone, or UTC where the name is not one of the time zone database."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


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


def _is_due(last: Checkpoint, now: datetime, every: timedelta) -> bool:
    return last.position is None or now - last.position >= every


def _to_entry(item: Listed) -> LedgerEntry:
    return LedgerEntry(
        conversation_id=item.id,
        status=LedgerStatus.PENDING,
        source_created_at=item.created_at,
        source_updated_at=item.updated_at,
        parts_expected=item.parts_expected,
    )
