"""Files of many forms as one source of conversations."""

import csv
import gzip
import io
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.db.models import AuthorRole, Company, Contact, Thread
from earmark.errors import ConfigurationError, InvalidInput
from earmark.sources.base import Failed, Order
from earmark.sources.file_mapping import FileMapping, read_mapping
from earmark.sources.file_threads import MOST_MESSAGES
from earmark.sources.files import FileSource, open_files

CSV = """\
Ticket ID,Comment ID,Role,Email,Name,Body,Created at,Organization,Plan,MRR,Tags
7,71,end-user,kim@x.example,Kim,"The export fails,
since ""yesterday"".",2026-03-01 10:00,Acme,Pro,"$1,250.50","export, urgent"
7,72,agent,anna@help.example,Anna,We look into it.,2026-03-01 10:05,Acme,Pro,$1250.50,
8,81,end-user,lee@y.example,Lee,Where is my invoice?,2026-03-02 09:00,,,,
"""


async def read(
    path: Path | Sequence[Path], mapping: FileMapping | None = None
) -> tuple[list[Thread], list[str]]:
    """All threads by creation, and why rows were left out."""
    paths = [path] if isinstance(path, Path) else path
    async with open_files(paths, mapping or FileMapping()) as source:
        bad = [f"{row.line}: {row.reason}" for row in source.shelf.bad()]
        return await threads_of(source), bad


