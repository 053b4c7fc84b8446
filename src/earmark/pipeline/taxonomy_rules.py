"""What a taxonomy must be like: every finding names its place, the reason, and what to do."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from earmark.db.change_storage import Proposal, ProposedArea, ProposedCategory
from earmark.db.models import CANNOT_TELL, THEMELESS_CATEGORIES, Model, Taxonomy
from earmark.errors import InvalidInput
from earmark.pipeline.taxonomy_diff import Entry, map_forward, origins

Place = tuple[str | int, ...]
"""Where a value stands, such as ("categories", 2, "name")."""

_LEAST_CATEGORIES: Final = 2
_LONGEST: Final = {
    "id": 100,
    "name": 120,
    "definition": 2_000,
    "includes": 1_000,
    "excludes": 1_000,
    "examples": 4_000,
    "patterns": 300,
}
"""Characters: all of it goes into every prompt, or is shown in a list."""
_CATEGORY_ID: Final = re.compile(r"[a-z][a-z0-9_]*")


class Finding(Model):
    """Something wrong with a proposal, or worth knowing before it is applied."""

    severity: Literal["error", "warning"]
    place: Place
    what: str
    why: str
    fix: str


def check(base: Taxonomy, proposal: Proposal) -> list[Finding]:
    """All that is wrong with a proposal, in the order of its places."""
    found = [
        *_check_number(proposal),
        *_check_entries("categories", proposal.categories),
        *_check_entries("areas", proposal.areas),
        *_check_categories(proposal.categories),
        *_check_examples(proposal.categories),
        *_check_tree(proposal.areas),
        *_check_origins("categories", proposal.categories, [e.id for e in base.categories]),
        *_check_origins("areas", proposal.areas, [entry.id for entry in base.areas]),
        *_check_special(base, proposal),
    ]
    order = {id(finding): number for number, finding in enumerate(found)}
    return sorted(found, key=lambda finding: (_place_key(finding.place), order[id(finding)]))


def _place_key(place: Place) -> tuple[tuple[int, str], ...]:
    first = ("categories", "areas")
    return tuple(
        (part, "") if isinstance(part, int) else (first.index(part) if part in first else 0, part)
        for part in place
    )


def require_sound(findings: Sequence[Finding]) -> None:
    """Raise `InvalidInput` with the first error, and the number of the others."""
    errors = [finding for finding in findings if finding.severity == "error"]
    if not errors:
        return
    first = errors[0]
    more = f" There are {len(errors) - 1} more errors." if len(errors) > 1 else ""
    raise InvalidInput(
        f"The taxonomy cannot be used: {name_place(first.place)}: {first.what}",
        why=first.why + more,
        fix=first.fix,
    )


def name_place(place: Place) -> str:
    """A place in words, such as `categories[2].name`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the whole"


def _error(place: Place, what: str, why: str, fix: str) -> Finding:
    return Finding(severity="error", place=place, what=what, why=why, fix=fix)


def _warning(place: Place, what: str, why: str, fix: str) -> Finding:
    return Finding(severity="warning", place=place, what=what, why=why, fix=fix)


def fold(text: str) -> str:
    """Texts that people take for the same are equal afterwards."""
    return " ".join(text.casefold().split())


def _check_number(proposal: Proposal) -> Iterator[Finding]:
    if len(proposal.categories) < _LEAST_CATEGORIES:
        yield _error(
            ("categories",),
            f"There are {len(proposal.categories)} categories.",
            "Telling apart needs at least two.",
            "Add the categories that conversations shall be sorted into.",
        )


def _check_entries(part: str, entries: Sequence[Entry]) -> Iterator[Finding]:
    for number, entry in enumerate(entries):
        place = (part, number)
        if not entry.id.strip():
            yield _error(
                (*place, "id"),
                "The id is empty.",
                "Labels name it by its id, for ever.",
                "Give it a short id, such as `billing`.",
            )
        if not entry.name.strip():
            yield _error(
                (*place, "name"),
                "The name is empty.",
                "It is what people see.",
                "Give it a name.",
            )
        yield from _check_lengths(place, entry)
    yield from _check_repeats(part, "id", [entry.id.strip() for entry in entries])
    yield from _check_repeats(part, "name", [entry.name for entry in entries])


def _check_lengths(place: Place, entry: Entry) -> Iterator[Finding]:
    for field, most in _LONGEST.items():
        value: str | Sequence[str] = getattr(entry, field, "")
        texts = (
            [((*place, field), value)]
            if isinstance(value, str)
            else [((*place, field, number), text) for number, text in enumerate(value)]
        )
        for where, text in texts:
            if len(text) > most:
                yield _error(
                    where,
                    f"The text has {len(text):,} characters.",
                    f"At most {most:,} are used: all of it goes into every prompt.",
                    "Shorten it.",
                )
            elif any(not (letter.isprintable() or letter in "\n\t") for letter in text):
                yield _error(
                    where,
                    "The text holds a character that cannot be seen.",
                    "Such characters can hide orders to a model.",
                    "Type it again instead of pasting it.",
                )


