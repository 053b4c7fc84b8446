"""The prompt by which a language model reads a conversation.

First what is the same for all conversations of a taxonomy version, so that providers keep it in
their cache; then the data, each message a line of JSON; then a reminder. Numbers `m1`, `m2` … stand
for messages and `T1`, `T2` … for themes: a model never sees an id of the database.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Final

from earmark.db.masked_storage import MaskedMessage
from earmark.db.models import CANNOT_TELL, Category, Model, Taxonomy
from earmark.llm.base import Prompt
from earmark.pipeline.facet_call import FacetAnswer, form_for, plain, schema_version
from earmark.pipeline.subject import Subject
from earmark.prompts.files import prompt_parts

NAME: Final = "read_conversation"
_MAX_EXAMPLES: Final = 3
_MAX_EXAMPLE: Final = 200
_MAX_MESSAGE: Final = 6_000
_MAX_CONVERSATION: Final = 24_000
"""Characters: about 6,000 tokens of English."""
_MAX_LINES: Final = 120
_MAX_SUBJECT: Final = 200


class KnownTheme(Model):
    """A theme that an issue may belong to."""

    id: int
    name: str


class Sheet(Model):
    """The prompt's fixed part for one taxonomy version, and the form that goes with it."""

    static: str
    reminder: str
    form: type[FacetAnswer]
    schema_version: str

    @property
    def version(self) -> str:
        """Hash of all static text and of the form."""
        text = "\0".join((self.static, *sorted(prompt_parts(NAME).values()), self.schema_version))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Shown(Model):
    """What a model is shown of one conversation."""

    subject: str
    lines: tuple[str, ...]
    messages: dict[str, MaskedMessage]
    """By the number that stands for it; also those that are left out have one."""
    themes: tuple[KnownTheme, ...]
    characters_left_out: int = 0
    messages_left_out: int = 0


def make_sheet(taxonomy: Taxonomy) -> Sheet:
    """The fixed part of the prompt; the same taxonomy gives the same text."""
    rules = prompt_parts(NAME)["Rules"]
    form = form_for(taxonomy)
    offered = [
        *(_describe(category) for category in taxonomy.categories),
        {"id": CANNOT_TELL, "definition": "The text does not say enough, or fits several equally."},
    ]
    areas = sorted(({"id": area.id, "name": area.name} for area in taxonomy.areas), key=_by_id)
    parts = [
        rules,
        "## The categories",
        *map(_line, offered),
        "## The product areas",
        *(map(_line, areas) if areas else ["None: product_area is always null."]),
    ]
    return Sheet(
        static="\n\n".join(parts[:2]) + "\n" + "\n".join(parts[2:]),
        reminder=prompt_parts(NAME)["Reminder"],
        form=form,
        schema_version=schema_version(form),
    )


def _by_id(entry: dict[str, str]) -> str:
    return entry["id"]


def _describe(category: Category) -> dict[str, object]:
    return {
        "id": category.id,
        "definition": category.definition,
        "includes": category.includes,
        "excludes": category.excludes,
        "examples": [example[:_MAX_EXAMPLE] for example in category.examples[:_MAX_EXAMPLES]],
    }


def _line(value: object) -> str:
    """One line of JSON: no text can end it, or begin another one."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# ---------------------------------------------------------------- one conversation


def show(subject: Subject, themes: Sequence[KnownTheme]) -> Shown:
    """What a model is given of a conversation; internal notes stay inside.

    What is too long is cut in its middle, and the cut is told: to the model, and to people.
    """
    told = [message for message in subject.messages if not message.is_note and message.text.strip()]
    numbered = {f"m{number}": message for number, message in enumerate(told, 1)}
    texts = {number: plain(message.text) for number, message in numbered.items()}
    kept = _choose(texts)
    subject_line = plain(subject.conversation.subject or "").strip()[:_MAX_SUBJECT]
    lines = [_line({"subject": subject_line})] if subject_line else []
    characters = missing = run = 0
    for number, message in numbered.items():
        if number not in kept:
            run, missing = run + 1, missing + 1
            characters += len(texts[number])
            continue
        if run:
            lines.append(_line({"left_out": f"{run} messages"}))
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
        return _line({**line, "text": text}), 0
    head, tail = text[: 2 * _MAX_MESSAGE // 3], text[-_MAX_MESSAGE // 3 :]
    cut = len(text) - len(head) - len(tail)
    left = {"text": head, "left_out": f"{cut} characters", "end_of_text": tail}
    return _line({**line, **left}), cut


def ask(sheet: Sheet, shown: Shown, *, failed_quotes: Sequence[str] = ()) -> Prompt:
    """The whole prompt; with quotes that could not be found, it asks a second time."""
    themes = [
        _line({"id": f"T{number}", "name": theme.name})
        for number, theme in enumerate(shown.themes, 1)
    ]
    data = "\n".join(
        [
            "## The conversation",
            *shown.lines,
            "## Known themes",
            *(themes or ["None: known_theme is always null."]),
        ]
    )
    reminder = sheet.reminder
    if failed_quotes:
        told = "\n".join(_line({"quote": quote}) for quote in failed_quotes)
        reminder = f"{prompt_parts(NAME)['Failed quotes']}\n{told}\n\n{reminder}"
    return Prompt(
        name=NAME, version=sheet.version, static=sheet.static, data=data, reminder=reminder
    )
