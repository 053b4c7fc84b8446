"""Terms that tell groups of texts apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.llm.clustering import GraphThemeFinder
from earmark.llm.local_stop_words import STOP_WORDS

finder = GraphThemeFinder()

CRASHES = (
    "The export to PDF crashes again",
    "export to pdf crashes on my tablet",
    "Hi, PDF export: crashes. <EMAIL_1>",
    "export to PDF crashes, <NAME_2> knows",
)
CHARGES = (
    "I was charged twice for the annual plan",
    "charged twice!! please refund",
    "We've been charged twice, <EMAIL_1>",
)


def test_terms_say_what_a_group_is_about() -> None:
    crashes, charges = finder.distinctive_terms([CRASHES, CHARGES], most=3)
    assert crashes[0] == "export to pdf"
    assert charges[0].startswith("charged")


def test_shared_terms_come_after_distinctive_ones() -> None:
    groups = [[f"app {word} {number}" for number in range(4)] for word in ("crash", "slow")]
    crash, slow = finder.distinctive_terms(groups, most=1)
    assert (crash, slow) == (["app crash"], ["app slow"])


def test_no_term_holds_a_placeholder() -> None:
    terms = finder.distinctive_terms([CRASHES, CHARGES], most=20)
    words = {word for group in terms for term in group for word in term.split()}
    assert not words & {"email", "name", "email_1", "name_2", "1", "2"}


def test_terms_do_not_reach_over_punctuation_or_placeholder() -> None:
    texts = ["printer. jammed", "printer <NAME_1> jammed", "printer, jammed"]
    assert set(finder.distinctive_terms([texts], most=5)[0]) == {"printer", "jammed"}


def test_word_of_a_single_text_is_no_term_of_a_larger_group() -> None:
    texts = ["blue parcel", "parcel lost", "parcel"]
    assert finder.distinctive_terms([texts], most=5) == [["parcel"]]


def test_one_talkative_text_decides_nothing() -> None:
    texts = ["battery", "battery", "battery", "screen " * 50, "screen"]
    assert finder.distinctive_terms([texts], most=1) == [["battery"]]


@pytest.mark.parametrize(
    "text",
    [
        "Hello, could you please help me with this?",
        "Hallo, können Sie mir bitte dabei helfen",
        "Bonjour, pouvez-vous m'aider s'il vous plaît",
        "Hola, ¿podrían ayudarme por favor con esto?",
        "Olá, vocês podem me ajudar por favor com isso?",
    ],
)
def test_courtesy_and_function_words_are_no_terms(text: str) -> None:
    assert finder.distinctive_terms([[text, text]], most=9) == [[]]


def test_groups_without_words_have_no_terms() -> None:
    assert finder.distinctive_terms([], most=3) == []
    assert finder.distinctive_terms([[], ["", "?!"], ["the"]], most=3) == [[], [], []]


@given(
    st.lists(st.lists(st.sampled_from([*CRASHES, *CHARGES, "the", "x y zebra"])), max_size=4),
    st.integers(0, 6),
)
def test_terms_keep_their_promises(groups: list[list[str]], most: int) -> None:
    found = finder.distinctive_terms(groups, most=most)
    assert len(found) == len(groups)
    for texts, terms in zip(groups, found, strict=True):
        assert len(terms) == len(set(terms)) <= most
        for term in terms:
            words = term.split()
            assert 1 <= len(words) <= 3
            assert not {words[0], words[-1]} & STOP_WORDS
            assert any(term in " ".join(text.lower().split()) for text in texts)
