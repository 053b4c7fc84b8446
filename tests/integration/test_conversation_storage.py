"""Storing conversations: late answers lose, nothing is doubled, what the source hides stays."""

import asyncio

import pytest

from earmark.db import conversation_storage, listing_storage
from earmark.db.connection import Database
from earmark.db.listing_storage import ConversationFilter
from earmark.db.models import Message
from tests.fixtures.threads import CUSTOMER, TEAMMATE, make_thread, make_workspace, store


async def _messages(database: Database, workspace_id: int, identifier: str) -> list[Message]:
    async with database.read() as reader:
        found = await conversation_storage.list_messages(reader, workspace_id, [identifier])
    return found[identifier]


async def test_storing_twice_is_storing_once(database: Database) -> None:
    workspace = await make_workspace(database)
    thread = make_thread("1", (CUSTOMER, "It is broken"), (TEAMMATE, "Sorry to hear"))
    assert await store(database, workspace, thread) == ["1"]
    assert await store(database, workspace, thread, thread) == ["1"]
    assert [message.body for message in await _messages(database, workspace.id, "1")] == [
        "It is broken",
        "Sorry to hear",
    ]


async def test_late_answer_loses(database: Database) -> None:
    workspace = await make_workspace(database)
    await store(database, workspace, make_thread("1", (CUSTOMER, "newer"), version=2))
    assert await store(database, workspace, make_thread("1", (CUSTOMER, "older"), version=1)) == []
    assert [message.body for message in await _messages(database, workspace.id, "1")] == ["newer"]


async def test_of_two_versions_in_one_page_the_newer_is_stored(database: Database) -> None:
    workspace = await make_workspace(database)
    older, newer = (make_thread("1", (CUSTOMER, text), version=n) for n, text in enumerate("ab"))
    await store(database, workspace, newer, older)
    assert [message.body for message in await _messages(database, workspace.id, "1")] == ["b"]


async def test_message_that_is_gone_at_the_source_is_deleted(database: Database) -> None:
    workspace = await make_workspace(database)
    await store(database, workspace, make_thread("1", (CUSTOMER, "one"), (CUSTOMER, "two")))
    await store(database, workspace, make_thread("1", (CUSTOMER, "one"), version=1))
    assert len(await _messages(database, workspace.id, "1")) == 1


async def test_conversation_that_lost_all_its_words_keeps_none(database: Database) -> None:
    workspace = await make_workspace(database)
    await store(database, workspace, make_thread("1", (CUSTOMER, "one")))
    empty = make_thread("1", version=1)
    await store(database, workspace, empty)
    assert await _messages(database, workspace.id, "1") == []


async def test_older_parts_stay_when_the_source_hides_them(database: Database) -> None:
    workspace = await make_workspace(database)
    await store(database, workspace, make_thread("1", (CUSTOMER, "one"), (CUSTOMER, "two")))
    cut = make_thread("1", (CUSTOMER, "one"), version=1, truncated=True)
    await store(database, workspace, cut)
    assert len(await _messages(database, workspace.id, "1")) == 2


async def test_same_conversations_from_two_workers_at_once(database: Database) -> None:
    workspace = await make_workspace(database)
    threads = [make_thread(str(n), (CUSTOMER, f"text {n}")) for n in range(200)]
    await asyncio.gather(
        store(database, workspace, *threads), store(database, workspace, *reversed(threads))
    )
    async with database.read() as reader:
        assert await listing_storage.count_conversations(reader, workspace.id) == 200


async def test_workspaces_do_not_see_each_other(database: Database) -> None:
    one, other = await make_workspace(database, "one"), await make_workspace(database, "other")
    await store(database, one, make_thread("1", (CUSTOMER, "of one")))
    await store(database, other, make_thread("1", (CUSTOMER, "of the other")))
    assert (await _messages(database, one.id, "1"))[0].body == "of one"
    assert (await _messages(database, other.id, "1"))[0].body == "of the other"


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
async def test_pages_of_any_size_show_each_conversation_once(
    database: Database, limit: int
) -> None:
    workspace = await make_workspace(database)
    # Many begin in the same second, so that a page ends between them.
    threads = [make_thread(f"{n:02}", (CUSTOMER, "hello"), day=n // 8) for n in range(25)]
    await store(database, workspace, *threads)
    seen: list[str] = []
    after = None
    async with database.read() as reader:
        while True:
            rows = await listing_storage.list_conversations(
                reader, workspace.id, ConversationFilter(), after=after, limit=limit
            )
            if not rows:
                break
            seen += [row.id for row in rows]
            after = (rows[-1].created_at, rows[-1].id)
    assert sorted(seen) == [thread.conversation.id for thread in threads]
    assert len(seen) == 25
