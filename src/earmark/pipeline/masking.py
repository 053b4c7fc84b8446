"""From stored messages to the copies that models see: the author's own words, masked."""

import asyncio
from collections.abc import Sequence
from typing import Final

from earmark.db import conversation_storage, masked_storage, people_storage
from earmark.db.connection import Database
from earmark.db.conversation_storage import ReadableConversation
from earmark.db.models import MaskedMessage, Message, Model
from earmark.db.people_storage import KnownPeople
from earmark.pipeline.clean import own_words, text_of
from earmark.pipeline.mask import KnownValues, mask

MASKER_VERSION: Final = "k1"
"""Changes with any rule of cleaning or masking: everything is then masked anew."""
_NOBODY: Final = KnownPeople(names=(), emails=(), phones=(), companies=())


class Maskable(Model):
    """One conversation with the people whose names it may hold."""

    conversation: ReadableConversation
    messages: tuple[Message, ...]
    people: KnownPeople


async def mask_page(database: Database, workspace_id: int, conversation_ids: Sequence[str]) -> None:
    """Make the masked copies of conversations."""
    async with database.read() as connection:
        known = await conversation_storage.list_readable(connection, workspace_id, conversation_ids)
        messages = await conversation_storage.list_messages(
            connection, workspace_id, conversation_ids
        )
        people = await people_storage.list_known_people(connection, workspace_id, conversation_ids)
    maskables = [
        Maskable(
            conversation=row,
            messages=tuple(messages[row.id]),
            people=people.get(row.id, _NOBODY),
        )
        for row in known
    ]
    masked = await asyncio.to_thread(_mask_all, maskables)
    keys = {row.id: f"{row.content_hash}:{MASKER_VERSION}" for row in known}
    async with database.write() as connection:
        await masked_storage.store_masked(connection, workspace_id, masked, keys)


def _mask_all(maskables: Sequence[Maskable]) -> list[MaskedMessage]:
    return [message for maskable in maskables for message in mask_conversation(maskable)]


def mask_conversation(maskable: Maskable) -> list[MaskedMessage]:
    """The masked copies of one conversation's messages; the same value is the same placeholder."""
    people = maskable.people
    known = KnownValues(
        names=people.names,
        emails=people.emails,
        phones=people.phones,
        companies=people.companies,
    )
    spans = [own_words(message.body) for message in maskable.messages]
    texts = [
        text_of(message.body, own) for message, own in zip(maskable.messages, spans, strict=True)
    ]
    return [
        MaskedMessage(
            conversation_id=maskable.conversation.id,
            message_id=message.id,
            author_role=message.author_role,
            is_note=message.is_note,
            text=masked.text,
            own_spans=tuple((span.start, span.end) for span in own),
            mask_spans=masked.replaced,
        )
        for message, own, masked in zip(maskable.messages, spans, mask(texts, known), strict=True)
    ]
