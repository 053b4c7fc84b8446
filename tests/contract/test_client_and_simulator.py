"""All that our client asks of the simulator, both held to Intercom's description of its API."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from earmark.db.models import Thread
from earmark.sources.base import Gone, LabelKind, Order
from earmark.sources.intercom_client import IntercomClient, open_intercom
from earmark.sources.simulator.changes import DeleteConversation
from earmark.sources.simulator.faults import Faults
from earmark.sources.simulator.server import RunningServer, serve
from tests.contract.openapi import (
    DESCRIPTION,
    Relay,
    check_answer,
    check_request,
    find_operation,
    relayed,
)
from tests.fixtures.simulator import TOKEN, options, small_sample

NEVER = datetime(2030, 1, 1, tzinfo=UTC)
SINCE = datetime(2026, 8, 1, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason=f"Intercom's API description is not at {DESCRIPTION}"
)


@asynccontextmanager
async def watched(
    number: int = 40, faults: Faults | None = None
) -> AsyncGenerator[tuple[IntercomClient, RunningServer, Relay]]:
    """A client of a simulator, and what the relay between them saw; it must see no problem."""
    async with (
        serve(small_sample(number), token=TOKEN, faults=faults or Faults()) as server,
        relayed(server.base_url) as relay,
        open_intercom(options(relay.base_url)) as client,
    ):
        yield client, server, relay
    assert "\n".join(relay.problems) == ""


async def test_whom_the_token_speaks_for() -> None:
    async with watched() as (client, _, relay):
        await client.identity()
        await client.admins()
    assert set(relay.operations) == {"GET /me", "GET /admins"}


async def test_everyone_is_read() -> None:
    async with watched(400) as (client, _, relay):
        contacts = [contact async for page in client.contacts() for contact in page]
        companies = [company async for page in client.companies() for company in page]
    assert contacts
    assert companies
    assert relay.operations["GET /contacts"] > 1
    assert relay.operations["POST /companies/list"] >= 1


async def test_labels_articles_and_contacts_by_id_and_by_change() -> None:
    async with watched(400) as (client, _, relay):
        (first, *_) = [contact async for page in client.contacts() for contact in page]
        assert await client.former_contacts([first.id]) == []
        assert [contact async for page in client.contacts_since(SINCE) for contact in page]
        for kind in LabelKind:
            await client.labels(kind)
        assert [article async for page in client.articles() for article in page]
    assert {"GET /contacts/{contact_id}", "POST /contacts/search"} <= set(relay.operations)
    assert {"GET /teams", "GET /tags", "GET /segments"} <= set(relay.operations)
    assert {"GET /data_attributes", "GET /articles"} <= set(relay.operations)


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("since", [None, SINCE])
@pytest.mark.parametrize("until", [None, NEVER])
async def test_all_pages_of_a_listing(
    order: Order, since: datetime | None, until: datetime | None
) -> None:
    async with watched(faults=Faults(page_size_cap=7)) as (client, _, relay):
        pages = [page async for page in client.listing(since=since, until=until, order=order)]
    assert len(pages) > 2
    assert set(relay.operations) == {"POST /conversations/search"}


async def test_counts_edges_and_the_probe_of_dates() -> None:
    async with watched() as (client, _, _):
        assert await client.count(since=SINCE, until=NEVER) > 0
        assert await client.count(since=None, until=NEVER) == 40
        for order in Order:
            for newest in (True, False):
                assert await client.edge(order, newest=newest) is not None
        assert not await client.dates_by_day()


async def test_whole_conversations_and_those_that_are_gone() -> None:
    async with watched() as (client, server, relay):
        ids = [state.id for state in server.states()]
        server.apply(DeleteConversation(conversation_id=ids[0]))
        found = await client.fetch(ids)
        deletions = [item async for page in client.deletions() for item in page]
    assert isinstance(found[0], Gone)
    assert sum(isinstance(result, Thread) for result in found) > 30
    assert ids[0] in {deletion.id for deletion in deletions}
    assert "GET /conversations/{conversation_id}" in relay.operations


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "query"),
        ({"query": 5}, "query"),
        ({"query": {"field": "id", "operator": "LIKE", "value": "1"}}, "query"),
        ({"query": {"operator": "AND", "value": []}, "pagination": {"per_page": "x"}}, "per_page"),
    ],
)
def test_the_description_does_refuse_wrong_searches(body: object, place: str) -> None:
    operation = find_operation("POST", "/conversations/search")
    assert operation is not None
    problems = check_request(operation, {}, body)
    assert any(place in problem for problem in problems)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, {"conversations": "none"}),
        (200, {"total_count": "many"}),
        (200, {"conversations": [{"created_at": "yesterday"}]}),
        (418, {}),
    ],
)
def test_the_description_does_refuse_wrong_answers(status: int, answer: object) -> None:
    operation = find_operation("POST", "/conversations/search")
    assert operation is not None
    assert check_answer(operation, status, answer)
    assert not check_answer(operation, 200, {"conversations": [], "total_count": 0})


def test_the_description_does_refuse_unknown_parameters() -> None:
    operation = find_operation("GET", "/conversations/deleted")
    assert operation is not None
    assert check_request(operation, {"per_page": "61"}, None)
    assert check_request(operation, {"limit": "1"}, None)
    assert not check_request(operation, {"per_page": "60", "order": "desc", "page": "1"}, None)
