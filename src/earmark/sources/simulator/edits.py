"""Changes written into a conversation's JSON.

A changed conversation is not kept: it is made anew and its changes are written into it, in order.
So an edit holds all that was decided when it was applied, and depends on nothing else.
"""

from dataclasses import dataclass
from functools import singledispatch

from earmark.db.models import Model
from earmark.sources.simulator.changes import (
    AddNote,
    AddParts,
    AddTag,
    AnyChange,
    Assign,
    Close,
    CreateConversation,
    CustomerReply,
    Rate,
    RedactPart,
    RedactSource,
    RemoveTag,
    Reopen,
    SetAttribute,
    Snooze,
    TeammateReply,
)
from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.markup import REDACTED_BODY
from earmark.sources.simulator.measures import Moment, summarise
from earmark.sources.simulator.numbering import number_message
from earmark.sources.simulator.script import By

OPERATOR: JsonObject = {
    "type": "bot",
    "id": "5017201",
    "name": "Operator",
    "email": "operator@simulator.example",
}
AI_AGENT: JsonObject = {
    "type": "bot",
    "id": "5017200",
    "name": "Assistant",
    "email": "assistant@simulator.example",
}
_FIRST_PART = 2_000_000_000_000
"""Identifiers of added parts are above those of all parts that a dataset can have."""
_PARTS_PER_EDIT = 10_000


class MergedAway(AnyChange):
    """What a merge does to the conversation that ends."""

    into: str


class MergedIn(AnyChange):
    """What a merge does to the conversation that lives on."""

    other: str


@dataclass(frozen=True, slots=True)
class Written:
    """A change as it was applied."""

    number: int
    at: int
    change: AnyChange
    author: JsonObject
    """As a part names its author."""
    other: JsonObject | None = None
    """The tag; for many parts, the second author; for a new conversation, its contact."""

    def part_id(self, place: int = 0) -> str:
        """The identifier of a part that this change adds."""
        return str(_FIRST_PART + self.number * _PARTS_PER_EDIT + place)


def write_edit(document: JsonObject, written: Written) -> None:
    """Writes one change into a conversation."""
    _write(written.change, document, written)
    document["updated_at"] = max(written.at, document["updated_at"])


def open_conversation(identifier: str, index: int, written: Written) -> JsonObject:
    """The conversation that a `CreateConversation` begins."""
    change = written.change
    if not isinstance(change, CreateConversation):
        raise TypeError("a conversation begins with its creation")
    is_customer = written.author["type"] != "admin"
    admin_id = 0 if is_customer else int(written.author["id"])
    admins = [] if is_customer else [{"type": "admin", "id": written.author["id"]}]
    initial = "email" if change.channel == "email" else "messenger"
    first = {"created_at": written.at, "type": change.channel, "url": None}
    return {
        "type": "conversation",
        "id": identifier,
        "title": change.subject or None,
        "created_at": written.at,
        "updated_at": written.at,
        "waiting_since": written.at if is_customer else None,
        "snoozed_until": None,
        "open": True,
        "state": "open",
        "read": not is_customer,
        "priority": "none",
        "admin_assignee_id": admin_id,
        "team_assignee_id": 0,
        "company": None,
        "tags": {"type": "tag.list", "tags": []},
        "conversation_rating": None,
        "source": _open_source(index, written, change),
        "contacts": {"type": "contact.list", "contacts": [written.other]},
        "teammates": {"type": "admin.list", "teammates": admins},
        "custom_attributes": {},
        "first_contact_reply": first if is_customer else None,
        "sla_applied": None,
        "statistics": {},
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": [],
            "total_count": 0,
        },
        "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
        "ai_agent_participated": False,
        "ai_agent": None,
        "sales_agent_participated": False,
        "sales_agent": None,
        "channel": {"initial": initial, "current": initial},
        "external_references": [],
        "monitor_evaluations": [],
        "scorecards": [],
    }


