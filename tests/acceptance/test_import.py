"""`earmark import` as a user types it."""

import json
from pathlib import Path

import pytest
from psycopg.rows import scalar_row

from earmark.db.connection import Database, connect, open_database
from earmark.db.embedded import running
from earmark.db.migration import migrate
from earmark.jobs.queue import migrate_queue
from tests.fixtures.demo import run_earmark
from tests.fixtures.processes import started, until

CSV = "ticket_id,role,email,text,created\n" + "".join(
    f"{i},user,kim{i % 20}@shop.example,The export of invoices to CSV fails with an error since"
    f" yesterday and our accountant waits,2026-03-{1 + i % 28:02d}\n"
    f"{i},agent,anna@help.example,We are looking into it.,2026-03-{1 + i % 28:02d}T12:00\n"
    for i in range(60)
)


def test_dry_run_shows_how_files_are_read_masked_and_stores_nothing(tmp_path: Path) -> None:
    file = tmp_path / "tickets.csv"
    file.write_text(
        CSV + "61,user,,mail me: lee@private.example,2026-03-01\n62,who,,x,2026-03-01\n"
    )
    data = tmp_path / "data"
    done = run_earmark(data, "import", str(file), "--dry-run", "--json")
    assert done.returncode == 4, done.stderr
    report = json.loads(done.stdout)
    (described,) = report["files"]
    assert described["columns"]["conversation"] == "ticket_id"
    assert report["contents"]["conversations"] == 61
    assert report["left_out"] == [
        {
            "reason": "who wrote it is no known kind of author",
            "rows": 1,
            "first_file": "tickets.csv",
            "first_line": 123,
        }
    ]
    assert report["unknown_author_kinds"] == ["who"]
    assert report["stored"] is None
    assert not data.exists()
    shown = run_earmark(data, "import", str(file), "--dry-run")
    assert "text = text" in shown.stderr
    assert "customer" in shown.stdout
    assert "lee@private.example" not in shown.stdout + shown.stderr + done.stdout


def test_import_runs_the_whole_journey_and_a_second_one_changes_nothing(open_folder: Path) -> None:
    file = open_folder / "tickets.csv"
    file.write_text(CSV)
    data = open_folder / "import"
    first = run_earmark(data, "import", str(file), "--name", "Shop", "--json")
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert report["stored"] == {"new": 60, "changed": 0, "unchanged": 0, "older": 0}
    assert [stage["status"] for stage in report["stages"]] == ["done"] * 5
    assert report["coverage"]["stored"] == 60
    again = run_earmark(data, "import", str(file), "--name", "Shop", "--no-run")
    assert again.returncode == 0, again.stderr
    assert "60 as they were" in again.stderr


def test_file_without_anything_usable_is_told(tmp_path: Path) -> None:
    for content, words in (("", "They have no rows."), ("id,text\n1,\n", "it has no text")):
        file = tmp_path / "empty.csv"
        file.write_text(content)
        done = run_earmark(tmp_path / "data", "import", str(file))
        assert done.returncode == 2
        assert "no usable conversation" in done.stderr
        assert words in done.stderr
    missing = run_earmark(tmp_path / "data", "import", str(tmp_path / "nothing.csv"))
    assert missing.returncode == 2
    assert "There is no file" in missing.stderr


async def ask(database: Database, query: str) -> object:
    async with database.read() as reader, reader.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(query.encode())
        return await cursor.fetchone()


@pytest.mark.slow
async def test_another_process_completes_an_import_that_was_killed(open_folder: Path) -> None:
    number = 3_000
    file = open_folder / "many.csv"
    file.write_text(
        "ticket_id,role,text,created\n"
        + "".join(f"{i},user,The export number {i} fails,2026-03-01\n" for i in range(number))
    )
    data = open_folder / "killed-import"
    typed = ("import", str(file), "--name", "Many", "--no-run", "--json")
    stored = "SELECT count(*) FROM conversations"
    async with running(data / "postgres", linger=1.0) as server:
        async with connect(server.conninfo()) as connection:
            await migrate(connection)
        async with open_database(server.conninfo(), max_size=2) as database:
            await migrate_queue(database)
            with started(data, *typed):

                async def is_begun() -> bool:
                    return bool(await ask(database, stored))

                await until(is_begun)
            before = await ask(database, stored)
            assert isinstance(before, int)
            assert before < number
            with started(data, "worker"):

                async def is_ended() -> bool:
                    return await ask(database, "SELECT status FROM runs") == "failed"

                await until(is_ended)
            said = await ask(database, "SELECT error FROM runs")
            assert "Type the same `earmark import` again" in str(said)
            again = run_earmark(data, *typed)
            assert again.returncode == 0, again.stderr
            counts = json.loads(again.stdout)["stored"]
            assert (counts["unchanged"] >= before, counts["changed"], counts["older"]) == (
                True,
                0,
                0,
            )
            assert counts["new"] + counts["unchanged"] == number
            assert await ask(database, stored) == number
            assert await ask(database, "SELECT count(*) FROM messages") == number
