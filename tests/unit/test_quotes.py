"""A quote is found if and only if it is there, and its place is exact."""

import re
import sys
import unicodedata
from typing import Literal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from earmark.pipeline.clean import Span
from earmark.pipeline.folded_text import FOLDS, ONE_TO_ONE, FoldedText
from earmark.pipeline.quotes import MIN_QUOTE, locate, sentences
from tests.fixtures.growth import assert_linear

BODY = (
    "Hello, the “export” fails —  since\nMonday.\u00a0We saw E-4021 twice…\n"
    "Größe des Cafe\u0301s: ½ Straße, zero\u200bwidth, 12 ﬁles."
)
ANY_TEXT = st.text(st.characters())
WORDS = st.lists(
    st.text(st.sampled_from("abceinrstäöüéßñçøł01ÄÉ’“-й漢ﬁ\u0301\u0323"), min_size=1, max_size=9),
    min_size=3,
    max_size=40,
)
Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
FORMS: st.SearchStrategy[Form] = st.sampled_from(("NFC", "NFD", "NFKC", "NFKD"))
BETWEEN = st.sampled_from([" ", "  ", "\n", ". ", "\u00a0", " \u200b", ", ", "! ", "… "])


def found(quote: str, body: str = BODY) -> str | None:
    span = locate(quote, body)
    return None if span is None else body[span.start : span.end]


@pytest.mark.parametrize(
    ("quote", "original"),
    [
        ("fails —  since\nMonday", "fails —  since\nMonday"),
        ('the "Export" fails - since monday', "the “export” fails —  since\nMonday"),
        ("“the “export” fails”", "the “export” fails"),
        ("  'the “export” fails' ", "the “export” fails"),
        ("Monday. We saw", "Monday.\u00a0We saw"),
        ("E-4021", "E-4021"),
        ("e-4021", "E-4021"),
        ("twice...", "twice…"),
        ("GRÖSSE DES CAFÉS", "Größe des Cafe\u0301s"),
        ("cafés: 1⁄2 strasse", "Cafe\u0301s: ½ Straße"),
        ("zerowidth, 12 files", "zero\u200bwidth, 12 ﬁles"),
        ("z\u200dero\U000e0041width", "zero\u200bwidth"),
    ],
)
def test_quote_is_found_where_it_stands(quote: str, original: str) -> None:
    assert found(quote) == original


@pytest.mark.parametrize(
    "quote",
    [
        "",
        "   ",
        "“”",
        "fails",  # too short to prove anything
        "4021x",
        "E-402",  # part of a longer code
        "the export fails since Tuesday",
        "the “export” … Monday",  # an ellipsis joins nothing
        "the “export” fails ... Monday",
        "Große des Cafe",  # other letters
        "des Cafe",  # the last letter carries an accent
        "12 filet",
        "Hello the export fails",
    ],
)
def test_quote_not_in_text_is_dropped(quote: str) -> None:
    assert found(quote) is None


@pytest.mark.parametrize(
    ("quote", "body", "original"),
    [
        ("500", "Error 5003, then 500.", "500"),
        ("500", "Error 5003", None),
        ("E12", "codeE12 E12x _E12 E12", "E12"),
        ("abc", "abc", None),
        ("is a", "this is a test", None),
    ],
)
def test_short_quote_must_be_a_code_standing_alone(
    quote: str, body: str, original: str | None
) -> None:
    assert found(quote, body) == original


def test_short_code_is_found_at_its_first_own_place() -> None:
    assert locate("E12", "codeE12 E12x _E12 E12") == Span(start=18, end=21)


def test_half_of_a_ligature_is_no_quote() -> None:
    assert found("many broken f", "many broken ﬁles") is None
    assert found("many broken fi", "many broken ﬁles") == "many broken ﬁ"


def test_exact_copy_is_preferred_to_an_earlier_one_in_other_case() -> None:
    assert locate("Export fails", "EXPORT FAILS. Export fails.") == Span(start=14, end=26)


@st.composite
def bodies(draw: st.DrawFn) -> str:
    words = draw(WORDS)
    return "".join(word + draw(BETWEEN) for word in words)


@given(bodies(), FORMS, st.booleans())
@example("ạ\u0301 ein Satz a\u0301\u0323 mehr", "NFC", True)
def test_every_sentence_is_found_in_any_form(body: str, form: Form, shout: bool) -> None:
    for sentence in sentences(body):
        quote = body[sentence.start : sentence.end]
        variant = unicodedata.normalize(form, quote)
        variant = variant.upper() if shout else variant
        assume(unicodedata.combining(quote[0]) == 0)
        span = locate(variant, body)
        folded = FoldedText(quote).text.strip(" '\"")
        if len(folded) < MIN_QUOTE or unicodedata.combining(folded[0]):
            continue
        assert span is not None
        assert FoldedText(body[span.start : span.end]).text == folded
        whole = FoldedText(body).text
        if whole.find(folded) == whole.rfind(folded):
            assert sentence.start <= span.start < span.end <= sentence.end


