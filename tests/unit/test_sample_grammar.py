"""The grammar: its files, its templates, and how much it can say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from earmark.errors import InvalidInput
from earmark.sources.simulator.grammar import LANGUAGES, TranslatedTheme
from earmark.sources.simulator.grammar_files import load_grammar
from earmark.sources.simulator.hashing import Draw
from earmark.sources.simulator.phrases import Choice, compile_template, list_slots, render
from earmark.sources.simulator.voices import Voice, bend, mistype


def count_variants(template: str) -> int:
    """In how many ways a template can come out, slots apart."""
    total = 1
    for node in compile_template(template):
        if isinstance(node, Choice):
            total *= len(node.options)
    return total


def test_every_theme_has_twelve_phrasings_and_more_in_composition() -> None:
    for theme in load_grammar().themes:
        core = sum(count_variants(clause) for clause in (*theme.what, *theme.terse))
        around = (1 + len(theme.context)) * (1 + len(theme.impact)) * (1 + len(theme.ask))
        assert core >= 6
        assert core * around >= 12


def test_areas_of_themes_exist() -> None:
    grammar = load_grammar()
    areas = {area.key for area in grammar.setting.areas}
    assert len(areas) >= 8
    assert {theme.area for theme in grammar.themes if theme.area} == areas


def test_each_language_covers_two_dozen_themes() -> None:
    grammar = load_grammar()
    for language in LANGUAGES:
        if language != "en":
            assert len(grammar.translated[language]) >= 24


def test_an_unknown_slot_is_refused() -> None:
    with pytest.raises(ValidationError, match="unknown slots"):
        TranslatedTheme(subjects=("a",), terse=("b",), what=("{nonsense}",), resolve=("c",))


@pytest.mark.parametrize("template", ["[a|b", "a {slot", "a ] b [c|d]", "[[a|b]"])
def test_an_unbalanced_template_is_refused(template: str) -> None:
    if template.startswith("a ]"):
        assert render(template, Draw(1), str) in ("a ] b c", "a ] b d")
        return
    with pytest.raises(InvalidInput):
        compile_template(template)


def test_choices_nest_and_slots_are_filled() -> None:
    template = "[one|two [small|big] {n}] end"
    texts = {render(template, Draw(seed), lambda name: f"<{name}>") for seed in range(60)}
    assert texts == {"one end", "two small <n> end", "two big <n> end"}
    assert list_slots(template) == {"n"}


@given(st.text(alphabet=st.characters(exclude_characters="[]{}|"), max_size=60))
def test_text_without_marks_comes_out_as_it_is(text: str) -> None:
    expected = text if "  " not in text else None
    result = render(text, Draw(1), str)
    assert result == text or expected is None


@given(st.integers(0, 2**32), st.sampled_from(list(Voice)))
def test_no_voice_touches_a_value(seed: int, voice: Voice) -> None:
    mark = "\ue005"
    text = f"Please send it to {mark} today, because we're waiting for the appointments."
    bent = bend(text, voice, Draw(seed), load_grammar().voices, english=True)
    assert bent.count(mark) == 1


@given(st.text(max_size=40), st.integers(0, 2**32))
def test_a_slip_of_the_fingers_is_small(text: str, seed: int) -> None:
    assert abs(len(mistype(text, Draw(seed))) - len(text)) <= 1
