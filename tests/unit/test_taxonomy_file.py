"""Taxonomies as YAML files: there and back, and mistakes with their lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.db.change_storage import Proposal, ProposedArea, ProposedCategory
from earmark.errors import InvalidInput
from earmark.pipeline.taxonomy_diff import derive, propose
from earmark.pipeline.taxonomy_file import read_file, write_file
from earmark.prompts import default_taxonomy

words = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn")) | st.sampled_from("\n\t:#-'\""),
    max_size=20,
) | st.sampled_from(("no", "yes", "null", "~", "1.0", "0x1F", "2026-01-01", "- a", "*x", "&x", "="))
ids = words.filter(bool)
several = st.lists(words, max_size=3).map(tuple)
origins = st.none() | several


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    """Any proposal that can be kept."""
    categories = draw(
        st.lists(
            st.builds(
                ProposedCategory,
                id=ids,
                name=words,
                definition=words,
                includes=several,
                excludes=several,
                examples=several,
                no_examples=st.booleans(),
                was=origins,
            ),
            max_size=3,
        )
    )
    areas = draw(
        st.lists(
            st.builds(
                ProposedArea,
                id=ids,
                name=words,
                definition=words,
                patterns=several,
                parent_id=st.none() | ids,
                was=origins,
            ),
            max_size=3,
        )
    )
    return Proposal(categories=tuple(categories), areas=tuple(areas))


@given(proposals(), st.none() | st.integers(1, 10**9 - 1), ids)
def test_file_that_was_written_is_read_as_the_same(
    proposal: Proposal, version: int | None, note: str
) -> None:
    file = read_file(write_file(proposal, version=version, note=note))
    assert file.proposal == proposal
    assert (file.version, file.note) == (version, note)


def test_exported_and_imported_taxonomy_changes_nothing() -> None:
    default = default_taxonomy()
    file = read_file(write_file(propose(default), version=default.version))
    assert derive(default, file.proposal) == []


FILE = """\
version: 2
categories:
  - id: bug
    name: No
    definition: It fails.
    examples: [it crashes]
  - id: money
    name: 1.0
    definition: >
      Bills and
      refunds.
    examples:
      - a bill
      - refund
areas:
  - id: app
    name: App
    parent:
"""


def test_plain_values_are_text_and_places_have_lines() -> None:
    file = read_file(FILE)
    assert [entry.name for entry in file.proposal.categories] == ["No", "1.0"]
    assert file.proposal.areas[0].parent_id is None
    assert file.line_of(("categories", 1, "examples", 1)) == 14
    assert file.line_of(("categories", 1, "was", 0)) == 7
    assert file.line_of(("nowhere",)) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "mapping with `categories`"),
        ("- a\n- b\n", "mapping with `categories`"),
        ("categories: [", "Line 1"),
        ("categories:\n  - id: a\n   name: b\n", "Line 3"),
        ("a: &x [1]\nb: *x\n", "aliases are not used here"),
        ("categories: []\ncategories: []\n", "given twice"),
        ("categories:\n  - id: a\n    id: b\n", "Line 3"),
        ("categories: []\nbanana: 1\n", "A taxonomy has"),
        ("categories:\n  - id: a\n    colour: red\n", "Extra inputs"),
        ("categories:\n  - just text\n", "valid dictionary"),
        ("categories:\n  - id: a\n    examples: {a: b}\n", "valid tuple"),
        ("categories:\n  - id: a\n    no_examples: perhaps\n", "valid boolean"),
        ("version: two\ncategories: []\n", ""),
        ("categories: \x01\n", "characters"),
        ("[" * 5_000, ""),
        ("a: {" * 500, ""),
        ('categories:\n  - id: a\n    name: "\\0"\n', "cannot be stored"),
    ],
)
def test_unusable_file_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_file(text, name="t.yaml")
    assert caught.value.what.startswith("t.yaml")
    assert reason in caught.value.why


def test_place_of_a_wrong_value_is_named_with_its_line() -> None:
    with pytest.raises(InvalidInput, match=r"line 3, categories\[0\]\.colour"):
        read_file("categories:\n  - id: a\n    colour: red\n")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_file(text)
    except InvalidInput:
        return
