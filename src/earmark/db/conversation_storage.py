"""Conversations and their messages."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter

from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from earmark.db.bulk import stage
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import AuthorRole, Company, Contact, Conversation, Message, Model, Thread

_PREVIEW_LENGTH = 240

_conversation_row = attrgetter(
    *("id", "created_at", "updated_at", "title", "subject", "state", "channel", "delivered_as"),
    *("source_url", "priority", "contact_id", "company_id", "admin_assignee_id"),
    *("team_assignee_id", "rating", "rating_remark", "ai_agent_participated"),
    *("parts_expected", "parts_received", "truncated", "redacted", "partial"),
)
_message_row = attrgetter(
    *("conversation_id", "id", "position", "author_role.value", "author_id", "author_name"),
    *("from_ai_agent", "part_type", "is_note", "created_at", "body", "redacted"),
)


class ReadableConversation(Model):
    """A conversation as the stages that read text see it."""

    id: str
    content_hash: str
    subject: str | None
    """Masked."""
    source_url: str | None
    tags: tuple[str, ...]


async def upsert_threads(
    connection: WriteConnection, workspace_id: int, threads: Sequence[Thread]
) -> list[str]:
    """Store conversations with their messages; returns the ids that were accepted.

    An answer older than what is stored changes nothing, nor does an opening where the thread is
    known. Messages that the source no longer gives are deleted, unless it hides older ones
    (`truncated`): those stay.
    """
    newest: dict[str, Thread] = {}
    for thread in threads:
        known = newest.get(thread.conversation.id)
        if known is None or thread.conversation.updated_at >= known.conversation.updated_at:
            newest[thread.conversation.id] = thread
    await _stage_conversations(connection, workspace_id, newest.values())
    accepted = await _accept_conversations(connection)
    await _stage_messages(connection, workspace_id, [newest[identifier] for identifier in accepted])
    await _store_messages(connection, accepted)
    await connection.execute("DELETE FROM staged_messages")
    await connection.execute("DELETE FROM staged_conversations")
    return accepted


async def _stage_conversations(
    connection: WriteConnection, workspace_id: int, threads: Collection[Thread]
) -> None:
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_conversations"
        " (LIKE conversations INCLUDING DEFAULTS) ON COMMIT DELETE ROWS",
        copy="COPY staged_conversations (workspace_id, id, created_at, updated_at, title, subject,"
        " state, channel, delivered_as, source_url, priority, contact_id, company_id,"
        " admin_assignee_id, team_assignee_id, rating, rating_remark, ai_agent_participated,"
        " parts_expected, parts_received, truncated, redacted, partial, tags, custom_attributes,"
        " content_hash, preview) FROM STDIN (FORMAT BINARY)",
        types=(
            *("int8", "text", "timestamptz", "timestamptz", *("text",) * 11),
            *("int2", "text", "bool", "int4", "int4", "bool", "bool", "bool"),
            *("text[]", "jsonb", "text", "text"),
        ),
        rows=(
            (
                workspace_id,
                *_conversation_row(thread.conversation),
                list(thread.conversation.tags),
                Jsonb(thread.conversation.custom_attributes),
                content_hash(thread),
                preview(thread),
            )
            for thread in threads
        ),
    )


async def _accept_conversations(connection: WriteConnection) -> list[str]:
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "INSERT INTO conversations AS c SELECT * FROM staged_conversations ORDER BY id"
            " ON CONFLICT (workspace_id, id) DO UPDATE SET created_at = excluded.created_at,"
            " updated_at = excluded.updated_at, title = excluded.title,"
            " subject = excluded.subject, state = excluded.state, channel = excluded.channel,"
            " delivered_as = excluded.delivered_as, source_url = excluded.source_url,"
            " priority = excluded.priority, contact_id = excluded.contact_id,"
            " company_id = excluded.company_id, admin_assignee_id = excluded.admin_assignee_id,"
            " team_assignee_id = excluded.team_assignee_id, tags = excluded.tags,"
            " rating = excluded.rating, rating_remark = excluded.rating_remark,"
            " ai_agent_participated = excluded.ai_agent_participated,"
            " custom_attributes = excluded.custom_attributes,"
            " parts_expected = excluded.parts_expected,"
            " parts_received = excluded.parts_received, truncated = excluded.truncated,"
            " redacted = excluded.redacted, partial = excluded.partial,"
            " content_hash = excluded.content_hash,"
            " preview = excluded.preview, fetched_at = excluded.fetched_at"
            " WHERE excluded.updated_at >= c.updated_at AND (c.partial OR NOT excluded.partial)"
            " RETURNING id"
        )
        return await cursor.fetchall()


async def _stage_messages(
    connection: WriteConnection, workspace_id: int, threads: Collection[Thread]
) -> None:
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_messages"
        " (LIKE messages INCLUDING DEFAULTS INCLUDING GENERATED) ON COMMIT DELETE ROWS",
        copy="COPY staged_messages (workspace_id, conversation_id, id, position, author_role,"
        " author_id, author_name, from_ai_agent, part_type, is_note, created_at, body, redacted,"
        " attachments) FROM STDIN (FORMAT BINARY)",
        types=(
            *("int8", "text", "text", "int4", "text", "text", "text", "bool", "text", "bool"),
            *("timestamptz", "text", "bool", "jsonb"),
        ),
        rows=(
            (
                workspace_id,
                *_message_row(message),
                Jsonb([attachment.model_dump() for attachment in message.attachments]),
            )
            for thread in threads
            for message in thread.messages
        ),
    )


async def _store_messages(connection: WriteConnection, accepted: list[str]) -> None:
    await connection.execute(
        "DELETE FROM messages m USING staged_conversations c"
        " WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id"
        " AND c.id = ANY(%(accepted)s) AND NOT c.truncated"
        " AND NOT EXISTS (SELECT FROM staged_messages s"
        " WHERE s.conversation_id = m.conversation_id AND s.id = m.id)",
        {"accepted": accepted},
    )
    await connection.execute(
        "INSERT INTO messages AS m (workspace_id, conversation_id, id, position, author_role,"
        " author_id, author_name, from_ai_agent, part_type, is_note, created_at, body, redacted,"
        " attachments) SELECT workspace_id, conversation_id, id, position, author_role, author_id,"
        " author_name, from_ai_agent, part_type, is_note, created_at, body, redacted, attachments"
        " FROM staged_messages ON CONFLICT (workspace_id, conversation_id, id) DO UPDATE SET"
        " position = excluded.position, author_role = excluded.author_role,"
        " author_id = excluded.author_id, author_name = excluded.author_name,"
        " from_ai_agent = excluded.from_ai_agent, part_type = excluded.part_type,"
        " is_note = excluded.is_note, created_at = excluded.created_at, body = excluded.body,"
        " redacted = excluded.redacted, attachments = excluded.attachments"
        " WHERE (m.position, m.author_role, m.author_id, m.author_name, m.from_ai_agent,"
        " m.part_type, m.is_note, m.created_at, m.body, m.redacted, m.attachments)"
        " IS DISTINCT FROM (excluded.position, excluded.author_role, excluded.author_id,"
        " excluded.author_name, excluded.from_ai_agent, excluded.part_type, excluded.is_note,"
        " excluded.created_at, excluded.body, excluded.redacted, excluded.attachments)"
    )


async def delete_conversations(
    connection: WriteConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> int:
    """Delete conversations with all that was said about them, in names and stories too; how many.

    What is derived goes by foreign keys and triggers, so that no way of deleting forgets it.
    """
    cursor = await connection.execute(
        "DELETE FROM conversations WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s)",
        {"workspace_id": workspace_id, "ids": list(conversation_ids)},
    )
    return cursor.rowcount


def content_hash(thread: Thread) -> str:
    """What decides whether a conversation must be read again: who said what, in which order."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update((thread.conversation.subject or "").encode())
    for message in thread.messages:
        head = f"\x1e{message.id}\x1f{message.author_role}\x1f{message.is_note}\x1f"
        digest.update(head.encode())
        digest.update(message.body.encode())
    return digest.hexdigest()


