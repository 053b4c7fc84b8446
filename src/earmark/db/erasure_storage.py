"""Erasing a person: everything that they wrote, and everything that was made of it."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model


class Receipt(Model):
    """Proof that someone was erased, without anything of the person."""

    id: int
    subject_hash: str
    """SHA-256 of `workspace id:contact id`: whoever knows the id can check it."""
    erased_at: datetime
    counts: dict[str, int]


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

    The change of a message takes along what was said about it, by trigger.
    """
    cursor = await connection.execute(
        "UPDATE messages SET body = '[erased]', author_name = NULL, attachments = '[]',"
        " redacted = true WHERE workspace_id = %(workspace_id)s AND author_id = %(author_id)s"
        " AND author_role = 'customer'",
        {"workspace_id": workspace_id, "author_id": author_id},
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


def hash_subject(workspace_id: int, contact_id: str) -> str:
    """What a receipt keeps instead of the contact's id."""
    return hashlib.sha256(f"{workspace_id}:{contact_id}".encode()).hexdigest()
