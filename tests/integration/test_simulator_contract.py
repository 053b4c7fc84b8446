"""The simulator's answers against Intercom's own description of its API.

The description is public data that is not part of this repository: `EARMARK_SHARED_DATA` names the
folder it is in, the default being `../shared/data` beside the repository.
"""

import gzip
from functools import cache
from os import environ  # noqa: TID251 - names a folder of test data, no setting
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest
import yaml
from simulator_rig import make_sample, simulate

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(environ.get("EARMARK_SHARED_DATA", ROOT.parent / "shared" / "data"))
DESCRIPTION = DATA / "intercom" / "openapi-2.16.yaml.gz"

pytestmark = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason=f"Intercom's API description is not at {DESCRIPTION}"
)


@cache
def read_schemas() -> dict[str, Any]:
    """The components of the description as JSON Schema."""
    text = gzip.decompress(DESCRIPTION.read_bytes())
    description = yaml.load(text, Loader=yaml.CSafeLoader)
    return cast(dict[str, Any], convert(description["components"]["schemas"]))


def convert(schema: object) -> object:
    """OpenAPI 3.0's `nullable` and references in the words of JSON Schema."""
    if isinstance(schema, list):
        return [convert(item) for item in cast(list[object], schema)]
    if isinstance(schema, str):
        return schema.replace("#/components/schemas/", "#/$defs/")
    if not isinstance(schema, dict):
        return schema
    entries = cast(dict[str, object], schema)
    dropped = ("nullable", "example", "examples", "format", "description")
    result = {key: convert(value) for key, value in entries.items() if key not in dropped}
    return {"anyOf": [result, {"type": "null"}]} if entries.get("nullable") is True else result


def check(name: str, answer: dict[str, Any]) -> None:
    """The answer is valid for the component of this name."""
    schema = {"$ref": f"#/$defs/{name}", "$defs": read_schemas()}
    problems = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in jsonschema_rs.validator_for(schema).iter_errors(answer)
    ]
    assert not problems, problems[:5]


async def test_single_answers_hold_the_contract() -> None:
    async with simulate(make_sample()) as simulator:
        for path, name in (
            ("/me", "admin_with_app"),
            ("/admins", "admin_list"),
            ("/teams", "team_list"),
            ("/tags", "tag_list"),
            ("/segments", "segment_list"),
            ("/data_attributes?model=contact", "data_attribute_list"),
            ("/data_attributes?model=company", "data_attribute_list"),
            ("/contacts", "contact_list"),
            ("/companies/scroll", "company_scroll"),
            ("/conversations/deleted", "deleted_conversation_list"),
            ("/conversations/1", "error"),
        ):
            check(name, (await simulator.get(path)).json)
        # `pages` of these lists is described as cursors, while their examples have addresses.
        for company in (await simulator.post("/companies/list", {})).json["data"]:
            check("company", company)
        for article in (await simulator.get("/articles?per_page=60")).json["data"]:
            check("article_list_item", article)


async def test_changed_conversations_hold_the_contract() -> None:
    async with simulate(make_sample()) as simulator:
        listed = (await simulator.get("/conversations?per_page=3")).json["conversations"]
        one, two, three = [item["id"] for item in listed]
        made = await simulator.change(kind="create_conversation", body="<p>a</p>")
        for kind, fields in CHANGES.items():
            await simulator.change(kind=kind, conversation_id=one, **fields)
        await simulator.change(kind="merge_conversations", conversation_id=two, into=three)
        for identifier in (made["conversation_id"], one, two, three):
            check("conversation", await simulator.conversation(identifier))
        again = (await simulator.get("/conversations?per_page=6")).json
        check("conversation_list", again)
        contacts = (await simulator.get("/contacts?per_page=2")).json["data"]
        first, second = [contact["id"] for contact in contacts]
        await simulator.change(kind="update_contact", contact_id=first, name="A")
        await simulator.change(kind="merge_contacts", contact_id=second, into=first)
        await simulator.change(kind="delete_conversation", conversation_id=two)
        await simulator.change(kind="add_admin", name="A", email="a@b.example")
        check("contact", (await simulator.get(f"/contacts/{first}")).json)
        check("error", (await simulator.get(f"/contacts/{second}")).json)
        check("admin_list", (await simulator.get("/admins")).json)
        check("deleted_conversation_list", (await simulator.get("/conversations/deleted")).json)


CHANGES: dict[str, dict[str, object]] = {
    "customer_reply": {"body": "<p>b</p>"},
    "teammate_reply": {"body": "<p>c</p>"},
    "add_note": {"body": "<p>d</p>"},
    "assign": {"admin_id": make_sample().admins[1]["id"]},
    "add_tag": {"tag_id": make_sample().tags[0]["id"]},
    "rate": {"rating": 3},
    "set_attribute": {"name": "x", "value": "y"},
    "add_parts": {"number": 3},
    "snooze": {"until": 2_000_000_000},
    "reopen": {},
    "close": {"body": "<p>e</p>"},
    "redact_source": {},
}


async def test_conversations_hold_the_contract() -> None:
    async with simulate(make_sample()) as simulator:
        query = {"field": "created_at", "operator": ">", "value": 0}
        listed = await simulator.search(query, pagination={"per_page": 150})
        check("conversation_list", listed.json)
        for item in listed.json["conversations"][::10]:
            check("conversation", (await simulator.get(f"/conversations/{item['id']}")).json)
