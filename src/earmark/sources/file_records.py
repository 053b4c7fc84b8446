"""From the rows of a file to what was written, by whom, when and in which conversation."""

import hashlib
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple, cast

from earmark.db.models import AuthorRole
from earmark.sources.file_mapping import Columns, FileMapping, read_kind
from earmark.sources.file_plan import FilePlan, turns_of
from earmark.sources.file_times import TimeReader
from earmark.sources.html_text import html_to_text, repair

_LONGEST_ID: Final = 200
_MOST_SEATS: Final = 2**31 - 1
_MOST_KINDS: Final = 20
_AMOUNT: Final = re.compile(r"-?\d+(?:[\d,' ]*\d)?(?:\.\d+)?")


class Utterance(NamedTuple):
    """One message."""

    message: str
    at: datetime | None
    role: AuthorRole
    author_id: str | None
    author_name: str | None
    author_email: str | None
    text: str
    repairs: tuple[str, ...]


class Particulars(NamedTuple):
    """What a row says of its conversation."""

    subject: str | None
    tags: tuple[str, ...]
    state: str | None
    company_id: str | None
    company: str | None
    plan: str | None
    revenue: float | None
    seats: int | None


class Record(NamedTuple):
    """What a row comes to."""

    conversation: str
    particulars: Particulars
    utterances: list[Utterance]
    is_whole: bool
    """All of the conversation: it replaces an older one, and is not added to it."""


class UnusableRow(ValueError):
    """Why a row cannot be used; never with a value of it."""


class RecordReader:
    """Reads the rows of one file by its plan."""

    def __init__(self, plan: FilePlan, mapping: FileMapping) -> None:
        self._columns = plan.columns
        self._turns = plan.turn_columns
        self._mapping = mapping
        self._html = plan.html
        self.unknown_kinds: set[str] = set()
        """Some of the words for authors that no row could be read for."""
        self._times = TimeReader(mapping.zone(), form=mapping.time_format, day_first=plan.day_first)

    def read(self, row: Mapping[str, object]) -> Record:
        """What a row tells; raises `UnusableRow`."""
        if self._turns is not None:
            return self._read_turns(row, self._turns)
        utterance = self._read_utterance(row, self._columns, number=None)
        if not utterance.text:
            raise UnusableRow("it has no text")
        named = _identifier(row, self._columns.conversation)
        if self._columns.conversation is not None and named is None:
            raise UnusableRow("it names no conversation")
        conversation = named or "row-" + digest(repr(sorted(row.items(), key=str)))
        return Record(conversation, self._read_particulars(row), [utterance], is_whole=False)

    def _read_turns(self, row: Mapping[str, object], columns: Columns) -> Record:
        turns = turns_of(row.get(self._columns.turns or ""))
        if not turns:
            raise UnusableRow("it has no turns")
        beside = self._read_beside(row)
        utterances = [
            _completed(self._read_utterance(turn, columns, number=number), beside)
            for number, turn in enumerate(turns)
        ]
        written = [utterance for utterance in utterances if utterance.text]
        if not written:
            raise UnusableRow("no turn has a text")
        named = _identifier(row, self._columns.conversation)
        if self._columns.conversation is not None and named is None:
            raise UnusableRow("it names no conversation")
        conversation = named or "row-" + digest(*(item.text for item in written))
        return Record(conversation, self._read_particulars(row), written, is_whole=True)

    def _read_beside(self, row: Mapping[str, object]) -> Utterance:
        """What a row says beside its turns: the customer, and the time of undated turns."""
        columns = self._columns
        return Utterance(
            message="",
            at=self._read_time(row, columns.time),
            role=AuthorRole.CUSTOMER,
            author_id=_identifier(row, columns.author_id),
            author_name=_text(row, columns.author_name),
            author_email=_text(row, columns.author_email),
            text="",
            repairs=(),
        )

    def _read_utterance(
        self, values: Mapping[str, object], columns: Columns, *, number: int | None
    ) -> Utterance:
        raw = values.get(columns.text or "")
        if raw is not None and not isinstance(raw, str):
            raw = str(raw)
        text, repairs = repair(raw or "")
        text = html_to_text(text) if self._html else _plain(text)
        role = self._read_role(values, columns)
        at = self._read_time(values, columns.time)
        author = _identifier(values, columns.author_id)
        message = _identifier(values, columns.message)
        if message is None and number is not None:
            message = f"turn-{number + 1}"
        return Utterance(
            message=message or digest(role, author or "", str(at), text),
            at=at,
            role=role,
            author_id=author,
            author_name=_text(values, columns.author_name),
            author_email=_text(values, columns.author_email),
            text=text,
            repairs=repairs,
        )

    def _read_role(self, values: Mapping[str, object], columns: Columns) -> AuthorRole:
        if columns.author_kind is None:
            return AuthorRole.CUSTOMER
        value = values.get(columns.author_kind)
        if value in (None, ""):
            raise UnusableRow("it does not say who wrote it")
        role = read_kind(value, self._mapping.author_kinds)
        if role is None:
            if len(self.unknown_kinds) < _MOST_KINDS:
                self.unknown_kinds.add(str(value)[:40])
            raise UnusableRow("who wrote it is no known kind of author")
        return role

    def _read_time(self, values: Mapping[str, object], name: str | None) -> datetime | None:
        value = values.get(name) if name else None
        if name is None or value in (None, ""):
            return None
        try:
            return self._times.read(value)
        except ValueError as error:
            raise UnusableRow(str(error)) from error

    def _read_particulars(self, row: Mapping[str, object]) -> Particulars:
        columns = self._columns
        seats = _number(row, columns.seats)
        return Particulars(
            subject=_text(row, columns.subject),
            tags=self._read_tags(row.get(columns.tags or "")),
            state=_text(row, columns.state),
            company_id=_identifier(row, columns.company_id) or _identifier(row, columns.company),
            company=_text(row, columns.company),
            plan=_text(row, columns.plan),
            revenue=_number(row, columns.revenue),
            seats=int(seats) if seats is not None and 0 <= seats <= _MOST_SEATS else None,
        )

    def _read_tags(self, value: object) -> tuple[str, ...]:
        parts: list[object] = []
        if isinstance(value, str):
            parts = list(value.split(self._mapping.tag_separator))
        elif isinstance(value, list):
            parts = cast(list[object], value)
        tags = (repair(str(part))[0].strip() for part in parts if part is not None)
        return tuple(dict.fromkeys(tag for tag in tags if tag))


