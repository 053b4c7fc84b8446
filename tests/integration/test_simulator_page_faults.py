"""Pages that go wrong: each fault on its own, over real sockets."""

from itertools import pairwise
from typing import Any

import pytest
from simulator_rig import RISING, Answer, Clock, Simulator, make_sample, simulate, since

from earmark.sources.simulator.changes import (
    AddTag,
    CreateConversation,
    CustomerReply,
    DeleteConversation,
    MergeContacts,
    Touch,
)
from earmark.sources.simulator.faults import Faults

SIZE = 60
SAMPLE = make_sample(SIZE)
GONE = len(SAMPLE.conversations.deletions()[0])
TAG = SAMPLE.tags[-1]["id"]
ALL = since(0, "created_at")


async def ask(simulator: Simulator, cursor: str | None = None, per_page: int = 10) -> Answer:
    """One page of all conversations, by their last change."""
    pagination = {"per_page": per_page, "starting_after": cursor}
    return await simulator.search(ALL, sort=RISING, pagination=pagination)


async def walk(simulator: Simulator, per_page: int = 10, most: int = 50) -> list[list[str]]:
    """The pages of a listing, as identifiers."""
    pages: list[list[str]] = []
    cursor: str | None = None
    for _ in range(most):
        answer = await ask(simulator, cursor, per_page)
        assert answer.status == 200, answer.json
        pages.append([row["id"] for row in answer.json["conversations"]])
        cursor = following(answer.json)
        if cursor is None:
            break
    return pages


def following(page: dict[str, Any]) -> str | None:
    """The cursor to the next page."""
    return page["pages"].get("next", {}).get("starting_after")


async def test_a_page_can_be_smaller_than_asked_for() -> None:
    async with simulate(SAMPLE, faults=Faults(page_size_cap=7)) as simulator:
        pages = await walk(simulator, 50)
        assert {len(page) for page in pages[:-1]} == {7}
        assert sum(map(len, pages)) == SIZE - GONE
        contacts = (await simulator.get("/contacts?per_page=50")).json
        assert len(contacts["data"]) == contacts["pages"]["per_page"] == 7


async def test_a_fault_can_be_kept_to_some_routes() -> None:
    faults = Faults(page_size_cap=3, routes={"page_size_cap": ("list",)})
    async with simulate(SAMPLE, faults=faults) as simulator:
        assert len((await simulator.get("/conversations")).json["conversations"]) == 3
        assert len((await ask(simulator)).json["conversations"]) == 10


async def test_a_cursor_expires_after_pages() -> None:
    async with simulate(SAMPLE, faults=Faults(cursor_pages=2)) as simulator:
        first = await ask(simulator)
        second = await ask(simulator, following(first.json))
        third = await ask(simulator, following(second.json))
        assert (second.status, third.status) == (200, 400)
        assert third.json["errors"][0]["field"] == "starting_after"
        assert (await ask(simulator)).status == 200


async def test_a_cursor_expires_after_seconds() -> None:
    clock = Clock()
    async with simulate(SAMPLE, clock=clock, faults=Faults(cursor_seconds=30)) as simulator:
        cursor = following((await ask(simulator)).json)
        clock.now += 30
        assert (await ask(simulator, cursor)).status == 200
        clock.now += 1
        assert (await ask(simulator, cursor)).status == 400


async def test_rows_move_while_they_are_listed() -> None:
    clock = Clock()
    async with simulate(SAMPLE, clock=clock, faults=Faults(moving=4, seed=3)) as simulator:
        pages = await walk(simulator, 10, most=30)
        rows = [identifier for page in pages for identifier in page]
        moved = [line["id"] for line in await simulator.truth() if line["updated_at"] == clock.now]
        assert len(moved) >= 5
        assert len(set(rows)) == SIZE - GONE < len(rows)


async def test_a_row_that_moves_takes_no_other_along() -> None:
    async with simulate(SAMPLE) as simulator:
        everything = [row for page in await walk(simulator) for row in page]
        cursor = following((await ask(simulator, per_page=2)).json)
        simulator.server.apply(DeleteConversation(conversation_id=everything[0]))
        for identifier, at in [(everything[1], 0), *[(row, 1) for row in everything[3:]]]:
            simulator.server.apply(Touch(conversation_id=identifier, at=1_900_000_000 + at))
        page = await ask(simulator, cursor, per_page=2)
        assert page.json["conversations"][0]["id"] == everything[2]


async def test_rows_stand_on_a_page_twice() -> None:
    async with simulate(SAMPLE, faults=Faults(duplicate_rows=0.5)) as simulator:
        rows = [row for page in await walk(simulator) for row in page]
        assert len(set(rows)) == SIZE - GONE < len(rows)


async def test_pages_come_again_and_the_listing_still_ends() -> None:
    async with simulate(SAMPLE, faults=Faults(repeated_pages=0.5)) as simulator:
        pages = await walk(simulator)
        assert len({row for page in pages for row in page}) == SIZE - GONE
        repeated = [one for one, two in pairwise(pages) if one == two]
        assert repeated


async def test_a_page_can_come_for_ever() -> None:
    async with simulate(SAMPLE, faults=Faults(stuck_page=2)) as simulator:
        pages = await walk(simulator, most=6)
        assert len(pages) == 6
        assert pages[0] != pages[1]
        assert all(page == pages[1] for page in pages[1:])