def _open_source(index: int, written: Written, change: CreateConversation) -> JsonObject:
    is_customer = written.author["type"] != "admin"
    return {
        "type": change.channel,
        "id": number_message(index, 0),
        "delivered_as": "customer_initiated" if is_customer else "admin_initiated",
        "recipients": None,
        "reply_to": None,
        "subject": change.subject,
        "body": change.body,
        "author": written.author,
        "attachments": [],
        "url": None,
        "redacted": False,
    }


def recount(document: JsonObject) -> None:
    """Counts what Intercom counts anew, after changes."""
    listing = document["conversation_parts"]
    parts: list[JsonObject] = listing["conversation_parts"]
    listing["total_count"] = len(parts)
    moments = [Moment(document["created_at"], read_author(document["source"]), "", True)]
    admin_id = document["admin_assignee_id"] or 0
    for part in parts:
        kind, by = part["part_type"], read_author(part)
        if kind == "close" and by is By.AGENT:
            admin_id = int(part["author"]["id"])
        is_message = part["body"] is not None and kind != "note"
        moments.append(Moment(part["created_at"], by, kind, is_message))
    document["statistics"] = summarise(moments, admin_id)


def read_author(message: JsonObject) -> By:
    """Who is behind a source or a part."""
    author = message["author"]
    if author["type"] in ("admin", "team"):
        return By.AGENT
    if author["type"] in ("user", "lead", "contact"):
        return By.CUSTOMER
    return By.ASSISTANT if author.get("from_ai_agent") else By.OPERATOR


def add_part(
    document: JsonObject,
    written: Written,
    part_type: str,
    *,
    body: str | None = None,
    author: JsonObject | None = None,
    place: int = 0,
) -> JsonObject:
    """A part at the end of the conversation; it can still be filled."""
    author = author or written.author
    is_ai_agent = author["id"] == AI_AGENT["id"]
    part: JsonObject = {
        "type": "conversation_part",
        "id": written.part_id(place),
        "part_type": part_type,
        "body": body,
        "created_at": written.at,
        "updated_at": written.at,
        "notified_at": written.at,
        "assigned_to": None,
        "author": {**author, "from_ai_agent": is_ai_agent, "is_ai_answer": is_ai_agent},
        "attachments": [],
        "external_id": None,
        "redacted": False,
        "email_message_metadata": None,
        "metadata": {},
        "state": document["state"],
        "tags": [],
        "event_details": None,
        "app_package_code": None,
    }
    document["conversation_parts"]["conversation_parts"].append(part)
    return part


def _set_state(document: JsonObject, state: str, *, until: int | None = None) -> None:
    document["state"] = state
    document["open"] = state != "closed"
    document["snoozed_until"] = until
    if state != "open":
        document["waiting_since"] = None


@singledispatch
def _write(change: Model, document: JsonObject, written: Written) -> None:
    """Without a rule of its own a change moves `updated_at` only."""
    del change, document, written


@_write.register
def _reply_as_customer(change: CustomerReply, document: JsonObject, written: Written) -> None:
    was_open = document["state"] == "open"
    if not was_open:
        _set_state(document, "open")
    add_part(document, written, "comment" if was_open else "open", body=change.body)
    document["waiting_since"] = document["waiting_since"] or written.at
    document["read"] = False


@_write.register
def _reply_as_teammate(change: TeammateReply, document: JsonObject, written: Written) -> None:
    add_part(document, written, "comment", body=change.body)
    document["waiting_since"] = None
    document["read"] = True
    if change.by_ai_agent:
        document["ai_agent_participated"] = True
    else:
        _join_teammate(document, written.author)


def _join_teammate(document: JsonObject, author: JsonObject) -> None:
    reference = {"type": "admin", "id": author["id"]}
    teammates = [*document["teammates"]["teammates"]]
    if reference not in teammates:
        document["teammates"] = {"type": "admin.list", "teammates": [*teammates, reference]}


@_write.register
def _note(change: AddNote, document: JsonObject, written: Written) -> None:
    add_part(document, written, "note", body=change.body)
    _join_teammate(document, written.author)