def _check_repeats(part: str, field: str, values: Sequence[str]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for number, value in enumerate(values):
        key = fold(value)
        if not key:
            continue
        if key in seen:
            yield _error(
                (part, number, field),
                f"The {field} {value.strip()!r} is given twice.",
                f"{part}[{seen[key]}] has it too; upper and lower case are the same.",
                f"Give one of the two another {field}, or make them one.",
            )
        else:
            seen[key] = number


def _check_categories(entries: Sequence[ProposedCategory]) -> Iterator[Finding]:
    for number, entry in enumerate(entries):
        place = ("categories", number)
        if fold(entry.id) == CANNOT_TELL or fold(entry.name) == CANNOT_TELL.replace("_", " "):
            yield _error(
                (*place, "id"),
                f"{CANNOT_TELL!r} is taken.",
                "It is what a conversation is called that nothing is sure enough about.",
                "Choose another id and name.",
            )
        elif entry.id.strip() and not _CATEGORY_ID.fullmatch(entry.id.strip()):
            yield _error(
                (*place, "id"),
                f"The id {entry.id.strip()!r} cannot be used.",
                "It must be of small letters, digits and underscores, and begin with a letter.",
                "Write it like `billing_question`.",
            )
        if not entry.definition.strip():
            yield _error(
                (*place, "definition"),
                "The definition is empty.",
                "People and models decide by it.",
                "Say in a sentence what belongs here.",
            )


def _check_examples(entries: Sequence[ProposedCategory]) -> Iterator[Finding]:
    seen: dict[str, tuple[int, int]] = {}
    for number, entry in enumerate(entries):
        place = ("categories", number, "examples")
        yield from _check_example_number(place, entry)
        for position, text in enumerate(entry.examples):
            key = fold(text)
            if not key:
                continue
            if key not in seen:
                seen[key] = (number, position)
                continue
            other, at = seen[key]
            where = f"categories[{other}].examples[{at}]"
            if other == number:
                yield _warning(
                    (*place, position),
                    "The example is given twice.",
                    f"{where} is the same.",
                    "Leave one of the two out.",
                )
            else:
                yield _error(
                    (*place, position),
                    f"The example also stands in {entries[other].id.strip()!r}.",
                    f"{where} is the same text: the two contradict each other.",
                    "Decide which category it belongs to, and take it out of the other.",
                )


def _check_example_number(place: Place, entry: ProposedCategory) -> Iterator[Finding]:
    number = len({fold(text) for text in entry.examples if text.strip()})
    if number == 0 and not entry.no_examples:
        yield _error(
            place,
            "There is no example.",
            "The local model learns a category from its examples.",
            "Add at least one, better ten; or say `no_examples: true` if it shall be known by its"
            " definition alone.",
        )
    elif number == 0:
        yield _warning(
            place,
            "There is no example, as you said.",
            "The local model knows only its definition and criteria: it will find few of its"
            " conversations, and doubt most.",
            "Add examples, or labels in the review queue.",
        )
    elif number == 1:
        yield _warning(
            place,
            "There is one example only.",
            "The local model has a single text to go by: what is worded otherwise will be missed,"
            " and nothing can be held back to test it with.",
            "Add some of different length and wording; ten make a difference.",
        )


def _check_tree(entries: Sequence[ProposedArea]) -> Iterator[Finding]:
    parents = {entry.id.strip(): (entry.parent_id or "").strip() for entry in entries}
    for number, entry in enumerate(entries):
        parent = (entry.parent_id or "").strip()
        place = ("areas", number, "parent_id")
        if parent and parent not in parents:
            yield _error(
                place,
                f"There is no area {parent!r}.",
                "An area can only be part of one that is in the list.",
                "Correct the id, or add that area.",
            )
        elif loop := _find_loop(entry.id.strip(), parents):
            yield _error(
                place,
                f"The area is part of itself: {' → '.join(loop)}.",
                "Areas form a tree; a circle has no top.",
                "Let one of them be part of another area, or of none.",
            )


def _find_loop(start: str, parents: Mapping[str, str]) -> list[str]:
    """The circle that leads back to `start`; empty if there is none."""
    path, here = [start], parents.get(start, "")
    while here and here not in path:
        path.append(here)
        here = parents.get(here, "")
    return [*path, start] if here == start and start else []


def _check_origins(part: str, entries: Sequence[Entry], known: Sequence[str]) -> Iterator[Finding]:
    there = set(known)
    for number, entry in enumerate(entries):
        for position, old in enumerate(entry.was or ()):
            if old.strip() not in there:
                yield _error(
                    (part, number, "was", position),
                    f"There is no {old.strip()!r} in the present taxonomy.",
                    f"`was` names ids of it: {_some(known)}.",
                    "Correct the id, or leave it out.",
                )
        takes = origins([entry], known)[entry.id.strip()]
        if entry.was is not None and entry.id.strip() in there and entry.id.strip() not in takes:
            yield _error(
                (part, number, "was"),
                f"The id {entry.id.strip()!r} would change its meaning.",
                "Ids are for ever: what had this id is not what gets it now.",
                "Name the id in `was` too, or choose a new one.",
            )


def _some(known: Sequence[str]) -> str:
    shown = ", ".join(known[:8])
    return f"{shown}, …" if len(known) > 8 else shown or "it has none"


def _check_special(base: Taxonomy, proposal: Proposal) -> Iterator[Finding]:
    forward = map_forward(base, proposal).categories
    kept: Iterable[str] = (entry.id.strip() for entry in proposal.categories)
    for special in set(THEMELESS_CATEGORIES) & set(forward) - set(kept):
        yield _warning(
            ("categories",),
            f"There is no {special!r} any more.",
            "Its conversations are left out of themes and shares; those of another id are not.",
            f"Keep the id {special!r} for what shall be left out.",
        )
