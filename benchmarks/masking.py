"""Masking: what is found and what is touched without need, beside Presidio without a model.

On two sets: the sample workspace, whose simulator knows what personal data it planted, and the
cases of `masking_cases.toml`. A value counts as hidden when all its letters and digits are covered,
whatever it was taken for. Presidio gets the names and companies of the records as deny lists.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from benchmarks.masking_cases import Case, Marked, from_file, from_sample
from benchmarks.masking_presidio import Presidio
from benchmarks.outcome import Metric, Options, Outcome, versions_of
from earmark.db.models import Interval
from earmark.evaluation.intervals import share
from earmark.pipeline.mask import mask

Find = Callable[[Case], list[Marked]]

BEYOND: Final = frozenset({"THIRD_PARTY", "BIRTHDATE", "FREE_ADDRESS"})
"""What nobody promises to find: shown, and not part of the whole."""
_SAMPLE: Final = 20_000
_QUICK_SAMPLE: Final = 1_500


async def run(options: Options) -> Outcome:
    """Both sets with both maskers."""
    number = options.size or (_QUICK_SAMPLE if options.quick else _SAMPLE)
    sample = await asyncio.to_thread(from_sample, number)
    written = from_file()
    metrics: dict[str, Metric] = {}
    for name, find in (("earmark", find_ours), ("presidio", Presidio().find)):
        for which, cases in (("sample", sample), ("cases", written)):
            scored = await asyncio.to_thread(score, cases, find)
            metrics |= {f"{name}, {which}: {key}": value for key, value in scored.items()}
    return Outcome(metrics=metrics, versions=versions_of("presidio-analyzer", "phonenumbers"))


def find_ours(case: Case) -> list[Marked]:
    """What Earmark replaces."""
    (masked,) = mask([case.text], case.known)
    return [Marked(item.body_start, item.body_end, item.kind) for item in masked.replaced]


def score(cases: Sequence[Case], find: Find) -> dict[str, Metric]:
    """Recall of each kind, false alarms of each kind of finding, clean texts left alone."""
    found, planted = Counter[str](), Counter[str]()
    wrong, findings = Counter[str](), Counter[str]()
    clean = touched = 0
    for case in cases:
        ranges = find(case)
        covered = {place for item in ranges for place in range(item.start, item.end)}
        for mark in case.marks:
            planted[mark.kind] += 1
            found[mark.kind] += is_hidden(case.text, mark, covered)
        alarms = [item.kind for item in ranges if not _meets(item, case.marks)]
        findings.update(item.kind for item in ranges)
        wrong.update(alarms)
        clean += not case.marks
        touched += not case.marks and bool(alarms)
    return {
        **{f"recall {kind}": _share(found[kind], planted[kind]) for kind in sorted(planted)},
        "recall of all promised": _share(_promised(found), _promised(planted)),
        **{f"false alarms {kind}": _share(wrong[kind], findings[kind]) for kind in sorted(wrong)},
        "false alarms of all": _share(wrong.total(), findings.total()),
        "clean texts touched": _share(touched, clean),
    }


def is_hidden(text: str, mark: Marked, covered: set[int]) -> bool:
    """Whether no letter and no digit of it is left."""
    return all(
        place in covered or not text[place].isalnum() for place in range(mark.start, mark.end)
    )


def _meets(item: Marked, marks: Iterable[Marked]) -> bool:
    return any(item.start < mark.end and mark.start < item.end for mark in marks)


def _promised(counts: Counter[str]) -> int:
    return sum(number for kind, number in counts.items() if kind not in BEYOND)


def _share(part: int, whole: int) -> Metric:
    interval: Interval = share(part, whole)
    return Metric(
        value=round(100 * interval.value, 2),
        unit=f"% of {whole}",
        low=round(100 * interval.low, 2),
        high=round(100 * interval.high, 2),
    )