@_write.register
def _close(change: Close, document: JsonObject, written: Written) -> None:
    _set_state(document, "closed")
    add_part(document, written, "close", body=change.body)


@_write.register
def _reopen(change: Reopen, document: JsonObject, written: Written) -> None:
    del change
    _set_state(document, "open")
    add_part(document, written, "open")


@_write.register
def _snooze(change: Snooze, document: JsonObject, written: Written) -> None:
    _set_state(document, "snoozed", until=change.until)
    add_part(document, written, "snoozed")


@_write.register
def _assign(change: Assign, document: JsonObject, written: Written) -> None:
    document["admin_assignee_id"] = int(change.admin_id or 0)
    document["team_assignee_id"] = int(change.team_id or 0)
    part = add_part(document, written, "assignment")
    if change.admin_id is not None:
        part["assigned_to"] = {"type": "admin", "id": change.admin_id}
    elif change.team_id is not None:
        part["assigned_to"] = {"type": "team", "id": change.team_id}


@_write.register
def _add_tag(change: AddTag, document: JsonObject, written: Written) -> None:
    others = [tag for tag in document["tags"]["tags"] if tag["id"] != change.tag_id]
    admin = {"type": "admin", "id": written.author["id"]}
    tag = {**(written.other or {}), "applied_at": written.at, "applied_by": admin}
    document["tags"] = {"type": "tag.list", "tags": [*others, tag]}
    add_part(document, written, "conversation_tags_updated")


@_write.register
def _remove_tag(change: RemoveTag, document: JsonObject, written: Written) -> None:
    others = [tag for tag in document["tags"]["tags"] if tag["id"] != change.tag_id]
    document["tags"] = {"type": "tag.list", "tags": others}
    add_part(document, written, "conversation_tags_updated")


@_write.register
def _rate(change: Rate, document: JsonObject, written: Written) -> None:
    old = document["conversation_rating"]
    document["conversation_rating"] = {
        "rating": change.rating,
        "remark": change.remark,
        "created_at": old["created_at"] if old else written.at,
        "updated_at": written.at,
        "contact": document["contacts"]["contacts"][0],
        "teammate": {"type": "admin", "id": str(document["admin_assignee_id"])},
    }


@_write.register
def _set_attribute(change: SetAttribute, document: JsonObject, written: Written) -> None:
    values = {**document["custom_attributes"], change.name: change.value}
    document["custom_attributes"] = {
        name: value for name, value in values.items() if value is not None
    }
    add_part(document, written, "conversation_attribute_updated_by_admin")


@_write.register
def _add_parts(change: AddParts, document: JsonObject, written: Written) -> None:
    if document["state"] != "open":
        _set_state(document, "open")
    for place in range(change.number):
        author = written.other if place % 2 else written.author
        body = f"<p>Message {place + 1} of {change.number}</p>"
        add_part(document, written, "comment", body=body, author=author, place=place)


@_write.register
def _redact_part(change: RedactPart, document: JsonObject, written: Written) -> None:
    for part in document["conversation_parts"]["conversation_parts"]:
        if part["id"] == change.part_id:
            part.update(body=REDACTED_BODY, attachments=[], redacted=True, updated_at=written.at)


@_write.register
def _redact_source(change: RedactSource, document: JsonObject, written: Written) -> None:
    del change, written
    document["source"].update(body=REDACTED_BODY, attachments=[], redacted=True)


@_write.register
def _merge_away(change: MergedAway, document: JsonObject, written: Written) -> None:
    _set_state(document, "closed")
    add_part(document, written, "close")
    _link(document, change.into)


@_write.register
def _merge_in(change: MergedIn, document: JsonObject, written: Written) -> None:
    add_part(document, written, "merged_primary_conversation", place=1)
    _link(document, change.other)


def _link(document: JsonObject, identifier: str) -> None:
    links = [
        *document["linked_objects"]["data"],
        {"type": "conversation", "id": identifier, "category": None},
    ]
    document["linked_objects"] = {
        "type": "list",
        "data": links,
        "total_count": len(links),
        "has_more": False,
    }
