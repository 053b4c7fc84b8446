"""Public texts with known categories, which are measured with and never shipped."""

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import TypeAdapter

from earmark.db.models import Model

_FOLDERS: Final = [folder / "shared/data" for folder in Path(__file__).parents[2:]]
DATA: Final = next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[0])
NLBSE_REPOSITORIES: Final = (
    "facebook/react",
    "tensorflow/tensorflow",
    "microsoft/vscode",
    "bitcoin/bitcoin",
    "opencv/opencv",
)
_SMALL_TALK: Final = frozenset(
    {
        *("openinggreeting", "closinggreeting", "contentonly", "confirmation", "rejection"),
        *("thankyou", "outofdomain"),
    }
)
_LEAST_OF_INTENT: Final = 10


class Labelled(Model):
    """A text and its category."""

    text: str
    label: str


class Split(Model):
    """What is learnt from, and what is measured with."""

    train: tuple[Labelled, ...]
    test: tuple[Labelled, ...]

    def shots(self, number: int, seed: int) -> "Split":
        """So many texts of each category, drawn by chance."""
        order: list[int] = np.random.default_rng(seed).permutation(len(self.train)).tolist()
        taken: Counter[str] = Counter()
        chosen: list[Labelled] = []
        for place in order:
            row = self.train[place]
            taken[row.label] += 1
            if taken[row.label] <= number:
                chosen.append(row)
        return Split(train=tuple(chosen), test=self.test)


def _rows(path: str) -> list[dict[str, object]]:
    with gzip.open(DATA / f"{path}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _labelled(name: str) -> tuple[Labelled, ...]:
    return tuple(
        Labelled(text=str(row["text"]), label=str(row["label"]))
        for row in _rows(f"labelled/{name}")
    )


def banking() -> Split:
    """Banking77: 77 intents of a bank's customers."""
    return Split(train=_labelled("banking77_train"), test=_labelled("banking77_test"))


def clinc() -> Split:
    """CLINC150: 150 intents of ten domains."""
    return Split(train=_labelled("clinc150_train"), test=_labelled("clinc150_test"))


def clinc_part(name: str) -> tuple[Labelled, ...]:
    """Another part of CLINC150, such as `val` or `oos_test` (questions of no known intent)."""
    return _labelled(f"clinc150_{name}")


def nlbse(repository: str) -> Split:
    """NLBSE'24: issue reports of one repository; bug, feature or question."""

    def part(name: str) -> tuple[Labelled, ...]:
        return tuple(
            Labelled(text=f"{row['title']}\n{row['body'] or ''}", label=str(row["label"]))
            for row in _rows(f"labelled/nlbse24_{name}")
            if row["repo"] == repository
        )

    return Split(train=part("train"), test=part("test"))


def multidogo() -> Split:
    """MultiDoGO: whole conversations (the customer's side) that have a single intent.

    Greetings and the like are no intents here; intents of fewer than ten conversations are left
    out.
    """
    train = _dialogues("multidogo_train_dev")
    sizes = Counter(row.label for row in train)
    known = {label for label, size in sizes.items() if size >= _LEAST_OF_INTENT}
    test = _dialogues("multidogo_test")
    return Split(
        train=tuple(row for row in train if row.label in known),
        test=tuple(row for row in test if row.label in known),
    )


def _dialogues(name: str) -> tuple[Labelled, ...]:
    found: list[Labelled] = []
    for row in _rows(f"dialogues/{name}"):
        turns = _as_turns(row["turns"])
        intents = {intent for _, given in turns for intent in given}.difference(_SMALL_TALK)
        if len(intents) == 1:
            text = "\n".join(said for said, _ in turns)
            found.append(Labelled(text=text, label=intents.pop()))
    return tuple(found)


class _Turn(Model):
    by: str
    text: str
    intents: tuple[str, ...] = ()


def _as_turns(value: object) -> Sequence[tuple[str, tuple[str, ...]]]:
    turns = _TURNS.validate_python(value)
    return [(turn.text, turn.intents) for turn in turns]


_TURNS: Final = TypeAdapter(list[_Turn])
