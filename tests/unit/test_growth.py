"""The measure that tests of long texts rest on tells linear work from quadratic."""

import re

from tests.fixtures.growth import assert_linear, growth_beyond_linear

SPACES_AT_THE_END = re.compile(r" +$")  # tries again at each space, where a letter follows


def _spaces(size: int) -> str:
    return " " * size + "a"


def test_work_that_reads_a_text_once_is_linear() -> None:
    assert_linear(str.split, lambda size: "a word " * (size // 7), largest=400_000)


def test_work_that_begins_again_at_each_place_is_not() -> None:
    assert growth_beyond_linear(SPACES_AT_THE_END.search, _spaces) > 4
