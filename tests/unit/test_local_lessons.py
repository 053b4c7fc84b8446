"""The local model learns from lessons, and knows what it would have said without each."""

import numpy as np
import pytest

from earmark.db.models import Category, Taxonomy
from earmark.errors import InvalidInput
from earmark.llm.base import ENOUGH_LESSONS, Encoded, Lesson, TextModel, Vectors, words_of
from earmark.llm.local import LocalModels

EXAMPLES = {
    "bug": ("The export crashes", "I see an error"),
    "wish": ("Please add a button", "It would be nice to have"),
    "money": ("I was charged twice", "Where is my invoice"),
}
TAXONOMY = Taxonomy(
    version=1,
    categories=tuple(
        Category(id=name, name="", definition="", examples=texts)
        for name, texts in EXAMPLES.items()
    ),
)
WORDS = {"bug": "frobnicator", "wish": "quibbler", "money": "zorkmid"}


def make_lessons(each: int, origin: str = "human") -> list[Lesson]:
    return [
        Lesson.model_validate(
            {
                "text": f"about my {word} number {number} of {number % 7}",
                "category_id": category,
                "origin": origin,
                "at_random": True,
            }
        )
        for number in range(each)
        for category, word in WORDS.items()
    ]


def fit(lessons: list[Lesson], encoded: Encoded | None = None) -> TextModel:
    texts = [lesson.text for lesson in lessons]
    return LocalModels().fit(texts, TAXONOMY, lessons, encoded)


def best(model: TextModel, text: str) -> str:
    return model.classify([text])[0].category_ids[0]


@pytest.mark.parametrize("each", [2, 20])
def test_words_of_lessons_are_learnt(each: int) -> None:
    model = fit(make_lessons(each))
    assert [best(model, f"the {word} again") for word in WORDS.values()] == list(WORDS)


def test_lessons_change_the_version() -> None:
    assert fit(make_lessons(20)).version != fit(make_lessons(21)).version


def test_lesson_by_a_person_outweighs_one_by_a_model() -> None:
    told = [
        Lesson(text="the frobnicator again", category_id="money", origin="human"),
        Lesson(text="the frobnicator again", category_id="bug", origin="llm"),
    ]
    assert best(fit(make_lessons(2, "llm")[2:] + told), "the frobnicator again") == "money"


def test_lessons_that_contradict_each_other_make_it_modest() -> None:
    texts = [f"something about topic {number}" for number in range(60)]
    lessons = [
        Lesson(text=text, category_id=category, origin="human")
        for text in texts
        for category in ("bug", "wish")
    ]
    prediction = fit(lessons).classify(["something about topic 3"])[0]
    assert prediction.probabilities[0] < 0.6


def test_lesson_of_an_unknown_category_is_refused() -> None:
    with pytest.raises(ValueError, match="gone"):
        fit([Lesson(text="x", category_id="gone", origin="human")])


def test_one_lesson_of_a_category_without_examples_is_enough_to_name_it() -> None:
    lessons = [one for one in make_lessons(20) if one.category_id != "money"]
    lessons.append(Lesson(text="a zorkmid is due", category_id="money", origin="human"))
    bare = TAXONOMY.model_copy(
        update={
            "categories": (
                *TAXONOMY.categories[:2],
                Category(id="money", name="", definition="", examples=()),
            )
        }
    )
    model = LocalModels().fit([one.text for one in lessons], bare, lessons)
    assert best(model, "a zorkmid is due") == "money"
    assert len(model.held_out) == len(lessons)


# ---------------------------------------------------------------- held out


def test_held_out_answers_are_of_heads_that_were_not_taught_with_the_text() -> None:
    """Labels that follow no rule can be learnt by heart and not be foreseen."""
    draw = np.random.default_rng(3)
    names = draw.choice(list(WORDS), 300).tolist()
    words = draw.integers(0, 10**6, (300, 4))
    lessons = [
        Lesson(text=" ".join(f"w{word}" for word in row), category_id=name, origin="human")
        for row, name in zip(words.tolist(), names, strict=True)
    ]
    lessons += lessons[:100]  # an equal text is no excuse
    model = fit(lessons)
    told = [lesson.category_id for lesson in lessons]
    known = [one.category_ids[0] for one in model.classify([lesson.text for lesson in lessons])]
    foreseen = [one.category_ids[0] for one in model.held_out]
    assert np.mean([a == b for a, b in zip(known, told, strict=True)]) > 0.9
    assert np.mean([a == b for a, b in zip(foreseen, told, strict=True)]) < 0.45
    assert max(one.probabilities[0] for one in model.held_out) < 0.75


