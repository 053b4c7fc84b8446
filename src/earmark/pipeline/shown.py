"""What a language model is shown of one conversation.

Numbers `m1`, `m2` … stand for messages: a model never sees an id of the database.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Final

from earmark.db.masked_storage import MaskedMessage
from earmark.db.models import Model
from earmark.pipeline.facet_call import plain
from earmark.pipeline.subject import Subject

_MAX_MESSAGE: Final = 6_000
_MAX_CONVERSATION: Final = 24_000
"""Characters: about 6,000 tokens of English."""
_MAX_LINES: Final = 120
_MAX_SUBJECT: Final = 200


class KnownTheme(Model):
    """A theme that an issue may belong to."""

    id: int
    name: str


class Shown(Model):
    """What a model is shown of one conversation."""

    subject: str
    lines: tuple[str, ...]
    messages: dict[str, MaskedMessage]
    """By the number that stands for it; also those that are left out have one."""
    themes: tuple[KnownTheme, ...]
    characters_left_out: int = 0
    messages_left_out: int = 0


def line_of(value: object) -> str:
    """One line of JSON: no text can end it, or begin another one."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def show(subject: Subject, themes: Sequence[KnownTheme]) -> Shown:
    """What a model is given of a conversation; internal notes stay inside.

    What is too long is cut in its middle, and the cut is told: to the model, and to people.
    """
    told = [message for message in subject.messages if not message.is_note and message.text.strip()]
    numbered = {f"m{number}": message for number, message in enumerate(told, 1)}
    texts = {number: plain(message.text) for number, message in numbered.items()}
    kept = _choose(texts)
    subject_line = plain(subject.conversation.subject or "").strip()[:_MAX_SUBJECT]
    lines = [line_of({"subject": subject_line})] if subject_line else []
    characters = missing = run = 0
    for number, message in numbered.items():
        if number not in kept:
            run, missing = run + 1, missing + 1
            characters += len(texts[number])
            continue
        if run:
            lines.append(line_of({"left_out": f"{run} messages"}))
            run = 0
        line, cut = _message_line(number, message, texts[number])
        lines.append(line)
        characters += cut
    return Shown(
        subject=subject_line,
        lines=tuple(lines),
        messages=numbered,
        themes=tuple(themes),
        characters_left_out=characters,
        messages_left_out=missing,
    )


def _choose(texts: dict[str, str]) -> set[str]:
    """The first messages for a third of the room, the last ones for the rest."""
    order = list(texts)
    first = _fill(order, texts, _MAX_CONVERSATION // 3, _MAX_LINES // 3)
    room = _MAX_CONVERSATION - sum(_shown_length(texts[number]) for number in first)
    rest = [number for number in reversed(order) if number not in first]
    return first | _fill(rest, texts, room, _MAX_LINES - len(first))


def _fill(order: Iterable[str], texts: dict[str, str], room: int, lines: int) -> set[str]:
    chosen: set[str] = set()
    for number in order:
        room -= _shown_length(texts[number])
        if (room < 0 and chosen) or len(chosen) == lines:
            break
        chosen.add(number)
    return chosen


def _shown_length(text: str) -> int:
    return min(len(text), _MAX_MESSAGE)


def _message_line(number: str, message: MaskedMessage, text: str) -> tuple[str, int]:
    """The line, and how many characters are not in it."""
    line: dict[str, object] = {"id": number, "by": message.author_role.value}
    if len(text) <= _MAX_MESSAGE:
        return line_of({**line, "text": text}), 0
    head, tail = text[: 2 * _MAX_MESSAGE // 3], text[-_MAX_MESSAGE // 3 :]
    cut = len(text) - len(head) - len(tail)
    left = {"text": head, "left_out": f"{cut} characters", "end_of_text": tail}
    return line_of({**line, **left}), cut
