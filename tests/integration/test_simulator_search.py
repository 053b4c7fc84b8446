"""Conversation search: its operators, limits, order and pages."""

from collections.abc import AsyncGenerator

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray
from simulator_rig import Simulator, make_sample, simulate

from earmark.sources.simulator.markup import to_plain

NOT_DELETED = np.isin(np.arange(700), make_sample().conversations.deletions()[0], invert=True)
CREATED = make_sample().conversations.instants("created_at")
UPDATED = make_sample().conversations.instants("updated_at")
MIDDLE = int(CREATED[350])


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def simulator() -> AsyncGenerator[Simulator]:
    async with simulate(make_sample()) as running:
        yield running


def where(field: str, operator: str, value: object) -> dict[str, object]:
    """One filter."""
    return {"field": field, "operator": operator, "value": value}


def both(operator: str, *members: object) -> dict[str, object]:
    """A group of filters."""
    return {"operator": operator, "value": list(members)}


def count(mask: NDArray[np.bool_]) -> int:
    """How many conversations that are not deleted the mask holds."""
    return int((mask & NOT_DELETED).sum())


async def total(simulator: Simulator, query: object) -> int:
    """The `total_count` of a search."""
    answer = await simulator.search(query, pagination={"per_page": 1})
    assert answer.status == 200, answer.json
    return answer.json["total_count"]


async def test_dates_compare_by_the_second(simulator: Simulator) -> None:
    assert await total(simulator, where("created_at", ">", MIDDLE)) == count(CREATED > MIDDLE)
    assert await total(simulator, where("created_at", "<", MIDDLE)) == count(CREATED < MIDDLE)
    assert await total(simulator, where("created_at", "=", MIDDLE)) == count(CREATED == MIDDLE)


async def test_a_half_open_window_is_two_levels_deep(simulator: Simulator) -> None:
    high = MIDDLE + 14 * 86_400
    start = both("OR", where("created_at", ">", MIDDLE), where("created_at", "=", MIDDLE))
    query = both("AND", start, where("created_at", "<", high))
    assert await total(simulator, query) == count((CREATED >= MIDDLE) & (high > CREATED))


@pytest.mark.parametrize("operator", ["<=", ">=", "!=", "IN", "NIN", "~"])
async def test_other_operators_on_dates_are_refused(simulator: Simulator, operator: str) -> None:
    value = [MIDDLE] if "IN" in operator else MIDDLE
    answer = await simulator.search(where("updated_at", operator, value))
    assert answer.status == 400
    assert answer.json["errors"][0]["code"] == "parameter_invalid"
    assert answer.json["errors"][0]["field"] == "updated_at"


@pytest.mark.parametrize(
    "query",
    [
        None,
        5,
        [],
        {},
        {"operator": "AND", "value": []},
        {"operator": "AND", "value": "x"},
        {"operator": "XOR", "value": [where("state", "=", "open")]},
        where("created_at", ">", "yesterday"),
        where("created_at", ">", True),
        where("state", "LIKE", "open"),
        where("no_such_field", "=", "x"),
        where("open", "=", "perhaps"),
        where("id", ">", "abc"),
        where("state", "IN", "open"),
        {"field": "state", "operator": "="},
        both("AND", *[where("state", "=", "open")] * 16),
        both("AND", both("OR", both("AND", where("state", "=", "open")))),
    ],
)
async def test_queries_that_make_no_sense_are_refused(simulator: Simulator, query: object) -> None:
    answer = await simulator.search(query)
    assert answer.status == 400
    assert answer.json["type"] == "error.list"


async def test_a_body_that_is_not_json_is_refused(simulator: Simulator) -> None:
    for body in ("{", "[]", '"text"'):
        answer = await simulator.post("/conversations/search", body)
        assert answer.status == 400
        assert answer.json["type"] == "error.list"


async def test_fifteen_filters_are_allowed(simulator: Simulator) -> None:
    group = both("OR", *[where("state", "=", "open")] * 15)
    assert await total(simulator, group) == await total(simulator, where("state", "=", "open"))


async def test_states_split_all_conversations(simulator: Simulator) -> None:
    states = [
        await total(simulator, where("state", "=", state))
        for state in ("open", "closed", "snoozed")
    ]
    assert sum(states) == NOT_DELETED.sum()
    assert await total(simulator, where("open", "=", True)) == states[0] + states[2]
    listed = await total(simulator, where("state", "IN", ["open", "closed"]))
    assert listed == states[0] + states[1]
    assert await total(simulator, where("state", "!=", "snoozed")) == listed


async def test_identifiers_compare_as_numbers(simulator: Simulator) -> None:
    conversations = make_sample().conversations
    chosen = [conversations.id_of(index) for index in range(700) if NOT_DELETED[index]][100:103]
    query = where("id", "IN", chosen)
    assert await simulator.search_all(query, 20, sort=ascending("id")) == chosen
    after = await total(simulator, where("id", ">", conversations.id_of(349)))
    assert after == count(np.arange(700) > 349)


async def test_a_contact_and_a_tag_can_be_asked_for(simulator: Simulator) -> None:
    answer = await simulator.search(where("created_at", ">", 0), pagination={"per_page": 150})
    listed = answer.json["conversations"]
    contact = listed[0]["contacts"]["contacts"][0]["id"]
    found = await simulator.search(where("contact_ids", "=", contact))
    assert listed[0]["id"] in [item["id"] for item in found.json["conversations"]]
    tagged = next(item for item in listed if item["tags"]["tags"])
    tag = tagged["tags"]["tags"][0]["id"]
    found = await simulator.search(where("tag_ids", "=", tag), pagination={"per_page": 150})
    for item in found.json["conversations"]:
        assert tag in [entry["id"] for entry in item["tags"]["tags"]]


