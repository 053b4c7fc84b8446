"""Finding phrases: how they are written and which of them count."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import InvalidInput
from earmark.prompts.phrases import Cue, PhraseBook


def find(book: PhraseBook, text: str) -> list[tuple[Cue, str]]:
    words = book.words(text)
    return [
        (hit.cue, text[words[hit.first].start : words[hit.last - 1].end])
        for hit in book.find(words)
    ]


def book_of(*phrases: str, cue: Cue = Cue.TOPIC, elides: bool = False) -> PhraseBook:
    book = PhraseBook(elides=elides)
    for phrase in phrases:
        book.add(cue, phrase, 1.0, {"cant": ["can't", "unable to"]})
    return book


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("log in", "I cannot Log In today", "Log In"),
        ("log in", "the login page", None),
        ("crash*", "it Crashed again", "Crashed"),
        ("crash*", "it was a cras", None),
        ("red|green light", "a green light", "green light"),
        ("red|green light", "a blue light", None),
        ("very? slow", "it is slow", "slow"),
        ("very? slow", "it is very slow", "very slow"),
        ("cancel .. plan", "cancel plan", "cancel plan"),
        ("cancel .. plan", "cancel my old yearly plan", "cancel my old yearly plan"),
        ("cancel .. plan", "cancel my very old yearly plan", None),
        ("cancel .. plan", "I will cancel. The plan is fine", None),
        ("{cant} open", "I can't open it", "can't open"),
        ("{cant} open", "I am unable to open it", "unable to open"),
        ("can't", "I cant", "cant"),
        ("can't", "I can’t", "can’t"),
        ("sesión", "la SESION caducó", "SESION"),
        ("möchte", "ich moechte das", "moechte"),
        ("möchte", "ich mochte das", "mochte"),
        ("e mail", "my e-mail", "e-mail"),
        ("+1", "+1 for this", "+1"),
    ],
)
def test_a_phrase_is_found_as_it_is_written(phrase: str, text: str, found: str | None) -> None:
    assert [where for _, where in find(book_of(phrase), text)] == ([found] if found else [])


def test_an_apostrophe_parts_words_where_the_language_elides() -> None:
    assert find(book_of("n'arrive pas", elides=True), "je n'arrive pas") == [
        (Cue.TOPIC, "n'arrive pas")
    ]
    assert [word.text for word in PhraseBook(elides=True).words("l'app")] == ["l", "app"]
    assert [word.text for word in PhraseBook().words("can't")] == ["cant"]


def test_the_longest_phrase_of_a_family_leaves_out_those_within_it() -> None:
    book = PhraseBook()
    book.add(Cue.URGENT, "urgent", 2.0)
    book.add(Cue.UNHURRIED, "not urgent", 2.0)
    assert find(book, "it is not urgent") == [(Cue.UNHURRIED, "not urgent")]


def test_cues_of_different_families_share_words() -> None:
    book = PhraseBook()
    book.add(Cue.BROKEN, "crash*", 2.0)
    book.add(Cue.NEGATIVE, "crash*", 0.5)
    assert {cue for cue, _ in find(book, "a crash")} == {Cue.BROKEN, Cue.NEGATIVE}


def test_a_placeholder_is_one_word_that_matches_no_phrase() -> None:
    book = book_of("email")
    assert [word.text for word in book.words("mail <EMAIL_1>")] == ["mail", "<>"]
    assert find(book, "to <EMAIL_1>") == []


def test_sets_of_the_same_name_in_two_languages_stay_apart() -> None:
    book = PhraseBook()
    book.add(Cue.LEAVING, "cancel {plan}", 2.0, {"plan": ["contract"]})
    book.add(Cue.LEAVING, "cancel {plan}", 2.0, {"plan": ["contrato"]})
    assert len(find(book, "cancel contract")) == 1
    assert len(find(book, "cancel contrato")) == 1


def test_an_unknown_set_is_refused() -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        PhraseBook().add(Cue.TOPIC, "{nowhere} open", 1.0)


def test_a_phrase_without_letters_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no word"):
        PhraseBook().add(Cue.TOPIC, "% off", 1.0)


@given(st.text())
def test_words_lie_in_order_within_any_text(text: str) -> None:
    places = [(word.start, word.end) for word in PhraseBook().words(text)]
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(before[1] <= after[0] for before, after in pairwise(places))
