"""The short way to plain text gives what the long way gives, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.sources.html_paragraphs import paragraphs_to_text
from earmark.sources.html_text import html_to_text, tree_to_text

PIECES = st.sampled_from(
    [
        *("<p>", "</p>", '<p class="no-margin">', '<p class="intercom-align-left">', "<br>"),
        *("<br/>", "<br />", "&amp;", "&nbsp;", "&lt;", "&quot;", "&#39;", "&gt;", " ", "\n", "\t"),
        *("word", "&", "&copy;", "&#1;", "&amp", "a  b", "\u00a0", "\u2003", "<b>", "</b>", "<"),
        *('<p class="gmail_attr">', "<P>", "<div>", "</div>", ">", "--", "> x", "\ufffd", "é"),
    ]
)
PARAGRAPHS = st.lists(
    st.tuples(
        st.sampled_from(["<p>", '<p class="no-margin">', '<p class="intercom-align-right">']),
        st.lists(st.sampled_from(["<br>", "<br/>", "word", " ", "\n", "&nbsp;", "&amp;lt;"])),
        st.sampled_from(["</p>", "</p>\n", "</p> \n "]),
    ).map(lambda parts: parts[0] + "".join(parts[1]) + parts[2])
).map("".join)


@given(st.lists(PIECES).map("".join))
def test_short_way_is_the_long_way_or_none(source: str) -> None:
    assert paragraphs_to_text(source) in (None, tree_to_text(source))


@given(PARAGRAPHS)
def test_paragraphs_take_the_short_way(source: str) -> None:
    assert paragraphs_to_text(source) == tree_to_text(source)


@given(st.text('<>/pbr &;="nomargin-cls \n', max_size=60))
def test_nearly_paragraphs_are_read_as_the_parser_reads_them(source: str) -> None:
    assert paragraphs_to_text(f"<p>{source}</p>") in (None, tree_to_text(f"<p>{source}</p>"))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ('<p class="no-margin">One</p><p class="no-margin">Two</p>', "One\nTwo"),
        ("<p>One<br>Two<br><br>Three</p>", "One\nTwo\n\nThree"),
        ("<p></p><p> One </p><p><br></p>", "One"),
        ("<p>5 &lt; 6 &amp;&nbsp;7</p>", "5 < 6 & 7"),
    ],
)
def test_paragraphs_become_lines(source: str, text: str) -> None:
    assert paragraphs_to_text(source) == html_to_text(source) == text


def test_a_very_long_body_takes_no_longer_than_its_length() -> None:
    assert paragraphs_to_text("<p>" + "a&amp;<br>" * 200_000) is None
