"""What the client does the short way comes out as by the long way."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import JsonValue

from earmark.db.models import Message, Thread
from earmark.sources.base import Listed, Unreadable
from earmark.sources.html_text import html_to_text, repair, tree_to_text
from earmark.sources.intercom_models import WireConversation, WireConversationPage
from earmark.sources.intercom_parsing import parse, to_listed, to_thread
from tests.unit.sample_data import write_all

LINE_ENDS = ("\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029")
WORDS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("<>&; \n\r\t\x00\x0b\x0c\x85\xa0\xad\u2028\u2029\ud800\ufeff"),
    )
)
SCALARS = st.sampled_from(
    [None, "", "12", "user", "admin", "bot", "note", 0, 7, 1_790_000_000, True]
)
BODIES = st.sampled_from([None, "", "<p></p>", "<p>One</p>", "<p>a &amp; b</p><p>c</p>", "plain"])
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from([None, "1", "2", 3, "source"]),
        "part_type": st.sampled_from([None, "comment", "note", "close"]),
        "body": BODIES,
        "created_at": st.sampled_from([None, 0, "1790000000", 1_790_000_000, -5]),
        "author": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from([None, "user", "lead", "admin", "bot", "new"]),
                "id": SCALARS,
                "name": SCALARS,
                "from_ai_agent": st.sampled_from([None, True, False]),
            },
        ),
        "attachments": st.none()
        | st.lists(
            st.fixed_dictionaries({}, optional={"name": SCALARS, "filesize": SCALARS}), max_size=2
        ),
        "redacted": st.sampled_from([None, True, False]),
    },
)


def by_the_long_way(html: str) -> str:
    """By the parser, whatever it is."""
    source, _ = repair(html)
    for end in LINE_ENDS:
        source = source.replace(end, "\n")
    return tree_to_text(source)


@given(WORDS)
@example("5 > 4")
@example("a</p><p>b")
@example("/p>")
def test_one_paragraph_is_read_as_the_parser_reads_it(words: str) -> None:
    html = f"<p>{words}</p>"
    assert html_to_text(html) == by_the_long_way(html)


def test_bodies_of_the_sample_are_read_as_the_parser_reads_them() -> None:
    bodies = [
        body
        for document in write_all()
        for said in (document["source"], *document["conversation_parts"]["conversation_parts"])
        if (body := said["body"] or "").startswith("<")
    ]
    assert len(bodies) > 100
    assert [html_to_text(body) for body in bodies] == [by_the_long_way(body) for body in bodies]


@given(st.lists(PARTS, max_size=4), PARTS)
def test_messages_that_are_not_checked_would_pass_the_check(
    parts: list[dict[str, Any]], source: dict[str, Any]
) -> None:
    document = {
        "id": "1",
        "created_at": 1_790_000_000,
        "source": source,
        "conversation_parts": {"conversation_parts": parts, "total_count": len(parts)},
    }
    wire, repairs = parse(WireConversation, json.dumps(document).encode())
    thread = to_thread(wire, repairs, "1")
    checked = Thread.model_validate(thread.model_dump(), strict=True)
    assert checked == thread
    assert all(message.model_fields_set == set(Message.model_fields) for message in thread.messages)
    assert thread.model_dump_json() == checked.model_dump_json()


@given(
    st.lists(
        st.one_of(
            st.fixed_dictionaries(
                {"id": SCALARS, "created_at": SCALARS},
                optional={"title": SCALARS, "tags": SCALARS, "source": st.none() | PARTS},
            ),
            SCALARS,
            st.lists(SCALARS, max_size=1),
        ),
        max_size=4,
    )
)
def test_rows_of_a_page_are_read_as_each_by_itself(rows: list[JsonValue]) -> None:
    page, _ = parse(WireConversationPage, json.dumps({"conversations": rows}).encode())
    together: list[Listed | Unreadable] = [to_listed(row) for row in page.conversations]
    assert together == [to_listed(row) for row in rows]
