"""The client against a peer that misbehaves in every way that has been reported of the real one."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from earmark.db.models import AuthorRole, Thread
from earmark.errors import (
    SourceForbidden,
    SourceRejected,
    SourceUnauthorized,
    SourceUnavailable,
)
from earmark.sources.base import Failed, Fetched, Gone, ListingPage
from earmark.sources.intercom_client import IntercomClient, open_intercom
from earmark.sources.simulator.server import serve
from tests.fixtures.scripted import Answer, cut_off, json, refusal, scripted, silence, text
from tests.fixtures.simulator import TOKEN, options, simulated, small_sample

UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
WHOLE: dict[str, Any] = {
    "id": "1",
    "created_at": 1_750_000_000,
    "updated_at": 1_750_000_500,
    "source": {"body": "<p>It is <b>broken</b>.</p>", "author": {"type": "user", "id": "u1"}},
    "contacts": {"contacts": [{"id": "u1"}]},
    "conversation_parts": {"conversation_parts": [], "total_count": 0},
}


def _thread(result: Fetched) -> Thread:
    assert isinstance(result, Thread)
    return result


async def _fetch(client: IntercomClient) -> Fetched:
    return (await client.fetch(["1"]))[0]


async def _pages(client: IntercomClient) -> list[ListingPage]:
    return [page async for page in client.listing(since=None, until=UNTIL)]


@pytest.mark.parametrize(
    ("status", "code", "error", "advice"),
    [
        (401, "unauthorized", SourceUnauthorized, "INTERCOM_ACCESS_TOKEN"),
        (402, "api_plan_restricted", SourceForbidden, "subscription"),
        (403, "forbidden", SourceForbidden, "Developer Hub"),
        (400, "intercom_version_invalid", SourceRejected, "INTERCOM_API_VERSION"),
        (422, "parameter_invalid", SourceRejected, "INTERCOM_API_VERSION"),
    ],
)
async def test_refusal_is_told_with_what_to_do_and_not_repeated(
    status: int, code: str, error: type[Exception], advice: str
) -> None:
    async with scripted() as (script, client):
        script.then(refusal(status, code))
        with pytest.raises(error) as caught:
            await client.identity()
    assert code in str(caught.value)
    assert advice in str(caught.value)
    assert len(script.requests) == 1


async def test_token_is_in_no_error() -> None:
    async with scripted() as (script, client):
        script.then(refusal(401, "unauthorized"))
        with pytest.raises(SourceUnauthorized) as caught:
            await client.identity()
    assert "test-token" not in repr(caught.value) + str(caught.value)


async def test_wrong_token_is_refused_by_the_simulator() -> None:
    async with (
        serve(small_sample(5), token=TOKEN) as address,
        open_intercom(options(address.base_url, token="other")) as client,
    ):
        with pytest.raises(SourceUnauthorized):
            await client.identity()


@pytest.mark.parametrize(
    "bad",
    [
        text("<html><body>Just a moment...</body></html>"),
        text('{"id": "1", "created_at": 17500'),
        cut_off(b'{"id": "1", '),
        refusal(500, "server_error"),
        refusal(503, "service_unavailable"),
        refusal(408, "timeout"),
        text("", status=502),
    ],
    ids=["html", "truncated", "cut off", "500", "503", "408", "empty 502"],
)
async def test_passing_fault_is_tried_again(bad: Answer) -> None:
    async with scripted() as (script, client):
        script.then(bad, bad, json(WHOLE))
        thread = _thread(await _fetch(client))
    assert thread.messages[0].body == "It is broken."
    assert len(script.requests) == 3


async def test_lasting_fault_leaves_the_conversation_on_the_list() -> None:
    async with scripted(attempts=3) as (script, client):
        script.then(text("<html>"))
        result = await _fetch(client)
    assert isinstance(result, Failed)
    assert "not JSON" in result.reason
    assert len(script.requests) == 3


async def test_hanging_answer_times_out() -> None:
    async with scripted(timeout_seconds=0.2, attempts=2) as (script, client):
        script.then(silence(5), json(WHOLE))
        thread = _thread(await _fetch(client))
    assert thread.conversation.id == "1"


async def test_unreachable_host_is_a_clear_error() -> None:
    closed = options("http://127.0.0.1:9").model_copy(update={"attempts": 1})
    async with open_intercom(closed) as client:
        with pytest.raises(SourceUnavailable, match=r"cannot be reached at http://127.0.0.1:9"):
            await client.identity()


async def test_too_many_requests_holds_back_until_the_reset() -> None:
    now = int(time.time())
    limits = {
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(now + 1),
    }
    async with scripted() as (script, client):
        script.then(
            json({"type": "error.list", "errors": [{"code": "rate_limit_exceeded"}]}, 429, limits),
            json(WHOLE),
        )
        started = time.monotonic()
        assert _thread(await _fetch(client))
    assert time.monotonic() - started > 0.2
    assert len(script.requests) == 2


async def test_deleted_conversation_is_a_record_not_a_failure() -> None:
    async with scripted() as (script, client):
        script.then(refusal(404, "conversation_not_found"))
        assert await _fetch(client) == Gone(id="1", reason="deleted at the source (404)")


async def test_withdrawn_token_stops_the_page() -> None:
    async with scripted() as (script, client):
        script.then(refusal(401, "token_unauthorized"))
        with pytest.raises(SourceUnauthorized):
            await client.fetch([str(number) for number in range(50)])


async def test_answer_about_another_conversation_is_not_stored() -> None:
    async with scripted() as (script, client):
        script.then(json({**WHOLE, "id": "2"}))
        assert isinstance(await _fetch(client), Failed)


@pytest.mark.parametrize(
    "change",
    [
        {"source": None},
        {"contacts": None},
        {"contacts": {"contacts": []}, "source": {"body": None, "author": None}},
        {"conversation_parts": None},
        {"statistics": None, "conversation_rating": None, "tags": None, "company": None},
        {"admin_assignee_id": 0, "team_assignee_id": None},
        {"custom_attributes": None},
    ],
)
async def test_missing_pieces_are_no_reason_to_fail(change: dict[str, Any]) -> None:
    async with scripted() as (script, client):
        script.then(json({**WHOLE, **change}))
        thread = _thread(await _fetch(client))
    assert thread.conversation.admin_assignee_id is None
    assert all(message.body for message in thread.messages)


async def test_parts_of_any_kind_are_read_and_only_words_become_messages() -> None:
    parts = [
        {"id": 7, "part_type": "comment", "body": "Hello", "author": {"type": "admin", "id": 3}},
        {"id": 8, "part_type": "assignment", "body": None, "author": {"type": "bot"}},
        {"id": 9, "part_type": "from_the_future", "body": "<p>?</p>", "author": {"type": "alien"}},
        {"id": 10, "part_type": "note", "body": "internal", "author": {"type": "admin"}},
        {"id": 10, "part_type": "note", "body": "again", "author": {"type": "admin"}},
        {"part_type": "comment", "body": "no id", "author": {"type": "lead", "id": "u1"}},
    ]
    whole = {
        **WHOLE,
        "id": 1,
        "conversation_parts": {"conversation_parts": parts, "total_count": 9},
    }
    async with scripted() as (script, client):
        script.then(json(whole))
        thread = _thread(await _fetch(client))
    assert thread.conversation.truncated
    assert [(message.id, message.author_role) for message in thread.messages] == [
        ("source", AuthorRole.CUSTOMER),
        ("7", AuthorRole.TEAMMATE),
        ("9", AuthorRole.BOT),
        ("10", AuthorRole.TEAMMATE),
        ("part-6", AuthorRole.CUSTOMER),
    ]
    assert [message.is_note for message in thread.messages] == [False, False, False, True, False]


async def test_nul_and_lone_surrogates_are_mended_and_told() -> None:
    raw = (
        b'{"id": "1", "created_at": 1750000000, "source": {"author": {"type": "user", "id": "u1"},'
        b' "body": "a\\u0000b \\ud83d c"}, "custom_attributes": {"k\\u0000": "v\\udc00"}}'
    )
    async with scripted() as (script, client):
        script.then(text(raw))
        thread = _thread(await _fetch(client))
    assert thread.messages[0].body == "a\ufffdb \ufffd c"
    assert set(thread.repairs) == {"nul-removed", "surrogate-replaced"}
    assert thread.conversation.custom_attributes == {"k\ufffd": "v\ufffd"}


async def test_message_of_two_megabytes_is_read_whole() -> None:
    long = "word " * 420_000
    async with scripted() as (script, client):
        script.then(json({**WHOLE, "source": {**WHOLE["source"], "body": f"<p>{long}</p>"}}))
        thread = _thread(await _fetch(client))
    assert len(thread.messages[0].body) > 2_000_000


async def test_bad_row_of_a_listing_spoils_only_itself() -> None:
    rows = [
        {"id": 5, "created_at": 1_750_000_000, "updated_at": "1750000001"},
        {"created_at": 1_750_000_000},
        {"id": "6", "created_at": None},
        {"id": "7", "created_at": 1_750_000_000, "tags": "none"},
        "nonsense",
    ]
    async with scripted() as (script, client):
        script.then(json({"conversations": rows, "total_count": 5}))
        (page,) = await _pages(client)
    assert [item.id for item in page.items] == ["5"]
    assert [(row.id, bool(row.reason)) for row in page.unreadable] == [
        (None, True),
        ("6", True),
        ("7", True),
        (None, True),
    ]


async def test_empty_page_ends_the_listing() -> None:
    async with scripted() as (script, client):
        script.then(
            json(
                {"conversations": [], "pages": {"next": {"starting_after": "x"}}, "total_count": 9}
            )
        )
        (page,) = await _pages(client)
    assert page.items == ()
    assert len(script.requests) == 1


async def test_refused_cursor_begins_a_new_query_where_the_old_one_was() -> None:
    first = {
        "conversations": [{"id": "1", "created_at": 1_750_000_000}],
        "pages": {"next": {"starting_after": "expired"}},
        "total_count": 2,
    }
    last = {"conversations": [{"id": "2", "created_at": 1_750_000_060}], "total_count": 1}
    async with scripted() as (script, client):
        script.then(json(first), refusal(400, "parameter_invalid"), json(last))
        pages = await _pages(client)
    assert [item.id for page in pages for item in page.items] == ["1", "2"]
    edges = script.bodies[2]["query"]["value"][0]["value"]
    assert {edge["value"] for edge in edges} == {1_750_000_000}
    assert "starting_after" not in script.bodies[2]["pagination"]
    assert all(body["sort"] == script.bodies[0]["sort"] for body in script.bodies)


async def test_listing_that_repeats_itself_is_stopped() -> None:
    same = {
        "conversations": [{"id": "1", "created_at": 1_750_000_000}],
        "pages": {"next": {"starting_after": "again"}},
        "total_count": 2,
    }
    async with scripted() as (script, client):
        script.then(json(same))
        with pytest.raises(SourceUnavailable, match="repeats itself"):
            await _pages(client)
    assert len(script.requests) < 12


async def test_rows_outside_the_window_are_left_out() -> None:
    rows = [{"id": "1", "created_at": 1_750_000_000}, {"id": "2", "created_at": 1_900_000_000}]
    async with scripted() as (script, client):
        script.then(json({"conversations": rows, "total_count": 2}))
        (page,) = await _pages(client)
    assert [item.id for item in page.items] == ["1"]


async def test_whole_listing_of_the_simulator_has_each_conversation_once() -> None:
    dataset = small_sample(500)
    async with simulated(dataset) as client:
        pages = await _pages(client)
        count = await client.count(since=None, until=UNTIL)
    ids = [item.id for page in pages for item in page.items]
    assert len(ids) == len(set(ids)) == count == pages[0].total


async def test_endless_contact_pages_end() -> None:
    async with scripted() as (script, client):
        script.then(json({"data": [{"id": "c"}], "pages": {"next": {"starting_after": "same"}}}))
        pages = [page async for page in client.contacts()]
    assert len(pages) == 2
