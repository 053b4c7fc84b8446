"""Reading by a language model through its provider's batches, before a run asks one by one.

A run that would ask about many conversations hands the questions in, some at a time, and waits.
What comes back is kept as any other answer is, so that reading afterwards finds it and pays
nothing; what a batch did not answer is then asked directly. Everything here may be cut off and done
again: money and batch are noted together before handing in, answers and costs together after.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from earmark.db import batch_storage, batch_wait_storage, run_storage
from earmark.db.batch_storage import StoredBatch
from earmark.db.batch_wait_storage import BatchWait
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import Run
from earmark.errors import ModelRejected, ModelUnavailable
from earmark.llm.base import BatchModel
from earmark.pipeline import batching, classify
from earmark.pipeline.batch_answers import Errand, keep
from earmark.pipeline.batch_questions import hand_in
from earmark.pipeline.classify import Minds

_EVERY: Final = 60.0
"""Seconds between two looks at the provider."""
_SAMPLE: Final = 200
_GIVEN_UP: Final = timedelta(hours=26)
"""Providers end a batch after 24 hours, answered or not."""
_MOST_IN_VAIN: Final = 3
"""Batches of a run that could not be handed in before it asks directly."""


@dataclass(frozen=True, slots=True)
class Batches:
    """The batches of the language model, and when they are used."""

    open: Callable[[], AbstractAsyncContextManager[BatchModel | None]]
    least: int | None
    """Questions from which on a run hands them in; null: what was handed in is fetched, no more."""


@dataclass(frozen=True, slots=True)
class Next:
    """What comes after a turn."""

    next_page: int | None = None
    is_short: bool = False
    seconds: float | None = None
    """Until the next turn; null if there is nothing to wait for."""


async def begin(
    connection: WriteConnection, minds: Minds, batches: Batches | None, run: Run, *, total: int
) -> bool:
    """Whether the run waits for batches before it reads `total` conversations; noted if so."""
    model = minds.asked
    if batches is None or model is None or total == 0:
        return False
    is_large = batches.least is not None and total >= batches.least
    if not is_large and not await batch_storage.has_open(
        connection, run.workspace_id, model=model.name
    ):
        return False
    await batch_wait_storage.begin_wait(connection, run)
    return True


async def take_turn(
    database: Database,
    minds: Minds,
    batches: Batches | None,
    run: Run,
    wait: BatchWait,
    *,
    max_attempts: int,
) -> Next:
    """Fetch what has come back, and hand in what is next.

    Raises `ConfigurationError` where the price of the model is not known.
    """
    if batches is None or minds.asked is None:
        return Next()  # the settings have changed meanwhile
    async with batches.open() as model:
        if model is None:
            return Next()
        turn = _Turn(Errand(database, minds, model, minds.asked, run, wait), batches.least)
        try:
            return await turn.take(max_attempts)
        except ModelUnavailable:
            await turn.give_up_old()
            return Next(turn.page, is_short=wait.is_short, seconds=_EVERY)


class _Turn:
    """One look at the provider."""

    def __init__(self, errand: Errand, least: int | None) -> None:
        self._errand = errand
        self._least = least
        self.page = errand.wait.next_page
        """The one to hand in next."""
        self._came_back = False
        self._refused: set[str] = set()
        """Keys of batches that the provider does not tell about."""

    async def take(self, max_attempts: int) -> Next:
        """The turn; raises `ModelUnavailable` where the provider cannot be asked now."""
        errand = self._errand
        lost = await batching.recover(errand.database, errand.model, errand.run.workspace_id)
        await self._fetch_ended()
        if lost:
            self.page = 0  # what was in them is handed in again
        if not await self._may_hand_in(max_attempts):
            self.page = None
        is_short = errand.wait.is_short
        waiting = await self._waiting()
        is_sure = all(batch.provider_id for batch in waiting)
        has_money = not is_short or self._came_back or not waiting
        if self.page is not None and is_sure and has_money:
            done = await hand_in(errand, self.page)
            if done.next_page is not None and not done.is_short:
                return Next(done.next_page, seconds=0.0)
            self.page, is_short = done.next_page, done.is_short
            waiting = await self._waiting()
        await self._tell()
        is_over = not waiting and (self.page is None or is_short)
        return Next(self.page, is_short=is_short, seconds=None if is_over else _EVERY)

    async def _waiting(self) -> list[StoredBatch]:
        """The batches that something may still come of."""
        errand = self._errand
        found = await batching.list_open(errand.database, errand.model, errand.run.workspace_id)
        return [batch for batch in found if batch.key not in self._refused]

    async def _may_hand_in(self, max_attempts: int) -> bool:
        """Whether enough is to be asked, and it was not in vain too often."""
        errand = self._errand
        if self._least is None or self.page is None:
            return False
        async with errand.database.read() as connection:
            counts = await errand.count(connection)
        if counts.lost >= _MOST_IN_VAIN:
            return False
        has_begun = self.page > 0 or counts.back or counts.out or counts.lost
        return bool(has_begun) or await self._estimate(max_attempts) >= self._least

    async def _estimate(self, max_attempts: int) -> int:
        """How many questions the run would ask, from a sample."""
        errand, workspace_id = self._errand, self._errand.run.workspace_id
        async with errand.database.read() as connection:
            reader = await classify.reader_key(connection, workspace_id, errand.minds)
            total, ids = await run_storage.sample_unread(
                connection, workspace_id, reader=reader, max_attempts=max_attempts, limit=_SAMPLE
            )
        prompts = await classify.plan_prompts(errand.database, errand.minds, workspace_id, ids)
        return round(total * len(prompts) / len(ids)) if ids else 0

    async def _tell(self) -> None:
        """Say in the run's log how far the provider is, if that has changed."""
        async with self._errand.database.write() as connection:
            counts = await self._errand.count(connection)
            if counts.out:
                since = self._errand.wait.since.astimezone(UTC).strftime("%d %b %H:%M UTC")
                await self._errand.note(
                    connection,
                    f"Waiting for the provider: {counts.back:,} of {counts.back + counts.out:,}"
                    f" conversations are back, since {since}.",
                )

    async def _fetch_ended(self) -> None:
        """Keep the answers of all batches that have ended."""
        for batch in await self._waiting():
            if batch.provider_id is None:
                continue
            try:
                await self._fetch(batch, batch.provider_id)
            except ModelRejected as error:
                await self._refuse(batch, error)

    async def _fetch(self, batch: StoredBatch, provider_id: str) -> None:
        if not await self._errand.model.is_ended(provider_id):
            if _is_old(batch):
                await self._set_lost([batch])
        elif await keep(self._errand, batch):
            self._came_back = True
        else:
            self.page = 0  # it was somebody else's: ours never arrived

    async def _refuse(self, batch: StoredBatch, error: ModelRejected) -> None:
        """Wait for it no longer: either asking directly is refused as well, or it is gone there."""
        self._refused.add(batch.key)
        if _is_old(batch):
            await self._set_lost([batch])
        async with self._errand.database.write() as connection:
            await self._errand.note(connection, f"A batch cannot be fetched. {error}")

    async def give_up_old(self) -> None:
        """Wait no longer for what the provider must have ended long ago."""
        await self._set_lost([batch for batch in await self._waiting() if _is_old(batch)])

    async def _set_lost(self, batches: Sequence[StoredBatch]) -> None:
        if not batches:
            return
        keys = [batch.key for batch in batches]
        async with self._errand.database.write() as connection:
            await batch_storage.set_lost(connection, self._errand.run.workspace_id, keys)


def _is_old(batch: StoredBatch) -> bool:
    return batch.created_at < datetime.now(UTC) - _GIVEN_UP
