"""A conversation is a function of the specification and its index, and of nothing else."""

from datetime import timedelta
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_data import END, make_sample, write_all

from earmark.sources.simulator.hashing import (
    Draw,
    draw_uniform,
    draw_uniform_at,
    hash_indexes,
    mix,
)
from earmark.sources.simulator.numbering import DecimalNumbering, HexNumbering
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.spec import SampleSpec


def test_the_same_specification_gives_the_same_sample() -> None:
    again = SampleDataset(make_sample().spec)
    for index in (0, 1, 777, 1999):
        assert again.conversations.document(index) == write_all()[index]
        assert again.truth(index) == make_sample().truth(index)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1999))
def test_one_conversation_alone_is_the_same_as_in_order(index: int) -> None:
    assert make_sample().conversations.document(index) == write_all()[index]


def test_the_order_of_asking_does_not_matter() -> None:
    fresh = SampleDataset(make_sample().spec)
    backwards = [fresh.conversations.document(index) for index in range(300, 200, -1)]
    assert backwards[::-1] == list(write_all()[201:301])


def test_another_seed_gives_another_sample() -> None:
    other = SampleDataset(SampleSpec(seed=8, number=2000, end=END))
    same = sum(
        other.conversations.document(index)["source"]["body"]
        == write_all()[index]["source"]["body"]
        for index in range(0, 2000, 20)
    )
    assert same <= 2


def test_another_end_moves_the_times() -> None:
    later = SampleDataset(SampleSpec(number=200, end=END + timedelta(days=7)))
    moved = later.plan.created_at - make_sample(200).plan.created_at
    assert moved.min() > 0


def test_columns_say_the_same_as_documents() -> None:
    conversations = make_sample().conversations
    created, updated = (conversations.instants(name) for name in _instants())
    for index, document in enumerate(write_all()):
        parts = document["conversation_parts"]["conversation_parts"]
        assert document["created_at"] == created[index]
        assert document["updated_at"] == updated[index]
        assert document["updated_at"] == max(
            [document["created_at"], *(part["updated_at"] for part in parts)]
        )
        times = [document["created_at"], *(part["created_at"] for part in parts)]
        assert times == sorted(times)


def _instants() -> tuple[Literal["created_at"], Literal["updated_at"]]:
    return "created_at", "updated_at"


@pytest.mark.parametrize(
    ("field", "values"),
    [("state", ("open", "closed", "snoozed")), ("source.type", ("conversation", "email"))],
)
def test_columns_answer_searches_like_documents(field: str, values: tuple[str, ...]) -> None:
    for value in values:
        mask = make_sample().conversations.equals(field, value)
        assert mask is not None
        for index in range(0, 2000, 13):
            document = write_all()[index]
            found = document["source"]["type"] if field == "source.type" else document["state"]
            assert mask[index] == (found == value)


def test_tag_and_contact_columns_agree_with_documents() -> None:
    conversations = make_sample().conversations
    for index in range(0, 2000, 31):
        document = write_all()[index]
        contact = document["contacts"]["contacts"][0]["id"]
        by_contact = conversations.equals("contact_ids", contact)
        assert by_contact is not None
        assert by_contact[index]
        for tag in make_sample().tags:
            by_tag = conversations.equals("tag_ids", tag["id"])
            assert by_tag is not None
            expected = tag["id"] in [entry["id"] for entry in document["tags"]["tags"]]
            assert by_tag[index] == expected


def test_created_at_never_falls_and_sometimes_ties() -> None:
    steps = np.diff(make_sample().plan.created_at)
    assert steps.min() >= 0
    assert (steps == 0).sum() >= 5


def test_identifiers_lead_back_to_their_index() -> None:
    sample = make_sample()
    for objects in (sample.conversations, sample.contacts, sample.companies):
        for index in range(0, objects.number, 11):
            assert objects.index_of(objects.id_of(index)) == index
        assert objects.index_of("1") is None
        assert objects.index_of("") is None
        assert objects.index_of("x" * 24) is None


def test_conversation_ids_rise_as_numbers_and_not_as_text() -> None:
    identifiers = [make_sample().conversations.id_of(index) for index in range(2000)]
    assert [int(identifier) for identifier in identifiers] == sorted(map(int, identifiers))
    assert identifiers != sorted(identifiers)


@given(st.integers(0, 2**40), st.integers(0, 2**64 - 1))
def test_hexadecimal_numbering_is_reversible(index: int, key: int) -> None:
    numbering = HexNumbering("66e1f0a2", key, 2**41)
    assert numbering.decode(numbering.encode(index)) == index


@given(st.text(max_size=25))
def test_no_text_breaks_the_numbering(text: str) -> None:
    assert HexNumbering("66e1f0a2", 5, 100).decode(text) is None
    assert DecimalNumbering(5, 100).decode(text) is None


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40))
def test_scalar_and_vector_hashing_agree(key: int, index: int) -> None:
    indexes = np.array([index], dtype=np.int64)
    assert draw_uniform(key, indexes)[0] == draw_uniform_at(key, index)
    assert int(hash_indexes(key, indexes)[0]) == mix(index * 0x9E3779B97F4A7C15 + key)


@given(st.integers(0, 2**64 - 1), st.integers(1, 1000))
def test_a_draw_stays_below_its_limit(key: int, limit: int) -> None:
    draw = Draw(key)
    values = [draw.below(limit) for _ in range(400)]
    assert min(values) >= 0
    assert max(values) < limit


def test_draws_are_spread_evenly() -> None:
    draw = Draw(11)
    counts = np.bincount([draw.below(20) for _ in range(40_000)], minlength=20)
    assert counts.min() > 1800
    assert counts.max() < 2200
