"""Answers that come late lose: against newer ones, against deletions, against erasures."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from earmark.db import conversation_storage, sync_storage
from earmark.db.connection import Database
from earmark.db.models import LedgerEntry, LedgerStatus, Thread, Workspace
from earmark.pipeline import erasure, ingest
from earmark.sources.base import Failed, Fetched, Gone, Merged
from earmark.sources.simulator.changes import AddParts, RedactPart
from tests.fixtures.replica import replicating
from tests.fixtures.simulator import small_sample
from tests.fixtures.threads import CUSTOMER, START, TEAMMATE, make_thread, make_workspace

OLD = make_thread("1", (CUSTOMER, "Old words"), version=1)
NEW = make_thread("1", (CUSTOMER, "New words"), version=2)


async def _list(database: Database, workspace: Workspace, thread: Thread) -> None:
    entry = LedgerEntry(
        conversation_id=thread.conversation.id,
        status=LedgerStatus.PENDING,
        source_created_at=thread.conversation.created_at,
        source_updated_at=thread.conversation.updated_at,
    )
    async with database.write() as connection:
        await sync_storage.mark_listed(connection, workspace.id, [entry])


async def _store(
    database: Database, workspace: Workspace, *results: Fetched, asked_at: datetime | None = None
) -> None:
    async with database.write() as connection:
        await ingest.store_results(connection, workspace.id, results, asked_at=asked_at)


async def _delete(database: Database, workspace: Workspace, *, for_good: bool = True) -> None:
    async with database.write() as connection:
        await sync_storage.mark_deleted(
            connection,
            workspace.id,
            {"1": datetime.now(UTC)},
            reason="deleted",
            for_good=for_good,
        )
        await conversation_storage.delete_conversations(connection, workspace.id, ["1"])


async def _state(database: Database) -> tuple[list[str], list[tuple[str, str | None]]]:
    """Stored words, and status and reason in the ledger."""
    async with database.read() as reader:
        cursor = await reader.execute("SELECT body FROM messages ORDER BY conversation_id, id")
        words = [row["body"] for row in await cursor.fetchall()]
        cursor = await reader.execute("SELECT status, reason FROM sync_ledger")
        return words, [(row["status"], row["reason"]) for row in await cursor.fetchall()]


@pytest.mark.parametrize("late", [OLD, Failed(id="1", reason="no")])
async def test_older_answer_after_a_newer_one_changes_nothing(
    database: Database, late: Fetched
) -> None:
    workspace = await make_workspace(database)
    await _list(database, workspace, OLD)
    await _list(database, workspace, NEW)
    await _store(database, workspace, NEW)
    before = await _state(database)
    await _store(database, workspace, late)
    assert await _state(database) == before == (["New words"], [("stored", None)])


async def test_answer_older_than_its_listing_is_asked_for_again(database: Database) -> None:
    workspace = await make_workspace(database)
    await _list(database, workspace, NEW)
    await _store(database, workspace, OLD)
    words, ((status, reason),) = await _state(database)
    assert (words, status) == (["Old words"], "failed")
    assert "older version" in str(reason)
    await _store(database, workspace, NEW)
    assert await _state(database) == (["New words"], [("stored", None)])


@pytest.mark.parametrize("for_good", [True, False])
async def test_answer_after_the_deletion_is_refused(database: Database, for_good: bool) -> None:
    workspace = await make_workspace(database)
    await _list(database, workspace, OLD)
    asked_at = datetime.now(UTC)
    await _delete(database, workspace, for_good=for_good)
    await _store(database, workspace, NEW, asked_at=asked_at)
    assert await _state(database) == ([], [("skipped", "deleted")])


async def test_listing_after_the_deletion_does_not_bring_it_back(database: Database) -> None:
    workspace = await make_workspace(database)
    await _list(database, workspace, OLD)
    await _delete(database, workspace)
    await _list(database, workspace, NEW)
    await _store(database, workspace, NEW, asked_at=datetime.now(UTC))
    assert await _state(database) == ([], [("skipped", "deleted")])


async def test_answer_that_was_asked_for_before_it_was_gone_stays_refused_when_it_is_listed_again(
    database: Database,
) -> None:
    workspace = await make_workspace(database)
    await _list(database, workspace, OLD)
    before = datetime.now(UTC)
    await _store(database, workspace, Gone(id="1", reason="deleted at the source (404)"))
    await _list(database, workspace, OLD)
    await _store(database, workspace, OLD, asked_at=before)
    assert (await _state(database))[0] == []
    after = datetime.now(UTC) + timedelta(seconds=1)
    await _store(database, workspace, OLD, asked_at=after)
    assert await _state(database) == (["Old words"], [("stored", None)])


async def test_merge_takes_the_words_away_until_a_newer_version(database: Database) -> None:
    workspace = await make_workspace(database)
    await _list(database, workspace, OLD)
    await _store(database, workspace, OLD)
    changed = NEW.conversation.updated_at
    await _store(database, workspace, Merged(id="1", into="2", updated_at=changed))
    assert await _state(database) == ([], [("skipped", "merged into 2")])
    newer = make_thread("1", (CUSTOMER, "Open again"), version=3)
    await _list(database, workspace, newer)
    await _store(database, workspace, newer)
    assert await _state(database) == (["Open again"], [("stored", None)])


@asynccontextmanager
async def _holding(database: Database, workspace: Workspace) -> AsyncGenerator[asyncio.Event]:
    """Another connection that has stored an answer and commits when the event is set."""
    stored, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with database.write() as connection:
            await ingest.store_results(connection, workspace.id, [NEW], asked_at=START)
            stored.set()
            await go_on.wait()

    task = asyncio.create_task(hold())
    await stored.wait()
    try:
        yield go_on
    finally:
        go_on.set()
        await task


@pytest.mark.parametrize("erases", [False, True])
async def test_deletion_waits_for_an_answer_that_is_being_stored(
    database: Database, erases: bool
) -> None:
    workspace = await make_workspace(database)
    await _list(database, workspace, NEW)
    async with database.write() as connection:  # so that there is someone to erase
        await connection.execute(
            "INSERT INTO contacts (workspace_id, id) SELECT id, 'c1' FROM workspaces"
        )
    async with _holding(database, workspace) as go_on:
        deletion = asyncio.create_task(
            _erase(database, workspace) if erases else _delete(database, workspace)
        )
        await asyncio.sleep(0.1)
        assert not deletion.done()
        go_on.set()
        await deletion
    assert (await _state(database))[0] == []


async def _erase(database: Database, workspace: Workspace) -> None:
    await erasure.erase_contact(database, workspace.id, "c1")


async def test_answer_waits_for_a_deletion_that_is_under_way(database: Database) -> None:
    workspace = await make_workspace(database)
    await _list(database, workspace, NEW)
    async with database.write() as connection:
        await sync_storage.mark_deleted(
            connection, workspace.id, {"1": START}, reason="deleted", for_good=True
        )
        late = asyncio.create_task(_store(database, workspace, NEW, asked_at=datetime.now(UTC)))
        await asyncio.sleep(0.1)
        assert not late.done()
    await late
    assert await _state(database) == ([], [("skipped", "deleted")])


async def test_answer_waits_for_an_erasure_that_is_under_way(database: Database) -> None:
    workspace = await make_workspace(database)
    await _list(database, workspace, NEW)
    async with database.write() as connection:
        await erasure.erasure_storage.lock_workspace(connection, workspace.id)
        late = asyncio.create_task(_store(database, workspace, NEW, asked_at=datetime.now(UTC)))
        await asyncio.sleep(0.1)
        assert not late.done()
        await erasure.erasure_storage.add_receipt(connection, workspace.id, "c1", {})
    await late
    words, ((status, reason),) = await _state(database)
    assert (words, status) == ([], "skipped")
    assert "erased" in str(reason)


# ---------------------------------------------------------------- more than 500 parts


async def test_parts_that_the_source_no_longer_gives_are_kept(database: Database) -> None:
    async with replicating(database, small_sample(5)) as replica:
        await replica.sweep()
        chosen = str(await replica.one("SELECT max(id) FROM conversations"))
        replica.server.apply(AddParts(conversation_id=chosen, number=40))
        await replica.sweep()
        before = {message.id for message in await replica.texts(chosen)}
        replica.server.apply(AddParts(conversation_id=chosen, number=490))
        await replica.sweep()
        after = {message.id for message in await replica.texts(chosen)}
        assert before < after
        assert len(after) == len(before) + 490
        assert await replica.differences() == []
        assert (await replica.coverage()).incomplete == 1


async def test_part_that_is_gone_from_a_whole_thread_is_deleted(database: Database) -> None:
    workspace = await make_workspace(database)
    said: Sequence[tuple[object, str]] = [(CUSTOMER, "One"), (TEAMMATE, "Two")]
    whole = make_thread("1", (CUSTOMER, "One"), (TEAMMATE, "Two"), version=1)
    less = make_thread("1", (CUSTOMER, "One"), version=2)
    await _list(database, workspace, whole)
    await _store(database, workspace, whole)
    assert len((await _state(database))[0]) == len(said)
    await _store(database, workspace, less)
    assert (await _state(database))[0] == ["One"]


async def test_redaction_of_a_part_replaces_its_words(database: Database) -> None:
    async with replicating(database, small_sample(5)) as replica:
        await replica.sweep()
        chosen = str(await replica.one("SELECT max(id) FROM conversations"))
        added = replica.server.apply(AddParts(conversation_id=chosen, number=1))
        await replica.sweep()
        assert "Message 1 of 1" in await replica.dump()
        replica.server.apply(RedactPart(conversation_id=chosen, part_id=added.part_id or ""))
        await replica.sweep()
        assert "Message 1 of 1" not in await replica.dump()
        assert await replica.differences() == []
