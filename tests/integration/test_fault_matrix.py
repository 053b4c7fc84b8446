"""Each fault of the simulator, alone and mixed: all is there in the end, or it is said what is not.

The mixes follow from `EARMARK_TEST_FAULT_SEED`; their seeds are in the names of the tests.
"""

import os
import time
from collections.abc import AsyncGenerator
from random import Random
from typing import Final

import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from earmark.db import sync_storage
from earmark.db.connection import Database, open_database
from earmark.errors import SourceError
from earmark.sources.simulator.changes import CustomerReply
from earmark.sources.simulator.faults import Faults, list_faults
from tests.fixtures.replica import Replica, forget_workspace, replicating
from tests.fixtures.simulator import small_sample

SAMPLE = small_sample(16)
GONE = set(SAMPLE.conversations.deletions()[0].tolist())
IDS = [SAMPLE.conversations.id_of(index) for index in range(16) if index not in GONE]
CHANGED: Final = (IDS[3], IDS[9])
FIRST_SEED: Final = int(os.environ.get("EARMARK_TEST_FAULT_SEED", "1"))  # noqa: TID251 - a test
_RUNS: Final = 3

ALONE: Final[dict[str, dict[str, object]]] = {
    "page_size_cap": {"page_size_cap": 3},
    "cursor_pages": {"page_size_cap": 4, "cursor_pages": 1},
    "cursor_seconds": {"page_size_cap": 4, "cursor_seconds": 0},
    "moving": {"page_size_cap": 4, "moving": 3},
    "duplicate_rows": {"page_size_cap": 4, "duplicate_rows": 0.7},
    "repeated_pages": {"page_size_cap": 4, "repeated_pages": 0.5},
    "stuck_page": {"page_size_cap": 4, "stuck_page": 2},
    "total_count_offset": {"total_count_offset": 2},
    "page_error": {"page_size_cap": 4, "page_error": 2},
    "page_error_times": {"page_size_cap": 4, "page_error": 2, "page_error_times": 4},
    "date_granularity": {"date_granularity": "day"},
    "timezone": {"date_granularity": "day", "timezone": "Pacific/Auckland"},
    "index_lag": {"index_lag": 3600},
    "tie_seconds": {"tie_seconds": 604_800, "page_size_cap": 4},
    "refuse_every": {"refuse_every": 50, "window_seconds": 1},
    "refuse_burst": {"refuse_burst": 80, "window_seconds": 1},
    "rate_headers": {"rate_headers": False},
    "refusal_headers": {"refuse_every": 40, "refusal_headers": False},
    "zero_remaining": {
        "zero_remaining": True,
        "window_seconds": 1,
        "routes": {"zero_remaining": ("search", "retrieve")},  # a second for each that follows
    },
    "quota_per_minute": {"quota_per_minute": 3000},
    "other_consumer": {"quota_per_minute": 6000, "other_consumer": 0.3},
    "window_seconds": {"quota_per_minute": 6000, "window_seconds": 2},
    "error_share": {"error_share": 0.3},
    "html_share": {"html_share": 0.3},
    "truncated_share": {"truncated_share": 0.3},
    "cut_share": {"cut_share": 0.3},
    "slow_share": {"slow_share": 0.2, "slow_seconds": 0.1},
    "slow_seconds": {"slow_share": 0.05, "slow_seconds": 0.4},
    "hang_share": {"hang_share": 0.1, "hang_seconds": 0.2},
    "hang_seconds": {"hang_share": 0.05, "hang_seconds": 0.5},
    "not_found_share": {"not_found_share": 0.3},
    "vanish_share": {"vanish_share": 0.2},
    "long_threads": {"long_threads": 0.3},
    "unassigned": {"unassigned": "mixed"},
    "integer_ids": {"integer_ids": True},
    "missing_share": {"missing_share": 0.3},
    "scroll_stuck": {"scroll_stuck": True},
    "scroll_tokens": {"scroll_tokens": "new"},
}
SLOW: Final = {"quota_per_minute", "other_consumer", "window_seconds"}
"""Faults that only make one wait; not in mixes."""


