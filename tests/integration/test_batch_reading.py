"""A run that reads through batches: cut off anywhere, nothing is lost and nothing is paid twice."""

import asyncio
from decimal import Decimal
from functools import partial

import pytest

from earmark.db import run_reading_storage
from earmark.db.connection import Database
from earmark.db.models import Run, RunStatus
from earmark.db.spending_storage import Ceilings
from earmark.jobs.queue import cancel_run, open_queue
from tests.fixtures.model_batches import expire, finish
from tests.fixtures.processes import until
from tests.fixtures.threads import CUSTOMER, make_thread
from tests.integration.batch_rig import BATCHED, DIRECT, Killed, Office, opened
from tests.integration.test_runs import finish as finish_run

KEPT = (
    "SELECT conversation_id, content_hash, taxonomy_version, prompt_hash, model, schema_version,"
    " attempt, offered_themes, answer FROM model_answers ORDER BY conversation_id, attempt"
)
LATE = "11 minutes"
"""Longer than handing in takes."""


async def all_is_well(office: Office, number: int) -> None:
    """Everything was read through batches, once, and paid for as that."""
    await office.read()
    assert office.server.questions == []
    assert office.handed_in() == number
    assert await office.count("classifications") == 2 * number
    assert await office.count("usage_ledger") == number
    assert await office.count("spending_reservations") == 0
    assert (await office.committed()).total == number * BATCHED


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_answers_of_a_batch_are_kept_as_direct_ones_are(
    database: Database, provider: str
) -> None:
    which = "anthropic" if provider == "anthropic" else "openai"
    async with opened(database, 5, provider=which) as office:
        assert await office.begin()
        await office.finish_all()
        kept = await office.desk.rows(KEPT)
        await all_is_well(office, 5)
        await office.desk.forget("classifications", "facets", "issues", "analyses", "model_answers")
        await office.read()
        assert len(office.server.questions) == 5
        assert await office.desk.rows(KEPT) == kept
        assert len(kept) == 5


async def test_large_runs_are_handed_in_some_at_a_time(database: Database) -> None:
    async with opened(database, 8) as office:
        office.most_requests = 3  # pages have two: one of them is cut
        await office.begin()
        after = await office.hand_in_all()
        assert after.seconds == 60
        assert [len(batch.lines) for batch in office.server.batches.values()] == [3, 3, 2]
        first = next(iter(office.server.batches.values()))
        finish(office.server, first)
        assert (await office.turn()).seconds == 60
        assert "3 of 8 conversations are back" in (await office.notes())[-1]
        office.answer_all()
        assert (await office.turn()).seconds is None
        await all_is_well(office, 8)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("cut", ["noted", "arrived", "results"])
async def test_a_worker_that_is_killed_is_made_up_for(
    database: Database, cut: str, provider: str
) -> None:
    which = "anthropic" if provider == "anthropic" else "openai"
    async with opened(database, 5, provider=which) as office:
        office.most_requests, office.cut = 3, cut
        await office.begin()
        if cut == "results":
            await office.hand_in_all()
            office.answer_all()
        with pytest.raises(Killed):
            await office.turn()
        # What may have arrived is waited for, and nothing more is handed in before that is known.
        if cut != "results":
            before = office.handed_in()
            assert (await office.turn()).seconds == 60
            assert office.handed_in() == before
            await office.grow_old(LATE)
        await office.finish_all()
        await all_is_well(office, 5)


@pytest.mark.parametrize("turns", range(4))
async def test_a_turn_that_is_done_twice_changes_nothing(database: Database, turns: int) -> None:
    """The worker is killed after everything in the turn was done, before the turn was ended."""
    async with opened(database, 5) as office:
        office.most_requests = 3
        await office.begin()
        for _ in range(turns):
            office.answer_all()
            await office.turn()
        office.answer_all()
        await office.look()
        await office.finish_all()
        await all_is_well(office, 5)


async def test_two_workers_at_the_same_turn_hand_in_once(database: Database) -> None:
    async with opened(database, 6) as office:
        await office.begin()
        await asyncio.gather(office.look(), office.look(), office.look())
        assert office.handed_in() == 6
        office.answer_all()
        await asyncio.gather(office.look(), office.look(), office.look())
        await office.finish_all()
        await all_is_well(office, 6)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_what_a_batch_did_not_answer_is_asked_directly(
    database: Database, provider: str
) -> None:
    which = "anthropic" if provider == "anthropic" else "openai"
    async with opened(database, 5, provider=which) as office:
        await office.begin()
        await office.hand_in_all()
        batch = next(iter(office.server.batches.values()))
        batch.fates = {1: "failed", 2: "expired", 3: "nonsense"}
        expire(office.server, batch)
        assert (await office.turn()).seconds is None
        assert "2 of 5 answers can be used" in (await office.notes())[-1]
        # The nonsense was paid for; what failed or came too late was not.
        assert (await office.committed()).total == 3 * BATCHED
        await office.read()
        assert len(office.server.questions) == 3
        assert await office.count("classifications") == 10
        assert (await office.committed()).total == 3 * BATCHED + 3 * DIRECT
        assert (await office.committed()).reserved == 0


async def test_text_that_changed_meanwhile_is_asked_about_anew(database: Database) -> None:
    async with opened(database, 3) as office:
        await office.begin()
        await office.hand_in_all()
        changed = make_thread("c1", (CUSTOMER, "Now the import is broken as well."), version=1)
        await office.desk.add(changed, fit=False)
        office.answer_all()
        await office.finish_all()
        assert await office.count("model_answers") == 2
        await office.read()
        assert len(office.server.questions) == 1


