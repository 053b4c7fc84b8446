"""Money is put aside before a model is asked, and the rest is freed after: no ceiling is crossed.

The worst that a call can cost is put aside: its prompt and the longest answer, and both once more
for a repair. While one transaction is under way, what others ask for waits and goes together in the
next one, so that many calls at once do not queue for the same row.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from earmark.db import spending_storage
from earmark.db.connection import Database, ReadConnection, WriteConnection
from earmark.db.models import Model
from earmark.db.spending_storage import Ceilings, Committed, Spent, Wish
from earmark.errors import BudgetReached, ConfigurationError, ModelAnswerUnusable, ModelError
from earmark.llm.base import LanguageModel, Prompt, Usage
from earmark.pipeline.together import Together

PriceOf = Callable[[str, Usage], Decimal | None]
"""What a call to a model costs in US dollars; null where the price is not known."""

_CALL_SECONDS: Final = 900.0
"""Longer than any call lasts."""


class Call(Model):
    """A call that is about to be made."""

    workspace_id: int
    run_id: int | None
    purpose: str
    model: str
    """As `LanguageModel.name` has it: provider, colon, model."""
    prompt_hash: str
    most: Usage
    """The most that one request of it can take."""
    seconds: float = _CALL_SECONDS
    """How long money is kept for it."""


class Reservation(Model):
    """Money that is put aside for one call."""

    id: int
    call: Call


@dataclass(frozen=True, slots=True)
class Fitting:
    """How many calls of a batch fit under the ceilings."""

    number: int
    """Counted from the first."""
    reservation_id: int | None
    refusal: BudgetReached | None
    """Why the next one does not fit."""


class Room(Model):
    """What the ceilings leave for a run that begins now."""

    amount_usd: Decimal
    ceiling: Literal["run", "day", "workspace"]
    """The one that is reached first."""


class _Settlement(Model):
    reservation: Reservation
    usage: Usage | None
    """Null: nothing was spent."""


class Spending:
    """The money of all workspaces, as this process uses it."""

    def __init__(
        self,
        database: Database,
        price_of: PriceOf,
        defaults: Ceilings,
        batch_price_of: PriceOf | None = None,
    ) -> None:
        self._database = database
        self._price_of = price_of
        self._batch_price_of = batch_price_of or price_of
        self._defaults = defaults
        self._reserving: Together[int, Call, Reservation] = Together(self._reserve_all)
        self._settling: Together[int, _Settlement, None] = Together(self._settle_all)

    @asynccontextmanager
    async def calling(self, call: Call) -> AsyncGenerator["Account"]:
        """Put money aside for a call within the block; what it did not take is freed at its end.

        Raises `BudgetReached` before the call is made. A call that came to an unusable answer was
        paid for all the same; one that ends with any other error cost nothing. One that is cut off
        may have been paid for: its money stays put aside for a while.
        """
        account = Account(await self.reserve(call))
        try:
            yield account
        except ModelError as error:
            # A repair may fail for any reason; the first answer was paid for by then.
            if error.input_tokens or isinstance(error, ModelAnswerUnusable):
                account.used(
                    Usage(input_tokens=error.input_tokens, output_tokens=error.output_tokens)
                )
            await self.settle(account.reservation, account.usage)
            raise
        except Exception:
            await self.settle(account.reservation, account.usage)
            raise
        await self.settle(account.reservation, account.usage)

    async def room(self, connection: ReadConnection, workspace_id: int) -> Room | None:
        """What the ceilings leave for a run that begins now; null where there is none."""
        own = await spending_storage.get_limits(connection, workspace_id)
        now = await spending_storage.get_committed(connection, workspace_id, None)
        ceilings = own.over(self._defaults)
        rooms = [
            Room(amount_usd=max(ceiling - so_far, Decimal(0)), ceiling=name)
            for name, ceiling, so_far in _levels(ceilings, now)
            if ceiling is not None
        ]
        return min(rooms, key=lambda room: room.amount_usd, default=None)

    async def reserve(self, call: Call) -> Reservation:
        """Put money aside; raises `BudgetReached`, or `ConfigurationError` without a price."""
        return await self._reserving.do(call.workspace_id, call)

    async def settle(self, reservation: Reservation, usage: Usage | None) -> None:
        """Write down what was used, and free the rest; null frees all."""
        settlement = _Settlement(reservation=reservation, usage=usage)
        await self._settling.do(reservation.call.workspace_id, settlement)

    async def reserve_batch(self, connection: WriteConnection, calls: Sequence[Call]) -> Fitting:
        """Put money aside for a batch of calls of one run, or as many of them as fit, as one sum.

        In the caller's transaction, which notes the batch. Nothing in a batch is repaired.
        """
        first = calls[0]
        own = await spending_storage.lock_limits(connection, first.workspace_id)
        ceilings = own.over(self._defaults)
        now = await spending_storage.get_committed(connection, first.workspace_id, first.run_id)
        aside, number, refusal = Decimal(0), 0, None
        for call in calls:
            amount = self._price(call.model, call.most, self._batch_price_of)
            refusal = _refuse(ceilings, _more(now, aside, aside), amount)
            if refusal is not None:
                break
            aside, number = aside + amount, number + 1
        if number == 0:
            return Fitting(0, None, refusal)
        wish = Wish(run_id=first.run_id, amount_usd=aside, seconds=first.seconds)
        (kept,) = await spending_storage.add_reservations(connection, first.workspace_id, [wish])
        return Fitting(number, kept, refusal)

    async def settle_batch(
        self,
        connection: WriteConnection,
        reservation_id: int | None,
        call: Call,
        used: Sequence[Usage],
    ) -> None:
        """Write down what each call of a batch used, and free the rest, in the same way."""
        await spending_storage.lock_limits(connection, call.workspace_id)
        costs = [self._price(call.model, usage, self._batch_price_of) for usage in used]
        spent = [to_spent(call, usage, cost) for usage, cost in zip(used, costs, strict=True)]
        await spending_storage.add_spent(connection, call.workspace_id, spent)
        kept = [] if reservation_id is None else [reservation_id]
        await spending_storage.drop_reservations(connection, call.workspace_id, kept)

    @property
    def price_of(self) -> PriceOf:
        """What calls cost."""
        return self._price_of

    @property
    def batch_price_of(self) -> PriceOf:
        """What calls in a batch cost."""
        return self._batch_price_of

    def worst(self, call: Call) -> Decimal:
        """The most that a call can cost, its repair included."""
        most = call.most
        # A repair sends the prompt and the first answer again.
        twice = Usage(
            input_tokens=2 * most.input_tokens + most.output_tokens,
            output_tokens=2 * most.output_tokens,
            requests=2,
        )
        return self._price(call.model, twice)

    def _price(self, model: str, usage: Usage, price_of: PriceOf | None = None) -> Decimal:
        price = (price_of or self._price_of)(model, usage)
        if price is None:
            raise ConfigurationError(
                f"What {model} costs is not known.",
                why="Without a price no ceiling can be kept.",
                fix="Set EARMARK_PRICE_INPUT and EARMARK_PRICE_OUTPUT, in US dollars for a million"
                " tokens (0 for a server of your own).",
            )
        return price

    async def _reserve_all(
        self, workspace_id: int, calls: Sequence[Call]
    ) -> list[Reservation | Exception]:
        """As many as fit under the ceilings, in their order."""
        refused: dict[int, Exception] = {}
        granted: dict[int, Wish] = {}
        async with self._database.write() as connection:
            own = await spending_storage.lock_limits(connection, workspace_id)
            ceilings = own.over(self._defaults)
            committed = {
                run_id: await spending_storage.get_committed(connection, workspace_id, run_id)
                for run_id in {call.run_id for call in calls}
            }
            for place, call in enumerate(calls):
                amount, now = self.worst(call), committed[call.run_id]
                error = _refuse(ceilings, _plus(now, granted.values(), call.run_id), amount)
                if error is None:
                    granted[place] = Wish(
                        run_id=call.run_id, amount_usd=amount, seconds=call.seconds
                    )
                else:
                    refused[place] = error
            ids = await spending_storage.add_reservations(
                connection, workspace_id, list(granted.values())
            )
        kept = dict(zip(granted, ids, strict=True))
        return [
            refused[place] if place in refused else Reservation(id=kept[place], call=call)
            for place, call in enumerate(calls)
        ]

    async def _settle_all(
        self, workspace_id: int, settlements: Sequence[_Settlement]
    ) -> list[None]:
        spent = [
            to_spent(
                item.reservation.call,
                item.usage,
                self._price(item.reservation.call.model, item.usage),
                item.reservation.id,
            )
            for item in settlements
            if item.usage is not None
        ]
        unused = [item.reservation.id for item in settlements if item.usage is None]
        async with self._database.write() as connection:
            await spending_storage.lock_limits(connection, workspace_id)
            await spending_storage.add_spent(connection, workspace_id, spent)
            await spending_storage.drop_reservations(connection, workspace_id, unused)
        return [None] * len(settlements)


def to_spent(call: Call, usage: Usage, cost: Decimal, reservation_id: int | None = None) -> Spent:
    """The row of the ledger for a call that was made."""
    provider, _, model = call.model.partition(":")
    return Spent(
        reservation_id=reservation_id,
        run_id=call.run_id,
        provider=provider,
        model=model,
        purpose=call.purpose,
        prompt_hash=call.prompt_hash,
        cost_usd=cost,
        **usage.model_dump(),
    )


class Account:
    """What one call has used."""

    def __init__(self, reservation: Reservation) -> None:
        self.reservation = reservation
        self.usage: Usage | None = None

    def used(self, usage: Usage) -> None:
        """The call took so much, beside what it took before."""
        before = self.usage
        if before is None:
            self.usage = usage
            return
        self.usage = Usage(
            input_tokens=before.input_tokens + usage.input_tokens,
            cached_tokens=before.cached_tokens + usage.cached_tokens,
            output_tokens=before.output_tokens + usage.output_tokens,
            requests=before.requests + usage.requests,
        )


def plan_call(
    workspace_id: int, run_id: int | None, *, purpose: str, prompt: Prompt, model: LanguageModel
) -> Call:
    """The call that asks a model with a prompt."""
    return Call(
        workspace_id=workspace_id,
        run_id=run_id,
        purpose=purpose,
        model=model.name,
        prompt_hash=prompt.version,
        most=Usage(input_tokens=model.count_tokens(prompt), output_tokens=model.most_output_tokens),
    )


def _plus(now: Committed, granted: Iterable[Wish], run_id: int | None) -> Committed:
    """What is committed with those that are about to be."""
    amounts = [(wish.run_id, wish.amount_usd) for wish in granted]
    everything = sum((amount for _, amount in amounts), Decimal(0))
    of_run = sum((amount for run, amount in amounts if run == run_id), Decimal(0))
    return _more(now, of_run, everything)


def _more(now: Committed, of_run: Decimal, everything: Decimal) -> Committed:
    return Committed(
        run=now.run + of_run,
        day=now.day + everything,
        total=now.total + everything,
        reserved=now.reserved + everything,
    )


_Level = Literal["run", "day", "workspace"]
_AFTERWARDS: Final[dict[_Level, str]] = {
    "run": "the next run goes on",
    "day": "the first run of tomorrow (UTC) goes on",
    "workspace": "nothing goes on before it is raised",
}


def _levels(
    ceilings: Ceilings, committed: Committed
) -> tuple[tuple[_Level, Decimal | None, Decimal], ...]:
    """Each level's ceiling, and what is committed of it."""
    return (
        ("run", ceilings.run, committed.run),
        ("day", ceilings.day, committed.day),
        ("workspace", ceilings.total, committed.total),
    )


def _refuse(ceilings: Ceilings, committed: Committed, amount: Decimal) -> BudgetReached | None:
    """Why the amount may not be put aside; null if it may."""
    for name, ceiling, so_far in _levels(ceilings, committed):
        if ceiling is not None and so_far + amount > ceiling:
            return BudgetReached(
                f"The ceiling of the {name} is reached: {ceiling:.2f} US dollars.",
                why=f"{so_far:.4f} are spent or put aside, and the next call can take"
                f" {amount:.4f} more.",
                fix=f"What is not read yet waits: {_AFTERWARDS[name]}. To raise it:"
                " `earmark cost limit`.",
            )
    return None
