"""Ceilings hold whatever happens at once, and the ledger says what was spent: real PostgreSQL."""

import asyncio
from decimal import Decimal

import pytest

from earmark.db import spending_storage, workspace_storage
from earmark.db.connection import Database, open_database
from earmark.db.spending_storage import Ceilings, Committed, LedgerLine
from earmark.errors import BudgetReached, ConfigurationError, ModelAnswerUnusable, ModelUnavailable
from earmark.llm.base import Usage
from earmark.pipeline.spending import Call, Spending

MODEL = "compatible:small"
CENT = Decimal("0.01")
NO_CEILINGS = Ceilings()


def price_of(model: str, usage: Usage) -> Decimal | None:
    """A cent for a hundred tokens in, and one for ten out."""
    if model != MODEL:
        return None
    return CENT * usage.input_tokens / 100 + CENT * usage.output_tokens / 10


async def make_workspace(database: Database, code: str = "w") -> int:
    async with database.write() as connection:
        workspace = await workspace_storage.upsert_workspace(
            connection, code=code, name=code, kind="sample", region=None, timezone="UTC"
        )
    return workspace.id


def call(workspace_id: int, run_id: int | None = None, model: str = MODEL) -> Call:
    """At the most 100 tokens in and 10 out, twice, and the answer once more: 2 + 0.1 + 2 cents."""
    return Call(
        workspace_id=workspace_id,
        run_id=run_id,
        purpose="read",
        model=model,
        prompt_hash="abc",
        most=Usage(input_tokens=100, output_tokens=10),
    )


def spending_of(database: Database, **ceilings: Decimal) -> Spending:
    return Spending(database, price_of, Ceilings(**ceilings))


async def committed(database: Database, workspace_id: int, run_id: int | None = None) -> Committed:
    async with database.read() as connection:
        return await spending_storage.get_committed(connection, workspace_id, run_id)


async def ledger(database: Database, workspace_id: int) -> list[LedgerLine]:
    async with database.read() as connection:
        return await spending_storage.list_ledger(connection, workspace_id)


async def test_the_worst_is_put_aside_and_the_rest_is_free_again(database: Database) -> None:
    workspace = await make_workspace(database)
    spending = spending_of(database)
    async with spending.calling(call(workspace, run_id=7)) as account:
        aside = await committed(database, workspace, 7)
        account.used(Usage(input_tokens=50, cached_tokens=20, output_tokens=5))
    after = await committed(database, workspace, 7)
    assert aside.run == aside.day == aside.total == aside.reserved == Decimal("0.041")
    assert after.run == after.day == after.total == Decimal("0.01")
    assert after.reserved == 0


async def test_the_ledger_tells_model_prompt_and_purpose(database: Database) -> None:
    workspace = await make_workspace(database)
    spending = spending_of(database)
    for requests in (1, 2):
        async with spending.calling(call(workspace)) as account:
            account.used(Usage(input_tokens=50, output_tokens=5, requests=requests))
    (line,) = await ledger(database, workspace)
    assert (line.provider, line.model, line.purpose, line.prompt_hash) == (
        *MODEL.split(":"),
        "read",
        "abc",
    )
    assert (line.calls, line.repaired, line.input_tokens, line.output_tokens) == (2, 1, 100, 10)
    assert line.cost_usd == Decimal("0.02")


@pytest.mark.parametrize("scope", ["run", "day", "total"])
async def test_no_call_is_made_that_could_cross_a_ceiling(database: Database, scope: str) -> None:
    workspace = await make_workspace(database)
    spending = spending_of(database, **{scope: Decimal("0.05")})
    first = await spending.reserve(call(workspace, run_id=1))
    with pytest.raises(BudgetReached, match=r"0\.05 US dollars") as refusal:
        await spending.reserve(call(workspace, run_id=1))
    assert "earmark cost limit" in refusal.value.fix
    await spending.settle(first, None)
    await spending.reserve(call(workspace, run_id=1))


