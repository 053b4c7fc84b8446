"""What a server serves, in one line per conversation: what a copy of it is compared with."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Literal

from earmark.db.models import AuthorRole, Model
from earmark.sources.simulator.changed_conversations import ConversationLog
from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.edits import read_author
from earmark.sources.simulator.script import By

MAX_PARTS = 500
"""Intercom gives the newest parts only."""
_ROLES = {
    By.CUSTOMER: AuthorRole.CUSTOMER,
    By.AGENT: AuthorRole.TEAMMATE,
    By.OPERATOR: AuthorRole.BOT,
    By.ASSISTANT: AuthorRole.BOT,
}


class ServedMessage(Model):
    """The source or a part with a body, as a retrieval gives it."""

    id: str
    author: AuthorRole
    body: str
    """HTML."""


class ConversationState(Model):
    """What is true of one conversation now."""

    id: str
    state: Literal["alive", "deleted", "merged"]
    """A merged one is still served, closed and linked to the one it lives on in."""
    updated_at: int
    """Unix seconds; of deleted ones, when they were deleted."""
    messages: int
    """Source and served parts that have a body; 0 for deleted ones."""
    digest: str
    """`digest_messages` of them."""
    merged_into: str | None = None


def digest_messages(messages: Iterable[tuple[str, str, str]]) -> str:
    """A hash of (message id, author: customer, teammate or bot, body) in the order of reading."""
    text = json.dumps([list(message) for message in messages], ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def list_messages(document: JsonObject) -> list[ServedMessage]:
    """The messages of a conversation that a retrieval gives, in the order of reading."""
    parts: list[JsonObject] = document["conversation_parts"]["conversation_parts"][-MAX_PARTS:]
    return [
        ServedMessage(
            id=str(message["id"]), author=_ROLES[read_author(message)], body=message["body"]
        )
        for message in (document["source"], *parts)
        if message["body"]
    ]


def describe_state(log: ConversationLog, index: int) -> tuple[ConversationState, JsonObject | None]:
    """One conversation, with what would be served of it."""
    ending = log.endings.get(index)
    if ending is not None:
        gone = ConversationState(
            id=log.id_of(index),
            state="deleted",
            updated_at=ending.at,
            messages=0,
            digest=digest_messages(()),
        )
        return gone, None
    document = log.document(index)
    messages = list_messages(document)
    into = log.merged_into(index)
    state = ConversationState(
        id=log.id_of(index),
        state="alive" if into is None else "merged",
        updated_at=document["updated_at"],
        messages=len(messages),
        digest=digest_messages((item.id, item.author, item.body) for item in messages),
        merged_into=into,
    )
    return state, document


def take_census(log: ConversationLog) -> Iterator[ConversationState]:
    """All conversations that ever were, oldest first, one at a time."""
    for index in range(log.number):
        yield describe_state(log, index)[0]