async def test_total_count_can_be_wrong() -> None:
    async with simulate(SAMPLE, faults=Faults(total_count_offset=-5)) as simulator:
        assert (await ask(simulator)).json["total_count"] == SIZE - GONE - 5


async def test_page_two_fails_once() -> None:
    async with simulate(SAMPLE, faults=Faults(page_error=2)) as simulator:
        cursor = following((await ask(simulator)).json)
        assert (await ask(simulator, cursor)).status == 500
        assert (await ask(simulator, cursor)).status == 200
        simulator.server.faults = Faults(page_error=2, page_error_times=0)
        assert [(await ask(simulator, cursor)).status for _ in range(3)] == [500, 500, 500]


async def test_many_conversations_share_a_second_across_page_edges() -> None:
    async with simulate(SAMPLE, faults=Faults(tie_seconds=7 * 86_400)) as simulator:
        first = await ask(simulator, per_page=2)
        second = await ask(simulator, following(first.json), per_page=2)
        edge = [page.json["conversations"][at] for page, at in ((first, -1), (second, 0))]
        assert edge[0]["updated_at"] == edge[1]["updated_at"]
        pages = await walk(simulator, 2)
        rows = [row for page in pages for row in page]
        assert len(rows) == len(set(rows)) == SIZE - GONE
        applied = simulator.server.apply(CustomerReply(conversation_id=rows[0], body="<p>a</p>"))
        assert (await simulator.conversation(rows[0]))["updated_at"] == applied.at


async def test_search_lags_behind_and_a_retrieval_does_not() -> None:
    clock = Clock()
    async with simulate(SAMPLE, clock=clock, faults=Faults(index_lag=60)) as simulator:
        before = await walk(simulator)
        identifier = before[0][0]
        reply = CustomerReply(conversation_id=identifier, body="<p>now</p>")
        applied = simulator.server.apply(reply)
        made = simulator.server.apply(CreateConversation(body="<p>new</p>")).conversation_id
        contacts = (await simulator.conversation(identifier))["contacts"]["contacts"]
        old = contacts[0]["id"]
        new = next(item for item in map(SAMPLE.contacts.id_of, range(5)) if item != old)
        simulator.server.apply(MergeContacts(contact_id=old, into=new))
        assert (await simulator.conversation(identifier))["updated_at"] == applied.at
        tagged = simulator.server.apply(AddTag(conversation_id=identifier, tag_id=TAG))
        query = {"field": "tag_ids", "operator": "=", "value": TAG}
        assert identifier not in await simulator.search_all(query, 50)
        assert (await simulator.get(f"/conversations/{made}")).status == 200
        clock.now += 59
        assert await walk(simulator) == before
        row = (await ask(simulator)).json["conversations"][0]
        assert (row["id"], row["updated_at"] < tagged.at) == (identifier, True)
        assert TAG not in [tag["id"] for tag in row["tags"]["tags"]]
        assert row["contacts"]["contacts"][0]["id"] == old
        clock.now += 1
        assert identifier in await simulator.search_all(query, 50)
        assert (await walk(simulator))[-1][-2:] == [identifier, made]


@pytest.mark.parametrize(
    ("timezone", "start"),
    [
        ("UTC", 1_793_404_800),  # 2026-10-31 00:00 UTC
        ("Australia/Sydney", 1_793_365_200),  # 2026-10-31 00:00 in Sydney, UTC+11
        ("America/New_York", 1_793_419_200),  # 2026-10-31 00:00 in New York, UTC-4
    ],
)
async def test_dates_can_count_by_the_day_of_the_workspace(timezone: str, start: int) -> None:
    faults = Faults(date_granularity="day", timezone=timezone)
    async with simulate(SAMPLE, faults=faults) as simulator:
        inside = start + 50_000
        made = simulator.server.apply(CreateConversation(body="<p>a</p>", at=start + 10))
        late = simulator.server.apply(CreateConversation(body="<p>b</p>", at=start + 86_400))
        for operator, expected in (("=", made), (">", late)):
            query = {"field": "created_at", "operator": operator, "value": inside}
            found = await simulator.search_all(query, 50)
            assert expected.conversation_id in found
            other = late if expected is made else made
            assert other.conversation_id not in found
        assert (await simulator.get("/me")).json["app"]["timezone"] == timezone


async def test_the_scroll_of_companies_can_stand_still_or_change_its_token() -> None:
    async with simulate(SAMPLE, faults=Faults(scroll_stuck=True)) as simulator:
        first = (await simulator.get("/companies/scroll")).json
        path = f"/companies/scroll?scroll_param={first['scroll_param']}"
        again = [(await simulator.get(path)).json for _ in range(3)]
        assert all(page == first for page in again)
        simulator.server.faults = Faults(scroll_tokens="new")
        moved = (await simulator.get(path)).json
        assert moved["data"] == []
        fresh = (await simulator.get("/companies/scroll")).json
        path = f"/companies/scroll?scroll_param={fresh['scroll_param']}"
        assert (await simulator.get(path)).status == (404 if fresh["data"] == [] else 200)