async def test_a_body_is_searched_word_by_word(simulator: Simulator) -> None:
    found = await simulator.search(where("source.body", "=", "Invoice"))
    assert found.json["conversations"]
    for item in found.json["conversations"]:
        assert "invoice" in to_plain(item["source"]["body"]).lower()
    assert await total(simulator, where("source.body", "=", "the invoice")) == 0


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("source.author.email", "~", "INBOX.example"),
        ("source.author.email", "$", ".example"),
        ("source.subject", "^", "Re:"),
        ("source.delivered_as", "=", "admin_initiated"),
        ("statistics.count_conversation_parts", ">", 12),
        ("conversation_rating.score", ">=", 4),
        ("ai_agent_participated", "=", True),
        ("admin_assignee_id", "=", 0),
    ],
)
async def test_fields_without_a_column_are_looked_up(
    simulator: Simulator, field: str, operator: str, value: object
) -> None:
    recent = where("created_at", ">", int(CREATED[400]))
    found = await total(simulator, both("AND", recent, where(field, operator, value)))
    assert 0 < found < count(CREATED[400] < CREATED)


@pytest.mark.parametrize("field", ["created_at", "updated_at", "id"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
async def test_pages_hold_everything_once_in_order(
    simulator: Simulator, field: str, order: str
) -> None:
    found = await simulator.search_all(
        where("created_at", ">", 0), 37, sort={"field": field, "order": order}
    )
    conversations = make_sample().conversations
    places = [conversations.index_of(identifier) for identifier in found]
    indexes = [place for place in places if place is not None]
    assert sorted(indexes) == [index for index in range(700) if NOT_DELETED[index]]
    columns: dict[str, NDArray[np.int64]] = {
        "created_at": CREATED,
        "updated_at": UPDATED,
        "id": np.arange(700, dtype=np.int64),
    }
    keys = columns[field][indexes]
    steps = np.diff(keys) if order == "ascending" else -np.diff(keys)
    assert (steps >= 0).all()


async def test_ties_at_a_page_edge_are_neither_lost_nor_repeated(simulator: Simulator) -> None:
    tied = np.flatnonzero(np.diff(CREATED) == 0)
    assert len(tied)
    for index in tied[:3]:
        low, high = int(CREATED[index]) - 1, int(CREATED[index]) + 1
        query = both("AND", where("created_at", ">", low), where("created_at", "<", high))
        expected = count(CREATED[index] == CREATED)
        found = await simulator.search_all(query, 1, sort=ascending("created_at"))
        assert len(found) == len(set(found)) == expected


def ascending(field: str) -> dict[str, str]:
    """A sort."""
    return {"field": field, "order": "ascending"}


async def test_the_last_page_has_no_next(simulator: Simulator) -> None:
    query = where("created_at", ">", MIDDLE)
    amount = await total(simulator, query)
    answer = await simulator.search(query, pagination={"per_page": 150})
    assert answer.json["pages"]["total_pages"] == -(-amount // 150)
    assert answer.json["pages"]["page"] == 1
    assert answer.json["pages"]["type"] == "pages"
    nothing = await simulator.search(where("created_at", "<", 5))
    assert nothing.json["total_count"] == 0
    assert "next" not in nothing.json["pages"]


async def test_the_default_is_twenty_newest_changes(simulator: Simulator) -> None:
    answer = await simulator.search(where("created_at", ">", 0))
    times = [item["updated_at"] for item in answer.json["conversations"]]
    assert len(times) == 20
    assert times == sorted(times, reverse=True)
    assert times[0] == UPDATED[NOT_DELETED].max()
    assert "conversation_parts" not in answer.json["conversations"][0]


@pytest.mark.parametrize("size", [0, 151, -1, "many", True])
async def test_impossible_page_sizes_are_refused(simulator: Simulator, size: object) -> None:
    answer = await simulator.search(where("open", "=", True), pagination={"per_page": size})
    assert answer.status == 400


@pytest.mark.parametrize("cursor", ["x", "e30=", "W10=", "!!!", "é", "WzEsMiwzLDRd"])
async def test_a_wrong_cursor_is_refused(simulator: Simulator, cursor: str) -> None:
    answer = await simulator.search(where("open", "=", True), pagination={"starting_after": cursor})
    assert answer.status == 400
    assert answer.json["errors"][0]["field"] == "starting_after"


async def test_a_cursor_belongs_to_its_query_and_order(simulator: Simulator) -> None:
    query = where("created_at", ">", 0)
    first = await simulator.search(query, sort=ascending("created_at"))
    pagination = first.json["pages"]["next"]
    same = await simulator.search(query, sort=ascending("created_at"), pagination=pagination)
    assert same.status == 200
    assert (await simulator.search(query, pagination=pagination)).status == 400
    other = where("created_at", ">", 1)
    refused = await simulator.search(other, sort=ascending("created_at"), pagination=pagination)
    assert refused.status == 400


@pytest.mark.parametrize(
    ("sort", "code"),
    [
        ({"field": "updated_at", "order": "upwards"}, "invalid_sort_order"),
        ({"field": "title", "order": "ascending"}, "parameter_invalid"),
        ("updated_at", "parameter_invalid"),
    ],
)
async def test_a_wrong_sort_is_refused(simulator: Simulator, sort: object, code: str) -> None:
    answer = await simulator.search(where("open", "=", True), sort=sort)
    assert answer.status == 400
    assert answer.json["errors"][0]["code"] == code
