"""Texts as rows of weighted n-grams."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.llm.local_artefact import BUCKETS
from earmark.llm.local_grams import MOST_CHARACTERS, Vocabulary, count_texts, normalize

texts = st.text(alphabet=st.characters(), max_size=60)


def know_all(normalized: list[str]) -> Vocabulary:
    """A vocabulary of every n-gram in the texts, all of one weight."""
    buckets = np.flatnonzero(count_texts(normalized)).astype(np.int32)
    return Vocabulary(buckets, np.ones(len(buckets), dtype=np.float32))


def dense(vocabulary: Vocabulary, normalized: list[str], *, fading: bool = False) -> np.ndarray:
    """All rows as one array."""
    rows = [block.toarray() for block in vocabulary.rows(normalized, fading=fading)]
    return np.concatenate(rows)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  The APP\tcrashes!!\n", "the app crashes ! !"),
        ("Écran créé à São Paulo, Größe", "ecran cree a sao paulo große"),
        ("write <EMAIL_1> or <PHONE_12>?", "write or ?"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("한국어 텍스트", "한국어 텍스트"),
        ("\x00\ud800 -- ***", ""),
    ],
)
def test_writing_is_made_uniform(text: str, normal: str) -> None:
    assert normalize(text) == normal


@given(texts)
def test_uniform_writing_stays(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


def test_long_text_is_read_from_its_beginning() -> None:
    text = "word " * 100_000
    assert len(normalize(text)) <= MOST_CHARACTERS
    assert normalize(text + "end") == normalize(text)


def test_texts_with_an_n_gram_are_counted_once_each() -> None:
    counts = count_texts(["red red red", "red", "blue"])
    alone = count_texts(["red"])
    assert counts.shape == (BUCKETS,)
    assert set(counts[alone > 0].tolist()) == {2}


def test_word_order_counts() -> None:
    vocabulary = know_all(["cat bites dog", "dog bites cat"])
    one, other = dense(vocabulary, ["cat bites dog", "dog bites cat"])
    assert 0.5 < one @ other < 1


def test_no_n_gram_reaches_into_another_text() -> None:
    apart = count_texts(["ab", "cd"])
    together = count_texts(["ab cd"])
    assert np.count_nonzero(together) == np.count_nonzero(apart) + 1


def test_pairs_of_characters_serve_scripts_without_spaces() -> None:
    vocabulary = know_all(["我的订单在哪里", "订单没有到", "今天天气很好"])
    order, missing, weather = dense(vocabulary, ["我的订单在哪里", "订单没有到", "今天天气很好"])
    assert order @ missing > 0 == order @ weather


def test_beginning_counts_most_when_fading() -> None:
    words = [f"w{number}" for number in range(300)]
    text = "refund " + " ".join(words) + " parcel"
    vocabulary = know_all([text, "refund", "parcel"])
    whole, first, last = dense(vocabulary, [text, "refund", "parcel"], fading=True)
    assert whole @ first > 2 * (whole @ last)
    flat, first, last = dense(vocabulary, [text, "refund", "parcel"])
    assert flat @ first == pytest.approx(flat @ last, rel=0.2)


def test_unknown_n_grams_leave_an_empty_row() -> None:
    vocabulary = know_all(["apple"])
    assert not dense(vocabulary, ["zzz", ""]).any()


def test_empty_vocabulary_gives_rows_without_columns() -> None:
    vocabulary = Vocabulary(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))
    assert dense(vocabulary, ["apple", ""]).shape == (2, 0)


@given(st.lists(texts.map(normalize), min_size=1, max_size=6), st.booleans())
def test_row_does_not_depend_on_its_neighbours(normalized: list[str], fading: bool) -> None:
    vocabulary = know_all(["the app is slow", *normalized])
    together = dense(vocabulary, normalized, fading=fading)
    for text, row in zip(normalized, together, strict=True):
        assert np.array_equal(dense(vocabulary, [text], fading=fading)[0], row)
        assert np.linalg.norm(row) == pytest.approx(1.0 if text else 0.0, abs=1e-5)
