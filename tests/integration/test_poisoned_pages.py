"""A conversation that ends every worker that touches it does not hold up the others."""

import pytest

from earmark.db import failure_storage, run_storage, sync_storage
from earmark.db.connection import Database
from earmark.db.models import RunStatus
from tests.fixtures.simulator import registered, simulated, small_sample
from tests.integration.test_runs import finish, start, working


@pytest.mark.parametrize("stage", ["fetch", "mask", "classify"])
async def test_what_ended_its_workers_is_set_aside(database: Database, stage: str) -> None:
    async with database.write() as connection:
        # As after three lost workers, the last of which had begun with the page's first one.
        await connection.execute(
            "CREATE FUNCTION taken_over() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.attempts := 3; RETURN NEW; END $$"
        )
        await connection.execute(
            "CREATE TRIGGER taken_over BEFORE INSERT ON procrastinate_jobs"
            " FOR EACH ROW WHEN (NEW.task_name = 'page') EXECUTE FUNCTION taken_over()"
        )
        await connection.execute(
            "CREATE FUNCTION begun() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.suspect := NEW.conversation_ids[1]; RETURN NEW; END $$"
        )
        await connection.execute(
            "CREATE TRIGGER begun BEFORE INSERT ON run_pages FOR EACH ROW"
            f" WHEN (NEW.stage = '{stage}') EXECUTE FUNCTION begun()".encode()
        )
    async with simulated(small_sample(40)) as client, working(database, client):
        workspace = await registered(database, client)
        run = await finish(database, await start(database, workspace))
        assert run.status is RunStatus.SUCCEEDED, run.error
        async with database.read() as reader:
            stages = await run_storage.list_stages(reader, workspace.id, run.id)
            (failure,) = await failure_storage.list_failures(
                reader, workspace.id, max_attempts=5, limit=10
            )
        assert {found.stage: found.failed for found in stages if found.failed} == {stage: 1}
        assert "a worker ended while it did this one" in failure.reason
        assert failure.work == ("fetch" if stage == "fetch" else "read")
        assert not failure.is_given_up
        async with database.write() as connection:
            await connection.execute("DROP TRIGGER begun ON run_pages")
            await failure_storage.retry_failures(connection, workspace.id, None)
        again = await finish(database, await start(database, workspace))
    assert again.status is RunStatus.SUCCEEDED, again.error
    async with database.read() as reader:
        assert not await failure_storage.list_failures(
            reader, workspace.id, max_attempts=5, limit=10
        )
        coverage = await sync_storage.get_coverage(reader, workspace.id)
    assert coverage.stored == coverage.expected


async def test_what_a_person_leaves_out_stays_out(database: Database) -> None:
    async with simulated(small_sample(30)) as client, working(database, client):
        workspace = await registered(database, client)
        await finish(database, await start(database, workspace))
        async with database.write() as connection:
            await connection.execute(
                "UPDATE sync_ledger SET status = 'failed', reason = 'odd', attempts = 5"
                " WHERE conversation_id = (SELECT min(conversation_id) FROM sync_ledger)"
            )
        async with database.read() as reader:
            (failure,) = await failure_storage.list_failures(
                reader, workspace.id, max_attempts=5, limit=10
            )
        assert failure.is_given_up
        async with database.write() as connection:
            told = await failure_storage.skip_failures(
                connection, workspace.id, [failure.conversation_id, "unheard-of"]
            )
        await finish(database, await start(database, workspace))
    assert (told.changed, told.unknown) == (1, ("unheard-of",))
    async with database.read() as reader:
        (gap,) = [
            gap
            for gap in await sync_storage.list_gaps(reader, workspace.id, limit=10)
            if gap.conversation_id == failure.conversation_id
        ]
    assert (gap.status, gap.reason) == ("skipped", "left out by a person: odd")
