"""What a sync knows of a source that changes, lags, repeats itself, miscounts or hides things."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.db.connection import Database
from earmark.pipeline.source_calendar import Calendar
from earmark.pipeline.windows import split
from earmark.sources.simulator.changes import (
    CreateConversation,
    CustomerReply,
    DeleteConversation,
    MergeConversations,
    Reopen,
    Touch,
)
from earmark.sources.simulator.faults import NO_FAULTS, Faults
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.spec import SampleSpec
from tests.fixtures.replica import Replica, replicating
from tests.fixtures.simulator import peered, small_sample

SAMPLE = small_sample(60)
GONE = set(SAMPLE.conversations.deletions()[0].tolist())
IDS = [SAMPLE.conversations.id_of(index) for index in range(60) if index not in GONE]
OLD = SampleDataset(SampleSpec(number=1, end=datetime(2020, 1, 1, tzinfo=UTC)))
"""One conversation long before those that a test makes."""
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana")


async def check(replica: Replica) -> None:
    """Everything is there as it is served, and the ledger says so."""
    mend(replica)
    assert await replica.differences() == []
    coverage = await replica.coverage()
    assert (coverage.pending, coverage.failed, coverage.unlisted) == (0, 0, 0)
    assert coverage.expected == coverage.stored + coverage.skipped


def mend(replica: Replica) -> None:
    """No faults any more, but those that are in the data."""
    kept = replica.server.faults
    replica.server.faults = Faults(tie_seconds=kept.tie_seconds, long_threads=kept.long_threads)


# ---------------------------------------------------------------- windows


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.integers(0, 400 * 24), min_size=1, max_size=25),
    st.integers(1, 6),
    st.booleans(),
    st.sampled_from(ZONES),
)
async def test_windows_meet_without_a_gap_and_hold_every_conversation_once(
    hours: Sequence[int], most: int, by_day: bool, zone: str
) -> None:
    begin = datetime(2025, 9, 1, 3, 59, 59, tzinfo=UTC)
    times = sorted(begin + timedelta(hours=hour, seconds=hour % 7) for hour in hours)
    contact = OLD.contacts.id_of(0)
    faults = Faults(date_granularity="day" if by_day else "second", timezone=zone)
    async with peered(OLD, faults=faults) as (server, client):
        for moment in times:
            at = int(moment.timestamp())
            server.apply(CreateConversation(body="a", contact_id=contact, at=at))
        calendar = Calendar(by_day=by_day, zone=ZoneInfo(zone))
        windows = await split(client, calendar, times[0], times[-1], most_in_window=most)
        listed: list[str] = []
        for window in windows:
            async for page in client.listing(since=window.since, until=window.until):
                listed += [item.id for item in page.items]
    windows.sort(key=lambda window: window.since)
    assert windows[0].since <= times[0]
    assert windows[-1].until > times[-1]
    for one, following in pairwise(windows):
        assert one.until == following.since
    assert len(listed) == len(set(listed)) == len(times)
    for window in windows:
        inside = [moment for moment in times if window.since <= moment < window.until]
        assert window.expected == len(inside)
        is_one_moment = calendar.ceiling(window.since) == window.until
        assert len(inside) <= most or is_one_moment


@pytest.mark.parametrize(
    "faults", [NO_FAULTS, Faults(date_granularity="day", timezone="Asia/Tokyo")]
)
async def test_backfill_in_many_windows_is_complete(database: Database, faults: Faults) -> None:
    async with replicating(database, small_sample(400), faults) as replica:
        await replica.look(most_in_window=20)
        await replica.fetch()
        await check(replica)
        assert await replica.column("SELECT kind FROM sync_windows") == []


# ---------------------------------------------------------------- what has changed since


@pytest.mark.parametrize(
    "faults",
    [
        NO_FAULTS,
        Faults(date_granularity="day", timezone="America/New_York"),
        Faults(tie_seconds=86_400, page_size_cap=7),
        Faults(tie_seconds=86_400, date_granularity="day", timezone="Asia/Kolkata"),
        Faults(page_size_cap=3, cursor_pages=2),
        Faults(page_size_cap=5, cursor_pages=1, date_granularity="second"),
        Faults(page_size_cap=4, moving=3),
        Faults(page_size_cap=6, repeated_pages=0.4, seed=3),
        Faults(page_size_cap=6, duplicate_rows=0.5),
        Faults(stuck_page=3, page_size_cap=8),
        Faults(page_error=2, page_size_cap=8),
    ],
    ids=lambda faults: ",".join(sorted(faults.model_fields_set)) or "none",
)
async def test_changes_are_found_whatever_the_pages_do(database: Database, faults: Faults) -> None:
    async with replicating(database, SAMPLE, faults) as replica:
        await replica.sweep()
        for number in (1, 5, 9, 30):
            replica.server.apply(CustomerReply(conversation_id=IDS[number], body="<p>And?</p>"))
        replica.server.apply(CreateConversation(body="<p>New</p>"))
        await replica.sweep()
        mend(replica)
        await replica.sweep()
        await check(replica)


async def test_second_look_lists_only_what_changed_since(database: Database) -> None:
    async with replicating(database, SAMPLE) as replica:
        await replica.sweep()
        await replica.execute("UPDATE sync_ledger SET parts_expected = 99")
        replica.server.apply(Touch(conversation_id=IDS[7]))
        await replica.look()
        assert await replica.column(
            "SELECT conversation_id FROM sync_ledger WHERE status = 'pending'"
        ) == [IDS[7]]


async def test_change_that_the_index_shows_later_is_found_later(database: Database) -> None:
    async with replicating(database, SAMPLE) as replica:
        await replica.sweep()
        replica.server.faults = Faults(index_lag=3600)
        replica.server.apply(CustomerReply(conversation_id=IDS[3], body="<p>Late</p>"))
        replica.server.apply(CreateConversation(body="<p>Late as well</p>"))
        await replica.sweep()
        assert len(await replica.differences()) > 0
        await replica.sweep()
        await check(await _swept(replica))


async def _swept(replica: Replica, *, census: bool = False) -> Replica:
    """After one more sweep without faults."""
    mend(replica)
    await replica.sweep(census=census)
    return replica


async def test_second_change_within_one_second_is_not_missed(database: Database) -> None:
    async with replicating(database, SAMPLE) as replica:
        at = int(time.time()) + 60  # a second that is not over before the test is, however slow
        await replica.sweep()
        replica.server.apply(CustomerReply(conversation_id=IDS[2], body="<p>One</p>", at=at))
        await replica.sweep()
        replica.server.apply(CustomerReply(conversation_id=IDS[2], body="<p>Two</p>", at=at))
        await replica.sweep()
        await check(replica)


async def test_conversation_of_the_future_hides_nothing(database: Database) -> None:
    async with replicating(database, SAMPLE) as replica:
        await replica.sweep()
        ahead = int(time.time()) + 86_400
        replica.server.apply(Touch(conversation_id=IDS[0], at=ahead))
        await replica.sweep()
        replica.server.apply(CustomerReply(conversation_id=IDS[1], body="<p>Now</p>"))
        await replica.sweep()
        await check(replica)


# ---------------------------------------------------------------- a source that does not go on


async def test_page_that_comes_for_ever_ends_with_a_note(database: Database) -> None:
    # All in one second: no new query can begin behind the page that is stuck.
    faults = Faults(tie_seconds=31_536_000, page_size_cap=10, stuck_page=3)
    async with replicating(database, SAMPLE, faults) as replica:
        await replica.sweep()
        notes = " ".join(map(str, await replica.notes()))
        coverage = await replica.coverage()
        assert "repeats itself and does not go on" in notes
        assert coverage.unlisted == len(IDS) - coverage.stored > 0
        await check(await _swept(replica, census=True))


@pytest.mark.parametrize("offset", [4, -4])
async def test_wrong_count_ends_with_a_note_and_not_never(database: Database, offset: int) -> None:
    async with replicating(database, SAMPLE, Faults(total_count_offset=offset)) as replica:
        await replica.sweep()
        coverage = await replica.coverage()
        assert coverage.stored == len(IDS)
        assert coverage.unlisted == max(offset, 0)
        assert len(await replica.notes()) == (1 if offset > 0 else 0)
        await check(await _swept(replica, census=True))


async def test_count_of_nothing_hides_nothing(database: Database) -> None:
    async with replicating(database, SAMPLE, Faults(total_count_offset=-10_000)) as replica:
        await replica.sweep()
        await check(replica)


# ---------------------------------------------------------------- what nobody told of


async def test_census_finds_what_is_no_longer_listed(database: Database) -> None:
    async with replicating(database, SAMPLE) as replica:
        await replica.sweep()
        hidden = await _delete_unseen(replica, IDS[4])
        await replica.sweep()
        assert await replica.ledger(hidden) == ("stored", None)
        await replica.sweep(census=True)
        assert await replica.ledger(hidden) == ("skipped", "deleted at the source (404)")
        await check(replica)


async def _delete_unseen(replica: Replica, identifier: str) -> str:
    """Deleted long before the list of deletions is looked at again."""
    replica.server.apply(DeleteConversation(conversation_id=identifier, at=1_700_000_000))
    return identifier


async def test_conversation_that_was_called_gone_by_mistake_comes_back(
    database: Database,
) -> None:
    async with replicating(database, SAMPLE, Faults(not_found_share=0.6)) as replica:
        await replica.sweep()
        coverage = await replica.coverage()
        assert coverage.skipped > 0
        assert coverage.stored + coverage.skipped == len(IDS)
        await check(await _swept(replica, census=True))


async def test_deletions_are_taken_from_the_sources_own_list(database: Database) -> None:
    async with replicating(database, SAMPLE) as replica:
        await replica.sweep()
        replica.server.apply(DeleteConversation(conversation_id=IDS[4]))
        await replica.look()
        assert await replica.ledger(IDS[4]) == ("skipped", "deleted at the source")
        assert await replica.texts(IDS[4]) == []
        await check(replica)


async def test_census_that_was_cut_short_is_gone_on_with(database: Database) -> None:
    async with replicating(database, SAMPLE) as replica:
        await replica.sweep()
        hidden = await _delete_unseen(replica, IDS[4])
        replica.server.faults = Faults(error_share=0.95, routes={"error_share": ("search",)})
        with pytest.raises(Exception, match="cannot answer"):
            await replica.look(census=True)
        await replica.execute(
            "INSERT INTO sync_windows (workspace_id, kind, since, until)"
            " SELECT id, 'full census', '2026-01-01', '2026-12-01' FROM workspaces"
        )
        await check(await _swept(replica))
        assert (await replica.ledger(hidden))[0] == "skipped"


# ---------------------------------------------------------------- merged conversations


async def test_merged_conversation_is_counted_once_and_comes_back_if_it_is_opened(
    database: Database,
) -> None:
    secondary, primary, last = IDS[10], IDS[11], IDS[12]
    async with replicating(database, SAMPLE) as replica:
        await replica.sweep()
        replica.server.apply(MergeConversations(conversation_id=secondary, into=primary))
        await replica.sweep()
        assert await replica.ledger(secondary) == ("skipped", f"merged into {primary}")
        assert await replica.texts(secondary) == []
        assert await replica.texts(primary) != []
        await check(replica)
        replica.server.apply(MergeConversations(conversation_id=primary, into=last))
        await replica.sweep()
        assert await replica.ledger(primary) == ("skipped", f"merged into {last}")
        await check(replica)
        replica.server.apply(Reopen(conversation_id=primary))
        await replica.sweep()
        assert await replica.ledger(primary) == ("stored", None)


async def test_merged_conversation_that_is_deleted_in_silence_is_known_as_gone_after_a_full_census(
    database: Database,
) -> None:
    kept, secondary, primary = IDS[9], IDS[10], IDS[11]
    async with replicating(database, SAMPLE) as replica:
        await replica.sweep()
        for merged in (kept, secondary):
            replica.server.apply(MergeConversations(conversation_id=merged, into=primary))
        await replica.sweep()
        replica.server.apply(DeleteConversation(conversation_id=secondary, at=1_700_000_000))
        await replica.sweep()
        assert await replica.ledger(secondary) == ("skipped", f"merged into {primary}")
        await replica.sweep(census=True)
        assert await replica.ledger(kept) == ("skipped", f"merged into {primary}")
        gone = "SELECT conversation_id FROM sync_ledger WHERE deleted_at IS NOT NULL"
        assert secondary in await replica.column(gone)
        await check(replica)
