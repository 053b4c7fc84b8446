"""Do intervals for shares contain the truth as often as they say, and how wide are they?

Simulated machines of known quality, and the local model's own predictions on public data. The
labels are drawn at random from a finite population; every method sees the same draws.
"""

import asyncio
import gzip
import json
import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.outcome import Metric, Options, Outcome, single, versions_of
from earmark.db.models import CANNOT_TELL, Category, Model, Taxonomy
from earmark.evaluation.intervals import Z
from earmark.evaluation.prevalence import score_intervals, tuned_mean
from earmark.llm.base import Lesson
from earmark.llm.local import LocalModels

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

_DATA: Final = Path(__file__).parents[2] / "shared/data"
_DRAWS: Final = 2000
_LABELS: Final = (200, 500)
_SHARES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
_MACHINES: Final = ((0.85, 0.98), (0.6, 0.995), (0.95, 0.9))
"""Sensitivity and specificity."""
_POPULATIONS: Final = (2_000, 20_000)
_LEAST_SHARE: Final = 0.005


class Trial(Model):
    """Of one population and number of labels: how each method fared over all draws."""

    covered: dict[str, float]
    width: dict[str, float]
    """Mean width of the intervals, in points of the share."""
    expected: float
    """Labels that say yes, on average."""


async def run(options: Options) -> Outcome:
    """Coverage and widths."""
    metrics = await asyncio.to_thread(_measure, options)
    return Outcome(metrics=metrics, versions=versions_of("numpy"))


def _measure(options: Options) -> dict[str, Metric]:
    generator = np.random.default_rng(20261128)
    metrics: dict[str, Metric] = {}
    began = time.monotonic()
    for labels in _LABELS:
        trials = list(_simulate(generator, labels))
        metrics |= _summary(f"simulated, {labels} labels", trials)
        metrics |= _shifted(generator, labels)
    metrics |= _without_term(generator, 400 if options.quick else _DRAWS)
    metrics["simulation"] = single(time.monotonic() - began, "s")
    if not _DATA.is_dir():
        return metrics
    for name, said, truth in _predictions(options):
        for labels in _LABELS:
            usual = _try_classes(generator, said, truth, labels)
            metrics |= _summary(f"{name}, {labels} labels", usual)
            kept = _shift(generator, truth)
            moved = _try_classes(generator, said[kept], truth[kept], labels)
            metrics |= _summary(f"{name} shifted, {labels} labels", moved)
    return metrics


# ---------------------------------------------------------------- simulated machines


def _simulate(generator: np.random.Generator, labels: int) -> Iterator[Trial]:
    for number, share, (sensitivity, specificity) in product(_POPULATIONS, _SHARES, _MACHINES):
        truth = generator.random(number) < share
        yield _try(generator, _say(generator, truth, sensitivity, specificity), truth, labels)


def _say(
    generator: np.random.Generator,
    truth: npt.NDArray[np.bool_],
    sensitivity: float,
    specificity: float,
) -> Codes:
    """0 where the machine counts it, 1 where it does not."""
    chance = generator.random(len(truth))
    return np.where(truth, chance >= sensitivity, chance < specificity).astype(np.intp)


def _shifted(generator: np.random.Generator, labels: int) -> dict[str, Metric]:
    """A category doubles its share; labels of before correct what is counted after, and do not."""
    fresh: list[Trial] = []
    stale: list[float] = []
    for share, (sensitivity, specificity) in product(_SHARES, _MACHINES):
        before = generator.random(10_000) < share
        after = generator.random(10_000) < 2 * share
        said_before = _say(generator, before, sensitivity, specificity)
        said_after = _say(generator, after, sensitivity, specificity)
        # The sample is of all that there is by now, the shifted part among it.
        whole, said = np.concatenate([before, after]), np.concatenate([said_before, said_after])
        fresh.append(_try(generator, said, whole, labels))
        stale.append(_stale(generator, (said_before, before), (said_after, after), labels))
    found = _summary(f"after a shift, {labels} labels", fresh)
    name = f"after a shift, {labels} labels: coverage of labels from before it alone"
    return found | {name: _range(stale, "%")}


def _stale(
    generator: np.random.Generator,
    before: tuple[Codes, npt.NDArray[np.bool_]],
    after: tuple[Codes, npt.NDArray[np.bool_]],
    labels: int,
) -> float:
    """Coverage if error rates of before are held against what is said after."""
    drawn, positives, _ = _draw(generator, *before, labels)
    said, truth = after
    sizes = np.tile(np.bincount(said, minlength=2).astype(np.float64), (_DRAWS, 1))
    _, low, high = score_intervals(sizes, drawn, positives)
    share = float(truth.mean())
    return float(np.mean((low <= share) & (share <= high)))


