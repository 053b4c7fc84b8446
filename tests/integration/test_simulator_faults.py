"""Answers that go wrong: each fault on its own, over real sockets."""

import asyncio
import json
import time

import aiohttp
import pytest
from simulator_rig import TOKEN, Clock, Simulator, make_sample, simulate, since

from earmark.errors import InvalidInput
from earmark.sources.simulator.faults import Faults, list_faults, parse_faults
from earmark.sources.simulator.server import serve

SIZE = 60
SAMPLE = make_sample(SIZE)
GONE = set(SAMPLE.conversations.deletions()[0].tolist())
IDS = [SAMPLE.conversations.id_of(index) for index in range(SIZE) if index not in GONE]


async def statuses(simulator: Simulator, path: str, number: int) -> list[int]:
    """The statuses of several requests."""
    return [(await simulator.get(path)).status for _ in range(number)]


async def test_every_third_request_is_refused() -> None:
    async with simulate(SAMPLE, faults=Faults(refuse_every=3)) as simulator:
        assert await statuses(simulator, "/tags", 6) == [200, 200, 429, 200, 200, 429]
        refused = await simulator.get("/tags")
        assert refused.headers["X-RateLimit-Limit"]


async def test_a_burst_is_refused_until_the_second_is_over() -> None:
    clock = Clock()
    async with simulate(SAMPLE, clock=clock, faults=Faults(refuse_burst=2)) as simulator:
        assert await statuses(simulator, "/tags", 4) == [200, 200, 429, 429]
        refused = await simulator.get("/tags")
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        clock.now += 1
        assert await statuses(simulator, "/tags", 1) == [200]


async def test_refusals_and_answers_can_come_without_headers() -> None:
    async with simulate(SAMPLE, faults=Faults(refuse_every=2, refusal_headers=False)) as simulator:
        good, refused = await simulator.get("/tags"), await simulator.get("/tags")
        assert "X-RateLimit-Limit" in good.headers
        assert refused.status == 429
        assert not [name for name in refused.headers if name.startswith("X-RateLimit")]
        simulator.server.faults = Faults(rate_headers=False)
        answer = await simulator.get("/tags")
        assert not [name for name in answer.headers if name.startswith("X-RateLimit")]


async def test_remaining_can_be_zero_on_a_good_answer() -> None:
    async with simulate(SAMPLE, faults=Faults(zero_remaining=True)) as simulator:
        answer = await simulator.get("/tags")
        assert (answer.status, answer.headers["X-RateLimit-Remaining"]) == (200, "0")


async def test_another_consumer_uses_its_share_of_each_window() -> None:
    clock = Clock(now=1_000_000_000.0)
    faults = Faults(quota_per_minute=60, other_consumer=0.5)
    async with simulate(SAMPLE, clock=clock, faults=faults) as simulator:
        first = await simulator.get("/tags")
        assert first.headers["X-RateLimit-Limit"] == "10"
        assert first.headers["X-RateLimit-Remaining"] == "9"
        clock.now += 9
        second = await simulator.get("/tags")
        assert second.headers["X-RateLimit-Remaining"] == "4"
        assert await statuses(simulator, "/tags", 5) == [200, 200, 200, 200, 429]
        clock.now += 1
        fresh = await simulator.get("/tags")
        assert fresh.headers["X-RateLimit-Remaining"] == "9"
        assert fresh.headers["X-RateLimit-Reset"] == "1000000020"


async def test_a_share_of_answers_is_an_error_and_the_seed_decides_which() -> None:
    runs: list[list[int]] = []
    for _ in range(2):
        async with simulate(SAMPLE, faults=Faults(error_share=0.4, seed=5)) as simulator:
            runs.append(await statuses(simulator, "/tags", 40))
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500, 502, 503, 504}
    assert 5 < sum(status >= 500 for status in runs[0]) < 30


async def test_html_comes_with_status_200() -> None:
    async with simulate(SAMPLE, faults=Faults(html_share=1)) as simulator:
        answer = await simulator.raw("/tags")
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert answer.body.startswith(b"<!DOCTYPE html>")


async def test_json_ends_in_the_middle() -> None:
    async with simulate(SAMPLE, faults=Faults(truncated_share=1)) as simulator:
        answer = await simulator.raw("/tags")
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert answer.body.startswith(b'{"type":"list"')
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.body)


async def test_a_connection_is_cut_in_the_middle_of_a_body() -> None:
    async with simulate(SAMPLE, faults=Faults(cut_share=1)) as simulator:
        with pytest.raises(aiohttp.ClientPayloadError):
            await simulator.raw("/tags")
        simulator.server.faults = Faults()
        assert (await simulator.get("/tags")).status == 200


async def test_an_answer_is_slow() -> None:
    async with simulate(SAMPLE, faults=Faults(slow_share=1, slow_seconds=0.2)) as simulator:
        start = time.monotonic()
        assert (await simulator.get("/tags")).status == 200
        assert time.monotonic() - start >= 0.19


async def test_a_request_hangs_while_others_do_not() -> None:
    faults = Faults(hang_share=1, hang_seconds=0.3, routes={"hang_share": ("retrieve",)})
    async with simulate(SAMPLE, faults=faults) as simulator:
        hanging = asyncio.create_task(simulator.get(f"/conversations/{IDS[0]}"))
        assert (await simulator.get("/tags")).status == 200
        assert not hanging.done()
        assert (await hanging).status == 504


