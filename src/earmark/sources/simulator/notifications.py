"""Changes as Intercom's webhooks tell of them: topic and item."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from earmark.sources.simulator.changes import (
    AddAdmin,
    Applied,
    Change,
    CreateConversation,
    DeleteContact,
    DeleteConversation,
    MergeContacts,
    TeammateReply,
    UpdateContact,
)
from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.live import LiveWorkspace
from earmark.sources.simulator.shapes import make_plain

_TOPICS: Final[Mapping[str, str]] = {
    "create_conversation": "conversation.user.created",
    "customer_reply": "conversation.user.replied",
    "teammate_reply": "conversation.admin.replied",
    "add_note": "conversation.admin.noted",
    "close": "conversation.admin.closed",
    "reopen": "conversation.admin.opened",
    "snooze": "conversation.admin.snoozed",
    "assign": "conversation.admin.assigned",
    "add_tag": "conversation_part.tag.created",
    "rate": "conversation.rating.added",
    "add_parts": "conversation.user.replied",
    "redact_part": "conversation_part.redacted",
    "redact_source": "conversation_part.redacted",
    "delete_conversation": "conversation.deleted",
    "merge_conversations": "conversation.admin.closed",
    "update_contact": "contact.user.updated",
    "merge_contacts": "contact.merged",
    "delete_contact": "contact.deleted",
    "add_admin": "admin.added_to_workspace",
}
"""What is not here (attributes, tags that are taken off) has no topic: only a sweep finds it."""


class Event(NamedTuple):
    """What a notification is about."""

    topic: str
    item: JsonObject


def describe_change(live: LiveWorkspace, change: Change, applied: Applied) -> Event | None:
    """The notification for a change that was just applied; null where Intercom has no topic."""
    topic = _TOPICS.get(change.kind)
    if topic is None:
        return None
    if isinstance(change, CreateConversation) and change.admin_id is not None:
        topic = "conversation.admin.single.created"
    elif isinstance(change, TeammateReply) and change.by_ai_agent:
        topic = "conversation.operator.replied"
    return Event(topic, _describe_item(live, change, applied))


def _describe_item(live: LiveWorkspace, change: Change, applied: Applied) -> JsonObject:
    if isinstance(change, AddAdmin):
        return live.admins[-1]
    if isinstance(change, UpdateContact | MergeContacts | DeleteContact):
        return _describe_contact(live, change)
    if isinstance(change, DeleteConversation):
        return {"type": "conversation", "id": change.conversation_id}
    index = live.conversations.index_of(applied.conversation_id or "")
    if index is None:
        raise LookupError("a change was applied to a conversation that is not there")
    return _shorten(live.conversations.document(index), applied.part_id)


def _describe_contact(
    live: LiveWorkspace, change: UpdateContact | MergeContacts | DeleteContact
) -> JsonObject:
    index = live.base.contacts.index_of(
        change.into if isinstance(change, MergeContacts) else change.contact_id
    )
    document = live.contacts.document(index or 0)
    if isinstance(change, DeleteContact):
        return {key: document[key] for key in ("type", "id", "external_id")}
    return document


def _shorten(document: JsonObject, part_id: str | None) -> JsonObject:
    """With the one part that it is about, and plain bodies, as from version 2.15 on."""
    listing = document["conversation_parts"]
    told = [part for part in listing["conversation_parts"] if part["id"] == part_id]
    document["conversation_parts"] = {**listing, "conversation_parts": told}
    make_plain(document)
    return document
