"""All companies, also beyond the ten thousand that Intercom lists."""

from typing import Any

from tests.fixtures.scripted import Answer, json, refusal, scripted


def _page(*ids: str, total: int | None = None, token: str | None = None) -> Answer:
    data = [{"id": identifier, "name": identifier} for identifier in ids]
    body: dict[str, Any] = {"data": data, "total_count": total, "scroll_param": token}
    return json(body)


async def test_more_companies_than_are_listed_are_scrolled() -> None:
    async with scripted() as (script, client):
        script.then(_page("1", total=10_001), _page("1", token="t"), _page("2", token="t"), _page())
        found = [company.id async for page in client.companies() for company in page]
    assert found == ["1", "2"]
    assert script.requests.count("GET /companies/scroll") > 3  # what is missing is looked for again


async def test_page_that_a_scroll_passed_over_is_found_by_the_next() -> None:
    async with scripted() as (script, client):
        script.then(
            *(_page("1", total=20_000), _page("1", token="a"), _page()),
            *(_page("1", token="b"), _page("2", token="b"), _page()),
        )
        found = [company.id async for page in client.companies() for company in page]
    assert found == ["1", "2"]


async def test_expired_scroll_begins_again() -> None:
    async with scripted() as (script, client):
        script.then(
            *(_page("1", total=20_000), _page("1", token="a"), refusal(404, "not_found")),
            *(_page("1", token="b"), _page("2", token="b"), _page()),
        )
        found = [company.id async for page in client.companies() for company in page]
    assert found == ["1", "2"]


async def test_endless_next_page_of_the_list_ends() -> None:
    async with scripted() as (script, client):
        script.then(json({"data": [{"id": "1"}], "pages": {"next": "https://x"}}))
        found = [company.id async for page in client.companies() for company in page]
    assert found == ["1", "1"]
    assert len(script.requests) == 2
