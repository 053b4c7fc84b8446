"""What the local model learns, and how it answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.db.models import Category, Taxonomy
from earmark.llm.base import TextModel
from earmark.llm.local import LocalModels

EXAMPLES = {
    "bug": (
        "The app crashes when I open the calendar",
        "Export fails with an error since the update",
        "the page does not load, it is broken",
        "Saving a note gives an error message",
        "Login page crashes on my phone",
        "Search is broken and shows an error",
        "Die App stürzt beim Öffnen ab",
        "Der Export bricht mit einem Fehler ab",
    ),
    "wish": (
        "Please add a dark mode to the app",
        "It would be great to export notes as PDF",
        "I wish there was a calendar view",
        "Could you add support for tags?",
        "Please add reminders, I would love that",
        "It would be nice to have a search in notes",
        "Bitte fügt einen dunklen Modus hinzu",
        "Schön wäre eine Suche in den Notizen",
    ),
    "money": (
        "I was charged twice this month, please refund",
        "Where can I find the invoice for March?",
        "Refund the last payment to my card",
        "Why is the invoice higher than last month?",
        "You charged my card after I cancelled",
        "Please send the invoice to our accountant",
        "Mir wurde der Betrag doppelt abgebucht",
        "Ich brauche eine Rechnung für März",
    ),
}
WORKSPACE = tuple(
    f"{opening} {core} {detail}"
    for opening in ("Hello,", "Hi team!", "")
    for core in (
        "the spreadsheet import crashes with an error",
        "please add an import from spreadsheets",
        "we were charged for the import twice, refund please",
        "the report does not load and shows an error",
        "it would be great to have a weekly report",
        "the invoice of the report add-on is too high",
    )
    for detail in ("since Monday.", "thanks", "in our team")
)


def make_taxonomy(examples: dict[str, tuple[str, ...]]) -> Taxonomy:
    """Categories without any words but their examples."""
    return Taxonomy(
        version=1,
        categories=tuple(
            Category(id=name, name="", definition="", examples=texts)
            for name, texts in examples.items()
        ),
    )


@pytest.fixture(scope="module")
def model() -> TextModel:
    return LocalModels().fit(WORKSPACE, make_taxonomy(EXAMPLES))


def best(model: TextModel, text: str) -> str:
    """The likeliest category."""
    return model.classify([text])[0].category_ids[0]


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("The report crashes with an error", "bug"),
        ("Could you please add a weekly report?", "wish"),
        ("Refund the invoice, I was charged twice", "money"),
        ("Der Export stürzt mit einem Fehler ab", "bug"),
        ("Wo ist die Rechnung?", "money"),
    ],
)
def test_texts_like_the_examples_get_their_category(
    model: TextModel, text: str, category: str
) -> None:
    assert best(model, text) == category


def test_long_mail_is_about_what_it_begins_with(model: TextModel) -> None:
    filler = " ".join(
        f"Line {number} of the log came from server {number}." for number in range(60)
    )
    assert len(filler) > 2_000
    assert best(model, f"I was charged twice, please refund my card. {filler}") == "money"


def test_alike_texts_have_alike_vectors(model: TextModel) -> None:
    one, same, other = model.embed(
        [
            "the spreadsheet import crashes",
            "Import of a spreadsheet crashes!",
            "weekly report would be great",
        ]
    )
    assert one @ same > 0.6
    assert one @ other < 0.4


def test_text_without_known_words_is_equally_likely_all(model: TextModel) -> None:
    for text in ("", "  \n", "ζξψ ζξψ", "<EMAIL_1>"):
        prediction = model.classify([text])[0]
        assert prediction.probabilities == pytest.approx((1 / 3, 1 / 3, 1 / 3))
        assert not model.embed([text]).any()


@given(st.lists(st.text(max_size=80), min_size=1, max_size=5))
def test_probabilities_are_ranked_and_sum_to_one(model: TextModel, texts: list[str]) -> None:
    for prediction in model.classify(texts):
        assert sorted(prediction.category_ids) == ["bug", "money", "wish"]
        assert sum(prediction.probabilities) == pytest.approx(1.0)
        assert list(prediction.probabilities) == sorted(prediction.probabilities, reverse=True)


@given(st.lists(st.text(max_size=80) | st.sampled_from(WORKSPACE), min_size=1, max_size=5))
def test_vectors_have_length_one_or_zero(model: TextModel, texts: list[str]) -> None:
    vectors = model.embed(texts)
    assert vectors.shape == (len(texts), model.dimensions)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    assert bool(np.all((lengths == 0) | (np.abs(lengths - 1) < 1e-5)))


@given(st.lists(st.sampled_from(WORKSPACE) | st.text(max_size=40), min_size=1, max_size=6))
def test_answer_does_not_depend_on_the_other_texts(model: TextModel, texts: list[str]) -> None:
    assert model.classify(texts) == [model.classify([text])[0] for text in texts]
    assert np.array_equal(model.embed(texts), np.concatenate([model.embed([t]) for t in texts]))


def test_no_texts_have_no_answers(model: TextModel) -> None:
    assert model.classify([]) == []
    assert model.embed([]).shape == (0, model.dimensions)


# ---------------------------------------------------------------- learning


def test_same_input_gives_the_same_model(model: TextModel) -> None:
    again = LocalModels().fit(WORKSPACE, make_taxonomy(EXAMPLES))
    assert again.version == model.version
    assert again.dump() == model.dump()


def test_version_tells_method_and_content(model: TextModel) -> None:
    assert model.version.startswith(LocalModels().algorithm)
    other = LocalModels().fit(WORKSPACE[:-1], make_taxonomy(EXAMPLES))
    assert other.version != model.version


def test_words_of_the_workspace_are_learnt() -> None:
    taxonomy = make_taxonomy(EXAMPLES)
    texts = ["the frobnicator crashes with an error"] * 30 + ["please add a quibbler"] * 30
    taught = LocalModels().fit(texts, taxonomy)
    assert best(taught, "frobnicator") == "bug"
    assert best(taught, "quibbler") == "wish"


def test_confidence_is_modest_where_examples_contradict() -> None:
    same = tuple(f"something about topic {number}" for number in range(30))
    taught = LocalModels().fit([], make_taxonomy({"one": same, "other": same}))
    assert taught.classify(["something about topic 3"])[0].probabilities[0] < 0.6


def test_more_columns_than_texts_are_no_trouble() -> None:
    texts = [f"{word} " * 400 for word in ("alpha", "beta", "gamma")] + ["x" * 400_000]
    taught = LocalModels().fit(texts, make_taxonomy(EXAMPLES))
    assert taught.embed(texts).shape[0] == 4


# ---------------------------------------------------------------- little to learn from


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["the import crashes"],
        ["the import crashes"] * 300,
        ["", "\x00", "\ud800", "?!"],
        ["我的订单在哪里", "订单没有到", "ฉันเข้าสู่ระบบไม่ได้", "أين طلبي"],
    ],
    ids=["none", "empty", "one", "all equal", "no words", "other scripts"],
)
def test_any_workspace_can_be_learnt_from(texts: list[str]) -> None:
    model = LocalModels().fit(texts, make_taxonomy(EXAMPLES))
    predictions = model.classify([*texts, "I was charged twice, refund please"])
    assert predictions[-1].category_ids[0] == "money"
    assert np.isfinite(model.embed(texts)).all()
    assert all(sum(one.probabilities) == pytest.approx(1.0) for one in predictions)


def test_equal_texts_share_one_vector() -> None:
    model = LocalModels().fit(["the import crashes"] * 300, make_taxonomy(EXAMPLES))
    one, other = model.embed(["the import crashes"] * 2)
    assert one @ other == pytest.approx(1.0, abs=1e-5)


def test_category_without_examples_is_never_likely() -> None:
    model = LocalModels().fit(WORKSPACE, make_taxonomy({**EXAMPLES, "spam": ()}))
    prediction = model.classify(["please add a report"])[0]
    assert prediction.category_ids[-1] == "spam"
    assert prediction.probabilities[-1] == 0.0


def test_category_with_one_example_is_found_by_it() -> None:
    spam = {"spam": ("cheap watches casino winner click",)}
    model = LocalModels().fit([], make_taxonomy({**EXAMPLES, **spam}))
    assert best(model, "cheap watches casino") == "spam"


@pytest.mark.parametrize("names", [(), ("bug",), ("bug", "wish")])
def test_nothing_to_choose_by_leaves_all_equal(names: tuple[str, ...]) -> None:
    model = LocalModels().fit(WORKSPACE, make_taxonomy(dict.fromkeys(names, ())))
    prediction = model.classify(["the import crashes"])[0]
    assert prediction.category_ids == names
    assert prediction.probabilities == pytest.approx([1 / len(names)] * len(names) if names else [])
    assert model.embed(["the import crashes"]).any()


def test_dozens_of_categories_are_told_apart() -> None:
    """More than are taught one against the rest."""
    things = [
        f"{first}{second}" for first in "bdfglm" for second in ("ano", "etu", "ilo", "uma", "ora")
    ]
    forms = ("my {} is missing", "where is the {}", "{} arrived late", "a {} for me")
    examples = {thing: tuple(form.format(thing) for form in forms) for thing in things}
    model = LocalModels().fit(WORKSPACE, make_taxonomy(examples))
    assert [best(model, f"the {thing} is late") for thing in things] == things


def test_definition_teaches_where_examples_are_missing() -> None:
    watches = Category(id="watch", name="Watches", definition="Somebody asks about a wrist watch.")
    rest = make_taxonomy(EXAMPLES)
    model = LocalModels().fit(
        WORKSPACE, rest.model_copy(update={"categories": (*rest.categories, watches)})
    )
    assert best(model, "wrist watch") == "watch"
