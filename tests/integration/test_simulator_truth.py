"""The census equals what the API serves, and a sweep by `updated_at` sees every change."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from simulator_rig import RISING, Clock, Simulator, make_sample, simulate, since

from earmark.db.models import AuthorRole
from earmark.sources.simulator.census import digest_messages
from earmark.sources.simulator.changes import CHANGES, Change
from earmark.sources.simulator.faults import Faults

SIZE = 40
SAMPLE = make_sample(SIZE)
GONE = set(SAMPLE.conversations.deletions()[0].tolist())
ALIVE = [SAMPLE.conversations.id_of(index) for index in range(SIZE) if index not in GONE]
ROLES = {"user": AuthorRole.CUSTOMER, "lead": AuthorRole.CUSTOMER, "admin": AuthorRole.TEAMMATE}

kinds = st.sampled_from(
    [
        {"kind": "customer_reply", "body": "<p>a</p>"},
        {"kind": "teammate_reply", "body": "<p>b</p>"},
        {"kind": "add_note", "body": "<p>c</p>"},
        {"kind": "close"},
        {"kind": "touch"},
        {"kind": "redact_source"},
        {"kind": "rate", "rating": 4},
        {"kind": "set_attribute", "name": "x", "value": 1},
        {"kind": "create_conversation", "body": "<p>d</p>"},
        {"kind": "delete_conversation"},
    ]
)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, Change]]:
    """Changes, each with the seconds that pass before it; none of a deleted conversation."""
    alive, history = list(ALIVE[:8]), list[tuple[int, dict[str, object]]]()
    for raw in draw(st.lists(kinds, min_size=1, max_size=12)):
        change: dict[str, object] = dict(raw)
        if change["kind"] != "create_conversation":
            change["conversation_id"] = draw(st.sampled_from(alive))
        if change["kind"] == "delete_conversation" and len(alive) > 1:
            alive.remove(str(change["conversation_id"]))
        elif change["kind"] == "delete_conversation":
            continue
        history.append((draw(st.integers(0, 40)), change))
    changes = CHANGES.validate_python([change for _, change in history])
    return list(zip([wait for wait, _ in history], changes, strict=True))


def digest_served(document: dict[str, Any]) -> tuple[int, str]:
    """Number and digest of the messages of an answer, worked out apart from the server."""
    messages = [
        (
            str(message["id"]),
            ROLES.get(message["author"]["type"], AuthorRole.BOT),
            message["body"],
        )
        for message in (
            document["source"],
            *document["conversation_parts"]["conversation_parts"],
        )
        if message["body"]
    ]
    return len(messages), digest_messages(messages)


async def check_truth(simulator: Simulator) -> None:
    """Every line of the census against retrieval, search and the list of deleted ones."""
    lines = await simulator.truth()
    found = await simulator.search_all(since(), 30)
    assert sorted(found) == sorted(line["id"] for line in lines if line["state"] != "deleted")
    deleted = (await simulator.get("/conversations/deleted?per_page=60")).json["conversations"]
    assert {item["id"] for item in deleted} == {
        line["id"] for line in lines if line["state"] == "deleted"
    }
    for line in lines:
        answer = await simulator.get(f"/conversations/{line['id']}")
        if line["state"] == "deleted":
            assert answer.status == 404
            continue
        assert (line["messages"], line["digest"]) == digest_served(answer.json)
        assert line["updated_at"] == answer.json["updated_at"]


@settings(max_examples=12, deadline=None)
@given(histories())
async def test_the_census_equals_what_is_served(history: list[tuple[int, Change]]) -> None:
    async with simulate(SAMPLE) as simulator:
        for _, change in history:
            simulator.server.apply(change)
        await check_truth(simulator)


async def test_the_census_knows_of_merges_long_threads_and_ties() -> None:
    faults = Faults(long_threads=0.2, tie_seconds=3600)
    async with simulate(SAMPLE, faults=faults) as simulator:
        await simulator.change(kind="merge_conversations", conversation_id=ALIVE[0], into=ALIVE[1])
        await check_truth(simulator)
        line = next(line for line in await simulator.truth() if line["id"] == ALIVE[0])
        assert (line["state"], line["merged_into"]) == ("merged", ALIVE[1])
        assert [state.model_dump(mode="json") for state in simulator.server.states()] == (
            await simulator.truth()
        )
        with_texts = await simulator.truth(messages=True)
        assert all(len(line["texts"]) == line["messages"] for line in with_texts)


@settings(max_examples=25, deadline=None)
@given(histories(), st.integers(1, 6), st.sampled_from([0, 20]), st.integers(0, 3))
async def test_a_rising_sweep_with_overlap_sees_every_change(
    history: list[tuple[int, Change]], per_page: int, lag: int, moving: int
) -> None:
    clock, start = Clock(), int(Clock().now)
    expected: dict[str, int] = {}
    seen: dict[str, int] = {}
    watermark = start
    faults = Faults(index_lag=lag, moving=moving)
    async with simulate(SAMPLE, clock=clock) as simulator:
        for wait, change in history:
            clock.now += wait
            applied = simulator.server.apply(change)
            if applied.conversation_id:
                expected[applied.conversation_id] = applied.at
            simulator.server.faults = faults
            rows = await sweep(simulator, watermark - lag, per_page)
            simulator.server.faults = Faults(index_lag=lag)
            seen.update(rows)
            watermark = max([watermark, *rows.values()])
        clock.now += lag
        seen.update(await sweep(simulator, watermark - lag, 50))
        for state in simulator.server.states():
            if state.state != "deleted" and state.id in expected:
                assert seen[state.id] == state.updated_at


async def sweep(simulator: Simulator, moment: int, per_page: int) -> dict[str, int]:
    """All that changed since then, as (id, updated_at); at most forty pages."""
    rows: dict[str, int] = {}
    cursor: str | None = None
    for _ in range(40):
        pagination = {"per_page": per_page, "starting_after": cursor}
        answer = await simulator.search(since(moment), sort=RISING, pagination=pagination)
        assert answer.status == 200, answer.json
        for row in answer.json["conversations"]:
            rows[row["id"]] = max(row["updated_at"], rows.get(row["id"], 0))
        cursor = answer.json["pages"].get("next", {}).get("starting_after")
        if cursor is None:
            break
    return rows
