"""The endpoints of the simulator apart from search."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from uuid import UUID

import pytest
import pytest_asyncio
from simulator_rig import Simulator, make_sample, simulate

from earmark.sources.simulator.markup import to_plain

DAY = 86_400


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def simulator() -> AsyncGenerator[Simulator]:
    async with simulate(make_sample()) as running:
        yield running


def id_of(index: int) -> str:
    """The identifier of a conversation."""
    return make_sample().conversations.id_of(index)


def find_long() -> int:
    """The conversation with more than 500 parts."""
    column = make_sample().plan.column("shape")
    return int(column.argmax())


async def test_me_names_the_workspace(simulator: Simulator) -> None:
    answer = await simulator.get("/me")
    assert answer.status == 200
    assert answer.json["type"] == "admin"
    app = answer.json["app"]
    assert (app["name"], app["timezone"], app["region"]) == ("Ottermere", "UTC", "EU")


@pytest.mark.parametrize("token", [None, "", "wrong", "test-token2"])
async def test_a_wrong_token_is_refused(simulator: Simulator, token: str | None) -> None:
    answer = await simulator.get("/me", token=token)
    assert answer.status == 401
    assert answer.json["type"] == "error.list"
    assert answer.json["errors"] == [{"code": "unauthorized", "message": "Access Token Invalid"}]
    assert UUID(answer.json["request_id"])
    assert answer.headers["X-RateLimit-Limit"]


@pytest.mark.parametrize("version", ["2.17", "3.0", "two", "2", "2.6", "2.016", "9.9.9"])
async def test_an_unknown_version_is_refused(simulator: Simulator, version: str) -> None:
    answer = await simulator.get("/me", version=version)
    assert answer.status == 400
    assert answer.json["errors"][0]["code"] == "intercom_version_invalid"


async def test_every_answer_has_a_date(simulator: Simulator) -> None:
    answer = await simulator.get("/tags")
    moment = parsedate_to_datetime(answer.headers["Date"])
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert answer.headers["Intercom-Version"] == "2.16"


async def test_a_path_that_does_not_exist_gives_an_error_list(simulator: Simulator) -> None:
    answer = await simulator.get("/tickets")
    assert answer.status == 404
    assert answer.json["type"] == "error.list"
    assert (await simulator.post("/me", {})).status == 405


async def test_admins_teams_and_tags_refer_to_each_other(simulator: Simulator) -> None:
    admins = (await simulator.get("/admins")).json["admins"]
    teams = (await simulator.get("/teams")).json["teams"]
    tags = (await simulator.get("/tags")).json["data"]
    assert {int(admin["id"]) for admin in admins} == {
        member for team in teams for member in team["admin_ids"]
    }
    assert len({tag["name"] for tag in tags}) == len(tags) >= 12


async def test_a_conversation_comes_with_its_parts(simulator: Simulator) -> None:
    index = next(
        index
        for index in range(700)
        if make_sample().conversations.document(index)["conversation_parts"]["total_count"] > 5
    )
    answer = await simulator.get(f"/conversations/{id_of(index)}")
    assert answer.json == make_sample().conversations.document(index)


async def test_only_the_newest_500_parts_are_given(simulator: Simulator) -> None:
    answer = await simulator.get(f"/conversations/{id_of(find_long())}")
    listing = answer.json["conversation_parts"]
    whole = make_sample().conversations.document(find_long())["conversation_parts"]
    assert listing["total_count"] == whole["total_count"] > 500
    assert listing["conversation_parts"] == whole["conversation_parts"][-500:]
    assert answer.json["statistics"]["count_conversation_parts"] == whole["total_count"]


async def test_plain_text_can_be_asked_for(simulator: Simulator) -> None:
    index = int(make_sample().plan.column("channel").argmax())
    html = (await simulator.get(f"/conversations/{id_of(index)}")).json
    plain = (await simulator.get(f"/conversations/{id_of(index)}?display_as=plaintext")).json
    assert plain["source"]["body"] == to_plain(html["source"]["body"])
    assert "<" not in plain["source"]["body"]


@pytest.mark.parametrize("identifier", ["0", "abc", "99999999999999999999", "1.5", "%20"])
async def test_an_unknown_conversation_is_not_found(simulator: Simulator, identifier: str) -> None:
    answer = await simulator.get(f"/conversations/{identifier}")
    assert answer.status == 404
    assert answer.json["errors"][0]["code"] == "not_found"


async def test_deleted_conversations_are_gone_and_listed(simulator: Simulator) -> None:
    indexes, times = make_sample().conversations.deletions()
    for index in indexes:
        assert (await simulator.get(f"/conversations/{id_of(int(index))}")).status == 404
    collected: list[tuple[str, int]] = []
    for page in range(1, 10):
        answer = await simulator.get(f"/conversations/deleted?per_page=2&page={page}")
        collected += [(item["id"], item["deleted_at"]) for item in answer.json["conversations"]]
        assert answer.json["total_count"] == len(indexes)
        following = answer.json["pages"]["next"]
        if following is None:
            break
        assert f"page={page + 1}" in following
    assert sorted(collected) == sorted(
        (id_of(int(index)), int(time)) for index, time in zip(indexes, times, strict=True)
    )
    moments = [moment for _, moment in collected]
    assert moments == sorted(moments, reverse=True)


async def test_the_list_of_deleted_has_limits(simulator: Simulator) -> None:
    assert (await simulator.get("/conversations/deleted?per_page=61")).status == 400
    assert (await simulator.get("/conversations/deleted?page=0")).status == 400
    old = await simulator.get("/conversations/deleted", version="2.15")
    assert old.status == 400
    assert old.json["errors"][0]["code"] == "intercom_version_invalid"
    rising = (await simulator.get("/conversations/deleted?order=asc")).json["conversations"]
    times = [item["deleted_at"] for item in rising]
    assert times == sorted(times)


async def test_the_list_pages_through_all_conversations(simulator: Simulator) -> None:
    found: list[str] = []
    path = "/conversations?per_page=150"
    while path:
        page = (await simulator.get(path)).json
        found += [item["id"] for item in page["conversations"]]
        following = page["pages"].get("next")
        path = ""
        if following:
            path = f"/conversations?per_page=150&starting_after={following['starting_after']}"
    alive = 700 - len(make_sample().conversations.deletions()[0])
    assert len(found) == len(set(found)) == alive


async def test_older_versions_have_their_older_fields(simulator: Simulator) -> None:
    index = next(
        index
        for index in range(700)
        if make_sample().conversations.document(index)["admin_assignee_id"] == 0
        and index not in make_sample().conversations.deletions()[0]
    )
    path = f"/conversations/{id_of(index)}"
    new = (await simulator.get(path, version="2.16")).json
    old = (await simulator.get(path, version="2.14")).json
    assert new["admin_assignee_id"] == 0
    assert new["priority"] in ("none", "high")
    assert old["admin_assignee_id"] is None
    assert old["priority"] in ("priority", "not_priority")
    assert "company" not in old


async def test_contacts_page_by_cursor(simulator: Simulator) -> None:
    found: list[str] = []
    cursor = ""
    for _ in range(100):
        page = (await simulator.get(f"/contacts?per_page=90&starting_after={cursor}")).json
        found += [item["id"] for item in page["data"]]
        assert page["total_count"] == make_sample().contacts.number
        if "next" not in page["pages"]:
            break
        cursor = page["pages"]["next"]["starting_after"]
    assert len(found) == len(set(found)) == make_sample().contacts.number
    assert len((await simulator.get("/contacts")).json["data"]) == 50


async def test_a_contact_leads_to_its_company(simulator: Simulator) -> None:
    listed = (await simulator.get("/contacts?per_page=150")).json["data"]
    user = next(contact for contact in listed if contact["role"] == "user")
    assert (await simulator.get(f"/contacts/{user['id']}")).json == user
    company_id = user["companies"]["data"][0]["id"]
    company = await simulator.get(f"/companies/{company_id}")
    assert company.json["id"] == company_id
    assert company.json["plan"]["name"]
    assert company.json["monthly_spend"] > 0
    assert (await simulator.get("/contacts/66e1f0a20000000000000000")).status == 404
    assert (await simulator.get("/companies/nothing")).status == 404


async def test_contacts_are_searched_by_the_day(simulator: Simulator) -> None:
    updated = make_sample().contacts.instants("updated_at")
    moment = int(updated[10])
    for operator, expected in (
        (">", updated // DAY > moment // DAY),
        ("<", updated // DAY < moment // DAY),
        ("=", updated // DAY == moment // DAY),
    ):
        query = {"field": "updated_at", "operator": operator, "value": moment}
        answer = await simulator.post("/contacts/search", {"query": query})
        assert answer.json["total_count"] == expected.sum()


async def test_contacts_are_searched_by_role_and_mail(simulator: Simulator) -> None:
    leads = await simulator.post(
        "/contacts/search", {"query": {"field": "role", "operator": "=", "value": "lead"}}
    )
    assert leads.json["total_count"] > 0
    assert {contact["role"] for contact in leads.json["data"]} == {"lead"}
    mail = leads.json["data"][0]["email"]
    found = await simulator.post(
        "/contacts/search", {"query": {"field": "email", "operator": "=", "value": mail}}
    )
    assert mail in [contact["email"] for contact in found.json["data"]]
    wrong = await simulator.post("/contacts/search", {"query": {}, "sort": {"order": "up"}})
    assert wrong.status == 400


async def test_companies_are_listed_by_page_number(simulator: Simulator) -> None:
    number = make_sample().companies.number
    found: list[str] = []
    for page in range(1, 200):
        answer = await simulator.post(f"/companies/list?per_page=40&page={page}", {})
        found += [company["id"] for company in answer.json["data"]]
        if answer.json["pages"]["next"] is None:
            break
    assert len(found) == len(set(found)) == number
    assert (await simulator.post("/companies/list?page=900", {})).status == 400


async def test_a_scroll_gives_each_company_once_and_ends_empty(simulator: Simulator) -> None:
    first = (await simulator.get("/companies/scroll")).json
    token, found = first["scroll_param"], [company["id"] for company in first["data"]]
    second = await simulator.get("/companies/scroll")
    assert second.status == 400
    assert second.json["errors"][0]["code"] == "scroll_exists"
    while True:
        page = (await simulator.get(f"/companies/scroll?scroll_param={token}")).json
        assert page["scroll_param"] == token
        if not page["data"]:
            break
        found += [company["id"] for company in page["data"]]
    assert len(found) == len(set(found)) == make_sample().companies.number
    assert (await simulator.get(f"/companies/scroll?scroll_param={token}")).status == 404