def preview(thread: Thread) -> str:
    """The start of what the customer wrote first, on one line."""
    for message in thread.messages:
        if message.author_role is AuthorRole.CUSTOMER:
            return " ".join(message.body[: 4 * _PREVIEW_LENGTH].split())[:_PREVIEW_LENGTH]
    return ""


async def list_readable(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> list[ReadableConversation]:
    """What reading needs to know of conversations besides their messages; deleted ones left out."""
    async with connection.cursor(row_factory=class_row(ReadableConversation)) as cursor:
        await cursor.execute(
            "SELECT id, content_hash, masked_subject AS subject, source_url, tags"
            " FROM conversations"
            " WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s)"
            " ORDER BY id",
            {"workspace_id": workspace_id, "ids": list(conversation_ids)},
        )
        return await cursor.fetchall()


async def list_partial(connection: ReadConnection, workspace_id: int, *, limit: int) -> list[str]:
    """The newest conversations of which only the opening is known."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT id FROM conversations WHERE workspace_id = %(workspace_id)s AND partial"
            " ORDER BY created_at DESC, id LIMIT %(limit)s",
            {"workspace_id": workspace_id, "limit": limit},
        )
        return await cursor.fetchall()


async def get_conversation(
    connection: ReadConnection, workspace_id: int, conversation_id: str
) -> Conversation | None:
    """One conversation without its messages; null if there is none or it was deleted."""
    found = await list_conversations(connection, workspace_id, [conversation_id])
    return found[0] if found else None


async def list_conversations(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> list[Conversation]:
    """Conversations without their messages; those that are not there are left out."""
    async with connection.cursor(row_factory=class_row(Conversation)) as cursor:
        await cursor.execute(
            "SELECT id, created_at, updated_at, title, subject, state, channel, delivered_as,"
            " source_url, priority, contact_id, company_id, admin_assignee_id, team_assignee_id,"
            " tags, rating, rating_remark, ai_agent_participated, custom_attributes,"
            " parts_expected, parts_received, truncated, redacted, partial FROM conversations"
            " WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s) ORDER BY id",
            {"workspace_id": workspace_id, "ids": list(conversation_ids)},
        )
        return await cursor.fetchall()


async def list_messages(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> dict[str, list[Message]]:
    """The messages of each conversation, oldest first."""
    found: dict[str, list[Message]] = {identifier: [] for identifier in conversation_ids}
    async with connection.cursor(row_factory=class_row(Message)) as cursor:
        await cursor.execute(
            "SELECT id, conversation_id, position, author_role, author_id, author_name,"
            " from_ai_agent, part_type, is_note, created_at, body, redacted, attachments"
            " FROM messages WHERE workspace_id = %(workspace_id)s"
            " AND conversation_id = ANY(%(ids)s)"
            " ORDER BY conversation_id, created_at, position, id",
            {"workspace_id": workspace_id, "ids": list(conversation_ids)},
        )
        async for message in cursor:
            found[message.conversation_id].append(message)
    return found


async def get_people(
    connection: ReadConnection, workspace_id: int, conversation: Conversation
) -> tuple[Contact | None, Company | None]:
    """Who wrote, and for which company, as far as it is known."""
    parameters = {
        "workspace_id": workspace_id,
        "contact_id": conversation.contact_id,
        "company_id": conversation.company_id,
    }
    async with connection.cursor(row_factory=class_row(Contact)) as contacts:
        await contacts.execute(
            "SELECT id, external_id, role, name, email, phone, company_id, custom_attributes,"
            " created_at, updated_at FROM contacts"
            " WHERE workspace_id = %(workspace_id)s AND id = %(contact_id)s",
            parameters,
        )
        contact = await contacts.fetchone()
    async with connection.cursor(row_factory=class_row(Company)) as companies:
        await companies.execute(
            "SELECT id, external_id, name, plan, monthly_spend, user_count, industry,"
            " custom_attributes, updated_at FROM companies"
            " WHERE workspace_id = %(workspace_id)s AND id = %(company_id)s",
            parameters,
        )
        return contact, await companies.fetchone()


async def latest_conversation_at(connection: ReadConnection, workspace_id: int) -> datetime | None:
    """When the newest stored conversation began."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT max(created_at) FROM conversations WHERE workspace_id = %(workspace_id)s",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone()