LIMITS: Final = {
    "refuse_every",
    "refuse_burst",
    "rate_headers",
    "refusal_headers",
    "zero_remaining",
}
"""What can go wrong with the limit; each mix has one of them, in turn."""


def _mix(seed: int) -> Faults:
    lot = Random(seed)  # noqa: S311 - no secret
    chosen = [
        sorted(LIMITS)[seed % len(LIMITS)],
        *lot.sample(sorted(ALONE.keys() - SLOW - LIMITS), 3),
    ]
    values: dict[str, object] = {"seed": seed}
    for name in chosen:
        values.update(ALONE[name])
    if "zero_remaining" in chosen:  # with small pages, a second for each would be a minute
        values["routes"] = {"zero_remaining": ("retrieve",)}
    return Faults.model_validate(values)


def test_every_fault_is_in_the_matrix() -> None:
    assert ALONE.keys() == set(list_faults())


@pytest.mark.parametrize("name", ALONE)
async def test_fault_alone_loses_nothing_unsaid(shared: Database, name: str) -> None:
    await _endure(shared, Faults.model_validate({"seed": FIRST_SEED, **ALONE[name]}))


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + 6))
async def test_faults_together_lose_nothing_unsaid(shared: Database, seed: int) -> None:
    await _endure(shared, _mix(seed))


@pytest_asyncio.fixture(scope="module")
async def shared(postgres: str, template: str) -> AsyncGenerator[Database]:
    """One database for all tests of this file: each ends by deleting its workspace."""
    name = "fault_matrix"
    async with await AsyncConnection.connect(postgres, autocommit=True) as admin:
        await admin.execute(
            SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template))
        )
    async with open_database(make_conninfo(postgres, dbname=name), max_size=6) as opened:
        yield opened


async def _endure(database: Database, faults: Faults) -> None:
    """Some runs and changes with the faults, and what the ledger says then."""
    async with replicating(database, SAMPLE, faults) as replica:
        try:
            await _run(replica, faults)
        finally:
            await forget_workspace(database, replica.workspace)


async def _run(replica: Replica, faults: Faults) -> None:
    began = 0
    for number in range(_RUNS):
        began = int(time.time())
        try:
            await replica.sweep(census=number == _RUNS - 1)
        except SourceError:
            continue  # the engine tries again later, as the next round does
        if number == 0:
            _reply(replica)
    replica.server.faults = Faults(tie_seconds=faults.tie_seconds, long_threads=faults.long_threads)
    await _check_ledger(replica, faults, began)
    await replica.sweep(census=True)
    assert await replica.differences() == []


def _reply(replica: Replica) -> None:
    """Customers write in what is still there."""
    states = {state.id: state.state for state in replica.server.states()}
    for identifier in CHANGED:
        if states[identifier] == "alive":
            replica.server.apply(CustomerReply(conversation_id=identifier, body="<p>And?</p>"))


async def _check_ledger(replica: Replica, faults: Faults, began: int) -> None:
    """What is not there as it is served is in the ledger, with a reason, or counted there.

    But for what has changed since the last run `began`.
    """
    async with replica.database.read() as reader:
        gaps = await sync_storage.list_gaps(reader, replica.workspace.id, limit=500)
    assert all(gap.reason for gap in gaps)
    told = {gap.conversation_id for gap in gaps}
    wrong = {line.partition(":")[0] for line in await replica.differences()}
    wrong -= {state.id for state in replica.server.states() if state.updated_at >= began}
    if faults.index_lag:  # an hour behind: nobody can know yet
        wrong -= set(CHANGED)
    listed = set(await replica.column("SELECT conversation_id FROM sync_ledger"))
    unlisted = {identifier for identifier in wrong if identifier not in listed}
    coverage = await replica.coverage()
    assert wrong - unlisted <= told
    assert len(unlisted) <= coverage.expected - coverage.listed
