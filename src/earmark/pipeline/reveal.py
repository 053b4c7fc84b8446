"""From placeholders back to what they stand for: for people who may see it, never for a model.

Nothing here is called without an `Authority`: until Earmark has a sign-in that is whoever sits at
this machine, later it is the place where access is refused. What was taken for a secret or a card
stays hidden from everybody.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from earmark.db import masked_storage
from earmark.db.connection import ReadConnection
from earmark.db.masked_storage import MaskedOriginal, MaskedThread, MaskSpans
from earmark.db.models import AuthorRole, Model
from earmark.errors import NotFound
from earmark.pipeline.clean import Span, text_of
from earmark.pipeline.mask import PLACEHOLDER

HIDDEN_KINDS: Final = frozenset({"SECRET", "CARD"})


class Authority(Model):
    """Who asked to see personal data."""

    actor: str


AT_THIS_MACHINE: Final = Authority(actor="this machine")
"""Of a request that only loopback can make, and of the command line."""


class MaskedText(Model):
    """A text that may hold placeholders of a conversation: a statement, a name, a model's words."""

    conversation_id: str
    text: str


class Placeholder(Model):
    """A placeholder in a masked text."""

    start: int
    end: int
    kind: str
    original: str | None
    """Null: not asked for, or a secret."""


class ShownText(Model):
    """A text as models see it."""

    text: str
    placeholders: tuple[Placeholder, ...]


class ShownMessage(ShownText):
    """A message as models see it."""

    message_id: str
    author_role: AuthorRole
    is_note: bool


class ShownConversation(Model):
    """A conversation as models see it."""

    id: str
    masker: str | None
    """The version of the mask; null: not masked yet."""
    subject: ShownText | None
    messages: tuple[ShownMessage, ...]


async def show_conversations(
    connection: ReadConnection,
    workspace_id: int,
    conversation_ids: Sequence[str],
    *,
    authority: Authority | None,
) -> list[ShownConversation]:
    """What models see of conversations; with an authority, also what the placeholders stand for.

    Raises `NotFound` if one of them is not there.
    """
    threads = await masked_storage.list_masked_threads(connection, workspace_id, conversation_ids)
    missing = set(conversation_ids).difference(thread.id for thread in threads)
    if missing:
        raise NotFound(
            f"There is no conversation {min(missing)} in this workspace.",
            fix="It may have been deleted in Intercom, or not been fetched yet: see coverage.",
        )
    return [_show(thread, revealed=authority is not None) for thread in threads]


async def reveal_texts(
    connection: ReadConnection,
    workspace_id: int,
    texts: Sequence[MaskedText],
    *,
    authority: Authority,
) -> list[str]:
    """Each text with the values of its conversation in place of placeholders, for display only.

    A placeholder that the conversation does not have stays: a model may have made it up, or the
    conversation was masked anew since.
    """
    del authority  # its presence is the permission
    ids = list(dict.fromkeys(text.conversation_id for text in texts))
    threads = await masked_storage.list_masked_threads(connection, workspace_id, ids)
    values = {thread.id: _values(thread) for thread in threads}
    return [_fill(item.text, values.get(item.conversation_id, {})) for item in texts]


def _fill(text: str, values: Mapping[str, str]) -> str:
    """In one pass, so that a value which looks like a placeholder is left alone."""
    return PLACEHOLDER.sub(lambda found: values.get(found[0], found[0]), text)


def _values(thread: MaskedThread) -> dict[str, str]:
    """What each placeholder stands for: of several spellings the longest, the first of equals."""
    values: dict[str, str] = {}
    for masked, original, spans in _texts(thread):
        for start, end, body_start, body_end, kind in spans:
            name, value = masked[start:end], original[body_start:body_end]
            if kind not in HIDDEN_KINDS and len(value) > len(values.get(name, "")):
                values[name] = value
    return values


def _texts(thread: MaskedThread) -> list[tuple[str, str, MaskSpans]]:
    """Masked text, the text it was made from, and the spans between them."""
    texts = [(item.text, _own_words(item), item.mask_spans) for item in thread.messages]
    if thread.masked_subject is not None and thread.subject is not None:
        texts.append((thread.masked_subject, thread.subject, thread.subject_spans))
    return texts


def _own_words(message: MaskedOriginal) -> str:
    return text_of(message.body, [Span(start=a, end=b) for a, b in message.own_spans])


def _show(thread: MaskedThread, *, revealed: bool) -> ShownConversation:
    subject = None
    if thread.masked_subject is not None and thread.subject is not None:
        placeholders = _placeholders(thread.subject, thread.subject_spans, revealed=revealed)
        subject = ShownText(text=thread.masked_subject, placeholders=placeholders)
    return ShownConversation(
        id=thread.id,
        masker=thread.masked_key.rpartition(":")[2] if thread.masked_key else None,
        subject=subject,
        messages=tuple(
            ShownMessage(
                message_id=message.message_id,
                author_role=message.author_role,
                is_note=message.is_note,
                text=message.text,
                placeholders=_placeholders(
                    _own_words(message), message.mask_spans, revealed=revealed
                ),
            )
            for message in thread.messages
        ),
    )


def _placeholders(original: str, spans: MaskSpans, *, revealed: bool) -> tuple[Placeholder, ...]:
    return tuple(
        Placeholder(
            start=start,
            end=end,
            kind=kind,
            original=original[body_start:body_end]
            if revealed and kind not in HIDDEN_KINDS
            else None,
        )
        for start, end, body_start, body_end, kind in spans
    )
