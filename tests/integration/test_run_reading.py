"""What is told of the reading of a run: who decided, what waits, what failed."""

from decimal import Decimal

import pytest

from earmark.db import label_storage, run_reading_storage
from earmark.db.connection import Database
from earmark.db.label_storage import NewLabel
from earmark.db.models import Decider, Run
from earmark.db.run_reading_storage import RunReading, Unread
from earmark.db.spending_storage import Ceilings
from earmark.errors import ModelAnswerUnusable
from earmark.llm.base import Usage
from earmark.pipeline.spending import Spending
from tests.fixtures.readers import ScriptedModel, filled
from tests.fixtures.threads import CUSTOMER, make_thread
from tests.integration.reading_rig import Desk, open_desk


@pytest.fixture(name="desk")
async def _desk(database: Database) -> Desk:
    desk = await open_desk(database)
    await desk.add(*(make_thread(str(n), (CUSTOMER, f"The export is empty {n}")) for n in range(4)))
    return desk


async def told(desk: Desk, run: Run) -> RunReading:
    async with desk.database.read() as reader:
        return await run_reading_storage.get_run_reading(reader, run)


async def test_each_run_tells_who_decided_in_it(desk: Desk) -> None:
    offline = await desk.read_in_run(None)
    asked = await desk.read_in_run(ScriptedModel(lambda _: filled()))
    first, second = await told(desk, offline), await told(desk, asked)
    assert {part.decider for part in first.deciders} <= {Decider.LOCAL_MODEL, Decider.RULE}
    assert sum(part.decided + part.cannot_tell for part in first.deciders) == 4
    (part,) = second.deciders
    assert (part.decider, part.decided + part.cannot_tell) == (Decider.LLM, 4)
    assert second.waiting == second.failed == ()


async def test_what_a_person_had_said_counts_as_theirs_in_later_runs_only(desk: Desk) -> None:
    before = await desk.read_in_run(None)
    said = NewLabel(conversation_id="1", kind="final", value="billing_question")
    async with desk.database.write() as connection:
        await label_storage.add_labels(connection, desk.workspace.id, "me", [said])
    after = await desk.read_in_run(ScriptedModel(lambda _: filled()))
    assert Decider.HUMAN not in {part.decider for part in (await told(desk, before)).deciders}
    counts = {
        part.decider: part.decided + part.cannot_tell for part in (await told(desk, after)).deciders
    }
    assert counts == {Decider.LLM: 3, Decider.HUMAN: 1}


async def test_a_ceiling_is_told_with_how_many_wait_for_it(desk: Desk) -> None:
    ceilings = Ceilings(run=Decimal(0), day=None, total=None)
    spending = Spending(desk.database, _price, ceilings)
    run = await desk.read_in_run(ScriptedModel(), spending=spending)
    (waits,) = (await told(desk, run)).waiting
    assert waits.reason.startswith("The ceiling of the run is reached: 0.00 US dollars.")
    assert waits.conversations == 4
    await desk.read_in_run(ScriptedModel())
    (now,) = (await told(desk, run)).waiting
    assert (now.reason, now.conversations) == (waits.reason, 0)


def _price(_: str, usage: Usage) -> Decimal:
    return Decimal(usage.requests)


async def test_what_failed_is_told_by_reason(desk: Desk) -> None:
    model = ScriptedModel()
    for call in range(2):
        model.fails[call] = ModelAnswerUnusable("The answer was empty.")
    run = await desk.read_in_run(model)
    assert (await told(desk, run)).failed == (
        Unread(reason="model-answer-unusable: The answer was empty.", conversations=2),
    )
