"""Erasing a person on request, with a receipt.

Names of themes, quotes, embeddings and stories that were made of the person's words go in the same
transaction. A later answer of the source does not bring anything back.
"""

from datetime import UTC, datetime

from earmark.db import conversation_storage, erasure_storage, sync_storage
from earmark.db.connection import Database
from earmark.db.erasure_storage import Receipt
from earmark.errors import NotFound


async def erase_contact(database: Database, workspace_id: int, contact_id: str) -> Receipt:
    """Erase a contact and all that is derived of it; raises `NotFound` for an unknown one."""
    now = datetime.now(UTC)
    async with database.write() as connection:
        conversations = await erasure_storage.list_conversations_of(
            connection, workspace_id, contact_id
        )
        await sync_storage.mark_deleted(
            connection, workspace_id, dict.fromkeys(conversations, now), reason="erased on request"
        )
        deleted = await conversation_storage.delete_conversations(
            connection, workspace_id, conversations
        )
        messages = await erasure_storage.erase_messages(connection, workspace_id, contact_id)
        contacts = await erasure_storage.erase_contact(connection, workspace_id, contact_id)
        if not (deleted or messages or contacts):
            raise NotFound(
                f"There is no contact {contact_id} in this workspace.",
                fix="Take the id from Intercom, or from the page of one of its conversations.",
            )
        counts = {"conversations": deleted, "messages": messages, "contacts": contacts}
        return await erasure_storage.add_receipt(connection, workspace_id, contact_id, counts)
