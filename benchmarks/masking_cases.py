"""Texts whose personal data is known: those of `masking_cases.toml`, and the sample workspace's."""

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from earmark.db.models import Model
from earmark.db.people_storage import KnownPeople
from earmark.pipeline.mask import KnownValues
from earmark.pipeline.mask_records import known_values
from earmark.sources.simulator.dataset import Collection, Dataset, JsonObject
from earmark.sources.simulator.markup import to_plain
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.spec import SampleSpec
from earmark.sources.simulator.truth import Planted, PlantedKind

_FILE: Final = Path(__file__).with_suffix(".toml")
_MARK: Final = re.compile(r"\[\[([A-Z_]+):(.*?)\]\]", re.DOTALL)
_JOINT: Final = "‖"
_KINDS: Final = {
    PlantedKind.PERSON: "NAME",
    PlantedKind.TOKEN: "SECRET",
    PlantedKind.PASSWORD: "SECRET",  # pragma: allowlist secret
    PlantedKind.THIRD_PARTY: "THIRD_PARTY",
}
_END: Final = datetime(2026, 11, 1, tzinfo=UTC)


class Marked(NamedTuple):
    """A range of a text, and what stands there."""

    start: int
    end: int
    kind: str


class Case(Model):
    """One text with all personal data in it, and what the records say of its people."""

    text: str
    marks: tuple[Marked, ...]
    known: KnownValues
    language: str


class _Group(Model):
    """Cases with the same records."""

    name: str
    language: str
    texts: tuple[str, ...]
    known: KnownValues = KnownValues()


class _File(Model):
    groups: tuple[_Group, ...]


def from_file() -> list[Case]:
    """The written cases."""
    content = _File.model_validate(tomllib.loads(_FILE.read_text("utf-8")))
    return [
        _read(text.replace(_JOINT, ""), group) for group in content.groups for text in group.texts
    ]


def _read(marked: str, group: _Group) -> Case:
    parts: list[str] = []
    marks: list[Marked] = []
    done = length = 0
    for match in _MARK.finditer(marked):
        parts += marked[done : match.start()], match[2]
        length += match.start() - done
        marks.append(Marked(length, length + len(match[2]), match[1]))
        length, done = length + len(match[2]), match.end()
    text = "".join((*parts, marked[done:]))
    return Case(text=text, marks=tuple(marks), known=group.known, language=group.language)


# ---------------------------------------------------------------- the sample workspace


def from_sample(number: int) -> list[Case]:
    """Every message of the sample workspace, with what was planted in it."""
    sample = SampleDataset(SampleSpec(seed=11, number=number, end=_END))
    return [case for index in range(number) for case in _cases_of(sample, index)]


def _cases_of(sample: Dataset, index: int) -> Iterator[Case]:
    document = sample.conversations.document(index)
    truth = sample.truth(index)
    parts = document["conversation_parts"]["conversation_parts"]
    messages = [m for m in (document["source"], *parts) if m["body"] is not None]
    known = _known(sample, document)
    helpers = {m["author"]["name"] for m in messages if m["author"]["type"] == "admin"}
    for position, message in enumerate(messages):
        text = to_plain(message["body"])
        planted = [item for item in truth.planted if item.position == position]
        marks = (*_marks(text, planted), *_unplanted(text, helpers))
        language = truth.language or "en"
        yield Case(text=text, marks=marks, known=known, language=language)


def _unplanted(text: str, helpers: set[str]) -> Iterator[Marked]:
    """What is personal though nobody planted it: teammates, addresses in quoted mail."""
    for name in {word for helper in helpers for word in (helper, *helper.split())}:
        for place in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            yield Marked(*place.span(), "TEAMMATE")
    for place in re.finditer(r"[^\s<>@]+@[a-z0-9.-]+\.example", text):
        yield Marked(*place.span(), "EMAIL")


def _marks(text: str, planted: list[Planted]) -> tuple[Marked, ...]:
    """Every place where a planted value stands; references are none of them."""
    marks: set[Marked] = set()
    for item in planted:
        if item.kind is not PlantedKind.REFERENCE:
            kind = _KINDS.get(item.kind, item.kind.value.upper())
            words = re.escape(item.text).replace(r"\ ", r"\s+")
            places = re.finditer(rf"(?<!\w){words}(?!\w)", text)
            marks |= {Marked(*place.span(), kind) for place in places}
    return tuple(sorted(marks))


def _known(sample: Dataset, document: JsonObject) -> KnownValues:
    """The records of contact, company and teammates, as the database would give them."""
    contacts = [_find(sample.contacts, item["id"]) for item in document["contacts"]["contacts"]]
    companies = [
        _find(sample.companies, item["id"])
        for contact in contacts
        for item in contact["companies"]["data"]
    ]
    authors = [part["author"] for part in document["conversation_parts"]["conversation_parts"]]
    people = [*contacts, document["source"]["author"], *(a for a in authors if a["type"] != "bot")]
    return known_values(
        KnownPeople(
            names=_values(people, "name"),
            emails=_values(people, "email"),
            phones=_values(contacts, "phone"),
            companies=_values(companies, "name"),
        )
    )


def _values(records: list[JsonObject], field: str) -> tuple[str, ...]:
    return tuple(sorted({record[field] for record in records if record.get(field)}))


def _find(collection: Collection, identifier: str) -> JsonObject:
    return _document(collection, identifier)


@cache
def _document(collection: Collection, identifier: str) -> JsonObject:
    index = collection.index_of(identifier)
    return {} if index is None else collection.document(index)
