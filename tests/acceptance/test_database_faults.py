"""A database that is not there, not the right one, full, or lost: what people are told of it."""

import asyncio
import re
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from earmark.db import workspace_storage
from earmark.db.connection import Database, check_address
from earmark.db.migration import known_migrations
from earmark.errors import ConfigurationError, DatabaseFull
from tests.fixtures.demo import run_earmark
from tests.fixtures.processes import Process, kill_postmaster, started


@pytest.fixture
def folder(open_folder: Path) -> Path:
    """A data directory that nothing is in."""
    around = open_folder / "database-faults"
    around.mkdir(exist_ok=True)
    return around / "data"


@pytest_asyncio.fixture
async def server(
    conninfo: str, database: Database, open_folder: Path
) -> AsyncGenerator[aiohttp.ClientSession]:
    """A client of `earmark serve` on a database with one workspace, `w`."""
    async with database.write() as connection:
        await workspace_storage.upsert_workspace(
            connection, code="w", name="W", kind="sample", region=None, timezone="UTC"
        )
    folder = open_folder / "served"
    with serving(folder, DATABASE_URL=conninfo) as process:
        async with aiohttp.ClientSession(await _address(process, folder)) as session:
            yield session


def serving(folder: Path, **changes: str) -> Any:  # noqa: ANN401 - a context manager of subprocess
    return started(folder, "serve", "--no-worker", "--port", "0", **changes)


async def _address(process: Process, folder: Path) -> str:
    """What the server says of itself when it is ready."""
    async with asyncio.timeout(30):
        while not (found := re.findall(r"http://\S+", (folder / "earmark.log").read_text())):
            assert process.poll() is None
            await asyncio.sleep(0.05)
    return found[-1]


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://u:secret@h/d",
        "postgresql+psycopg://u:secret@h/d",
        "postgresql://u:sec%ret@h/d",
        "postgresql://u:sec/ret@h/d",
    ],
)
def test_address_that_cannot_be_read_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL.*postgresql://") as caught:
        check_address(url)
    assert "sec" not in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "url", ["postgresql://u:p@h:5432/d?sslmode=require", "host=/tmp dbname=d", "postgresql://a,b/d"]
)
def test_address_that_libpq_can_read_is_taken(url: str) -> None:
    check_address(url)


def test_wrong_address_ends_the_program_as_a_wrong_setting(folder: Path) -> None:
    done = run_earmark(folder, "db", "status", DATABASE_URL="mysql://u:secret@h/d")
    assert done.returncode == 3
    assert "DATABASE_URL is not the address of a PostgreSQL" in done.stderr
    assert "secret" not in done.stderr


def test_unreachable_server_is_told_with_its_address_and_no_password(folder: Path) -> None:
    url = "postgresql://u:secret@127.0.0.1:9/d"
    done = run_earmark(folder, "serve", "--port", "0", DATABASE_URL=url)
    assert done.returncode == 1
    assert "PostgreSQL cannot be reached" in done.stderr
    assert "port 9 failed" in done.stderr
    assert "earmark doctor" in done.stderr
    assert "secret" not in done.stderr


def test_file_in_the_place_of_the_data_directory_is_named(folder: Path) -> None:
    file = folder.parent / "a-file"
    file.touch()
    done = run_earmark(file, "serve", "--port", "0")
    assert done.returncode == 3
    assert f"The data directory {file}/postgres cannot be used" in done.stderr
    assert "EARMARK_DATA_DIR" in done.stderr


# ---------------------------------------------------------------- schemas


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("worker",), ("themes",)])
async def test_newer_schema_stops_the_program(
    conninfo: str, database: Database, folder: Path, command: tuple[str, ...]
) -> None:
    await _claim_newer_schema(database)
    done = await asyncio.to_thread(run_earmark, folder, *command, DATABASE_URL=conninfo)
    assert done.returncode == 3
    assert "The database is newer than this program" in done.stderr
    assert "999" in done.stderr
    assert "Upgrade Earmark" in done.stderr


async def test_newer_schema_is_shown_by_status_and_doctor(
    conninfo: str, database: Database, folder: Path
) -> None:
    await _claim_newer_schema(database)
    status = await asyncio.to_thread(run_earmark, folder, "db", "status", DATABASE_URL=conninfo)
    doctor = await asyncio.to_thread(run_earmark, folder, "doctor", DATABASE_URL=conninfo)
    assert status.returncode == 3
    assert "schema 999" in status.stderr
    assert "newer than this program" in status.stderr
    assert doctor.returncode == 1
    assert "failed  database: The database is newer" in doctor.stdout


