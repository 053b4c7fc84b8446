"""The simulator's workspace changes, and every endpoint sees it."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from simulator_rig import RISING, Simulator, make_sample, simulate, since

from earmark.sources.simulator.answers import Refusal
from earmark.sources.simulator.changes import Close, CustomerReply
from earmark.sources.simulator.markup import REDACTED_BODY

SIZE = 60


@pytest_asyncio.fixture(loop_scope="session")
async def simulator() -> AsyncGenerator[Simulator]:
    async with simulate(make_sample(SIZE)) as running:
        yield running


def id_of(index: int) -> str:
    """The identifier of a conversation."""
    return make_sample(SIZE).conversations.id_of(index)


def pick(**wanted: object) -> str:
    """The first conversation that is not deleted and has these values."""
    gone = set(make_sample(SIZE).conversations.deletions()[0].tolist())
    for index in range(SIZE):
        document = make_sample(SIZE).conversations.document(index)
        if index not in gone and all(document[name] == value for name, value in wanted.items()):
            return document["id"]
    raise LookupError(wanted)


def last_part(document: dict[str, Any]) -> dict[str, Any]:
    """The newest part of a conversation."""
    return document["conversation_parts"]["conversation_parts"][-1]


async def newest(simulator: Simulator) -> str:
    """The conversation that the list gives first."""
    return (await simulator.get("/conversations?per_page=1")).json["conversations"][0]["id"]


async def test_a_new_conversation_is_found_everywhere(simulator: Simulator) -> None:
    contact = make_sample(SIZE).contacts.id_of(3)
    made = await simulator.change(
        kind="create_conversation", body="<p>The calendar is empty</p>", contact_id=contact
    )
    document = await simulator.conversation(made["conversation_id"])
    assert document["source"]["body"] == "<p>The calendar is empty</p>"
    assert document["source"]["author"]["id"] == contact
    assert document["created_at"] == document["updated_at"] == made["at"]
    assert int(made["conversation_id"]) > int(id_of(SIZE - 1))
    assert await newest(simulator) == made["conversation_id"]
    for field, value in (("contact_ids", contact), ("id", made["conversation_id"])):
        query = {"field": field, "operator": "=", "value": value}
        assert made["conversation_id"] in await simulator.search_all(query, 20)
    assert await simulator.search_all(since(made["at"]), 20) == [made["conversation_id"]]


async def test_a_customer_reply_opens_a_closed_conversation(simulator: Simulator) -> None:
    identifier = pick(state="closed")
    before = await simulator.conversation(identifier)
    applied = await simulator.change(
        kind="customer_reply", conversation_id=identifier, body="<p>Still broken</p>"
    )
    after = await simulator.conversation(identifier)
    part = last_part(after)
    assert (after["state"], after["open"], after["read"]) == ("open", True, False)
    assert after["waiting_since"] == after["updated_at"] == applied["at"] > before["updated_at"]
    assert (part["id"], part["part_type"]) == (applied["part_id"], "open")
    assert part["author"]["id"] == after["contacts"]["contacts"][0]["id"]
    count = before["conversation_parts"]["total_count"] + 1
    assert after["conversation_parts"]["total_count"] == count
    assert after["statistics"]["count_conversation_parts"] == count
    assert await newest(simulator) == identifier


@pytest.mark.parametrize(
    ("change", "part_type", "state", "author"),
    [
        ({"kind": "teammate_reply", "body": "<p>Try again</p>"}, "comment", "open", "admin"),
        ({"kind": "teammate_reply", "body": "<p>Hi</p>", "by_ai_agent": True}, "comment", "open",
         "bot"),
        ({"kind": "add_note", "body": "<p>Known</p>"}, "note", "open", "admin"),
        ({"kind": "close"}, "close", "closed", "admin"),
        ({"kind": "snooze", "until": 2_000_000_000}, "snoozed", "snoozed", "admin"),
        ({"kind": "reopen"}, "open", "open", "admin"),
    ],
)  # fmt: skip
async def test_a_teammate_acts(
    simulator: Simulator, change: dict[str, object], part_type: str, state: str, author: str
) -> None:
    identifier = pick(state="open")
    applied = await simulator.change(conversation_id=identifier, **change)
    document = await simulator.conversation(identifier)
    part = last_part(document)
    assert (part["part_type"], part["author"]["type"], document["state"]) == (
        part_type,
        author,
        state,
    )
    assert part["body"] == change.get("body")
    assert part["author"]["from_ai_agent"] == (author == "bot")
    assert document["updated_at"] == part["created_at"] == applied["at"]
    query = {"field": "state", "operator": "=", "value": state}
    assert identifier in await simulator.search_all(query, 50)
    opposite = {"field": "state", "operator": "!=", "value": state}
    assert identifier not in await simulator.search_all(opposite, 50)


async def test_assignment_tags_rating_and_attributes_show(simulator: Simulator) -> None:
    identifier = pick(state="open")
    admin, tag = make_sample(SIZE).admins[2]["id"], make_sample(SIZE).tags[5]
    for change in (
        {"kind": "assign", "admin_id": admin},
        {"kind": "add_tag", "tag_id": tag["id"]},
        {"kind": "rate", "rating": 2, "remark": "slow"},
        {"kind": "set_attribute", "name": "Order", "value": 17},
    ):
        await simulator.change(conversation_id=identifier, **change)
    document = await simulator.conversation(identifier)
    assert document["admin_assignee_id"] == int(admin)
    assert tag["name"] in [item["name"] for item in document["tags"]["tags"]]
    assert document["conversation_rating"]["rating"] == 2
    assert document["custom_attributes"]["Order"] == 17
    query = {"field": "tag_ids", "operator": "=", "value": tag["id"]}
    assert identifier in await simulator.search_all(query, 50)
    await simulator.change(conversation_id=identifier, kind="remove_tag", tag_id=tag["id"])
    assert identifier not in await simulator.search_all(query, 50)


async def test_a_deleted_conversation_is_only_in_the_list_of_deleted(simulator: Simulator) -> None:
    identifier = pick(state="closed")
    applied = await simulator.change(kind="delete_conversation", conversation_id=identifier)
    assert (await simulator.get(f"/conversations/{identifier}")).status == 404
    assert identifier not in await simulator.search_all(since(), 50)
    listed = (await simulator.get("/conversations/deleted?per_page=1")).json
    assert listed["conversations"][0]["id"] == identifier
    assert listed["conversations"][0]["deleted_at"] == applied["at"]
    again = {"kind": "delete_conversation", "conversation_id": identifier}
    assert (await simulator.post("/_simulator/changes", again)).status == 404


async def test_a_redacted_message_becomes_a_placeholder(simulator: Simulator) -> None:
    identifier = pick(state="open")
    reply = await simulator.change(
        kind="customer_reply", conversation_id=identifier, body="<p>my password is x</p>"
    )
    redacted = await simulator.change(
        kind="redact_part", conversation_id=identifier, part_id=reply["part_id"]
    )
    await simulator.change(kind="redact_source", conversation_id=identifier)
    document = await simulator.conversation(identifier)
    part = last_part(document)
    assert (part["body"], part["redacted"]) == (REDACTED_BODY, True)
    assert document["source"]["body"] == REDACTED_BODY
    assert document["source"]["redacted"]
    assert document["updated_at"] >= part["updated_at"] == redacted["at"]
    wrong = {"kind": "redact_part", "conversation_id": identifier, "part_id": "5"}
    answer = await simulator.post("/_simulator/changes", wrong)
    assert answer.json["errors"][0]["code"] == "conversation_part_or_message_not_found"


async def test_a_merged_conversation_is_closed_and_linked(simulator: Simulator) -> None:
    secondary, primary = pick(state="open"), pick(state="closed")
    applied = await simulator.change(
        kind="merge_conversations", conversation_id=secondary, into=primary
    )
    away, kept = await simulator.conversation(secondary), await simulator.conversation(primary)
    assert away["state"] == "closed"
    assert away["linked_objects"]["data"][0]["id"] == primary
    assert kept["linked_objects"]["data"][0]["id"] == secondary
    assert last_part(kept)["part_type"] == "merged_primary_conversation"
    assert last_part(kept)["id"] != last_part(away)["id"]
    assert away["updated_at"] == kept["updated_at"] == applied["at"]
    again = {"kind": "merge_conversations", "conversation_id": primary, "into": secondary}
    assert (await simulator.post("/_simulator/changes", again)).status == 400


async def test_a_contact_is_updated(simulator: Simulator) -> None:
    contact = make_sample(SIZE).contacts.id_of(4)
    applied = await simulator.change(
        kind="update_contact", contact_id=contact, name="New Name", email="new@inbox.example"
    )
    document = (await simulator.get(f"/contacts/{contact}")).json
    assert (document["name"], document["email_domain"]) == ("New Name", "inbox.example")
    assert document["updated_at"] == applied["at"]
    query = {"field": "email", "operator": "=", "value": "new@inbox.example"}
    found = await simulator.post("/contacts/search", {"query": query})
    assert [item["id"] for item in found.json["data"]] == [contact]


async def test_a_merged_contact_leads_to_the_one_who_is_left(simulator: Simulator) -> None:
    conversation = await simulator.conversation(pick(state="open"))
    old = conversation["contacts"]["contacts"][0]["id"]
    chain = [make_sample(SIZE).contacts.id_of(index) for index in range(12, 30)]
    middle, last = [identifier for identifier in chain if identifier != old][:2]
    for contact, into in ((old, middle), (middle, last)):
        await simulator.change(kind="merge_contacts", contact_id=contact, into=into)
    for gone in (old, middle):
        answer = await simulator.get(f"/contacts/{gone}")
        assert answer.status == 410
        assert answer.json["errors"][0]["code"] == "contact_merged"
        assert answer.headers["Link"] == f'</contacts/{last}>; rel="canonical"'
    after = await simulator.conversation(conversation["id"])
    assert after["contacts"]["contacts"][0]["id"] == last
    query = {"field": "contact_ids", "operator": "=", "value": last}
    assert conversation["id"] in await simulator.search_all(query, 50)
    query = {"field": "contact_ids", "operator": "=", "value": old}
    assert await simulator.search_all(query, 50) == []
    total = make_sample(SIZE).contacts.number
    assert (await simulator.get("/contacts")).json["total_count"] == total - 2


async def test_a_deleted_contact_is_gone_and_a_new_admin_is_there(simulator: Simulator) -> None:
    contact = make_sample(SIZE).contacts.id_of(7)
    await simulator.change(kind="delete_contact", contact_id=contact)
    assert (await simulator.get(f"/contacts/{contact}")).status == 404
    admin = await simulator.change(kind="add_admin", name="Ada Lind", email="ada@team.example")
    listed = (await simulator.get("/admins")).json["admins"]
    assert (listed[-1]["id"], listed[-1]["name"]) == (admin["admin_id"], "Ada Lind")
    identifier = pick(state="open")
    reply = {"kind": "teammate_reply", "body": "<p>hello</p>", "admin_id": admin["admin_id"]}
    await simulator.change(conversation_id=identifier, **reply)
    author = last_part(await simulator.conversation(identifier))["author"]
    assert author["name"] == "Ada Lind"


async def test_a_thread_can_outgrow_what_a_retrieval_gives(simulator: Simulator) -> None:
    identifier = pick(state="open")
    await simulator.change(kind="add_parts", conversation_id=identifier, number=520)
    listing = (await simulator.conversation(identifier))["conversation_parts"]
    assert len(listing["conversation_parts"]) == 500 < listing["total_count"]
    assert listing["conversation_parts"][-1]["body"] == "<p>Message 520 of 520</p>"
    parts = listing["conversation_parts"]
    assert len({part["id"] for part in parts}) == 500


async def test_changes_are_made_within_the_process_too(simulator: Simulator) -> None:
    identifier = pick(state="open")
    reply = CustomerReply(conversation_id=identifier, body="<p>one</p>", at=1_900_000_000)
    assert simulator.server.apply(reply).at == 1_900_000_000
    document = await simulator.conversation(identifier)
    assert document["updated_at"] == 1_900_000_000
    assert simulator.server.texts(identifier)[-1].body == "<p>one</p>"
    with pytest.raises(Refusal, match="Not Found"):
        simulator.server.apply(Close(conversation_id="5"))


async def test_several_changes_come_in_one_request(simulator: Simulator) -> None:
    identifier = pick(state="open")
    changes = [
        {"kind": "add_note", "conversation_id": identifier, "body": f"<p>{number}</p>"}
        for number in range(3)
    ]
    answer = await simulator.post("/_simulator/changes", changes)
    assert [item["number"] for item in answer.json["applied"]] == [1, 2, 3]
    listing = (await simulator.conversation(identifier))["conversation_parts"]
    bodies = [part["body"] for part in listing["conversation_parts"][-3:]]
    assert bodies == ["<p>0</p>", "<p>1</p>", "<p>2</p>"]


async def test_the_control_endpoints_want_the_token_and_sense(simulator: Simulator) -> None:
    assert (await simulator.get("/_simulator/faults", token="wrong")).status == 401
    assert (await simulator.get("/_simulator/nothing")).status == 404
    for body in ({"kind": "explode"}, {"kind": "close"}, [5], "{"):
        answer = await simulator.post("/_simulator/changes", body)
        assert answer.status in (400, 422)
        assert answer.json["type"] == "error.list"
    assert (await simulator.search(since(), sort=RISING)).status == 200
