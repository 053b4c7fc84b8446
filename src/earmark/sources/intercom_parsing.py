"""Bytes to wire shapes, wire shapes to the vocabulary."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel, JsonValue, ValidationError

from earmark.db.models import (
    Admin,
    Attachment,
    AuthorRole,
    Company,
    Contact,
    Conversation,
    Message,
    Thread,
)
from earmark.errors import SourceRejected, SourceUnavailable
from earmark.sources.base import Deletion, Listed, Unreadable
from earmark.sources.html_text import html_to_text, repair
from earmark.sources.intercom_models import (
    WireAdmin,
    WireAttachment,
    WireAuthor,
    WireCompany,
    WireContact,
    WireConversation,
    WireDeletion,
    WirePart,
    WireSource,
)

W = TypeVar("W", bound=BaseModel)

_CUSTOMER_TYPES = frozenset({"user", "lead", "contact", "visitor"})
_TEAMMATE_TYPES = frozenset({"admin", "team", "teammate"})
_NOBODY: Final = WireAuthor()
_MERGED_IN = "merged_primary_conversation"
"""The part that a merge leaves in the conversation that lives on."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_SECONDS = (_EARLIEST.timestamp(), datetime(2200, 1, 1, tzinfo=UTC).timestamp())


def parse(model: type[W], raw: bytes) -> tuple[W, tuple[str, ...]]:
    """An answer as `model`, with what had to be mended to store it.

    Raises `SourceUnavailable` for what is no JSON at all (HTML, a cut-off body), `SourceRejected`
    for JSON of another shape.
    """
    if b"\\u0000" not in raw:
        try:
            return model.model_validate_json(raw), ()
        except ValidationError as error:
            if error.errors()[0]["type"] != "json_invalid":
                raise _wrong_shape(error) from error
    # The fast parser refuses lone surrogates and bytes that are no UTF-8: read, mend, validate.
    value, repairs = _repair_tree(_load(raw))
    try:
        return model.model_validate(value), repairs
    except ValidationError as error:
        raise _wrong_shape(error) from error


def _load(raw: bytes) -> JsonValue:
    try:
        return cast(JsonValue, json.loads(raw.decode("utf-8", "replace")))
    except (ValueError, RecursionError) as error:
        raise SourceUnavailable(
            "Intercom's answer is not JSON.",
            why=f"It has {len(raw)} bytes and could not be read to its end.",
        ) from error


def _wrong_shape(error: ValidationError) -> SourceRejected:
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the top"
    return SourceRejected(
        "Intercom's answer has an unexpected shape.", why=f"At {place}: {first['msg']}."
    )


def _repair_tree(value: JsonValue) -> tuple[JsonValue, tuple[str, ...]]:
    found: dict[str, None] = {}

    def walk(node: JsonValue) -> JsonValue:
        if isinstance(node, str):
            text, repairs = repair(node)
            found.update(dict.fromkeys(repairs))
            return text
        if isinstance(node, list):
            return [walk(item) for item in node]
        if isinstance(node, dict):
            return {repair(key)[0]: walk(item) for key, item in node.items()}
        return node

    return walk(value), tuple(found)


def to_time(seconds: int | None) -> datetime | None:
    """Unix seconds as UTC; null for absent values and for times that no conversation can have."""
    if seconds is None or not _SECONDS[0] <= seconds <= _SECONDS[1]:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def to_listed(row: WireConversation | JsonValue) -> Listed | Unreadable:
    """One row of a listing."""
    try:
        is_sound = isinstance(row, WireConversation)
        wire = row if is_sound else WireConversation.model_validate(row)
    except ValidationError as error:
        identifier = row.get("id") if isinstance(row, dict) else None
        return Unreadable(
            id=str(identifier) if isinstance(identifier, str | int) else None,
            reason=_wrong_shape(error).why,
        )
    created_at = to_time(wire.created_at)
    if wire.id is None:
        return Unreadable(id=None, reason="the row has no id")
    if created_at is None:
        return Unreadable(id=wire.id, reason=f"created_at is {wire.created_at}")
    return Listed(
        id=wire.id,
        created_at=created_at,
        updated_at=to_time(wire.updated_at) or created_at,
        parts_expected=wire.statistics.count_conversation_parts if wire.statistics else None,
        opening=_to_opening(wire, wire.id),
    )