async def test_ceilings_hold_and_the_rest_follows_when_money_is_free(database: Database) -> None:
    async with opened(database, 6, ceilings=Ceilings(run=Decimal(4))) as office:
        await office.begin()
        after = await office.hand_in_all()
        assert (after.is_short, office.handed_in()) == (True, 4)
        assert (await office.committed()).run == 4
        await office.turn()
        assert office.handed_in() == 4
        assert any("The ceiling of the run is reached" in note for note in await office.notes())
        batch = next(iter(office.server.batches.values()))
        batch.fates = {0: "expired", 1: "expired"}
        expire(office.server, batch)
        await office.finish_all()
        assert office.handed_in() == 6
        assert (await office.committed()).run == 4
        await office.read()
        assert office.server.questions == []
        waiting = await office.desk.rows("SELECT FROM analyses WHERE status = 'pending'")
        assert len(waiting) == 2


async def test_without_money_nothing_is_handed_in_or_waited_for(database: Database) -> None:
    async with opened(database, 3, ceilings=Ceilings(total=Decimal("0.5"))) as office:
        await office.begin()
        after = await office.turn()
        assert (after.seconds, office.handed_in()) == (None, 0)
        assert await office.count("model_batches") == 0


async def test_small_runs_ask_directly(database: Database) -> None:
    async with opened(database, 4) as office:
        office.least = 5
        assert not await office.begin()


async def test_only_what_would_be_asked_counts(database: Database) -> None:
    async with opened(database, 4) as office:
        office.least = 4
        await office.desk.read(office.minds.language_model, "c0", spending=office.minds.spending)
        await office.desk.forget("classifications", "facets", "issues", "analyses")
        assert await office.begin()
        assert (await office.turn()).seconds is None
        assert office.handed_in() == 0


async def test_never_fetches_what_was_handed_in_and_hands_in_nothing(database: Database) -> None:
    async with opened(database, 4) as office:
        office.most_requests = 2
        await office.begin()
        await office.turn()
        office.least = None
        assert (await office.turn()).seconds == 60
        office.answer_all()
        assert (await office.turn()).seconds is None
        assert office.handed_in() == 2
        await office.read()
        assert len(office.server.questions) == 2


async def test_provider_that_takes_no_batch_is_asked_directly(database: Database) -> None:
    async with opened(database, 3) as office:
        await office.begin()
        office.server.key = "another"
        assert (await office.turn()).seconds is None
        assert "took no batch" in (await office.notes())[-1]
        assert await office.count("spending_reservations") == 0
        office.server.key = None
        await office.read()
        assert len(office.server.questions) == 3


async def test_batch_that_is_gone_is_waited_for_no_longer(database: Database) -> None:
    async with opened(database, 3) as office:
        await office.begin()
        await office.hand_in_all()
        office.server.key = "another"
        assert (await office.turn()).seconds is None
        assert "cannot be fetched" in (await office.notes())[-1]
        # With the right key the next run finds it.
        office.server.key = None
        office.answer_all()
        await office.desk.execute("UPDATE batch_waits SET ended_at = NULL")
        await office.finish_all()
        await all_is_well(office, 3)


async def test_provider_that_is_down_is_tried_thrice(database: Database) -> None:
    async with opened(database, 3) as office:
        await office.begin()
        office.is_down = True
        for _ in range(3):
            assert (await office.turn()).seconds == 60
            await office.grow_old(LATE)
        assert (await office.turn()).seconds is None
        assert await office.count("model_batches") == 3
        assert await office.count("spending_reservations") == 0
        await office.read()
        assert len(office.server.questions) == 3


async def test_batch_without_an_end_is_given_up_after_a_day(database: Database) -> None:
    async with opened(database, 3) as office:
        await office.begin()
        await office.hand_in_all()
        await office.grow_old("27 hours")
        assert (await office.turn()).seconds is None
        await office.read()
        assert len(office.server.questions) == 3


async def test_run_that_waits_holds_no_worker_and_can_be_cancelled(database: Database) -> None:
    async with opened(database, 5) as office, open_queue(database) as queue:
        async with office.working():
            first = await office.start(queue)
            await until(partial(_is_waiting, office, first))
        async with database.write() as connection:
            await queue.batch(connection, first, 0)  # as if its first job had been lost, and found
        await office.hurry()
        async with office.working():
            await until(partial(_is_waiting, office, first))
            async with database.write() as connection:
                await cancel_run(connection, queue, first.workspace_id, first.id)
            assert (await finish_run(database, first)).status is RunStatus.CANCELLED
        async with office.working():
            second = await office.start(queue)
            await until(partial(_is_waiting, office, second))
            assert (await office.notes())[-1].startswith("Waiting for the provider: 0 of 5")
            office.answer_all()
            await office.hurry()
            ended = await finish_run(database, second)
        async with database.read() as reader:
            reading = await run_reading_storage.get_run_reading(reader, ended)
    assert ended.status is RunStatus.SUCCEEDED, ended.error
    assert reading.waiting == ()  # what was waited for is there
    await all_is_well(office, 5)


async def _is_waiting(office: Office, run: Run) -> bool:
    """One job is there for later, and none is at work."""
    rows = await office.desk.rows(
        "SELECT status = 'todo' AND scheduled_at > now() AS is_later FROM procrastinate_jobs"
        " WHERE args->>'run_id' = %s AND status IN ('todo', 'doing')",
        str(run.id),
    )
    return [row["is_later"] for row in rows] == [True]