def _completed(turn: Utterance, beside: Utterance) -> Utterance:
    """A turn with what stands beside the turns: its time, and who the customer is."""
    at = turn.at or beside.at
    if turn.role is not AuthorRole.CUSTOMER:
        return turn._replace(at=at)
    return turn._replace(
        at=at,
        author_id=turn.author_id or beside.author_id,
        author_name=turn.author_name or beside.author_name,
        author_email=turn.author_email or beside.author_email,
    )


def digest(*values: str) -> str:
    """A short name for something that has none; the same again for the same values."""
    joined = "\x1f".join(values).encode("utf-8", "replace")
    return hashlib.blake2b(joined, digest_size=10).hexdigest()


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _text(values: Mapping[str, object], name: str | None) -> str | None:
    return _to_text(values.get(name) if name else None)


def _to_text(value: object) -> str | None:
    if value is None or isinstance(value, list | dict):
        return None
    return repair(str(value))[0].strip() or None


def _identifier(values: Mapping[str, object], name: str | None) -> str | None:
    value = values.get(name) if name else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column with gaps comes out of some tools as fractions
    if isinstance(value, float) and math.isnan(value):
        return None
    text = _to_text(value)
    if text is not None and len(text) > _LONGEST_ID:
        raise UnusableRow(f"an identifier in it is longer than {_LONGEST_ID} characters")
    return text


def _number(values: Mapping[str, object], name: str | None) -> float | None:
    """An amount, also with a currency and separators of thousands; null where it is none."""
    value = values.get(name) if name else None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    match = _AMOUNT.search(str(value))
    number = float(re.sub(r"[,' ]", "", match[0])) if match else math.inf
    return number if math.isfinite(number) else None