@given(bodies(), st.data())
def test_quote_with_a_changed_word_is_not_found(body: str, data: st.DataObject) -> None:
    places = sentences(body)
    assume(places)
    place = data.draw(st.sampled_from(places))
    words = body[place.start : place.end].split()
    changed = data.draw(st.integers(0, len(words) - 1))
    words[changed] = "zebra" + words[changed]
    assert locate(" ".join(words), body) is None


@given(ANY_TEXT, ANY_TEXT)
def test_any_texts_give_a_place_in_range_or_none(quote: str, body: str) -> None:
    for text in (body, body + quote + body):
        span = locate(quote, text)
        if span is not None:
            assert 0 <= span.start < span.end <= len(text)
            needle = FoldedText(quote).text.strip(" '\"")
            assert FoldedText(text[span.start : span.end]).text.strip(" '\"") == needle


@given(ANY_TEXT.filter(lambda text: len(text) > 0), st.data())
def test_a_folded_range_covers_its_original_exactly(text: str, data: st.DataObject) -> None:
    folded = FoldedText(text)
    assume(folded.text)
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))
    bounds = folded.original_range(start, end)
    if bounds is not None:
        assert 0 <= bounds[0] < bounds[1] <= len(text)
        assert FoldedText(text[slice(*bounds)]).text == folded.text[start:end]
    assert folded.original_range(0, len(folded.text)) is not None


def test_letters_taken_to_fold_one_to_one_do() -> None:
    one_to_one = re.compile(f"[{ONE_TO_ONE}]")
    for code in range(sys.maxunicode + 1):
        if one_to_one.match(letter := chr(code)):
            assert len(letter.casefold()) == 1
            assert FOLDS[letter] == letter.casefold()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It fails. please help! Why?? ok", ["It fails.", "please help!", "Why??", "ok"]),
        ("no punctuation at all", ["no punctuation at all"]),
        ("I use v1.2.3 on https://x.com/a.b?c=d. It hangs", None),
        ("Then it... crashes… Really?", ["Then it... crashes…", "Really?"]),
        ("Wait... Now it works", ["Wait...", "Now it works"]),
        ("e.g. the export, i.e. the CSV one. Yes", ["e.g. the export, i.e. the CSV one.", "Yes"]),
        ("Dr. Smith and J. Doe agree. Good", ["Dr. Smith and J. Doe agree.", "Good"]),
        ("He said no. She left.", ["He said no.", "She left."]),
        ("See No. 5 etc. and so on etc. The end", ["See No. 5 etc. and so on etc.", "The end"]),
        ("It is 3.50 now. That is 2. Really", ["It is 3.50 now.", "That is 2.", "Really"]),
        ("Am 3. November, d. h. bald, z. B. morgen. Ja!", None),
        ("Es dauert ca. 5 Min. lang. Danke.", ["Es dauert ca. 5 Min. lang.", "Danke."]),
        ("M. Dupont a dit : « ça plante. » Merci.", ["M. Dupont a dit : « ça plante. »", "Merci."]),
        ("¿Funciona? ¡No! La Sra. Paz, p. ej., no puede.", None),
        ("O Sr. Silva não entra. Obrigado.", ["O Sr. Silva não entra.", "Obrigado."]),
        ('"It broke." She left. (Twice.) Ok', ['"It broke."', "She left.", "(Twice.)", "Ok"]),
        ("出来ません。助けて！はい", ["出来ません。", "助けて！", "はい"]),
        ("one line\nanother line\r\nthird", ["one line", "another line", "third"]),
        ("- first\n* second. Yes\n1. third\n2) fourth\n• fifth", None),
        ("> quoted line. two\n---\n!!!\n👍", ["quoted line.", "two"]),
        ("", []),
    ],
)
def test_text_is_cut_into_sentences(text: str, expected: list[str] | None) -> None:
    others = {
        "I use": ["I use v1.2.3 on https://x.com/a.b?c=d.", "It hangs"],
        "Am 3.": ["Am 3. November, d. h. bald, z. B. morgen.", "Ja!"],
        "¿Func": ["¿Funciona?", "¡No!", "La Sra. Paz, p. ej., no puede."],
        "- fir": ["first", "second.", "Yes", "third", "fourth", "fifth"],
    }
    wanted = others[text[:5]] if expected is None else expected
    assert [text[span.start : span.end] for span in sentences(text)] == wanted


@given(ANY_TEXT)
def test_sentences_hold_every_letter_once(text: str) -> None:
    ends = 0
    kept: list[str] = []
    for span in sentences(text):
        assert ends <= span.start < span.end <= len(text)
        kept.append(text[span.start : span.end])
        ends = span.end
    letters = [sign for sign in text if sign.isalpha()]
    assert len("".join(kept)) <= len(text)
    assert [sign for sign in "".join(kept) if sign.isalpha()][-1:] == letters[-1:]


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        ".",
        ". ",
        "a. ",
        "\n",
        "> ",
        "1",
        "\u0301",
        "e\u0301\u0323",
        "👍🏽",
        "ß",
        "\u200b",
        '?" ',
    ],
)
def test_long_monotonous_texts_take_linear_time(unit: str) -> None:
    def work(text: str) -> None:
        sentences(text)
        locate("this is not there", text)
        locate("1111111", text)

    assert_linear(work, lambda size: unit * (size // len(unit)), largest=400_000)