def linked_ids(wire: WireConversation) -> list[str]:
    """The conversations that this one is linked to."""
    links = wire.linked_objects.data if wire.linked_objects else []
    return [link.id for link in links if link.type == "conversation" and link.id]


def count_taken_in(wire: WireConversation) -> int:
    """How many conversations were merged into this one, as its parts tell."""
    parts = wire.conversation_parts.conversation_parts if wire.conversation_parts else []
    return sum(part.get("part_type") == _MERGED_IN for part in parts)


def may_be_merged(wire: WireConversation) -> bool:
    """Whether it looks like one that lives on in another.

    It is closed then, and linked to more conversations than it has taken in itself.
    """
    is_closed = wire.state == "closed" or wire.open is False
    return is_closed and len(set(linked_ids(wire))) > count_taken_in(wire)


def to_deletion(wire: WireDeletion) -> Deletion | None:
    """A deletion; null where the id is missing, and long ago where the time is."""
    if wire.id is None:
        return None
    return Deletion(id=wire.id, deleted_at=to_time(wire.deleted_at) or _EARLIEST)


def _to_opening(wire: WireConversation, identifier: str) -> Thread | None:
    """The conversation as far as a listing tells it; null where that cannot be read."""
    try:
        thread = to_thread(wire, (), identifier)
    except SourceRejected:
        return None
    conversation = thread.conversation.model_copy(update={"partial": True})
    return thread.model_copy(update={"conversation": conversation})


def to_thread(wire: WireConversation, repairs: tuple[str, ...], listed_id: str) -> Thread:
    """A whole conversation; raises `SourceRejected` if it is not the one asked for, or undated."""
    created_at = to_time(wire.created_at)
    if wire.id is not None and wire.id != listed_id:
        raise SourceRejected(
            "Intercom answered with another conversation.", why=f"Asked for {listed_id}."
        )
    if created_at is None:
        raise SourceRejected("The conversation has no usable creation time.")
    conversation = _to_conversation(wire, listed_id, created_at)
    return Thread(
        conversation=conversation,
        messages=_to_messages(wire, conversation),
        contact=_to_contact_stub(wire, conversation.contact_id),
        repairs=repairs,
    )


def _to_conversation(wire: WireConversation, identifier: str, created_at: datetime) -> Conversation:
    source = wire.source or WireSource()
    parts = wire.conversation_parts
    received = len(parts.conversation_parts) if parts else 0
    total = parts.total_count if parts else None
    rating = wire.conversation_rating
    return Conversation(
        id=identifier,
        created_at=created_at,
        updated_at=to_time(wire.updated_at) or created_at,
        title=_plain(wire.title),
        subject=_plain(source.get("subject")),
        state=wire.state or ("closed" if wire.open is False else "open"),
        channel=source.get("type"),
        delivered_as=source.get("delivered_as"),
        source_url=source.get("url"),
        priority=wire.priority,
        contact_id=_contact_id(wire),
        company_id=wire.company.id if wire.company else None,
        admin_assignee_id=wire.admin_assignee_id,
        team_assignee_id=wire.team_assignee_id,
        tags=_tag_names(wire),
        rating=rating.rating if rating and rating.rating in range(1, 6) else None,
        rating_remark=rating.remark if rating else None,
        ai_agent_participated=bool(wire.ai_agent_participated),
        custom_attributes=wire.custom_attributes,
        parts_expected=received if total is None else total,
        parts_received=received,
        truncated=total is not None and total > received,
        redacted=bool(source.get("redacted"))
        or any(part.get("redacted") for part in (parts.conversation_parts if parts else ())),
    )


def _plain(value: str | None) -> str | None:
    return html_to_text(value) or None if value else None


def _tag_names(wire: WireConversation) -> tuple[str, ...]:
    tags = wire.tags.tags if wire.tags else []
    return tuple(tag.name for tag in tags if tag.name)


def _contact_id(wire: WireConversation) -> str | None:
    for reference in wire.contacts.contacts if wire.contacts else ():
        if reference.id:
            return reference.id
    author = wire.source.get("author") if wire.source else None
    return author.get("id") if author and author.get("type") in _CUSTOMER_TYPES else None