async def test_database_without_the_schema_is_told_and_helped_by_migrate(
    conninfo: str, database: Database, folder: Path
) -> None:
    async with database.write() as connection:
        await connection.execute("DROP SCHEMA earmark CASCADE")

    async def run(*command: str) -> tuple[int, str]:
        done = await asyncio.to_thread(run_earmark, folder, *command, DATABASE_URL=conninfo)
        return done.returncode, done.stderr + done.stdout

    code, said = await run("worker")
    assert code == 3
    assert "earmark db migrate" in said
    code, said = await run("doctor")
    assert code == 1
    assert f"version {known_migrations()[-1].version} is needed" in said
    assert "earmark db migrate" in said
    assert (await run("db", "migrate"))[0] == 0
    assert (await run("doctor"))[0] == 0


async def _claim_newer_schema(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (999, 'future', 'x')"
        )


# ---------------------------------------------------------------- full, and lost


async def _fill_disk(database: Database, table: str) -> None:
    """From now on the table's inserts fail as on a full disk."""
    async with database.write() as connection:
        await connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE"
            " 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
        )
        statement = f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()"
        await connection.execute(statement.encode())


async def test_full_disk_is_told_as_such(database: Database) -> None:
    await _fill_disk(database, "workspaces")
    with pytest.raises(DatabaseFull, match="No space left on device") as caught:
        async with database.write() as connection:
            await workspace_storage.upsert_workspace(
                connection, code="x", name="X", kind="sample", region=None, timezone="UTC"
            )
    assert caught.value.retryable
    assert "Free some space" in caught.value.fix


async def test_full_disk_is_a_507_with_advice(
    server: aiohttp.ClientSession, database: Database
) -> None:
    await _fill_disk(database, "runs")
    async with server.post("/api/v1/workspaces/w/runs") as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert answer.status == problem["status"] == 507
    assert problem["title"] == "PostgreSQL has no space left."
    assert "Free some space" in problem["fix"]
    async with server.get("/api/v1/workspaces/w/runs") as answer:
        assert await answer.json() == []


async def test_api_says_503_while_postgres_is_away_and_goes_on_after(folder: Path) -> None:
    statuses: list[int] = []
    with serving(folder) as process:
        async with aiohttp.ClientSession(await _address(process, folder)) as session:
            kill_postmaster(folder / "postgres")
            async with asyncio.timeout(40):
                while statuses.count(200) < 3:
                    async with session.get("/readyz") as answer:
                        statuses.append(answer.status)
                        body = await answer.json(content_type=None)
                    assert body["status"] in ("ok", 503), body
                    await asyncio.sleep(0.1)
            async with session.get("/api/v1/workspaces") as answer:
                assert answer.status == 200
    assert set(statuses) <= {200, 503}


# ---------------------------------------------------------------- dumps


@pytest.fixture(scope="module")
def dumped(demo: dict[str, Any], open_folder: Path) -> Generator[Path]:
    """A dump of the demo's database, taken while the demo is served."""
    assert demo["url"]
    file = open_folder / "demo.dump"
    done = run_earmark(open_folder / "demo", "db", "dump", str(file))
    assert done.returncode == 0, done.stderr
    yield file
    file.unlink()


def test_dump_is_for_its_owner_alone_and_overwrites_nothing(
    dumped: Path, open_folder: Path
) -> None:
    assert dumped.stat().st_mode & 0o777 == 0o600
    again = run_earmark(open_folder / "demo", "db", "dump", str(dumped))
    assert again.returncode == 2
    assert "exists already" in again.stderr
    nowhere = run_earmark(open_folder / "demo", "db", "dump", str(open_folder / "no" / "file"))
    assert nowhere.returncode == 2
    assert f"There is no folder {open_folder}/no" in nowhere.stderr
    assert not list(open_folder.glob("*.partial"))


def read_themes(place: Path) -> str:
    """All themes as `earmark themes` gives them, without when it was that they were counted."""
    told = run_earmark(place, "themes", "--json", "--limit", "500").stdout
    return re.sub(r'"as_of": "[^"]*"', "", told)


def test_dump_is_restored_into_another_data_directory(dumped: Path, open_folder: Path) -> None:
    other = open_folder / "restored"
    missing = run_earmark(other, "db", "restore", str(open_folder / "nothing"))
    assert missing.returncode == 2
    assert "There is no file" in missing.stderr
    done = run_earmark(other, "db", "restore", str(dumped))
    assert done.returncode == 0, done.stderr
    there = read_themes(open_folder / "demo")
    assert there != ""
    assert read_themes(other) == there
    refused = run_earmark(other, "db", "restore", str(dumped))
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    (open_folder / "garbage").write_text("no dump")
    garbage = run_earmark(other, "db", "restore", "--yes", str(open_folder / "garbage"))
    assert garbage.returncode == 1
    assert "does not appear to be a valid archive" in garbage.stderr
    assert read_themes(other) == there
