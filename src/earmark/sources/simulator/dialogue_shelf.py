"""Dialogues of any number, kept outside of memory and read again one by one."""

import gzip
import mmap
import tempfile
import zlib
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from earmark.db.models import Model
from earmark.errors import InvalidInput
from earmark.sources.simulator.hashing import derive_key

MAX_TURNS = 90_000
_FORM = 'A line is {"id": …, "turns": [{"by": "customer"|"agent"|"bot", "text": …}, …]}.'


class DialogueTurn(BaseModel):
    """One turn of a file; fields that we do not know are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    by: Literal["customer", "agent", "bot"]
    text: str
    intents: tuple[str, ...] = ()


class Dialogue(BaseModel):
    """One line of a file."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    id: str = Field(min_length=1)
    turns: tuple[DialogueTurn, ...] = Field(min_length=1, max_length=MAX_TURNS)
    labels: dict[str, str | tuple[str, ...]] = Field(
        default_factory=dict[str, "str | tuple[str, ...]"]
    )
    split: str | None = None

    def drop_empty_turns(self) -> "Dialogue":
        """The dialogue without turns that say nothing."""
        turns = tuple(turn for turn in self.turns if turn.text.strip())
        return self.model_copy(update={"turns": turns})


class SkippedLine(Model):
    """A line that was left out, and why."""

    path: str
    line: int
    reason: str


class _Entry(NamedTuple):
    raw: bytes
    turns: int
    identifier: str


class DialogueShelf:
    """The usable lines of all files, in one unnamed temporary file.

    What stays in memory is 16 bytes per dialogue: where its line ends, its number of turns, and
    which of several dialogues with the same id it is.
    """

    def __init__(self, paths: Sequence[Path], *, skip_broken: bool) -> None:
        self.skipped: list[SkippedLine] = []
        self._skip_broken = skip_broken
        ends, turns, keys = array("q"), array("i"), array("Q")
        with tempfile.TemporaryFile() as store:
            for entry in self._read_all(paths):
                store.write(entry.raw)
                ends.append(store.tell())
                turns.append(entry.turns)
                keys.append(derive_key(*entry.identifier.encode()))
            if not ends:
                raise InvalidInput(
                    "There is no usable dialogue in the files.",
                    why=", ".join(str(path) for path in paths),
                    fix=_FORM,
                )
            store.flush()
            self._lines = mmap.mmap(store.fileno(), 0, access=mmap.ACCESS_READ)
        self._ends: NDArray[np.int64] = np.array(ends, dtype=np.int64)
        self._repeats = count_repeats(np.array(keys, dtype=np.uint64))
        self.turns: NDArray[np.int32] = np.array(turns, dtype=np.int32)
        """Turns with a text, by index."""

    @property
    def number(self) -> int:
        """How many dialogues there are."""
        return len(self._ends)

    def read(self, index: int) -> Dialogue:
        """One dialogue; an id that came before gets `-2`, `-3` and so on."""
        start = int(self._ends[index - 1]) if index else 0
        dialogue = Dialogue.model_validate_json(self._lines[start : int(self._ends[index])])
        repeat = int(self._repeats[index])
        identifier = dialogue.id if repeat == 1 else f"{dialogue.id}-{repeat}"
        return dialogue.drop_empty_turns().model_copy(update={"id": identifier})

    def _read_all(self, paths: Sequence[Path]) -> Iterator[_Entry]:
        for path in paths:
            for number, raw in enumerate(_read_lines(path), start=1):
                if not raw.strip():
                    continue
                try:
                    dialogue = Dialogue.model_validate_json(raw).drop_empty_turns()
                except ValidationError as error:
                    self._refuse(path, number, _describe(error))
                    continue
                if not dialogue.turns:
                    self._refuse(path, number, "no turn has a text")
                    continue
                yield _Entry(raw.rstrip(b"\r\n") + b"\n", len(dialogue.turns), dialogue.id)

    def _refuse(self, path: Path, line: int, reason: str) -> None:
        if not self._skip_broken:
            raise InvalidInput(f"{path}, line {line} is not a dialogue.", why=reason, fix=_FORM)
        self.skipped.append(SkippedLine(path=str(path), line=line, reason=reason))


def count_repeats(keys: NDArray[np.uint64]) -> NDArray[np.int32]:
    """For each key, which of the equal ones it is, from 1."""
    order = np.argsort(keys, kind="stable")
    places = np.arange(len(keys))
    is_first = np.ones(len(keys), dtype=np.bool_)
    is_first[1:] = keys[order][1:] != keys[order][:-1]
    starts = np.maximum.accumulate(np.where(is_first, places, 0))
    repeats = np.empty(len(keys), dtype=np.int32)
    repeats[order] = places - starts + 1
    return repeats


def _read_lines(path: Path) -> Iterator[bytes]:
    try:
        with _open(path) as stream:
            yield from stream
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{path} cannot be read.", why=str(error)) from error


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _describe(error: ValidationError) -> str:
    """The first thing that is wrong, without the text itself."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]
