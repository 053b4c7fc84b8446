"""How right the local model is, how far its confidence can be believed, and whether it keeps what
the cascade promises, on public data that nobody here wrote.

Taught as a workspace teaches it: the categories' names, the texts, and labels by people. Whatever
is chosen (temperature, thresholds) is chosen on the training parts. With MiniLM where it is
installed (`earmark models import`).
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks import labelled_data
from benchmarks.labelled_data import DATA, NLBSE_REPOSITORIES, Labelled, Split
from benchmarks.outcome import Metric, Options, Outcome, single, versions_of
from earmark.db.models import Category, Taxonomy
from earmark.errors import EarmarkError
from earmark.evaluation.calibration import (
    Judged,
    calibrate,
    calibration_error,
    exact_share,
    risk_area,
)
from earmark.evaluation.classification_metrics import score_classification
from earmark.evaluation.intervals import share
from earmark.llm.base import Encoded, Encoder, Lesson, Prediction, TextModel, Vectors, words_of
from earmark.llm.encoders import MINILM
from earmark.llm.local import LocalModels
from earmark.llm.minilm import open_minilm
from earmark.pipeline.cascade import is_proven
from earmark.settings import Settings

_TARGET: Final = 0.95
_DRAWS: Final = 3
_RESAMPLES: Final = 1_000
_KEPT_IN_SCOPE: Final = 0.95
_PUBLISHED: Final = {"SetFit": 82.4, "RoBERTa": 79.2, "fastText": 71.8}
"""NLBSE'24, macro-F1 averaged over the five repositories, from the outputs of its organisers."""

Numbers = npt.NDArray[np.float64]


class Answers:
    """What a model says of a test set, and what it was judged by before."""

    def __init__(self, test: Sequence[Labelled], given: Sequence[Prediction]) -> None:
        self.truth = [row.label for row in test]
        self.given = [one.category_ids[0] for one in given]
        self.confidence = np.array([one.probabilities[0] for one in given], dtype=np.float64)
        right = [a == b for a, b in zip(self.truth, self.given, strict=True)]
        self.right = np.array(right, dtype=np.float64)

    def judged(self) -> list[Judged]:
        """One for each text."""
        return [
            Judged(category_id=name, confidence=float(sure), is_right=bool(right))
            for name, sure, right in zip(self.given, self.confidence, self.right, strict=True)
        ]


class Learner:
    """The local model, beside an encoder or alone."""

    def __init__(self, name: str, encoder: Encoder | None) -> None:
        self.name = name
        self._encoder = encoder
        self._vectors: dict[str, Vectors] = {}

    async def fit(self, train: Sequence[Labelled]) -> TextModel:
        """Taught with the names of the categories and these labels."""
        taxonomy = _taxonomy(train)
        texts = [row.text for row in train]
        lessons = [
            Lesson(text=row.text, category_id=row.label, origin="human", at_random=True)
            for row in train
        ]
        encoded = None
        if self._encoder is not None:
            words = [text for group in words_of(taxonomy) for text in group]
            encoded = Encoded(
                encoder_version=self._encoder.version,
                texts=await self.encode(texts),
                words=await self.encode(words),
                lessons=await self.encode(texts),
            )
        return await asyncio.to_thread(LocalModels().fit, texts, taxonomy, lessons, encoded)

    async def ask(self, model: TextModel, rows: Sequence[Labelled]) -> Answers:
        """What it says of these."""
        texts = [row.text for row in rows]
        encoded = await self.encode(texts) if self._encoder else None
        return Answers(rows, await asyncio.to_thread(model.classify, texts, encoded))

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """By the encoder, each text once."""
        assert self._encoder is not None
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors.update(zip(new, await self._encoder.encode(new), strict=True))
        return np.array([self._vectors[text] for text in texts], dtype=np.float32)


def _taxonomy(rows: Sequence[Labelled]) -> Taxonomy:
    names = sorted({row.label for row in rows})
    return Taxonomy(
        version=1,
        categories=tuple(
            Category(id=name, name=name.replace("_", " "), definition="") for name in names
        ),
    )


