"""The default taxonomy and how a taxonomy file is read."""

from collections import Counter

import pytest

from earmark.db.models import CANNOT_TELL
from earmark.errors import InvalidInput
from earmark.prompts import (
    COVERED_LANGUAGES,
    default_examples,
    default_taxonomy,
    phrase_book,
    read_lexicon,
    read_taxonomy,
)

CATEGORY_IDS = {
    "product_issue",
    "how_to_question",
    "feature_request",
    "account_issue",
    "billing_question",
    "configuration_help",
    "general_inquiry",
    "spam",
}


def write_category(category_id: str, examples: str, extra: str = "") -> str:
    return f"""
[[category]]
id = "{category_id}"
name = "A name"
definition = "A definition."
includes = ["This"]
{extra}
[category.examples]
{examples}
"""


def write_taxonomy(*categories: str) -> str:
    return "version = 3\n" + "".join(categories)


def test_default_has_the_eight_categories() -> None:
    taxonomy = default_taxonomy()
    assert {category.id for category in taxonomy.categories} == CATEGORY_IDS
    assert taxonomy.version == 1


def test_every_default_category_says_what_it_is_and_is_not() -> None:
    for category in default_taxonomy().categories:
        assert len(category.definition.split()) >= 8, category.id
        assert category.includes, category.id
        assert category.excludes, category.id


def test_examples_are_many_in_english_and_some_in_each_other_language() -> None:
    counts = Counter((example.category_id, example.language) for example in default_examples())
    for category_id in CATEGORY_IDS:
        assert counts[category_id, "en"] >= 60
        for language in set(COVERED_LANGUAGES) - {"en"}:
            assert counts[category_id, language] >= 10


def test_examples_of_all_languages_reach_the_taxonomy() -> None:
    texts = [example for category in default_taxonomy().categories for example in category.examples]
    assert texts == [example.text for example in default_examples()]


def test_no_class_outweighs_another_by_far() -> None:
    counts = Counter(example.category_id for example in default_examples())
    assert max(counts.values()) <= 1.25 * min(counts.values())


def test_english_examples_vary_in_length() -> None:
    for category_id in CATEGORY_IDS:
        lengths = [
            len(example.text.split())
            for example in default_examples()
            if example.category_id == category_id and example.language == "en"
        ]
        assert min(lengths) <= 5
        assert max(lengths) >= 45


def test_a_written_taxonomy_is_read() -> None:
    taxonomy = read_taxonomy(
        write_taxonomy(
            write_category("one", 'en = ["a first"]\nde = ["ein erstes"]'),
            write_category("two", 'en = ["a second"]', 'excludes = ["That"]'),
        )
    )
    assert taxonomy.version == 3
    assert taxonomy.categories[0].examples == ("a first", "ein erstes")
    assert taxonomy.categories[1].excludes == ("That",)


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        ("version = ", "valid TOML"),
        (
            write_taxonomy(
                write_category("one", 'en = ["Same text"]'),
                write_category("two", 'de = ["same  TEXT"]'),
            ),
            "example given twice",
        ),
        (
            write_taxonomy(
                write_category("one", 'en = ["a"]'), write_category("one", 'en = ["b"]')
            ),
            "category given twice",
        ),
        (
            write_taxonomy(
                write_category(CANNOT_TELL, 'en = ["a"]'), write_category("two", 'en = ["b"]')
            ),
            "abstention",
        ),
        (
            write_taxonomy(
                write_category("one", 'en = ["a"]', "colour = 1"),
                write_category("two", 'en = ["b"]'),
            ),
            "colour",
        ),
        (
            write_taxonomy(
                write_category("one", 'english = ["a"]'), write_category("two", 'en = ["b"]')
            ),
            "english",
        ),
        (
            write_taxonomy(
                write_category("one", 'en = [" "]'), write_category("two", 'en = ["b"]')
            ),
            "at least 1 character",
        ),
        (write_taxonomy(write_category("one", 'en = ["a"]')), "at least 2 items"),
    ],
)
def test_a_taxonomy_that_makes_no_sense_is_refused_with_the_reason(toml: str, why: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_taxonomy(toml)
    assert why in str(refusal.value)
    assert refusal.value.fix


@pytest.mark.parametrize("language", [*COVERED_LANGUAGES, None])
def test_every_lexicon_compiles(language: str | None) -> None:
    book = phrase_book(language)
    assert book is not None
    assert book.function_words
    assert book.negators


def test_a_language_without_a_lexicon_has_no_phrases() -> None:
    assert phrase_book("it") is None


def test_a_lexicon_without_every_cue_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no phrases for"):
        read_lexicon(
            """
            language = "en"
            elides = false
            negators = []
            intensifiers = []
            function_words = []
            joiners = []
            [phrases.positive]
            strong = []
            plain = []
            weak = []
            """
        )
