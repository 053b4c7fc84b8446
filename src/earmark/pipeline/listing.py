"""What the source has, and what has changed there: the ledger is brought up to date.

The first time, windows of creation time are walked. Afterwards, what was updated since is asked
for, with an overlap, because an index may lag. Now and then a census walks windows again and finds
what no event and no update has told of.
"""

from datetime import datetime, timedelta
from typing import Final

from earmark.db import conversation_storage, event_storage, sync_storage, window_storage
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import Checkpoint
from earmark.db.window_storage import Walk
from earmark.errors import SourceUnavailable
from earmark.pipeline.intake import Intake
from earmark.pipeline.progress import Progress
from earmark.pipeline.source_calendar import Calendar, find_zone
from earmark.pipeline.windows import MOST_IN_WINDOW, Walker
from earmark.sources.base import STUCK, Order, Source

_OVERLAP: Final = timedelta(minutes=15)
_RECENT: Final = timedelta(days=30)
_RECENT_CENSUS_EVERY: Final = timedelta(hours=20)
_FULL_CENSUS_EVERY: Final = timedelta(days=30)
_DELETIONS_OVERLAP: Final = timedelta(hours=1)

BACKFILL: Final = "conversations"
UPDATES: Final = "updates"
DELETIONS: Final = "deletions"
FULL_CENSUS: Final = "full census"
RECENT_CENSUS: Final = "recent census"