def _without_term(generator: np.random.Generator, draws: int) -> dict[str, Metric]:
    """PPI++ of the process: 200 labels beside 800 others, with and without var(f)/N."""
    with_term, without = 0, 0
    for _ in range(draws):
        truth = generator.random(1_000) < 0.2
        said = (_say(generator, truth, 0.85, 0.98) == 0).astype(np.float64)
        found = tuned_mean(truth[:200].astype(float), said[:200], said[200:])
        rectifier = truth[:200] - found.power * said[:200]
        half = Z * float(rectifier.std(ddof=1)) / 200**0.5
        with_term += found.interval.low <= 0.2 <= found.interval.high
        without += abs(found.interval.value - 0.2) <= half
    return {
        "process, 200 labels, 800 others: coverage of PPI++": single(100 * with_term / draws, "%"),
        "process, 200 labels, 800 others: coverage without var(f)/N": single(
            100 * without / draws, "%"
        ),
    }


# ---------------------------------------------------------------- one population


def _draw(
    generator: np.random.Generator, said: Codes, truth: npt.NDArray[np.bool_], labels: int
) -> tuple[Floats, Floats, Floats]:
    """Labels and positives of each draw in each stratum, and the strata's sizes."""
    strata = int(said.max()) + 1
    cells = np.bincount(2 * said + ~truth, minlength=2 * strata)
    drawn = generator.multivariate_hypergeometric(cells, labels, size=_DRAWS)
    table = drawn.reshape(_DRAWS, strata, 2).astype(np.float64)
    sizes = np.broadcast_to(cells.reshape(strata, 2).sum(axis=1), (_DRAWS, strata))
    return table.sum(axis=2), table[:, :, 0], sizes.astype(np.float64)


def _try(
    generator: np.random.Generator, said: Codes, truth: npt.NDArray[np.bool_], labels: int
) -> Trial:
    drawn, positives, sizes = _draw(generator, said, truth, labels)
    share = float(truth.mean())
    pairs = {
        "ours": score_intervals(sizes, drawn, positives)[1:],
        "PPI++ normal": _normal(sizes, drawn, positives),
        "labels alone": _labels_alone(sizes, drawn, positives),
        "ours, stratified draw": _stratified(generator, said, truth, labels),
    }
    return Trial(
        covered={
            name: float(np.mean((low <= share + 1e-12) & (share - 1e-12 <= high)))
            for name, (low, high) in pairs.items()
        },
        width={name: float(np.mean(high - low)) for name, (low, high) in pairs.items()},
        expected=share * labels,
    )


def _normal(sizes: Floats, drawn: Floats, positives: Floats) -> tuple[Floats, Floats]:
    """PPI++ with its normal interval for the finite population; the first stratum is a yes."""
    number, labels = sizes.sum(axis=1), drawn.sum(axis=1)
    said, said_drawn = sizes[:, 0] / number, drawn[:, 0] / labels
    mean = positives.sum(axis=1) / labels
    spread = np.maximum(said_drawn * (1 - said_drawn), 1e-12)
    power = np.clip((positives[:, 0] / labels - said_drawn * mean) / spread, 0, 1)
    value = mean + power * (said - said_drawn)
    squares = positives[:, 0] * (1 - power) ** 2 + (drawn[:, 0] - positives[:, 0]) * power**2
    squares = (squares + positives[:, 1:].sum(axis=1)) / labels
    variance = (squares - (mean - power * said_drawn) ** 2) * (1 - labels / number) / labels
    half = Z * np.sqrt(np.maximum(variance, 0.0))
    return value - half, value + half


def _labels_alone(sizes: Floats, drawn: Floats, positives: Floats) -> tuple[Floats, Floats]:
    whole = [part.sum(axis=1, keepdims=True) for part in (sizes, drawn, positives)]
    return score_intervals(*whole)[1:]