async def run(options: Options) -> Outcome:
    """All sets; with `quick`, Banking77 by few shots and one repository."""
    if not DATA.is_dir():
        raise EarmarkError(
            "There is nothing to measure with.", why=f"The public data is not at {DATA}."
        )
    learners = [Learner("default", None)]
    folder = Settings.read().data_dir / "models" / MINILM
    if folder.is_dir():
        learners.append(Learner("MiniLM", await open_minilm(folder)))
    metrics: dict[str, Metric] = {}
    for learner in learners:
        metrics |= await _banking(learner, quick=options.quick)
        metrics |= await _nlbse(learner, quick=options.quick)
        if not options.quick:
            metrics |= await _whole(learner, "MultiDoGO", labelled_data.multidogo())
            metrics |= await _clinc(learner)
    metrics |= {
        f"NLBSE'24: macro-F1, {name} (published)": single(value, "%")
        for name, value in _PUBLISHED.items()
    }
    return Outcome(metrics=metrics, versions=versions_of("numpy", "scikit-learn"))


# ---------------------------------------------------------------- the sets


async def _banking(learner: Learner, *, quick: bool) -> dict[str, Metric]:
    split = labelled_data.banking()
    metrics: dict[str, Metric] = {}
    for number in (8,) if quick else (8, 16, 64):
        found: list[float] = []
        for seed in range(1 if quick else _DRAWS):
            drawn = split.shots(number, seed)
            answers = await learner.ask(await learner.fit(drawn.train), drawn.test)
            found.append(float(answers.right.mean()) * 100)
        metrics[f"Banking77, {number} each, {learner.name}: accuracy"] = Metric(
            value=_round(np.mean(found)), unit="%", low=_round(min(found)), high=_round(max(found))
        )
    return metrics if quick else metrics | await _whole(learner, "Banking77", split)


async def _clinc(learner: Learner) -> dict[str, Metric]:
    split = labelled_data.clinc()
    model = await learner.fit(split.train)
    within = await learner.ask(model, split.test)
    limits = _limits(model, split)
    decided = [is_proven(limits, one.category_id, one.confidence) for one in within.judged()]
    metrics = _measure(learner, "CLINC150", model, within)
    metrics |= _promise(f"CLINC150, {learner.name}", within.judged(), decided)
    before = await learner.ask(model, labelled_data.clinc_part("val"))
    outside = await learner.ask(model, labelled_data.clinc_part("oos_test"))
    limit = float(np.quantile(before.confidence, 1 - _KEPT_IN_SCOPE))
    caught = int((outside.confidence < limit).sum())
    kept = int((within.confidence >= limit).sum())
    name = f"CLINC150, {learner.name}"
    metrics[f"{name}: out of scope, AUROC"] = single(
        _auroc(within.confidence, outside.confidence) * 100, "%"
    )
    metrics[f"{name}: out of scope, recall at 95 % kept"] = _share(caught, len(outside.truth))
    metrics[f"{name}: in scope, kept"] = _share(kept, len(within.truth))
    astray = sum(is_proven(limits, one.category_id, one.confidence) for one in outside.judged())
    metrics[f"{name}: out of scope, decided locally all the same"] = _share(
        astray, len(outside.truth)
    )
    return metrics


async def _nlbse(learner: Learner, *, quick: bool) -> dict[str, Metric]:
    repositories = NLBSE_REPOSITORIES[:1] if quick else NLBSE_REPOSITORIES
    metrics: dict[str, Metric] = {}
    everything: list[Answers] = []
    judged: list[Judged] = []
    decided: list[bool] = []
    for repository in repositories:
        split = labelled_data.nlbse(repository)
        model = await learner.fit(split.train)
        answers = await learner.ask(model, split.test)
        everything.append(answers)
        limits = _limits(model, split)
        judged += answers.judged()
        decided += [is_proven(limits, one.category_id, one.confidence) for one in answers.judged()]
        metrics[f"NLBSE'24, {repository}, {learner.name}: macro-F1"] = _macro([answers])
    name = f"NLBSE'24, {learner.name}"
    metrics[f"{name}: macro-F1, mean"] = _macro(everything)
    confidence = np.concatenate([one.confidence for one in everything])
    right = np.concatenate([one.right for one in everything])
    return metrics | _confidence(name, confidence, right) | _promise(name, judged, decided)


