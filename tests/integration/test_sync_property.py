"""Whatever happens, one undisturbed sweep makes the database equal to the server.

`EARMARK_TEST_HISTORIES=500` tries as many histories instead of a few.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from earmark.db import event_storage, failure_storage
from earmark.db.connection import Database
from earmark.errors import DatabaseUnavailable, SourceError
from earmark.pipeline import live
from earmark.pipeline.classify import Minds
from earmark.pipeline.learn import ModelShelf
from earmark.sources.simulator.answers import Refusal
from earmark.sources.simulator.changes import (
    AddNote,
    AddParts,
    Change,
    Close,
    CreateConversation,
    CustomerReply,
    DeleteConversation,
    MergeContacts,
    MergeConversations,
    RedactSource,
    Reopen,
    Touch,
)
from earmark.sources.simulator.faults import Faults
from tests.fixtures.models import HashedModels
from tests.fixtures.replica import Replica, forget_workspace, replicating
from tests.fixtures.simulator import small_sample

HISTORIES: Final = int(os.environ.get("EARMARK_TEST_HISTORIES", "6"))  # noqa: TID251 - a test
SAMPLE = small_sample(24)
IDS = [SAMPLE.conversations.id_of(index) for index in range(24)]
CONTACTS = [SAMPLE.contacts.id_of(index) for index in range(4)]

FAULTS: Final[tuple[dict[str, object], ...]] = (
    {},
    {"page_size_cap": 5},
    {"page_size_cap": 4, "cursor_pages": 2},
    {"page_size_cap": 4, "moving": 2},
    {"page_size_cap": 5, "repeated_pages": 0.3},
    {"page_size_cap": 5, "duplicate_rows": 0.4},
    {"page_size_cap": 6, "stuck_page": 2},
    {"page_size_cap": 6, "page_error": 2, "page_error_times": 0},
    {"total_count_offset": 3},
    {"total_count_offset": -30},
    {"date_granularity": "day", "timezone": "America/New_York"},
    {"index_lag": 3600},
    {"refuse_every": 4, "refusal_headers": False},
    {"error_share": 0.3},
    {"error_share": 0.9},
    {"html_share": 0.3, "truncated_share": 0.3},
    {"cut_share": 0.4},
    {"not_found_share": 0.5},
    {"vanish_share": 0.1},
    {"unassigned": "mixed", "integer_ids": True},
)


class History:
    """One sequence of events; what is drawn is drawn from its own lot, by number."""

    def __init__(self, replica: Replica, lot: Random) -> None:
        self._replica = replica
        self._lot = lot
        self._shape: dict[str, object] = {
            "tie_seconds": lot.choice((1, 1, 86_400)),
            "long_threads": lot.choice((0, 0, 0.1)),
        }
        self._steps: dict[str, Callable[[], Awaitable[None]]] = {
            "change": self._change,
            "fault": self._fault,
            "sweep": lambda: self._cut_off(self._replica.sweep(), 0),
            "cut sweep": lambda: self._cut_off(self._replica.sweep(census=True), 0.4),
            "census": lambda: self._cut_off(self._replica.sweep(census=True), 0),
            "event": self._event,
            "lost connections": self._lose_connections,
        }

    async def play(self, steps: list[str]) -> None:
        """Play the steps, and sweep once at the end.

        A backfill that was cut off is finished first: it does not look twice at what it has seen,
        so what was deleted in silence meanwhile is for the first census.
        """
        await self._fault()
        for step in steps:
            await self._steps[step]()
        self._replica.server.faults = Faults.model_validate(self._shape)
        async with self._replica.database.write() as connection:
            # A person asks for what was given up.
            await failure_storage.retry_failures(connection, self._replica.workspace.id, None)
        if not await self._replica.has_finished_backfill():
            await self._replica.look()
        await self._replica.sweep(census=True)

    async def _change(self) -> None:
        for _ in range(self._lot.randint(1, 4)):
            change = self._draw_change()
            try:
                applied = self._replica.server.apply(change)
            except Refusal:
                continue  # of something that is gone
            if applied.conversation_id and self._lot.random() < 0.5:
                await self._tell(applied.conversation_id)

    def _draw_change(self) -> Change:
        one, other = self._lot.sample(IDS, 2)
        first, second = self._lot.sample(CONTACTS, 2)
        changes: list[Change] = [
            CustomerReply(conversation_id=one, body="<p>Reply</p>"),
            AddNote(conversation_id=one, body="<p>Note</p>"),
            Close(conversation_id=one),
            Reopen(conversation_id=one),
            Touch(conversation_id=one),
            RedactSource(conversation_id=one),
            CreateConversation(body="<p>New</p>"),
            DeleteConversation(conversation_id=one),
            DeleteConversation(conversation_id=one, at=1_700_000_000),
            MergeConversations(conversation_id=one, into=other),
            MergeContacts(contact_id=first, into=second),
            AddParts(conversation_id=one, number=self._lot.choice((2, 520))),
        ]
        return self._lot.choice(changes)

    async def _tell(self, identifier: str) -> None:
        async with self._replica.database.write() as connection:
            await event_storage.mark_dirty(
                connection, self._replica.workspace.id, identifier, reason="x"
            )

    async def _fault(self) -> None:
        drawn = self._lot.choice(FAULTS)
        seed = {"seed": self._lot.getrandbits(30)}
        self._replica.server.faults = Faults.model_validate({**drawn, **self._shape, **seed})

    async def _event(self) -> None:
        await self._replica.execute("UPDATE dirty_conversations SET not_before = now()")
        minds = Minds(shelf=ModelShelf(HashedModels()))
        refresh = live.refresh(
            self._replica.database, self._replica.client, minds, self._replica.workspace.id
        )
        await self._cut_off(refresh, self._lot.choice((0, 0.2)))

    async def _lose_connections(self) -> None:
        """All connections of a sweep are cut by the server at some moment of it."""
        sweep = asyncio.ensure_future(self._cut_off(self._replica.sweep(), 0))
        await asyncio.sleep(self._lot.uniform(0, 0.3))
        try:
            await self._replica.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        except DatabaseUnavailable:
            note("the connection that cuts the others was an old one itself")
        await sweep

    async def _cut_off(self, work: Awaitable[object], longest: float) -> None:
        """Do it, until it fails or, with `longest`, is cancelled at some moment before."""
        task = asyncio.ensure_future(work)
        if longest:
            await asyncio.wait({task}, timeout=self._lot.uniform(0, longest))
            task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        expected = (SourceError, DatabaseUnavailable, asyncio.CancelledError)
        if isinstance(outcome, BaseException) and not isinstance(outcome, expected):
            raise outcome


STEPS = (
    *("change", "change", "change", "fault", "fault", "sweep", "sweep", "cut sweep", "census"),
    *("event", "lost connections"),
)


@settings(
    max_examples=HISTORIES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(STEPS), min_size=3, max_size=14), st.integers(0, 2**32))
async def test_any_history_ends_with_the_database_equal_to_the_server(
    database: Database, steps: list[str], seed: int
) -> None:
    note(f"seed {seed}")
    async with replicating(database, SAMPLE) as replica:
        try:
            lot = Random(seed)  # noqa: S311 - no secret
            await History(replica, lot).play(steps)
            assert await replica.differences() == []
            coverage = await replica.coverage()
            assert (coverage.pending, coverage.failed, coverage.unlisted) == (0, 0, 0)
        finally:
            await forget_workspace(database, replica.workspace)