def _stratified(
    generator: np.random.Generator, said: Codes, truth: npt.NDArray[np.bool_], labels: int
) -> tuple[Floats, Floats]:
    """The same number of labels, drawn in equal numbers from what is counted and what is not."""
    counted = said == 0
    sizes = np.array([counted.sum(), (~counted).sum()])
    first = min(labels // 2, int(sizes[0]))
    drawn = np.array([first, labels - first])
    yes = np.array([(counted & truth).sum(), (~counted & truth).sum()])
    positives = generator.hypergeometric(yes, sizes - yes, drawn, size=(_DRAWS, 2))
    shape = (_DRAWS, 2)
    return score_intervals(
        np.broadcast_to(sizes, shape).astype(np.float64),
        np.broadcast_to(drawn, shape).astype(np.float64),
        positives.astype(np.float64),
    )[1:]


# ---------------------------------------------------------------- real predictions


def _predictions(options: Options) -> Iterator[tuple[str, Codes, Codes]]:
    """Name of a set, what the local model says of its test part, and what is true; as numbers."""
    few, most = (4, 1_500) if options.quick else (16, 5_000)
    sets = {"Banking77": _labelled("banking77_train", "banking77_test")}
    if not options.quick:
        sets["CLINC150"] = _labelled("clinc150_train", "clinc150_test")
        sets["MultiDoGO"] = (_first_turns("multidogo_train_dev"), _first_turns("multidogo_test"))
    for name, (train, test) in sets.items():
        names = sorted({label for _, label in train})
        lessons = _few_of_each(train, few)
        taxonomy = Taxonomy(
            version=1,
            categories=tuple(Category(id=one, name=one, definition=one) for one in names),
        )
        texts = [text for text, _ in test][:most]
        model = LocalModels().fit(texts, taxonomy, lessons)
        places = {one: place for place, one in enumerate([*names, CANNOT_TELL])}
        said = [
            prediction.category_ids[0] if prediction.probabilities[0] >= 0.3 else CANNOT_TELL
            for prediction in model.classify(texts)
        ]
        yield (
            name,
            np.array([places[one] for one in said], dtype=np.intp),
            np.array([places[label] for _, label in test[:most]], dtype=np.intp),
        )


def _labelled(*names: str) -> tuple[list[tuple[str, str]], ...]:
    return tuple(
        [(row["text"], row["label"]) for row in _read(f"labelled/{name}")] for name in names
    )


def _first_turns(name: str) -> list[tuple[str, str]]:
    """Whole conversations with their domain."""
    return [
        (" ".join(turn["text"] for turn in row["turns"]), row["labels"]["domain"])
        for row in _read(f"dialogues/{name}")
    ]


def _read(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(_DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _few_of_each(rows: Sequence[tuple[str, str]], number: int) -> list[Lesson]:
    taken: dict[str, int] = {}
    lessons: list[Lesson] = []
    for text, label in rows:
        if taken.setdefault(label, 0) < number:
            taken[label] += 1
            lessons.append(Lesson(text=text, category_id=label, origin="human"))
    return lessons


def _shift(generator: np.random.Generator, truth: Codes) -> Codes:
    """Places of a part in which every second category has become a quarter of what it was."""
    rare = truth % 2 == 1
    return np.flatnonzero(~rare | (generator.random(len(truth)) < 0.25))


def _try_classes(
    generator: np.random.Generator, said: Codes, truth: Codes, labels: int
) -> list[Trial]:
    """Each category that is frequent enough: counted, not decided, or another."""
    if len(truth) <= labels:
        return []
    trials: list[Trial] = []
    undecided = int(max(said.max(), truth.max()))
    for place in range(undecided + 1):
        true = truth == place
        if true.mean() >= _LEAST_SHARE and (said == place).any():
            strata = np.where(said == place, 0, np.where(said == undecided, 1, 2))
            trials.append(_try(generator, strata.astype(np.intp), true, labels))
    return trials


# ---------------------------------------------------------------- what came of it


def _summary(name: str, trials: Sequence[Trial]) -> dict[str, Metric]:
    """Mean over the populations, between the extremes of single ones."""
    if not trials:
        return {}
    metrics: dict[str, Metric] = {}
    for method in trials[0].covered:
        covered = [trial.covered[method] for trial in trials]
        metrics[f"{name}: coverage of {method}"] = _range(covered, "%")
    enough = [trial.covered["ours"] for trial in trials if trial.expected >= 5]
    if enough:
        metrics[f"{name}: coverage of ours, 5 yes or more expected"] = _range(enough, "%")
    for method in ("ours", "ours, stratified draw"):
        ratios = [trial.width[method] / trial.width["labels alone"] for trial in trials]
        metrics[f"{name}: width of {method} to labels alone"] = _range(ratios, "times", 1.0)
    return metrics


def _range(values: Sequence[float], unit: str, scale: float = 100.0) -> Metric:
    return Metric(
        value=round(scale * float(np.mean(values)), 3),
        unit=unit,
        low=round(scale * min(values), 3),
        high=round(scale * max(values), 3),
    )