async def test_the_ceiling_of_a_run_is_that_of_each(database: Database) -> None:
    workspace = await make_workspace(database)
    spending = spending_of(database, run=Decimal("0.05"))
    await spending.reserve(call(workspace, run_id=1))
    await spending.reserve(call(workspace, run_id=2))
    with pytest.raises(BudgetReached, match="ceiling of the run"):
        await spending.reserve(call(workspace, run_id=2))


async def test_many_workers_at_once_do_not_cross_it_together(conninfo: str) -> None:
    async with open_database(conninfo, max_size=4) as one, open_database(conninfo) as two:
        workspace = await make_workspace(one)
        workers = [spending_of(database, day=Decimal("0.5")) for database in (one, two, one)]
        results = await asyncio.gather(
            *(workers[number % 3].reserve(call(workspace)) for number in range(60)),
            return_exceptions=True,
        )
        granted = [result for result in results if not isinstance(result, BaseException)]
        now = await committed(one, workspace)
    assert len(granted) == 12  # of 4.1 cents each: the thirteenth would make 53.3
    assert len({reservation.id for reservation in granted}) == 12
    assert now.total == Decimal("0.492")
    assert all(isinstance(result, BudgetReached) for result in results if result not in granted)


async def test_workspaces_have_ceilings_of_their_own(database: Database) -> None:
    rich, poor = await make_workspace(database, "rich"), await make_workspace(database, "poor")
    async with database.write() as connection:
        await spending_storage.set_limits(connection, poor, Ceilings(day=Decimal(0)))
    spending = spending_of(database, day=Decimal(1))
    kept, refused = await asyncio.gather(
        spending.reserve(call(rich)), spending.reserve(call(poor)), return_exceptions=True
    )
    assert not isinstance(kept, BaseException)
    assert isinstance(refused, BudgetReached)


async def test_a_call_that_fails_costs_nothing_but_an_unusable_answer_does(
    database: Database,
) -> None:
    workspace = await make_workspace(database)
    spending = spending_of(database)
    with pytest.raises(ModelUnavailable):
        async with spending.calling(call(workspace)):
            raise ModelUnavailable("No answer.")
    assert (await committed(database, workspace)).total == 0
    with pytest.raises(ModelAnswerUnusable):
        async with spending.calling(call(workspace)):
            raise ModelAnswerUnusable("No sense.", input_tokens=100, output_tokens=10)
    assert (await committed(database, workspace)).total == Decimal("0.02")


async def test_an_answer_before_a_repair_that_failed_was_paid_for(database: Database) -> None:
    workspace = await make_workspace(database)
    spending = spending_of(database)
    with pytest.raises(ModelUnavailable):
        async with spending.calling(call(workspace)):
            raise ModelUnavailable("Cut off.", input_tokens=100, output_tokens=10)
    assert (await committed(database, workspace)).total == Decimal("0.02")


async def test_a_call_that_is_cut_off_keeps_its_money_until_it_expires(database: Database) -> None:
    workspace = await make_workspace(database)
    spending = spending_of(database, total=Decimal("0.05"))
    asked = asyncio.Event()

    async def hang() -> None:
        async with spending.calling(call(workspace)):
            asked.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await asked.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with pytest.raises(BudgetReached):
        await spending.reserve(call(workspace))
    async with database.write() as connection:
        await connection.execute("UPDATE spending_reservations SET expires_at = now()")
    await spending.reserve(call(workspace))


async def test_a_model_without_a_price_is_not_asked(database: Database) -> None:
    workspace = await make_workspace(database)
    with pytest.raises(ConfigurationError, match="is not known") as refusal:
        await spending_of(database).reserve(call(workspace, model="compatible:unknown"))
    assert "EARMARK_PRICE_INPUT" in refusal.value.fix


async def test_days_without_calls_are_days_too(database: Database) -> None:
    workspace = await make_workspace(database)
    async with spending_of(database).calling(call(workspace)) as account:
        account.used(Usage(input_tokens=100, output_tokens=0))
    async with database.read() as connection:
        days = await spending_storage.list_day_costs(connection, workspace, days=7)
    assert [day.calls for day in days] == [0] * 6 + [1]
    assert sum(day.cost_usd for day in days) == CENT