def test_too_few_lessons_are_not_held_out() -> None:
    assert len(fit(make_lessons(ENOUGH_LESSONS // 3)).held_out) == 0
    assert len(fit(make_lessons(ENOUGH_LESSONS // 3 + 1)).held_out) == 42


def test_model_of_a_process_of_its_own_is_the_same() -> None:
    lessons = make_lessons(20)
    here = fit(lessons)
    there = LocalModels(apart=True).fit([one.text for one in lessons], TAXONOMY, lessons)
    assert there.version == here.version
    assert list(there.held_out) == list(here.held_out)
    assert not LocalModels().load(here.dump()).held_out


# ---------------------------------------------------------------- beside an encoder


def encode(texts: list[str]) -> Vectors:
    """Knows one thing: whether a text holds a word that ends in "less"."""
    flags = np.array(
        [any(word.endswith("less") for word in text.split()) for text in texts], dtype=np.bool_
    )
    return np.stack([flags, ~flags, np.zeros(len(texts))], axis=1).astype(np.float32)


def fit_encoded(lessons: list[Lesson], texts: list[str]) -> TextModel:
    words = [text for group in words_of(TAXONOMY) for text in group]
    encoded = Encoded(
        encoder_version="less-1",
        texts=encode(texts),
        words=encode(words),
        lessons=encode([lesson.text for lesson in lessons]),
    )
    return LocalModels().fit(texts, TAXONOMY, lessons, encoded)


@pytest.fixture(scope="module", name="encoded_model")
def _encoded_model() -> TextModel:
    return fit_encoded(
        [
            Lesson(text=f"w{number} {ending}", category_id=category, origin="human")
            for number in range(40)
            for category, ending in (("bug", f"u{number}less"), ("wish", f"u{number}full"))
        ],
        [],
    )


def test_what_only_the_encoder_knows_is_learnt(encoded_model: TextModel) -> None:
    texts = ["zz hopeless", "zz careful"]
    predictions = encoded_model.classify(texts, encode(texts))
    assert [one.category_ids[0] for one in predictions] == ["bug", "wish"]
    assert encoded_model.encoder_version == "less-1"


def test_encoded_model_embeds_with_both_in_equal_parts(encoded_model: TextModel) -> None:
    texts = ["zz hopeless", "zz careful", "0"]
    vectors = encode(texts)
    embedded = encoded_model.embed(texts, vectors)
    own, dense = embedded[:, :-3], embedded[:, -3:]
    assert embedded.shape == (3, encoded_model.dimensions)
    assert np.allclose(np.linalg.norm(embedded, axis=1), 1)
    for row, vector in enumerate(vectors):
        known = bool(own[row].any())
        assert np.allclose(dense[row], vector / (np.sqrt(2) if known else 1), atol=1e-6)


def test_encoded_model_is_read_as_it_was_written(encoded_model: TextModel) -> None:
    again = LocalModels().load(encoded_model.dump())
    texts = ["hopeless", "careful", ""]
    assert again.version == encoded_model.version
    assert again.classify(texts, encode(texts)) == encoded_model.classify(texts, encode(texts))


def test_vectors_that_do_not_fit_are_refused(encoded_model: TextModel) -> None:
    for encoded in (None, np.zeros((1, 2), dtype=np.float32), np.zeros((2, 3), dtype=np.float32)):
        with pytest.raises(ValueError, match="less-1"):
            encoded_model.classify(["text"], encoded)
    with pytest.raises(ValueError, match="None"):
        fit(make_lessons(1)).classify(["text"], encode(["text"]))


def test_few_lessons_beside_an_encoder_are_learnt_with_the_texts() -> None:
    texts = [f"thing{number} is {'use' if number % 2 else 'harm'}less" for number in range(80)]
    model = fit_encoded(make_lessons(2), texts)
    assert best_of(model, "the frobnicator again") == "bug"


def best_of(model: TextModel, text: str) -> str:
    return model.classify([text], encode([text]))[0].category_ids[0]


def test_model_of_an_older_form_is_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidInput, match="Start a run"):
        LocalModels().load(b"EARMARK LOCAL MODEL 1\n" + b"\0" * 64)
