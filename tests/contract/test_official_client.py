"""Intercom's own Python client reads the simulator: every page, each object once, all words.

Its search asks for the first page again and again, and its lists of companies have no end, so these
are paged here; the rest is paged by itself.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
from intercom import AsyncIntercom
from intercom.types import ContactList, ConversationList, SingleFilterSearchRequest
from intercom.types.starting_after_paging import StartingAfterPaging

from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.server import RunningServer, serve
from tests.fixtures.simulator import TOKEN, small_sample

NUMBER = 45
EVERYTHING = SingleFilterSearchRequest(field="created_at", operator=">", value=1)


@asynccontextmanager
async def official(
    dataset: SampleDataset,
) -> AsyncGenerator[tuple[AsyncIntercom, RunningServer]]:
    """The official client of a simulator."""
    async with serve(dataset, token=TOKEN) as server, httpx.AsyncClient() as connections:
        client = AsyncIntercom(token=TOKEN, base_url=server.base_url, httpx_client=connections)
        yield client, server


async def test_listing_gives_each_conversation_once() -> None:
    async with official(small_sample(NUMBER)) as (client, server):
        expected = {state.id for state in server.states() if state.state == "alive"}
        pager = await client.conversations.list(per_page=20)
        ids = [conversation.id async for conversation in pager]
    assert len(ids) == len(set(ids))
    assert set(ids) == expected


def next_cursor(page: ConversationList | ContactList | None) -> str | None:
    """Where the next page begins."""
    following = page.pages.next if page and page.pages else None
    return following.starting_after if following else None


async def test_search_goes_over_all_pages() -> None:
    async with official(small_sample(NUMBER)) as (client, server):
        expected = {state.id for state in server.states() if state.state == "alive"}
        ids: list[str | None] = []
        pagination = StartingAfterPaging(per_page=10)
        while pagination.starting_after is not None or not ids:
            page = await client.conversations.search(query=EVERYTHING, pagination=pagination)
            ids += [conversation.id for conversation in page.items or []]
            cursor = next_cursor(page.response)
            pagination = StartingAfterPaging(per_page=10, starting_after=cursor)
    assert len(ids) == len(set(ids))
    assert set(ids) == expected


async def test_a_conversation_has_all_its_messages() -> None:
    async with official(small_sample(NUMBER)) as (client, server):
        for state in [state for state in server.states() if state.state == "alive"]:
            found = await client.conversations.find(conversation_id=state.id)
            opening = found.source.body if found.source else None
            parts = found.conversation_parts.conversation_parts if found.conversation_parts else []
            bodies = [body for body in (opening, *(part.body for part in parts or [])) if body]
            assert bodies == [message.body for message in server.texts(state.id)]


async def test_contacts_are_listed_searched_and_found() -> None:
    async with official(small_sample(NUMBER)) as (client, _):
        listed = [contact.id async for contact in await client.contacts.list(per_page=20)]
        searched: list[str | None] = []
        pagination = StartingAfterPaging(per_page=10)
        while pagination.starting_after is not None or not searched:
            page = await client.contacts.search(query=EVERYTHING, pagination=pagination)
            searched += [contact.id for contact in page.items or []]
            cursor = next_cursor(page.response)
            pagination = StartingAfterPaging(per_page=10, starting_after=cursor)
        one = await client.contacts.find(contact_id=str(listed[0]))
    assert len(listed) == len(set(listed)) > 20
    assert sorted(map(str, searched)) == sorted(map(str, listed))
    assert one.id == listed[0]
    assert one.role in ("user", "lead")


async def test_teammates_teams_and_tags_are_read() -> None:
    dataset = small_sample(NUMBER)
    async with official(dataset) as (client, _):
        me = await client.admins.identify()
        admins = await client.admins.list()
        teams = await client.teams.list()
        tags = await client.tags.list()
    assert me is not None
    assert me.app is not None
    assert me.app.id_code
    assert [admin.id for admin in admins.admins or [] if admin] == [a["id"] for a in dataset.admins]
    assert teams.teams
    assert {tag.id for tag in tags.data or []} == {tag["id"] for tag in dataset.tags}


async def test_companies_are_listed_and_scrolled() -> None:
    async with official(small_sample(400)) as (client, _):
        listed: list[str | None] = []
        number = 1
        while found := (await client.companies.list(page=number, per_page=20)).items:
            listed += [company.id for company in found]
            number += 1
        scrolled: set[str | None] = set()
        token: str | None = None
        while found := (page := await client.companies.scroll(scroll_param=token)).items:
            scrolled |= {company.id for company in found}
            token = page.response.scroll_param if page.response else None
    assert len(set(listed)) == len(listed) > 20
    assert scrolled >= set(listed)
