"""Erasing a person: everything that they wrote, and everything that was made of it."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import AuthorRole, Model, Thread

ERASED: Final = "[erased]"
"""What stands in place of an erased person's words."""


class Receipt(Model):
    """Proof that someone was erased, without anything of the person."""

    id: int
    subject_hash: str
    """SHA-256 of `workspace id:contact id`: whoever knows the id can check it."""
    erased_at: datetime
    counts: dict[str, int]


async def lock_workspace(connection: WriteConnection, workspace_id: int) -> None:
    """Let whoever is storing answers finish, and others wait until the person is gone."""
    await connection.execute(
        "SELECT FROM workspaces WHERE id = %(workspace_id)s FOR UPDATE",
        {"workspace_id": workspace_id},
    )


async def list_conversations_of(
    connection: ReadConnection, workspace_id: int, contact_id: str
) -> list[str]:
    """The conversations that a contact began or is the customer of."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT id FROM conversations WHERE workspace_id = %(workspace_id)s"
            " AND contact_id = %(contact_id)s ORDER BY id",
            {"workspace_id": workspace_id, "contact_id": contact_id},
        )
        return await cursor.fetchall()


async def erase_messages(connection: WriteConnection, workspace_id: int, author_id: str) -> int:
    """Empty what a contact wrote in others' conversations; how many messages that were.

    The change of a message takes along what was said about it, by trigger. What is left of such a
    conversation is read again.
    """
    parameters = {"workspace_id": workspace_id, "author_id": author_id}
    await connection.execute(
        "UPDATE conversations c SET content_hash = c.content_hash || '-erased',"
        " preview = CASE WHEN (SELECT m.author_id FROM messages m WHERE m.workspace_id"
        " = c.workspace_id AND m.conversation_id = c.id AND m.author_role = 'customer'"
        " ORDER BY m.position LIMIT 1) = %(author_id)s THEN '' ELSE c.preview END,"
        " title = CASE WHEN o.is_opener THEN NULL ELSE c.title END,"
        " subject = CASE WHEN o.is_opener THEN NULL ELSE c.subject END"
        " FROM (SELECT conversation_id, bool_or(id = 'source') AS is_opener FROM messages"
        " WHERE workspace_id = %(workspace_id)s AND author_id = %(author_id)s"
        " AND author_role = 'customer' GROUP BY conversation_id) o"
        " WHERE c.workspace_id = %(workspace_id)s AND c.id = o.conversation_id",
        parameters,
    )
    cursor = await connection.execute(
        "UPDATE messages SET body = %(erased)s, author_name = NULL, attachments = '[]',"
        " redacted = true WHERE workspace_id = %(workspace_id)s AND author_id = %(author_id)s"
        " AND author_role = 'customer'",
        {**parameters, "erased": ERASED},
    )
    return cursor.rowcount


async def erase_contact(connection: WriteConnection, workspace_id: int, contact_id: str) -> int:
    """Delete the contact itself; 0 if it is not known."""
    cursor = await connection.execute(
        "DELETE FROM contacts WHERE workspace_id = %(workspace_id)s AND id = %(contact_id)s",
        {"workspace_id": workspace_id, "contact_id": contact_id},
    )
    return cursor.rowcount


async def add_receipt(
    connection: WriteConnection, workspace_id: int, contact_id: str, counts: dict[str, int]
) -> Receipt:
    """Keep proof of an erasure."""
    async with connection.cursor(row_factory=class_row(Receipt)) as cursor:
        await cursor.execute(
            "INSERT INTO erasures (workspace_id, subject_hash, counts)"
            " VALUES (%(workspace_id)s, %(subject_hash)s, %(counts)s)"
            " RETURNING id, subject_hash, erased_at, counts",
            {
                "workspace_id": workspace_id,
                "subject_hash": hash_subject(workspace_id, contact_id),
                "counts": Jsonb(counts),
            },
        )
        (receipt,) = await cursor.fetchall()
        return receipt


async def count_erasures(connection: ReadConnection, workspace_id: int) -> int:
    """How many people were erased so far."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT count(*) FROM erasures WHERE workspace_id = %(workspace_id)s",
            {"workspace_id": workspace_id},
        )
        (number,) = await cursor.fetchall()
        return number


async def list_erased(
    connection: ReadConnection, workspace_id: int, contact_ids: Sequence[str]
) -> set[str]:
    """Those of the contacts that were erased."""
    hashes = {hash_subject(workspace_id, contact_id): contact_id for contact_id in contact_ids}
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT DISTINCT subject_hash FROM erasures WHERE workspace_id = %(workspace_id)s"
            " AND subject_hash = ANY(%(hashes)s)",
            {"workspace_id": workspace_id, "hashes": list(hashes)},
        )
        return {hashes[found] for found in await cursor.fetchall()}


async def list_erased_of(
    connection: ReadConnection, workspace_id: int, threads: Sequence[Thread]
) -> set[str]:
    """Those of the people in these conversations who were erased."""
    people = {thread.conversation.contact_id for thread in threads}
    people |= {
        message.author_id
        for thread in threads
        for message in thread.messages
        if message.author_role is AuthorRole.CUSTOMER
    }
    return await list_erased(connection, workspace_id, [one for one in people if one])


def hash_subject(workspace_id: int, contact_id: str) -> str:
    """What a receipt keeps instead of the contact's id."""
    return hashlib.sha256(f"{workspace_id}:{contact_id}".encode()).hexdigest()
