"""Importing files: the same stages as any source, idempotent, and never a deletion."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from psycopg.rows import scalar_row

from earmark.db import run_storage, sync_storage
from earmark.db.connection import Database
from earmark.db.locks import exclusive
from earmark.db.models import RunStatus, Stage, Workspace
from earmark.db.sync_storage import Coverage
from earmark.errors import Conflict, DatabaseUnavailable
from earmark.pipeline import importing
from earmark.pipeline.importing import ImportCounts
from earmark.sources.base import Fetched
from earmark.sources.file_mapping import FileMapping
from earmark.sources.files import FileSource, open_files
from earmark.wiring import register_workspace
from tests.fixtures.simulator import simulated, small_sample


def conversation(name: str, *texts: str, day: int = 2, **beside: object) -> dict[str, object]:
    """One line: turns on one day, a minute apart, by turns of customer and agent."""
    turns = [
        {
            "by": ("customer", "agent")[place % 2],
            "text": text,
            "at": f"2026-03-{day:02d}T10:{place:02d}:00Z",
        }
        for place, text in enumerate(texts)
    ]
    return {"id": name, "turns": turns, **beside}


def write(path: Path, *values: object) -> Path:
    path.write_text("".join(f"{json.dumps(value)}\n" for value in values))
    return path


async def load(
    database: Database, *paths: Path, name: str = "Shop", mapping: FileMapping | None = None
) -> tuple[Workspace, ImportCounts]:
    """What `earmark import --no-run` does."""
    async with open_files(paths, mapping or FileMapping(), name) as source:
        return await load_source(database, source)


async def load_source(database: Database, source: FileSource) -> tuple[Workspace, ImportCounts]:
    workspace = await importing.open_workspace(database, await source.identity())
    assert await importing.unfinished_run(database, workspace.id) is None
    reasons = [f"{bad.file}, line {bad.line}: {bad.reason}" for bad in source.shelf.bad()]
    prefixes = [f"{plan.path.name}, line " for plan in source.plans]
    run = await importing.begin(database, workspace.id, prefixes, reasons)
    return workspace, await importing.read_in(database, source, run)


async def one(database: Database, query: str) -> object:
    async with database.read() as reader, reader.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(query.encode())
        return await cursor.fetchone()


async def coverage_of(database: Database, workspace: Workspace) -> Coverage:
    async with database.read() as reader:
        return await sync_storage.get_coverage(reader, workspace.id)


_STATE = (
    "SELECT (SELECT sum(xmin::text::bigint) FROM messages) + (SELECT sum(xmin::text::bigint)"
    " FROM conversations) + (SELECT sum(xmin::text::bigint) FROM sync_ledger)"
)


async def test_import_stores_conversations_people_and_ledger(
    database: Database, tmp_path: Path
) -> None:
    file = write(
        tmp_path / "a.jsonl",
        conversation("a", "It fails", "Mended", email="kim@x.example", company="Acme", mrr=90),
        conversation("b", "Where is it?", day=3, tags=["delivery"]),
    )
    workspace, counts = await load(database, file)
    assert counts == ImportCounts(new=2)
    assert (workspace.kind, workspace.code, workspace.name) == ("file", "file-shop", "Shop")
    coverage = await coverage_of(database, workspace)
    assert coverage.listed == coverage.stored == coverage.expected == 2
    assert await one(database, "SELECT count(*) FROM messages") == 3
    assert await one(database, "SELECT monthly_spend FROM companies") == 90
    assert await one(database, "SELECT email FROM contacts") == "kim@x.example"
    assert await one(database, "SELECT tags FROM conversations WHERE id = 'b'") == ["delivery"]


async def test_same_file_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", *(conversation(f"c{i}", "Hi", "Ho") for i in range(250)))
    await load(database, file)
    before = await one(database, _STATE)
    _, counts = await load(database, file)
    assert counts == ImportCounts(unchanged=250)
    assert await one(database, _STATE) == before


async def test_later_version_replaces_and_earlier_one_does_not(
    database: Database, tmp_path: Path
) -> None:
    old, new = conversation("a", "Hi", "Old answer"), conversation("a", "Hi", "New", "Thanks")
    await load(database, write(tmp_path / "old.jsonl", old))
    _, counts = await load(database, write(tmp_path / "new.jsonl", new))
    assert counts == ImportCounts(changed=1)
    _, counts = await load(database, write(tmp_path / "old.jsonl", old))
    assert counts == ImportCounts(older=1)
    texts = await one(database, "SELECT array_agg(body ORDER BY position) FROM messages")
    assert texts == ["Hi", "New", "Thanks"]


async def test_mended_mapping_is_taken_up_without_a_later_time(
    database: Database, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.jsonl", conversation("a", "Hi", "Ho", topics=["x", "y"]))
    await load(database, file)
    mapping = FileMapping.model_validate({"columns": {"tags": "topics"}})
    _, counts = await load(database, file, mapping=mapping)
    assert counts == ImportCounts(changed=1)
    assert await one(database, "SELECT tags FROM conversations") == ["x", "y"]


async def test_other_file_adds_and_deletes_nothing(database: Database, tmp_path: Path) -> None:
    await load(database, write(tmp_path / "a.jsonl", conversation("a", "Hi", day=5)))
    workspace, counts = await load(
        database, write(tmp_path / "b.jsonl", conversation("b", "Hi", day=1))
    )
    assert counts == ImportCounts(new=1)
    coverage = await coverage_of(database, workspace)
    assert (coverage.stored, coverage.skipped, coverage.pending) == (2, 0, 0)


async def test_rows_left_out_are_in_the_ledger_until_they_are_mended(
    database: Database, tmp_path: Path
) -> None:
    other = write(tmp_path / "b.jsonl", {"id": "x"}, conversation("b", "Hi"))
    file = write(tmp_path / "a.jsonl", conversation("a", "Hi"), {"id": "z", "turns": []}, 7)
    workspace, _ = await load(database, file, other)
    query = "SELECT array_agg(reason ORDER BY id) FROM sync_unreadable"
    assert await one(database, query) == [
        "a.jsonl, line 2: it has no turns",
        "a.jsonl, line 3: it is not a JSON object",
        "b.jsonl, line 1: it has no turns",
    ]
    assert (await coverage_of(database, workspace)).unreadable == 3
    await load(database, write(tmp_path / "a.jsonl", conversation("a", "Hi")))
    assert await one(database, query) == ["b.jsonl, line 1: it has no turns"]


async def test_secrets_of_files_are_not_stored(database: Database, tmp_path: Path) -> None:
    card = "4111 1111 1111 1111"
    await load(database, write(tmp_path / "a.jsonl", conversation("a", f"My card is {card}")))
    body = await one(database, "SELECT body FROM messages")
    assert isinstance(body, str)
    assert card not in body


async def test_workspace_of_another_kind_is_not_imported_to(
    database: Database, tmp_path: Path
) -> None:
    async with simulated(small_sample(5)) as client:
        identity = await client.identity()
        await register_workspace(
            database, identity.model_copy(update={"code": "file-shop"}), kind="intercom"
        )
    with pytest.raises(Conflict, match="not made of files"):
        await load(database, write(tmp_path / "a.jsonl", conversation("a", "Hi")))


class Breaking(FileSource):
    """A source that is lost after some pages."""

    def __init__(self, source: FileSource, pages: int, error: BaseException) -> None:
        super().__init__(source.shelf, source.plans, "Shop", FileMapping())
        self._pages = pages
        self._error = error

    async def fetch(self, ids: Sequence[str]) -> list[Fetched]:
        """The same, a few times."""
        self._pages -= bool(ids)
        if self._pages < 0:
            raise self._error
        return await super().fetch(ids)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DatabaseUnavailable("Lost."), RunStatus.FAILED),
        (asyncio.CancelledError(), RunStatus.CANCELLED),
        (ZeroDivisionError(), RunStatus.FAILED),
    ],
)
async def test_import_that_broke_off_ends_its_run_and_the_next_one_completes_it(
    database: Database, tmp_path: Path, error: BaseException, status: RunStatus
) -> None:
    file = write(tmp_path / "a.jsonl", *(conversation(f"c{i}", "Hi", "Ho") for i in range(350)))
    async with open_files([file], FileMapping(), "Shop") as source:
        with pytest.raises(type(error)):
            await load_source(database, Breaking(source, 2, error))
    assert await one(database, "SELECT count(*) FROM conversations") == 200
    assert await one(database, "SELECT status FROM runs") == status.value
    workspace, _ = await load(database, file)
    coverage = await coverage_of(database, workspace)
    assert (coverage.stored, coverage.pending) == (350, 0)


async def test_any_worker_ends_the_run_of_an_import_that_is_gone_and_of_no_other(
    database: Database, tmp_path: Path
) -> None:
    workspace, _ = await load(database, write(tmp_path / "a.jsonl", conversation("a", "Hi")))
    running = await importing.begin(database, workspace.id, [], [])
    name = importing.lock_name(workspace.id)
    async with exclusive(database, name, what="Busy.", fix="Wait."):
        assert await importing.end_abandoned(database) == []
    assert [run.id for run in await importing.end_abandoned(database)] == [running.id]
    assert await importing.end_abandoned(database) == []
    async with database.write() as connection:
        ended = await run_storage.get_run(connection, workspace.id, running.id)
        await run_storage.create_run(connection, workspace.id)  # with jobs, as every other run
    assert ended.status is RunStatus.FAILED
    assert "Type the same `earmark import` again" in str(ended.error)
    assert await importing.end_abandoned(database) == []


async def test_run_of_a_killed_import_is_ended_by_the_next_and_another_is_gone_on_with(
    database: Database, tmp_path: Path
) -> None:
    workspace, _ = await load(database, write(tmp_path / "a.jsonl", conversation("a", "Hi")))
    killed = await importing.begin(database, workspace.id, [], [])
    assert await importing.unfinished_run(database, workspace.id) is None
    async with database.write() as connection:
        ended = await run_storage.get_run(connection, workspace.id, killed.id)
        waiting = await run_storage.create_run(connection, workspace.id, (Stage.MASK,))
    assert ended.status is RunStatus.FAILED
    assert ended.error is not None
    assert ended.error.startswith("The import was interrupted. Type the same `earmark import`")
    unfinished = await importing.unfinished_run(database, workspace.id)
    assert unfinished is not None
    assert unfinished.id == waiting.id
