"""Erasing a person on request, with a receipt.

Names of themes, quotes, embeddings and stories that were made of the person's words go in the same
transaction. A later answer of the source does not bring anything back.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from earmark.db import conversation_storage, erasure_storage, sync_storage
from earmark.db.connection import Database
from earmark.db.erasure_storage import ERASED, Receipt
from earmark.db.models import AuthorRole, Message, Thread
from earmark.errors import NotFound


async def erase_contact(database: Database, workspace_id: int, contact_id: str) -> Receipt:
    """Erase a contact and all that is derived of it; raises `NotFound` for an unknown one."""
    now = datetime.now(UTC)
    async with database.write() as connection:
        await erasure_storage.lock_workspace(connection, workspace_id)
        conversations = await erasure_storage.list_conversations_of(
            connection, workspace_id, contact_id
        )
        await sync_storage.mark_deleted(
            connection,
            workspace_id,
            dict.fromkeys(conversations, now),
            reason="erased on request",
            for_good=True,
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


def drop_erased(thread: Thread, erased: Collection[str]) -> Thread | None:
    """The conversation without the words of people who were erased; null if it is one of theirs."""
    conversation = thread.conversation
    if conversation.contact_id in erased:
        return None
    messages = tuple(_drop_words(message, erased) for message in thread.messages)
    if messages == thread.messages:
        return thread
    if messages[0].id == "source" and messages[0].body == ERASED:
        conversation = conversation.model_copy(update={"title": None, "subject": None})
    return thread.model_copy(update={"conversation": conversation, "messages": messages})


def _drop_words(message: Message, erased: Collection[str]) -> Message:
    if message.author_role is not AuthorRole.CUSTOMER or message.author_id not in erased:
        return message
    return message.model_copy(
        update={"body": ERASED, "author_name": None, "attachments": (), "redacted": True}
    )
