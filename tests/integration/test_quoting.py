"""A quote counts the very prompts that would be sent, and sends none."""

from decimal import Decimal

import pytest

from earmark.db import run_storage, spending_storage
from earmark.db.connection import Database
from earmark.db.spending_storage import Ceilings
from earmark.errors import Conflict
from earmark.llm.base import Usage
from earmark.pipeline.cascade import Mode
from earmark.pipeline.quoting import Quote, make_quote, quote
from earmark.pipeline.spending import PriceOf, Spending
from tests.fixtures.readers import ScriptedModel
from tests.fixtures.threads import CUSTOMER, make_thread
from tests.integration.reading_rig import Desk, open_desk


def price_of(_: str, usage: Usage) -> Decimal | None:
    """A dollar for a million fresh tokens in, a tenth for cached ones, four for those out."""
    fresh = usage.input_tokens - usage.cached_tokens
    total = fresh + Decimal("0.1") * usage.cached_tokens + 4 * usage.output_tokens
    return total / 1_000_000


async def filled_desk(database: Database, number: int) -> Desk:
    desk = await open_desk(database)
    await desk.add(
        *(
            make_thread(str(n), (CUSTOMER, f"The export of report {n} is broken since Monday."))
            for n in range(number)
        )
    )
    return desk


def batch_price_of(model: str, usage: Usage) -> Decimal | None:
    """Half of it."""
    price = price_of(model, usage)
    return price / 2 if price is not None else None


async def quoted(
    desk: Desk,
    model: ScriptedModel | None,
    mode: Mode = Mode.LLM,
    batch_price: PriceOf | None = None,
) -> Quote:
    spending = Spending(desk.database, price_of, Ceilings(), batch_price)
    minds = desk.minds(model, mode, spending)
    return await quote(desk.database, minds, desk.workspace.id, max_attempts=5)


async def test_a_quote_is_what_reading_then_sends(database: Database) -> None:
    desk, model = await filled_desk(database, 12), ScriptedModel()
    told = await quoted(desk, model)
    assert model.prompts == []
    await desk.read(model)
    sent = [model.count_tokens(prompt) for prompt in model.prompts]
    assert (told.conversations, told.calls, told.asked) == (12, len(sent), 12)
    assert told.input_tokens == round(sum(sent) / len(sent))
    assert 0 < told.shared_tokens < told.input_tokens
    assert told.low is not None
    assert told.high is not None
    assert 0 < told.low < told.high


async def test_what_is_read_is_not_paid_for_again(database: Database) -> None:
    desk, model = await filled_desk(database, 3), ScriptedModel()
    await desk.read(model)
    told = await quoted(desk, model)
    assert (told.conversations, told.calls, told.low, told.high) == (0, 0, 0, 0)
    await desk.execute("UPDATE analyses SET status = 'pending', reason = 'again'")
    told = await quoted(desk, model)  # the answers are there
    assert (told.conversations, told.calls) == (3, 0)


async def test_batches_are_quoted_where_they_are_cheaper(database: Database) -> None:
    desk, model = await filled_desk(database, 3), ScriptedModel()
    assert (await quoted(desk, model)).batch_high is None
    told = await quoted(desk, model, batch_price=batch_price_of)
    assert told.high is not None
    # One call in ten is repeated, directly.
    assert told.batch_high == told.high * Decimal("0.6") / Decimal("1.1")


async def test_the_cascade_pays_only_for_what_it_asks(database: Database) -> None:
    desk, model = await filled_desk(database, 3), ScriptedModel()
    assert (await quoted(desk, model, Mode.CASCADE)).calls == 3  # nothing is proven yet
    with pytest.raises(Conflict, match="nothing to pay for"):
        await quoted(desk, model, Mode.OFFLINE)
    with pytest.raises(Conflict, match="nothing to pay for"):
        await quoted(desk, None)


async def test_answers_are_as_long_as_they_were(database: Database) -> None:
    desk, model = await filled_desk(database, 25), ScriptedModel()
    assert not (await quoted(desk, model)).output_is_measured
    spending = Spending(database, price_of, Ceilings())
    await desk.read(model, spending=spending)
    told = await quoted(desk, model)
    assert told.output_is_measured
    assert told.output_tokens == 10  # as the script's usage says


async def test_the_sample_is_of_what_a_run_would_read(database: Database) -> None:
    desk, model = await filled_desk(database, 30), ScriptedModel()
    async with database.read() as reader:
        total, ids = await run_storage.sample_unread(
            reader, desk.workspace.id, reader="another", max_attempts=5, limit=7
        )
    assert total == 30
    assert len(set(ids)) == 7
    await desk.read(model, *ids)
    assert (await quoted(desk, model)).conversations == 23


async def test_a_quote_that_is_asked_for_is_stored_or_why_there_is_none(
    database: Database,
) -> None:
    desk, model = await filled_desk(database, 3), ScriptedModel()
    stored: list[spending_storage.StoredQuote | None] = []
    for minds in (desk.minds(model), desk.minds(None)):
        async with database.write() as connection:
            await spending_storage.ask_for_quote(connection, desk.workspace.id)
        await make_quote(database, minds, desk.workspace.id, max_attempts=5)
        async with database.read() as reader:
            stored.append(await spending_storage.get_quote(reader, desk.workspace.id))
    made, refused = stored
    assert made is not None
    assert made.quote is not None
    assert (made.quote["calls"], made.quote["low"], made.error) == (3, None, None)
    assert refused is not None
    assert refused.quote is None
    assert "nothing to pay for" in (refused.error or "")


async def test_the_least_that_a_ceiling_leaves_is_the_room(database: Database) -> None:
    desk = await filled_desk(database, 1)
    ceilings = Ceilings(run=Decimal(3), day=Decimal(2))
    spending = Spending(database, price_of, ceilings)

    async def room() -> tuple[str, Decimal]:
        async with database.read() as reader:
            found = await spending.room(reader, desk.workspace.id)
        assert found is not None
        return found.ceiling, found.amount_usd

    assert await room() == ("day", Decimal(2))
    async with database.write() as connection:
        await spending_storage.set_limits(
            connection, desk.workspace.id, Ceilings(total=Decimal("0.5"))
        )
    assert await room() == ("workspace", Decimal("0.5"))
    async with database.read() as reader:
        free = await Spending(database, price_of, Ceilings()).room(reader, desk.workspace.id)
    assert free is not None
    assert free.ceiling == "workspace"
