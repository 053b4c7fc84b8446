"""Threads and people out of what files hold."""

from collections.abc import Iterable
from typing import Final

from pydantic import JsonValue

from earmark.db.models import (
    Admin,
    AuthorRole,
    Company,
    Contact,
    Conversation,
    Message,
    Thread,
)
from earmark.sources.base import Failed
from earmark.sources.file_shelf import PAGE_SIZE, FileShelf, to_time

MOST_MESSAGES: Final = 10_000
"""Of one conversation: more of them mean that the wrong column was taken for its id."""


def read_thread(shelf: FileShelf, identifier: str) -> Thread | Failed | None:
    """A conversation with its messages; null where there is none."""
    rows = shelf.rows(
        "SELECT message, at, role, author_id, author_name, text, repairs FROM messages"
        " WHERE conversation = ? ORDER BY at, place LIMIT ?",
        identifier,
        MOST_MESSAGES + 1,
    )
    repairs = dict[str, None]()
    messages: list[Message] = []
    for position, (message, at, role, author_id, author_name, text, mended) in enumerate(rows):
        repairs |= dict.fromkeys(word for word in mended.split(",") if word)
        messages.append(
            Message(
                id=message,
                conversation_id=identifier,
                position=position,
                author_role=AuthorRole(role),
                author_id=author_id,
                author_name=author_name,
                part_type="comment" if position else "source",
                created_at=to_time(at),
                body=text,
            )
        )
    if len(messages) > MOST_MESSAGES:
        reason = f"it has more than {MOST_MESSAGES:,} messages: is that column its id?"
        return Failed(id=identifier, reason=reason)
    if not messages:
        return None
    conversation = _read_conversation(shelf, identifier, messages)
    contact = conversation.contact_id
    return Thread(
        conversation=conversation,
        messages=tuple(messages),
        contact=Contact(id=contact) if contact else None,
        repairs=tuple(repairs),
    )


def _read_conversation(shelf: FileShelf, identifier: str, messages: list[Message]) -> Conversation:
    subject, state, contact_id, company_id = next(
        shelf.rows(
            "SELECT subject, state, contact_id, company_id FROM particulars WHERE conversation = ?",
            identifier,
        )
    )
    tags = shelf.rows("SELECT tag FROM tags WHERE conversation = ? ORDER BY tag", identifier)
    by_customer = messages[0].author_role is AuthorRole.CUSTOMER
    return Conversation(
        id=identifier,
        created_at=messages[0].created_at,
        updated_at=messages[-1].created_at,
        subject=subject,
        state=state or "closed",
        delivered_as="customer_initiated" if by_customer else "admin_initiated",
        contact_id=contact_id,
        company_id=company_id,
        tags=tuple(tag for (tag,) in tags),
        parts_expected=len(messages) - 1,
        parts_received=len(messages) - 1,
    )


def read_contacts(shelf: FileShelf, after: str) -> list[Contact]:
    """The next contacts by id; those without a company keep plan and revenue themselves."""
    rows = shelf.rows(
        "SELECT id, name, email, company_id, plan, revenue FROM contacts"
        " WHERE id > ? ORDER BY id LIMIT ?",
        after,
        PAGE_SIZE,
    )
    return [
        Contact(
            id=identifier,
            name=name,
            email=email,
            company_id=company_id,
            custom_attributes={}
            if company_id
            else _present((("plan", plan), ("monthly_spend", revenue))),
        )
        for identifier, name, email, company_id, plan, revenue in rows
    ]


def _present(pairs: Iterable[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    return {name: value for name, value in pairs if value is not None}


def read_companies(shelf: FileShelf, after: str) -> list[Company]:
    """The next companies by id."""
    rows = shelf.rows(
        "SELECT id, name, plan, revenue, seats FROM companies WHERE id > ? ORDER BY id LIMIT ?",
        after,
        PAGE_SIZE,
    )
    return [
        Company(id=identifier, name=name, plan=plan, monthly_spend=revenue, user_count=seats)
        for identifier, name, plan, revenue, seats in rows
    ]


def read_admins(shelf: FileShelf) -> list[Admin]:
    """All teammates."""
    rows = shelf.rows("SELECT id, name, email FROM admins ORDER BY id")
    return [Admin(id=identifier, name=name, email=email) for identifier, name, email in rows]
