"""A run whose database fills up, or whose workspace goes away, while it is under way."""

from functools import partial

from earmark.db import run_storage, workspace_storage
from earmark.db.connection import Database
from earmark.db.models import Run, RunStatus, Stage
from tests.fixtures.processes import until
from tests.fixtures.simulator import registered, simulated, small_sample
from tests.integration.test_runs import finish, start, working


async def _is_idle(database: Database) -> bool:
    async with database.read() as reader:
        cursor = await reader.execute("SELECT FROM procrastinate_jobs WHERE task_name <> 'rescue'")
        return not cursor.rowcount


async def test_run_goes_on_when_the_full_disk_has_space_again(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE 'No space left on device' USING ERRCODE = '53100'; END $$"
        )
        await connection.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON masked_messages EXECUTE FUNCTION refuse()"
        )
    async with simulated(small_sample(40)) as client, working(database, client):
        workspace = await registered(database, client)
        run = await start(database, workspace)
        await until(partial(_has_retried, database))
        async with database.write() as connection:
            await connection.execute("DROP TRIGGER full_disk ON masked_messages")
        ended = await finish(database, run)
    assert ended.status is RunStatus.SUCCEEDED, ended.error
    async with database.read() as reader:
        stages = await run_storage.list_stages(reader, workspace.id, run.id)
    assert [stage.failed for stage in stages] == [0] * len(stages)


async def _has_retried(database: Database) -> bool:
    async with database.read() as reader:
        cursor = await reader.execute("SELECT FROM procrastinate_jobs WHERE attempts > 0")
        return cursor.rowcount > 0


async def test_jobs_of_a_deleted_workspace_end_and_leave_nothing(database: Database) -> None:
    async with simulated(small_sample(200)) as client:
        workspace = await registered(database, client)
        async with working(database, client):
            run = await start(database, workspace)
            await until(partial(_is_masking, database, run))
            async with database.write() as connection:
                await workspace_storage.delete_workspace(connection, workspace.code)
            await until(partial(_is_idle, database))
            again = await registered(database, client)
            ended = await finish(database, await start(database, again))
    assert ended.status is RunStatus.SUCCEEDED, ended.error


async def _is_masking(database: Database, run: Run) -> bool:
    async with database.read() as reader:
        stages = await run_storage.list_stages(reader, run.workspace_id, run.id)
    return any(found.stage is Stage.MASK and found.status != "waiting" for found in stages)