async def threads_of(source: FileSource) -> list[Thread]:
    """All of them, by creation."""
    ids = [item.id async for page in source.listing(since=None, until=None) for item in page.items]
    results = await source.fetch(ids)
    return [result for result in results if isinstance(result, Thread)]


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def lines(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def bodies(threads: Sequence[Thread]) -> list[list[str]]:
    return [[message.body for message in thread.messages] for thread in threads]


# ---------------------------------------------------------------- CSV


async def test_csv_of_messages_becomes_conversations(tmp_path: Path) -> None:
    threads, bad = await read(write(tmp_path / "t.csv", CSV))
    assert bad == []
    assert [thread.conversation.id for thread in threads] == ["7", "8"]
    first = threads[0]
    assert bodies([first]) == [['The export fails,\nsince "yesterday".', "We look into it."]]
    assert [m.author_role for m in first.messages] == [AuthorRole.CUSTOMER, AuthorRole.TEAMMATE]
    assert first.conversation.tags == ("export", "urgent")
    assert first.conversation.company_id == "Acme"
    assert first.conversation.created_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert first.conversation.updated_at == datetime(2026, 3, 1, 10, 5, tzinfo=UTC)


async def test_people_and_companies_come_with_plan_and_revenue(tmp_path: Path) -> None:
    async with open_files([write(tmp_path / "t.csv", CSV)], FileMapping()) as source:
        contacts = [contact async for page in source.contacts() for contact in page]
        companies = [company async for page in source.companies() for company in page]
        admins = await source.admins()
    assert sorted((contact.name, contact.email) for contact in contacts) == [
        ("Kim", "kim@x.example"),
        ("Lee", "lee@y.example"),
    ]
    assert companies == [Company(id="Acme", name="Acme", plan="Pro", monthly_spend=1250.5)]
    assert [admin.name for admin in admins] == ["Anna"]
    assert all("@" not in contact.id for contact in contacts)


async def test_contact_without_company_keeps_plan_and_revenue(tmp_path: Path) -> None:
    text = "id,email,text,plan,mrr\n1,kim@x.example,Hi,Pro,99\n"
    async with open_files([write(tmp_path / "t.csv", text)], FileMapping()) as source:
        ((contact,),) = [page async for page in source.contacts()]
    assert isinstance(contact, Contact)
    assert contact.custom_attributes == {"plan": "Pro", "monthly_spend": 99.0}


async def test_row_per_conversation_is_read_as_the_customers_words(tmp_path: Path) -> None:
    threads, _ = await read(write(tmp_path / "t.csv", "id;date;feedback\n1;2026-01-02;Too slow\n"))
    assert bodies(threads) == [["Too slow"]]
    assert threads[0].messages[0].author_role is AuthorRole.CUSTOMER


async def test_rows_without_any_id_are_conversations_with_stable_ones(tmp_path: Path) -> None:
    text = "date,feedback\n2026-01-02,Too slow\n2026-01-03,Too dear\n2026-01-02,Too slow\n"
    first, _ = await read(write(tmp_path / "a.csv", text))
    again, _ = await read(write(tmp_path / "b.csv", text))
    assert [t.conversation.id for t in first] == [t.conversation.id for t in again]
    assert len(first) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_marks_at_the_beginning_tell_the_encoding(tmp_path: Path, encoding: str) -> None:
    text = "id,text,date\n1,Größe ändern – bitte,2026-01-02\n"
    threads, bad = await read(write(tmp_path / "t.csv", text.encode(encoding)))
    assert bodies(threads) == [["Größe ändern – bitte"]]
    assert bad == []


async def test_latin_1_is_told_and_can_be_said(tmp_path: Path) -> None:
    file = write(tmp_path / "t.csv", "id,text\n1,plain\n2,Größe\n".encode("latin-1"))
    with pytest.raises(InvalidInput) as caught:
        await read(file)
    assert "line 3, byte 0xF6" in caught.value.why
    assert "windows-1252" in caught.value.fix
    threads, _ = await read(file, FileMapping(encoding="latin-1"))
    assert bodies(threads) == [["plain"], ["Größe"]]


async def test_packed_csv_with_other_separators_is_read(tmp_path: Path) -> None:
    text = "id\ttext\r\n1\ta, b; c\r\n"
    threads, _ = await read(write(tmp_path / "t.csv.gz", gzip.compress(text.encode())))
    assert bodies(threads) == [["a, b; c"]]


async def test_bad_rows_are_kept_with_line_and_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    text = (
        "id,role,text,created\n"
        "1,user,fine,2026-01-02\n"
        "2,user,,2026-01-02\n"
        "3,nobody,x,2026-01-02\n"
        "4,user,x,tomorrow\n"
        "5,user,x,2026-01-02,extra\n"
        ",user,x,2026-01-02\n"
        f"{'9' * 300},user,x,2026-01-02\n"
        "8,,x,2026-01-02\n"
        "9,user,fine too,2026-01-03\n"
    )
    threads, bad = await read(write(tmp_path / "t.csv", text))
    assert bodies(threads) == [["fine"], ["fine too"]]
    assert bad == [
        "3: it has no text",
        "4: who wrote it is no known kind of author",
        "5: its time is of no known form",
        "6: it has 5 fields, the header 4",
        "7: it names no conversation",
        "8: an identifier in it is longer than 200 characters",
        "9: it does not say who wrote it",
    ]


async def test_quote_that_is_never_closed_is_told(tmp_path: Path) -> None:
    text = 'id,text\n1,"open' + "x\n" * 600_000
    with pytest.raises(InvalidInput, match="not usable CSV after line 2"):
        await read(write(tmp_path / "t.csv", text))


async def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        await read(write(tmp_path / "t.csv", "id,text,text\n1,a,b\n"))
    assert caught.value.why == "text"


@pytest.mark.parametrize("content", ["", "\n\n", "id,text\n"])
async def test_empty_file_holds_nothing(tmp_path: Path, content: str) -> None:
    threads, bad = await read(write(tmp_path / "t.csv", content))
    assert (threads, bad) == ([], [])


async def test_file_without_a_text_names_its_columns(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        await read(write(tmp_path / "t.csv", "id,colour\n1,red\n"))
    assert "id, colour" in caught.value.why


# ---------------------------------------------------------------- JSON Lines


async def test_turns_are_read_as_they_are_given(tmp_path: Path) -> None:
    file = write(
        tmp_path / "t.jsonl.gz",
        gzip.compress(
            lines(
                {
                    "id": "a",
                    "turns": [
                        {"by": "customer", "text": "The export fails."},
                        {"by": "bot", "text": "One moment."},
                        {"by": "agent", "text": "Mended."},
                        {"by": "customer", "text": " "},
                    ],
                    "labels": {"flow": "x"},
                }
            ).encode()
        ),
    )
    os.utime(file, (1_770_000_000, 1_770_000_000))
    (thread,), bad = await read(file)
    assert bad == []
    assert bodies([thread]) == [["The export fails.", "One moment.", "Mended."]]
    assert thread.conversation.created_at == datetime.fromtimestamp(1_770_000_000, UTC)
    assert [m.id for m in thread.messages] == ["turn-1", "turn-2", "turn-3"]


async def test_turns_may_have_times_and_a_customer_beside_them(tmp_path: Path) -> None:
    file = write(
        tmp_path / "t.jsonl",
        lines(
            {
                "conversation_id": 5,
                "created_at": 1_770_000_000,
                "customer_email": "kim@x.example",
                "messages": [
                    {"role": "user", "content": "Hi"},
                    {"role": "assistant", "content": "Hello", "timestamp": "2026-02-03T00:00:00Z"},
                ],
            }
        ),
    )
    (thread,), _ = await read(file)
    assert thread.conversation.id == "5"
    assert thread.messages[0].created_at == datetime.fromtimestamp(1_770_000_000, UTC)
    assert thread.messages[1].created_at == datetime(2026, 2, 3, tzinfo=UTC)
    assert thread.messages[1].author_role is AuthorRole.BOT
    assert thread.messages[0].author_id == thread.conversation.contact_id
    assert (thread.conversation.contact_id or "").startswith("mail-")


async def test_objects_inside_of_rows_have_dotted_names(tmp_path: Path) -> None:
    file = write(
        tmp_path / "t.jsonl",
        lines(
            {
                "ticket": "a",
                "author": {"id": "u1", "name": "Kim"},
                "body": "Hi",
                "company": {"id": "c1", "name": "Acme", "plan": "Pro"},
            }
        ),
    )
    async with open_files([file], FileMapping()) as source:
        (thread,) = await threads_of(source)
        ((company,),) = [page async for page in source.companies()]
    assert thread.conversation.contact_id == "u1"
    assert (company.id, company.name, company.plan) == ("c1", "Acme", "Pro")


async def test_lines_that_are_no_objects_are_left_out(tmp_path: Path) -> None:
    good = lines({"id": "a", "text": "Hi"}).encode()
    content = b"\xef\xbb\xbf" + good + b"{not json\n[1]\n\n" + b'{"id": "\xff"}\n' + good[:9]
    threads, bad = await read(write(tmp_path / "t.jsonl", content))
    assert bodies(threads) == [["Hi"]]
    assert bad == [
        "2: it is not JSON",
        "3: it is not a JSON object",
        "5: it is not utf-8 (byte 9 of the line)",
        "6: it is not JSON",
    ]


async def test_array_is_told_to_be_turned_into_lines(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        await read(write(tmp_path / "t.json", json.dumps([{"id": 1, "text": "x"}])))
    assert "jq" in caught.value.fix


async def test_characters_that_cannot_be_stored_are_mended(tmp_path: Path) -> None:
    file = write(tmp_path / "t.jsonl", '{"id": "a\\u0000", "text": "x\\u0000y \\ud800"}\n')
    (thread,), _ = await read(file)
    assert thread.messages[0].body == "x\ufffdy \ufffd"
    assert set(thread.repairs) == {"nul-removed", "surrogate-replaced"}
    assert thread.conversation.id == "a\ufffd"


async def test_html_is_seen_and_read_as_text(tmp_path: Path) -> None:
    file = write(
        tmp_path / "t.jsonl", lines({"id": "a", "text": "<p>One</p><script>x()</script><p>Two</p>"})
    )
    (thread,), _ = await read(file)
    assert thread.messages[0].body.split() == ["One", "Two"]
    (thread,), _ = await read(file, FileMapping(html=False))
    assert "<script>" in thread.messages[0].body


# ---------------------------------------------------------------- several versions


async def test_same_file_twice_is_the_same_as_once(tmp_path: Path) -> None:
    file = write(tmp_path / "t.csv", CSV)
    once, _ = await read(file)
    twice, _ = await read([file, file])
    assert once == twice


async def test_later_version_of_a_conversation_replaces_the_earlier(tmp_path: Path) -> None:
    def version(*texts: str, day: int) -> object:
        turns = [{"by": "user", "text": text, "at": f"2026-01-{day:02d}"} for text in texts]
        return {"id": "a", "turns": turns}

    old, new = version("Hi", "Old words", day=2), version("Hi", day=3)
    for order in ((old, new), (new, old)):
        threads, _ = await read(write(tmp_path / "t.jsonl", lines(*order)))
        assert bodies(threads) == [["Hi"]]


async def test_messages_of_one_conversation_are_found_anywhere(tmp_path: Path) -> None:
    rows = [{"conversation_id": f"c{i % 3}", "text": f"{i}", "time": 1.77e9 + i} for i in range(30)]
    first = write(tmp_path / "a.jsonl", lines(*rows[::2]))
    second = write(tmp_path / "b.jsonl", lines(*reversed(rows[1::2])))
    threads, _ = await read([first, second])
    assert bodies(threads) == [[str(i) for i in range(start, 30, 3)] for start in range(3)]


async def test_too_many_messages_are_a_failure_not_a_conversation(tmp_path: Path) -> None:
    text = "id,text\n" + "".join(f"open,{i}\n" for i in range(MOST_MESSAGES + 1))
    async with open_files([write(tmp_path / "t.csv", text)], FileMapping()) as source:
        (result,) = await source.fetch(["open"])
    assert isinstance(result, Failed)
    assert "is that column its id" in result.reason


# ---------------------------------------------------------------- mappings


async def test_mapping_says_what_guesses_cannot(tmp_path: Path) -> None:
    mapping = write(
        tmp_path / "m.toml",
        'timezone = "Europe/Berlin"\ntime_format = "%d.%m.%y %H:%M"\ntag_separator = "|"\n'
        '[columns]\nconversation = "Fall"\ntext = "Inhalt"\nauthor_kind = "Wer"\ntime = "Wann"\n'
        'tags = "Art"\n[author_kinds]\nKunde = "customer"\nWir = "teammate"\n',
    )
    text = (
        "Fall,Inhalt,Wer,Wann,Art\n"
        "1,Geht nicht,Kunde,25.01.26 15:05,a|b\n"
        "1,Doch,Wir,26.01.26 8:00,\n"
    )
    (thread,), bad = await read(write(tmp_path / "t.csv", text), read_mapping(mapping))
    assert bad == []
    assert thread.conversation.created_at == datetime(2026, 1, 25, 14, 5, tzinfo=UTC)
    assert thread.conversation.tags == ("a", "b")
    assert thread.messages[1].author_role is AuthorRole.TEAMMATE


async def test_mapping_to_an_absent_column_names_those_that_are_there(tmp_path: Path) -> None:
    mapping = FileMapping.model_validate({"columns": {"text": "Nachricht"}})
    with pytest.raises(InvalidInput, match="text = 'Nachricht'") as caught:
        await read(write(tmp_path / "t.csv", "id,text\n1,x\n"), mapping)
    assert "id, text" in caught.value.why


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("= x", "cannot be read"),
        ('timezone = "Mars/Base"', "timezone"),
        ('encoding = "utf-99"', "encoding"),
        ('[columns]\ntxt = "a"', "columns.txt"),
        ('[author_kinds]\nx = "boss"', "author_kinds.x"),
    ],
)
def test_mapping_that_makes_no_sense_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_mapping(write(tmp_path / "m.toml", text))
    assert words in str(caught.value)


async def test_author_that_is_a_name_is_not_taken_for_a_kind(tmp_path: Path) -> None:
    threads, bad = await read(write(tmp_path / "t.csv", "id,author,text\n1,Kim Lee,Hi\n"))
    assert bad == []
    assert threads[0].messages[0].author_role is AuthorRole.CUSTOMER


async def test_listing_gives_each_conversation_once_in_its_window(tmp_path: Path) -> None:
    rows = [{"id": f"c{i}", "text": "x", "time": 1_770_000_000 + i // 7} for i in range(1_300)]
    async with open_files([write(tmp_path / "t.jsonl", lines(*rows))], FileMapping()) as source:
        edge = datetime.fromtimestamp(1_770_000_090, UTC)
        for order in Order:
            early = [
                item.id
                async for page in source.listing(since=None, until=edge, order=order)
                for item in page.items
            ]
            late = [
                item.id
                async for page in source.listing(since=edge, until=None, order=order)
                for item in page.items
            ]
            assert len(early) == 630 == await source.count(since=None, until=edge)
            assert len(early) + len(late) == len({*early, *late}) == 1_300


# ---------------------------------------------------------------- Parquet


async def test_parquet_without_its_reader_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigurationError) as caught:
        await read(write(tmp_path / "t.parquet", b"PAR1"))
    assert "earmark[parquet]" in caught.value.fix


async def test_parquet_is_read_like_the_same_rows_of_csv(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="the extra earmark[parquet] is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [
        {"ticket_id": 7, "role": "user", "text": "Hi", "at": datetime(2026, 1, 2, tzinfo=UTC)},
        {"ticket_id": 7, "role": "agent", "text": "Hello", "at": datetime(2026, 1, 3, tzinfo=UTC)},
    ]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "t.parquet")
    threads, bad = await read(tmp_path / "t.parquet")
    assert bad == []
    assert bodies(threads) == [["Hi", "Hello"]]
    with pytest.raises(InvalidInput, match="not a Parquet file"):
        await read(write(tmp_path / "u.parquet", b"no"))


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@given(st.lists(TEXTS))
async def test_any_text_survives_csv(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["id", "text"])
    writer.writerows((f"c{i:03}", text) for i, text in enumerate(texts))
    file = write(tmp_path_factory.mktemp("any") / "t.csv", buffer.getvalue())
    threads, _ = await read(file, FileMapping(html=False))
    expected = [text.replace("\r\n", "\n").replace("\r", "\n").strip() for text in texts]
    assert [body for (body,) in bodies(threads)] == [text for text in expected if text]