def _to_contact_stub(wire: WireConversation, contact_id: str | None) -> Contact | None:
    if contact_id is None:
        return None
    authors = [wire.source.get("author") if wire.source else None]
    if wire.conversation_parts:
        authors += [part.get("author") for part in wire.conversation_parts.conversation_parts]
    known = next((author for author in authors if author and author.get("id") == contact_id), None)
    if known is None:
        return Contact(id=contact_id)
    role = "lead" if known.get("type") == "lead" else "user"
    return Contact(id=contact_id, role=role, name=known.get("name"), email=known.get("email"))


def _to_messages(wire: WireConversation, conversation: Conversation) -> tuple[Message, ...]:
    parts = wire.conversation_parts.conversation_parts if wire.conversation_parts else []
    opening = wire.source or WireSource()
    identifier, created_at = conversation.id, conversation.created_at
    first = _fields(identifier, opening, "source", "source", created_at, 0)
    found = {"source": first} if first["body"] else {}
    for position, part in enumerate(parts, start=1):
        if part.get("body"):
            fields = _fields(
                identifier,
                part,
                part.get("id") or f"part-{position}",
                part.get("part_type") or "unknown",
                to_time(part.get("created_at")) or created_at,
                position,
            )
            if fields["body"]:
                found[fields["id"]] = fields
    return tuple(map(Message.trusted, found.values()))


def _fields(
    conversation_id: str,
    wire: WireSource | WirePart,
    identifier: str,
    part_type: str,
    created_at: datetime,
    position: int,
) -> dict[str, Any]:
    """Those of a `Message`; the wire shapes have checked what comes from outside."""
    author = wire.get("author") or _NOBODY
    return {
        "id": identifier,
        "conversation_id": conversation_id,
        "position": position,
        "author_role": _author_role(author),
        "author_id": author.get("id"),
        "author_name": author.get("name"),
        "from_ai_agent": bool(author.get("from_ai_agent")),
        "part_type": part_type,
        "is_note": part_type == "note",
        "created_at": created_at,
        "body": html_to_text(wire.get("body")),
        "redacted": bool(wire.get("redacted")),
        "attachments": _attachments(wire.get("attachments") or ()),
    }


def _author_role(author: WireAuthor) -> AuthorRole:
    # An unknown type is never taken for a customer: its words would count as evidence.
    if author.get("from_ai_agent"):
        return AuthorRole.BOT
    if author.get("type") in _CUSTOMER_TYPES:
        return AuthorRole.CUSTOMER
    return AuthorRole.TEAMMATE if author.get("type") in _TEAMMATE_TYPES else AuthorRole.BOT


def _attachments(wires: Sequence[WireAttachment]) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            name=wire.name or "", content_type=wire.content_type or "", size_bytes=wire.filesize
        )
        for wire in wires
    )


def to_contact(wire: WireContact) -> Contact | None:
    """A contact; null where even the id is missing."""
    if wire.id is None:
        return None
    companies = wire.companies.data if wire.companies else []
    return Contact(
        id=wire.id,
        external_id=wire.external_id,
        role=wire.role or "user",
        name=wire.name,
        email=wire.email,
        phone=wire.phone,
        company_id=companies[0].id if companies else None,
        custom_attributes=wire.custom_attributes,
        created_at=to_time(wire.created_at),
        updated_at=to_time(wire.updated_at),
    )


def to_company(wire: WireCompany) -> Company | None:
    """A company; null where even the id is missing."""
    if wire.id is None:
        return None
    return Company(
        id=wire.id,
        external_id=wire.company_id,
        name=wire.name,
        plan=wire.plan.name if wire.plan else None,
        monthly_spend=wire.monthly_spend,
        user_count=wire.user_count,
        industry=wire.industry,
        custom_attributes=wire.custom_attributes,
        updated_at=to_time(wire.updated_at),
    )


def to_admin(wire: WireAdmin) -> Admin | None:
    """A teammate; null where even the id is missing."""
    return Admin(id=wire.id, name=wire.name, email=wire.email) if wire.id else None