async def _whole(learner: Learner, name: str, split: Split) -> dict[str, Metric]:
    model = await learner.fit(split.train)
    answers = await learner.ask(model, split.test)
    metrics = _measure(learner, name, model, answers)
    limits = _limits(model, split)
    decided = [is_proven(limits, one.category_id, one.confidence) for one in answers.judged()]
    return metrics | _promise(f"{name}, {learner.name}", answers.judged(), decided)


# ---------------------------------------------------------------- figures


def _measure(learner: Learner, name: str, model: TextModel, answers: Answers) -> dict[str, Metric]:
    name = f"{name}, {learner.name}"
    return {
        f"{name}: lessons": single(len(model.held_out), "labels"),
        f"{name}: accuracy": _share(int(answers.right.sum()), len(answers.right)),
        f"{name}: macro-F1": _macro([answers]),
        **_confidence(name, answers.confidence, answers.right),
    }


def _limits(model: TextModel, split: Split) -> dict[str, float | None]:
    """Thresholds from what held-out heads say of the training part."""
    held_out = Answers(split.train, model.held_out)
    names = sorted({row.label for row in split.train})
    return calibrate(held_out.judged(), names, target=_TARGET).thresholds


def _promise(name: str, judged: Sequence[Judged], decided: Sequence[bool]) -> dict[str, Metric]:
    right = [one.is_right for one, sure in zip(judged, decided, strict=True) if sure]
    precision = exact_share(sum(right), len(right))
    metrics = {f"{name}: decided locally at {_TARGET:.0%}": _share(len(right), len(judged))}
    if right:
        metrics[f"{name}: precision of these"] = Metric(
            value=_round(precision.value * 100),
            unit="%",
            low=_round(precision.low * 100),
            high=_round(precision.high * 100),
        )
    return metrics


def _confidence(name: str, confidence: Numbers, right: Numbers) -> dict[str, Metric]:
    draw = np.random.default_rng(0)
    errors: list[float] = []
    areas: list[float] = []
    for _ in range(_RESAMPLES // 5):
        places = draw.integers(0, len(right), len(right))
        errors.append(calibration_error(confidence[places], right[places]) * 100)
        areas.append(risk_area(confidence[places], right[places]) * 100)
    return {
        f"{name}: calibration error": _interval(calibration_error(confidence, right) * 100, errors),
        f"{name}: area under risk-coverage": _interval(risk_area(confidence, right) * 100, areas),
    }


def _macro(everything: Sequence[Answers]) -> Metric:
    """Macro-F1, averaged over the sets; the interval by drawing texts of each again."""

    def mean(places: Sequence[npt.NDArray[np.intp]]) -> float:
        found: list[float] = []
        for one, drawn in zip(everything, places, strict=True):
            chosen: list[int] = drawn.tolist()
            truth = [one.truth[place] for place in chosen]
            given = [one.given[place] for place in chosen]
            found.append(score_classification(truth, given).macro_f1)
        return float(np.mean(found)) * 100

    draw = np.random.default_rng(0)
    sizes = [len(one.truth) for one in everything]
    resampled = [
        mean([draw.integers(0, size, size) for size in sizes]) for _ in range(_RESAMPLES // 5)
    ]
    return _interval(mean([np.arange(size) for size in sizes]), resampled)


def _interval(value: float, resampled: Sequence[float]) -> Metric:
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Metric(value=_round(value), unit="%", low=_round(low), high=_round(high))


def _share(part: int, whole: int) -> Metric:
    found = share(part, whole)
    return Metric(
        value=_round(found.value * 100),
        unit="%",
        low=_round(found.low * 100),
        high=_round(found.high * 100),
    )


def _auroc(inside: Numbers, outside: Numbers) -> float:
    """How often a text of a known category is surer than one of none (Mann and Whitney 1947)."""
    ordered = np.sort(outside)
    below = np.searchsorted(ordered, inside, side="left")
    equal = np.searchsorted(ordered, inside, side="right") - below
    return float((below + equal / 2).mean() / len(ordered))


def _round(value: float | np.floating) -> float:
    return round(float(value), 2)
