"""A large workspace through the sync alone: time, and memory that must not grow with it.

A small and a large workspace, one in fifty conversations with more than 500 parts. What counts is
the growth of the worker's largest memory for each conversation between the two; the time of a
million is the large one's, multiplied.
"""

from typing import Final

from benchmarks.outcome import Metric, Options, Outcome, single, versions_of
from benchmarks.syncing import SYNC_STAGES, plain_sync, seconds_of
from earmark.db.models import Model, Stage

_SMALL: Final = 5_000
_LARGE: Final = 200_000
_LONG: Final = "long_threads=0.02"
_MILLION: Final = 1_000_000


class Synced(Model):
    """One workspace."""

    expected: int
    stored: int
    seconds: dict[Stage, float]
    megabytes: dict[Stage, float]


async def run(options: Options) -> Outcome:
    """A small and a large workspace, one after the other."""
    small = 500 if options.quick else _SMALL
    large = options.size or (3_000 if options.quick else _LARGE)
    results = {number: await _sync(number) for number in (small, large)}
    metrics: dict[str, Metric] = {}
    for number, synced in results.items():
        metrics |= _figures(number, synced)
    for stage in SYNC_STAGES:
        grown = results[large].megabytes[stage] - results[small].megabytes[stage]
        metrics[f"{stage.value}: growth of the worker"] = single(
            grown * 1000 / (large - small), "kB per conversation"
        )
    hours = sum(results[large].seconds.values()) / large * _MILLION / 3600
    metrics["a million, by the large one's speed"] = single(hours, "hours")
    return Outcome(metrics=metrics, versions=versions_of("psycopg", "aiohttp", "procrastinate"))


async def _sync(number: int) -> Synced:
    async with plain_sync(number, _LONG) as syncing:
        stages = {stage: await syncing.reach(stage, done=True) for stage in SYNC_STAGES}
        coverage = await syncing.coverage()
        return Synced(
            expected=coverage.expected,
            stored=coverage.stored,
            seconds={stage: seconds_of(progress) for stage, progress in stages.items()},
            megabytes=syncing.megabytes,
        )


def _figures(number: int, synced: Synced) -> dict[str, Metric]:
    metrics = {
        f"{number:,}: {stage.value}": single(synced.stored / max(took, 0.01), "conversations/s")
        for stage, took in synced.seconds.items()
    }
    metrics |= {
        f"{number:,}: worker in {stage.value}": single(megabytes, "MB")
        for stage, megabytes in synced.megabytes.items()
    }
    metrics[f"{number:,}: time"] = single(sum(synced.seconds.values()), "s")
    metrics[f"{number:,}: not stored"] = single(synced.expected - synced.stored, "conversations")
    return metrics
