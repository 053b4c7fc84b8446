"""From Intercom into PostgreSQL: without a limit, and within Intercom's quota.

Without a limit, conversations a second of a whole sync (listing, then one request for each) show
what this machine can do, the simulator and PostgreSQL on it included. Within a quota of 10,000 a
minute, what counts is the share of it that is used: the requests of whole windows of ten seconds
against four fifths of the limit, which is what Earmark allows itself. Then somebody else takes two
fifths of the quota, and ours must make room (not in the quick form). A refusal (429) in all that
time is a defect.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from benchmarks.outcome import Metric, Options, Outcome, single, spread, versions_of
from benchmarks.syncing import plain_sync, seconds_of, watched_sync
from earmark.db.models import Stage
from earmark.sources.simulator.faults import Faults
from earmark.sources.simulator.server import RunningServer

_PER_MINUTE: Final = 10_000
_WINDOW: Final = 10
_LIMIT: Final = _PER_MINUTE * _WINDOW // 60
_ALLOWED: Final = _LIMIT - int(_LIMIT * 0.2)
_OTHERS: Final = 0.4
_LATENCY: Final = 0.15
"""Seconds that each answer takes within the quota."""


async def run(options: Options) -> Outcome:
    """First without a limit, then within a quota."""
    metrics = await _unlimited(options.size or (500 if options.quick else 10_000))
    metrics |= await _limited(*((1, 0) if options.quick else (6, 4)))
    return Outcome(metrics=metrics, versions=versions_of("aiohttp", "psycopg", "procrastinate"))


async def _unlimited(number: int) -> dict[str, Metric]:
    async with plain_sync(number) as syncing:
        listing = await syncing.reach(Stage.SYNC, done=True)
        fetching = await syncing.reach(Stage.FETCH, done=True)
        coverage = await syncing.coverage()
    seconds = {
        "listing": seconds_of(listing),
        "fetching": seconds_of(fetching),
        "both": seconds_of(listing) + seconds_of(fetching),
    }
    return {
        **{
            f"no limit, {number:,}: {what}": single(coverage.stored / took, "conversations/s")
            for what, took in seconds.items()
        },
        "no limit: not stored": single(coverage.expected - coverage.stored, "conversations"),
    }


async def _limited(alone: int, shared: int) -> dict[str, Metric]:
    """So many windows alone, then so many with somebody else."""
    faults = Faults(quota_per_minute=_PER_MINUTE, slow_share=1, slow_seconds=_LATENCY)
    with_others = faults.model_copy(update={"other_consumer": _OTHERS})
    number = _ALLOWED * (alone + shared + 2)
    async with watched_sync(number, faults) as (syncing, server):
        await syncing.reach(Stage.FETCH, done=False)
        await _next_window()  # from here on it is steady
        by_us = await _count_windows(server, alone)
        server.faults = with_others
        beside = await _count_windows(server, shared)
        refused = server.traffic.refused
        if (await syncing.stage(Stage.FETCH)).finished_at is not None:
            raise RuntimeError("The sync was over before the measurement.")
    return _shares(by_us, beside, refused)


def _shares(alone: Sequence[int], beside: Sequence[int], refused: int) -> dict[str, Metric]:
    left = _LIMIT * (1 - _OTHERS)
    metrics = {
        "quota: of our share used": spread([used / _ALLOWED * 100 for used in alone], "%"),
        "quota: conversations": spread([used / _WINDOW for used in alone], "requests/s"),
        "quota: refusals": single(refused, "requests"),
    }
    if not beside:
        return metrics
    return metrics | {
        "quota shared: of what others leave": spread([used / left * 100 for used in beside], "%"),
        "quota shared: taken from others": spread(
            [max(used - left, 0) / _LIMIT * 100 for used in beside], "% of the quota"
        ),
    }


async def _next_window() -> None:
    await asyncio.sleep(_WINDOW - time.time() % _WINDOW)


async def _count_windows(server: RunningServer, windows: int) -> list[int]:
    """Requests that passed in each of the next whole windows."""
    counts: list[int] = []
    for _ in range(windows):
        before = server.traffic.granted
        await _next_window()
        counts.append(server.traffic.granted - before)
    return counts