class Listing:
    """One look at what the source has, for one run."""

    def __init__(
        self,
        database: Database,
        source: Source,
        workspace_id: int,
        progress: Progress,
        *,
        most_in_window: int = MOST_IN_WINDOW,
    ) -> None:
        self._database = database
        self._source = source
        self._workspace_id = workspace_id
        self._progress = progress
        self._most_in_window = most_in_window
        self._intake = Intake(database, workspace_id, progress)

    async def update(self) -> None:
        """Look for all that is new; returns early if a cancel is requested."""
        identity = await self._source.identity()
        now = identity.server_time
        calendar = Calendar(
            by_day=await self._source.dates_by_day(), zone=find_zone(identity.timezone)
        )
        walker = Walker(
            self._database,
            self._source,
            self._workspace_id,
            self._progress,
            self._intake,
            calendar,
            most_in_window=self._most_in_window,
        )
        if not (await self._checkpoint(BACKFILL)).finished:
            await self._backfill(walker, now)
        else:
            await self._intake.begin(0)
            await self._catch_up(calendar, now)
            await self._take_census(walker, now)
        if not await self._progress.cancelled():
            await self._note_deletions(now)
            await self._tell_of_silence()

    # ------------------------------------------------------------ the first time

    async def _backfill(self, walker: Walker, now: datetime) -> None:
        begun = await self._checkpoint(BACKFILL)
        if begun.until is None:
            since = await self._source.edge(Order.CREATED, newest=False)
            windows = await walker.split(since, now) if since is not None else []
            begun = Checkpoint(until=now, expected=sum(window.expected or 0 for window in windows))
            async with self._database.write() as connection:
                await window_storage.replace_windows(
                    connection, self._workspace_id, "backfill", windows
                )
                await self._save(connection, BACKFILL, begun)
        await self._intake.begin(begun.expected or 0)
        if not await walker.walk_all("backfill"):
            return
        async with self._database.write() as connection:
            for stream in (UPDATES, DELETIONS, RECENT_CENSUS):
                await self._save(connection, stream, Checkpoint(position=begun.until))
            await self._finish_walk(connection, walker, "backfill", begun.until or now)
            await self._save(connection, BACKFILL, begun.model_copy(update={"finished": True}))

    async def _finish_walk(
        self, connection: WriteConnection, walker: Walker, walk: Walk, at: datetime
    ) -> None:
        """Keep what came of a walk over everything; one that came short is repeated next night."""
        missing, short = await walker.count_missing(connection, walk)
        early = _FULL_CENSUS_EVERY - _RECENT_CENSUS_EVERY if short else timedelta()
        done = Checkpoint(position=at - early, expected=missing)
        await self._save(connection, FULL_CENSUS, done)
        await window_storage.replace_windows(connection, self._workspace_id, walk, [])

    # ------------------------------------------------------------ afterwards

    async def _catch_up(self, calendar: Calendar, now: datetime) -> None:
        """What was updated since the last time."""
        position = (await self._checkpoint(UPDATES)).position
        if position is None:
            return
        since = calendar.reach_back(min(position, now) - _OVERLAP)
        pages = self._source.listing(since=since, until=None, order=Order.UPDATED)
        try:
            async for page in pages:
                # A time in the future must not hide what happens until then.
                position = max([position, *(min(item.updated_at, now) for item in page.items)])
                async with self._database.write() as connection:
                    await self._intake.take(connection, page, page.items)
                    await self._save(connection, UPDATES, Checkpoint(position=position))
                has_caught_up = all(item.updated_at > now for item in page.items)
                if (page.items and has_caught_up) or await self._progress.cancelled():
                    return  # what changes while we read is for the next time
        except SourceUnavailable as error:
            if error.code != STUCK:
                raise
            await self._progress.note(
                "The source's listing of changes repeats itself and does not go on after"
                f" {position:%Y-%m-%d %H:%M:%S}."
            )

    async def _take_census(self, walker: Walker, now: datetime) -> None:
        """Walk windows again, the recent ones each night, all each month."""
        walk = await self._begun_census() or await self._begin_census(walker, now)
        if walk is None or not await walker.walk_all(walk):
            return
        async with self._database.write() as connection:
            await self._save(connection, RECENT_CENSUS, Checkpoint(position=now))
            if walk == FULL_CENSUS:
                await self._finish_walk(connection, walker, FULL_CENSUS, now)
                await sync_storage.doubt_merged(connection, self._workspace_id)
            await window_storage.replace_windows(connection, self._workspace_id, walk, [])

    async def _begun_census(self) -> Walk | None:
        """The census that was cut short."""
        walks: tuple[Walk, ...] = (FULL_CENSUS, RECENT_CENSUS)
        async with self._database.read() as connection:
            for walk in walks:
                if await window_storage.list_windows(connection, self._workspace_id, walk):
                    return walk
        return None

    async def _begin_census(self, walker: Walker, now: datetime) -> Walk | None:
        """The census that is due, with its windows."""
        is_full = _is_due(await self._checkpoint(FULL_CENSUS), now, _FULL_CENSUS_EVERY)
        is_recent = _is_due(await self._checkpoint(RECENT_CENSUS), now, _RECENT_CENSUS_EVERY)
        if not (is_full or is_recent):
            return None
        since = await self._beginning()
        if since is None:
            return None
        walk: Walk = FULL_CENSUS if is_full else RECENT_CENSUS
        windows = await walker.split(since if is_full else max(since, now - _RECENT), now)
        async with self._database.write() as connection:
            await window_storage.replace_windows(connection, self._workspace_id, walk, windows)
        return walk

    async def _beginning(self) -> datetime | None:
        """Of all that the source has, and of all that it is thought to have."""
        first = await self._source.edge(Order.CREATED, newest=False)
        async with self._database.read() as connection:
            known = await sync_storage.oldest_alive(connection, self._workspace_id)
        return min((moment for moment in (first, known) if moment), default=None)

    async def _note_deletions(self, now: datetime) -> None:
        """Forget what the source says it has deleted, back to where we looked last."""
        newest = min((await self._checkpoint(DELETIONS)).position or now, now)
        horizon = newest - _DELETIONS_OVERLAP
        async for page in self._source.deletions():
            recent = {item.id: item.deleted_at for item in page if item.deleted_at >= horizon}
            newest = max([newest, *(min(moment, now) for moment in recent.values())])
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
                connection,
                self._workspace_id,
                deletions,
                reason="deleted at the source",
                for_good=True,
            )
            await conversation_storage.delete_conversations(
                connection, self._workspace_id, list(deletions)
            )

    async def _tell_of_silence(self) -> None:
        """Say it if notifications no longer come, though there are changes."""
        async with self._database.read() as connection:
            since = await event_storage.silent_since(connection, self._workspace_id)
        if since is not None:
            await self._progress.note(
                f"No notification has come since {since:%Y-%m-%d %H:%M} UTC, but conversations have"
                " changed. Check in Intercom's Developer Hub that the subscription is live."
            )

    # ------------------------------------------------------------ what is kept

    async def _checkpoint(self, stream: str) -> Checkpoint:
        async with self._database.read() as connection:
            return await sync_storage.get_checkpoint(connection, self._workspace_id, stream)

    async def _save(self, connection: WriteConnection, stream: str, state: Checkpoint) -> None:
        await sync_storage.save_checkpoint(connection, self._workspace_id, state, stream)


def _is_due(last: Checkpoint, now: datetime, every: timedelta) -> bool:
    return last.position is None or now - last.position >= every
