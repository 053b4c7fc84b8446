"""Dialogues from JSON Lines files as conversations."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from earmark.errors import InvalidInput
from earmark.sources.simulator.dialogues import DialogueDataset, DialogueSpec
from earmark.sources.simulator.markup import to_plain

END = datetime(2026, 11, 23, tzinfo=UTC)
REFUND = {
    "id": "d1",
    "turns": [
        {"by": "agent", "text": "Hello, how can I help?"},
        {"by": "customer", "text": "I want my money back <now> & fast"},
        {"by": "bot", "text": "Account has been pulled up."},
        {"by": "customer", "text": "  "},
        {"by": "agent", "text": "Done."},
    ],
    "labels": {"flow": "refunds", "subflow": "refund_status"},
}
SEAT = {
    "id": "d2",
    "turns": [
        {"by": "customer", "text": "hi", "intents": ["openinggreeting"]},
        {"by": "customer", "text": "which seat do I have", "intents": ["getseatinfo"]},
    ],
    "labels": {"domain": "airline", "intents": ["openinggreeting", "getseatinfo"]},
    "split": "test",
}


def write_lines(path: Path, *rows: object) -> Path:
    """A file with these rows, gzip if its name says so; text is written as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    raw = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def load(*paths: Path, skip_broken: bool = False) -> DialogueDataset:
    """The dataset of these files."""
    return DialogueDataset(DialogueSpec(paths=paths, end=END, skip_broken=skip_broken))


def test_turns_become_source_and_parts(tmp_path: Path) -> None:
    dataset = load(write_lines(tmp_path / "one.jsonl", REFUND))
    document = dataset.conversations.document(0)
    assert document["source"]["author"]["type"] == "admin"
    assert document["source"]["delivered_as"] == "admin_initiated"
    parts = document["conversation_parts"]["conversation_parts"]
    assert [part["author"]["type"] for part in parts] == ["user", "bot", "admin"]
    assert to_plain(parts[0]["body"]) == "I want my money back <now> & fast"
    assert document["statistics"]["count_conversation_parts"] == 3
    assert document["custom_attributes"] == {"dialogue_id": "d1"}


def test_a_flow_and_subflow_are_area_and_theme(tmp_path: Path) -> None:
    truth = load(write_lines(tmp_path / "one.jsonl.gz", REFUND)).truth(0)
    assert [(issue.theme, issue.area, issue.position) for issue in truth.issues] == [
        ("refund_status", "refunds", 1)
    ]
    assert truth.category is None
    assert truth.labels == {"flow": "refunds", "subflow": "refund_status"}


def test_the_first_intent_with_content_is_the_theme(tmp_path: Path) -> None:
    truth = load(write_lines(tmp_path / "two.jsonl", SEAT)).truth(0)
    assert truth.issues[0].theme == "getseatinfo"
    assert truth.issues[0].area == "airline"
    assert truth.issues[0].phrase == "which seat do I have"
    assert truth.split == "test"


def test_dialogues_without_labels_have_no_issues(tmp_path: Path) -> None:
    row = {"id": 5, "turns": [{"by": "customer", "text": "hello"}]}
    assert load(write_lines(tmp_path / "a.jsonl", row)).truth(0).issues == ()


def test_files_follow_each_other_in_time(tmp_path: Path) -> None:
    first = write_lines(tmp_path / "a.jsonl", REFUND, SEAT)
    second = write_lines(tmp_path / "b.jsonl.gz", *[SEAT] * 5)
    conversations = load(first, second).conversations
    created = conversations.instants("created_at")
    end = int(END.timestamp())
    assert conversations.number == 7
    assert created[0] == end - 26 * 7 * 86_400
    assert (np.diff(created) > 0).all()
    assert conversations.instants("updated_at").max() < end
    for index in range(7):
        document = conversations.document(index)
        assert document["created_at"] == created[index]
        assert document["updated_at"] == conversations.instants("updated_at")[index]
        assert conversations.index_of(document["id"]) == index


def test_repeated_ids_are_told_apart(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", SEAT, REFUND, SEAT)
    conversations = load(path, path).conversations
    documents = [conversations.document(index) for index in range(6)]
    own = [document["custom_attributes"]["dialogue_id"] for document in documents]
    assert own == ["d2", "d1", "d2-2", "d2-3", "d1-2", "d2-4"]
    assert len({document["id"] for document in documents}) == 6


def test_each_dialogue_has_its_contact(tmp_path: Path) -> None:
    dataset = load(write_lines(tmp_path / "a.jsonl", SEAT, REFUND))
    for index in range(2):
        document = dataset.conversations.document(index)
        contact = document["contacts"]["contacts"][0]
        place = dataset.contacts.index_of(contact["id"])
        assert place == index
        assert dataset.contacts.document(index)["external_id"] == contact["external_id"]
    assert dataset.companies.number == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", "Invalid JSON"),
        ("[]", "object"),
        ('{"turns": [{"by": "customer", "text": "a"}]}', "id"),
        ('{"id": "x"}', "turns"),
        ('{"id": "x", "turns": []}', "turns"),
        ('{"id": "x", "turns": [{"by": "ghost", "text": "a"}]}', "turns.0.by"),
        ('{"id": "x", "turns": [{"by": "customer"}]}', "turns.0.text"),
        ('{"id": "x", "turns": [{"by": "customer", "text": " "}]}', "no turn has a text"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = write_lines(tmp_path / "bad.jsonl", SEAT, line)
    with pytest.raises(InvalidInput) as caught:
        load(path)
    assert str(path) in caught.value.what
    assert "line 2" in caught.value.what
    assert reason in caught.value.why


def test_broken_lines_can_be_skipped_and_are_recorded(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "bad.jsonl", "{oops", "", SEAT, '{"id": "x", "turns": []}')
    dataset = load(path, skip_broken=True)
    assert dataset.conversations.number == 1
    assert [(skip.line, skip.path) for skip in dataset.skipped] == [(1, str(path)), (4, str(path))]


def test_the_reason_does_not_repeat_the_customers_text(tmp_path: Path) -> None:
    row = {"id": "x", "turns": [{"by": "my secret", "text": "my secret"}]}
    with pytest.raises(InvalidInput) as caught:
        load(write_lines(tmp_path / "bad.jsonl", row))
    assert "secret" not in str(caught.value)


def test_a_missing_or_cut_off_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere\.jsonl"):
        load(tmp_path / "nowhere.jsonl")
    whole = write_lines(tmp_path / "cut.jsonl.gz", *[SEAT] * 50)
    whole.write_bytes(whole.read_bytes()[:-20])
    with pytest.raises(InvalidInput, match=r"cut\.jsonl\.gz"):
        load(whole)


def test_a_file_without_dialogues_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no usable dialogue"):
        load(write_lines(tmp_path / "empty.jsonl", ""))
