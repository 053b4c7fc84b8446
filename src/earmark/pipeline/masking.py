"""From stored messages to the copies that models see: the author's own words, masked."""

import asyncio
from collections.abc import Sequence
from typing import Final

from earmark.db import conversation_storage, masked_storage, people_storage
from earmark.db.connection import Database, ReadConnection, WriteConnection
from earmark.db.masked_storage import Maskable, MaskedConversation, MaskedMessage
from earmark.db.models import Message, Model
from earmark.db.people_storage import KnownPeople
from earmark.pipeline.clean import own_words, text_of
from earmark.pipeline.mask import mask
from earmark.pipeline.mask_records import known_values

MASKER_VERSION: Final = "k2"
"""Changes with any rule of cleaning or masking: everything is then masked anew."""
_NOBODY: Final = KnownPeople(names=(), emails=(), phones=(), companies=())


class Unmasked(Model):
    """One conversation with the people whose names it may hold."""

    conversation: Maskable
    messages: tuple[Message, ...]
    people: KnownPeople


async def mask_page(database: Database, workspace_id: int, conversation_ids: Sequence[str]) -> None:
    """Make the masked copies of conversations.

    None is stored of a conversation that has changed meanwhile, or of whose people more is known.
    """
    async with database.read() as connection:
        unmasked = await read_unmasked(connection, workspace_id, conversation_ids)
    masked = await asyncio.to_thread(mask_conversations, unmasked)
    async with database.write() as connection:
        valid = await _lock_valid(connection, workspace_id, unmasked)
        await masked_storage.store_masked(
            connection,
            workspace_id,
            [item for item in masked if item.id in valid],
            masker=MASKER_VERSION,
        )


async def _lock_valid(
    connection: WriteConnection, workspace_id: int, unmasked: Sequence[Unmasked]
) -> set[str]:
    """The conversations that would be masked in the same way now, held until the commit."""
    hashes = {item.conversation.id: item.conversation.content_hash for item in unmasked}
    present = await masked_storage.lock_unchanged(connection, workspace_id, hashes)
    people = await people_storage.list_known_people(connection, workspace_id, present)
    return {
        item.conversation.id
        for item in unmasked
        if item.conversation.id in people
        and known_values(people[item.conversation.id]) == known_values(item.people)
    }


async def read_unmasked(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> list[Unmasked]:
    """What the masked copies are made from; deleted conversations are left out."""
    known = await masked_storage.list_maskable(connection, workspace_id, conversation_ids)
    messages = await conversation_storage.list_messages(connection, workspace_id, conversation_ids)
    people = await people_storage.list_known_people(connection, workspace_id, conversation_ids)
    return [
        Unmasked(
            conversation=row,
            messages=tuple(messages[row.id]),
            people=people.get(row.id, _NOBODY),
        )
        for row in known
    ]


def mask_conversations(unmasked: Sequence[Unmasked]) -> list[MaskedConversation]:
    """The masked copies. Uses the CPU: call it off the event loop."""
    return [mask_conversation(item) for item in unmasked]


def mask_conversation(unmasked: Unmasked) -> MaskedConversation:
    """The masked copy of one conversation; the same value is the same placeholder everywhere."""
    conversation = unmasked.conversation
    spans = [own_words(message.body) for message in unmasked.messages]
    texts = [
        text_of(message.body, own) for message, own in zip(unmasked.messages, spans, strict=True)
    ]
    # The subject comes last, so that a message's placeholders do not depend on there being one.
    *masked, subject = mask([*texts, conversation.subject or ""], known_values(unmasked.people))
    return MaskedConversation(
        id=conversation.id,
        content_hash=conversation.content_hash,
        subject=subject.text if conversation.subject is not None else None,
        subject_spans=subject.replaced,
        messages=tuple(
            MaskedMessage(
                conversation_id=conversation.id,
                message_id=message.id,
                author_role=message.author_role,
                is_note=message.is_note,
                text=copy.text,
                own_spans=tuple((span.start, span.end) for span in own),
                mask_spans=copy.replaced,
            )
            for message, own, copy in zip(unmasked.messages, spans, masked, strict=True)
        ),
    )