async def test_a_server_ends_though_a_request_hangs() -> None:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
        async with serve(SAMPLE, token=TOKEN, faults=Faults(hang_share=1)) as server:
            hanging = asyncio.create_task(session.get(f"{server.base_url}/tags"))
            await asyncio.sleep(0.05)
            start = time.monotonic()
        async with await hanging as response:
            assert response.status == 504
    assert time.monotonic() - start < 10


async def test_a_listed_conversation_is_not_found_for_once() -> None:
    async with simulate(SAMPLE, faults=Faults(not_found_share=0.5)) as simulator:
        found = await statuses(simulator, f"/conversations/{IDS[0]}", 20)
        assert set(found) == {200, 404}
        assert (await simulator.search(since())).status == 200


async def test_a_listed_conversation_vanishes_when_it_is_retrieved() -> None:
    async with simulate(SAMPLE, faults=Faults(vanish_share=1)) as simulator:
        assert IDS[0] in await simulator.search_all(since(), 50)
        assert await statuses(simulator, f"/conversations/{IDS[0]}", 2) == [404, 404]
        simulator.server.faults = Faults()
        assert (await simulator.get(f"/conversations/{IDS[0]}")).status == 404
        deleted = (await simulator.get("/conversations/deleted")).json["conversations"]
        assert deleted[0]["id"] == IDS[0]


async def test_a_thread_can_have_more_parts_than_are_given() -> None:
    async with simulate(SAMPLE, faults=Faults(long_threads=1)) as simulator:
        document = await simulator.conversation(IDS[0])
        listing = document["conversation_parts"]
        assert len(listing["conversation_parts"]) == 500 < listing["total_count"]
        assert document["statistics"]["count_conversation_parts"] == listing["total_count"]


async def test_an_empty_assignee_takes_three_forms() -> None:
    nobody = next(
        identifier
        for identifier in IDS
        if SAMPLE.conversations.document(SAMPLE.conversations.index_of(identifier) or 0)[
            "admin_assignee_id"
        ]
        == 0
    )
    forms = {"by_version": [0, None], "null": [None, None], "zero": [0, 0]}
    async with simulate(SAMPLE) as simulator:
        for form, expected in forms.items():
            await simulator.put("/_simulator/faults", {"unassigned": form})
            answers = [
                await simulator.get(f"/conversations/{nobody}", version=version)
                for version in ("2.16", "2.14")
            ]
            assert [answer.json["admin_assignee_id"] for answer in answers] == expected
        simulator.server.faults = Faults(unassigned="mixed")
        found = [(await simulator.conversation(nobody))["admin_assignee_id"] for _ in range(20)]
        assert set(found) == {0, None}


async def test_identifiers_can_be_numbers() -> None:
    async with simulate(SAMPLE, faults=Faults(integer_ids=True)) as simulator:
        document = await simulator.conversation(IDS[0])
        assert document["id"] == int(IDS[0])
        assert all(
            isinstance(part["id"], int)
            for part in document["conversation_parts"]["conversation_parts"]
        )
        listed = (await simulator.get("/conversations")).json["conversations"]
        assert isinstance(listed[0]["id"], int)


async def test_fields_can_be_missing() -> None:
    async with simulate(SAMPLE, faults=Faults(missing_share=0.5)) as simulator:
        documents = [await simulator.conversation(identifier) for identifier in IDS[:10]]
        whole = SAMPLE.conversations.document(0)
        assert all(len(document) < len(whole) for document in documents)
        assert all(document["source"]["body"] for document in documents)
        assert len({frozenset(document) for document in documents}) > 1


async def test_faults_change_while_the_server_runs() -> None:
    async with simulate(SAMPLE) as simulator:
        assert (await simulator.get("/tags")).status == 200
        body = {"error_share": 1, "seed": 9, "routes": {"error_share": ["workspace"]}}
        answer = await simulator.put("/_simulator/faults", body)
        assert answer.json["error_share"] == 1
        assert (await simulator.get("/tags")).status >= 500
        assert (await simulator.search(since())).status == 200
        assert (await simulator.get("/_simulator/faults")).json["seed"] == 9
        assert (await simulator.put("/_simulator/faults", {})).status == 200
        assert (await simulator.get("/tags")).status == 200
        for wrong in ({"error_share": 2}, {"nothing": 1}, {"timezone": "Mars"}, {"routes": 5}):
            assert (await simulator.put("/_simulator/faults", wrong)).status == 422


async def test_control_is_out_of_the_faults_reach() -> None:
    faults = Faults(error_share=1, quota_per_minute=6, hang_share=1)
    async with simulate(SAMPLE, faults=faults) as simulator:
        answers = [await simulator.get("/_simulator/faults", token=TOKEN) for _ in range(5)]
        assert {answer.status for answer in answers} == {200}
        assert "X-RateLimit-Limit" not in answers[0].headers


def test_faults_are_read_from_words() -> None:
    faults = parse_faults(
        ["error_share=0.1@search+retrieve", "zero-remaining=true", "timezone=Asia/Tokyo"], seed=4
    )
    assert faults == Faults(
        seed=4,
        error_share=0.1,
        zero_remaining=True,
        timezone="Asia/Tokyo",
        routes={"error_share": ("search", "retrieve")},
    )
    assert parse_faults([]) == Faults()
    assert {"index_lag", "moving", "cut_share"} <= set(list_faults())


@pytest.mark.parametrize(
    "word",
    ["nothing=1", "error_share", "error_share=2", "error_share=x", "moving=1@moon",
     "timezone=Mars", "index_lag=1@search", "routes=x", "stuck_page=1"],
)  # fmt: skip
def test_words_that_make_no_sense_are_refused(word: str) -> None:
    with pytest.raises(InvalidInput):
        parse_faults([word])
