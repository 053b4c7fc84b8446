"""HTML bodies become the text that a reader of the message sees, and nothing else."""

from collections.abc import Callable
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.sources.html_bounds import bound_html
from earmark.sources.html_text import html_to_text, repair
from tests.fixtures.growth import assert_linear

ANY_TEXT = st.text(st.characters())


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (None, ""),
        ("", ""),
        ("<p></p>", ""),
        ("<p>Hi <b>there</b>,</p><p>second</p>", "Hi there,\n\nsecond"),
        ("<p>one<br>two<br/>three</p>", "one\ntwo\nthree"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<p>one&nbsp;two   three\n four</p>", "one two three four"),
        ("<p>1 &lt; 2 &amp; 3 &gt; 2 &#39;ok&#39; &euro;</p>", "1 < 2 & 3 > 2 'ok' €"),
        ("<b>x</b><i>y</i> <u> z</u>", "xy z"),
        ("Hello <b>bold</b>\nnext line", "Hello bold\nnext line"),
        ("<h2>Title</h2>text", "Title\n\ntext"),
        ("<pre>def f():\n    return 1\n</pre><p>x</p>", "def f():\n    return 1\n\nx"),
        ("<p>a</p>\n\n\n<p>b</p>", "a\n\nb"),
        ("<p>a</p><hr><p>b</p>", "a\n\nb"),
        ('<p class="no-margin">a</p>\n<p class="no-margin">b</p>', "a\nb"),
    ],
)
def test_paragraphs_and_white_space_read_as_displayed(html: str | None, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "text",
    [
        "if a < b and c > d",
        "List<String> x = new ArrayList<>()",
        "first line\nsecond line\n\n  indented",
        "5 > 3 & 2 < 4; x&y; &copy=1",
        "mail me <anna@example.com>",
        "use <your-token> here",
    ],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert html_to_text(text) == text


def test_complete_entities_of_a_text_without_tags_are_decoded() -> None:
    text = html_to_text("I can&#39;t &amp; won&#x27;t &nosuch; &#0; &#xD800; &#9999999;")
    assert text == "I can't & won't &nosuch; \ufffd \ufffd \ufffd"


def test_line_ends_become_newlines() -> None:
    assert html_to_text("a\r\nb\rc\u2028d") == "a\nb\nc\nd"


def test_lists_keep_marks_numbers_and_nesting() -> None:
    html = "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol start=3><li><p>x</p></li><li>y</ol>"
    assert html_to_text(html) == "- a\n- b\n  - c\n\n3. x\n4. y"


def test_table_rows_become_lines() -> None:
    html = "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>after"
    assert html_to_text(html) == "A | B\n1 | 2\n\nafter"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<p><a href="https://x.com/">x.com</a></p>', "x.com"),
        ('<p><a href="https://y.com/abc">the docs</a>, ok</p>', "the docs (https://y.com/abc), ok"),
        ('<p><a href="mailto:a@b.com">a@b.com</a></p>', "a@b.com"),
        ('<p><a href="mailto:a@b.com">write</a></p>', "write (a@b.com)"),
        ('<p><a href="javascript:alert(1)">here</a></p>', "here"),
        ('<p><a href="data:text/html,x">here</a></p>', "here"),
        ('<p><a href="https://x.com/a"></a>b</p>', "b"),
        (
            '<p>see <a href="https://z.io/p"><img src="a.png"></a></p>',
            "see [image] (https://z.io/p)",
        ),
    ],
)
def test_link_shows_its_address_only_when_it_differs(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<p>see <img src="a.png"></p>', "see [image]"),
        ('<p>hi <img src="e.png" alt="😀"></p>', "hi 😀"),
        ('<p>hi<img src="pixel.gif" width="1" height="1"></p>', "hi"),
    ],
)
def test_image_is_a_mark_an_emoji_or_nothing(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>HID</script>",
        "<style>HID</style>",
        "<!-- HID -->",
        "<!--[if mso]>HID<![endif]-->",
        "<title>HID</title>",
        "<template>HID</template>",
        '<span style="display: none">HID</span>',
        '<span style="DISPLAY:/* x */NONE !important">HID</span>',
        '<span style="disp\\6c ay:none">HID</span>',
        '<div style="visibility:hidden">a<p>HID</p></div>',
        '<span style="font-size:0px">HID</span>',
        '<span style="color:red;font-size:0">HID</span>',
        '<span style="opacity:0">HID</span>',
        '<div style="max-height:0;overflow:hidden">HID</div>',
        '<span style="mso-hide:all">HID</span>',
        "<span hidden>HID</span>",
        '<i aria-hidden="true">HID</i>',
        '<blockquote style="display:none">HID</blockquote>',
        '<input type="hidden" value="HID">',
        '<p title="HID">',
        "<svg><text>HID</text></svg>",
    ],
)
@pytest.mark.parametrize("filler", ["", "<b>x</b> " * 2_000])
def test_what_the_reader_does_not_see_is_no_text(hidden: str, filler: str) -> None:
    text = html_to_text(f"<p>seen {hidden}</p><p>after {filler}</p>")
    assert "HID" not in text
    assert text.startswith("seen\n\n")
    assert "after" in text


@pytest.mark.parametrize(
    "style",
    ["font-size:0.9em", "opacity:0.5", "max-height:0.5em", "background-color:transparent", ""],
)
def test_small_or_faint_text_is_seen(style: str) -> None:
    assert html_to_text(f'<p><span style="{style}">seen</span></p>') == "seen"


def test_quoted_history_is_marked_line_by_line() -> None:
    html = (
        '<div>My answer</div><div class="gmail_quote"><div class="gmail_attr">On Mon, 3 Nov 2025, '
        "Bob &lt;b@x.com&gt; wrote:<br></div><blockquote><p>old</p><p>old2</p>"
        "<blockquote>older</blockquote></blockquote></div><div>tail</div>"
    )
    assert html_to_text(html).split("\n") == [
        *("My answer", "> On Mon, 3 Nov 2025, Bob <b@x.com> wrote:", ">", "> old", ">"),
        *("> old2", ">", "> > older", "tail"),
    ]


def test_marked_signature_stands_below_a_separator() -> None:
    html = '<div>It fails.</div><div class="gmail_signature">Anna</div>'
    assert html_to_text(html) == "It fails.\n--\nAnna"


def test_characters_that_cannot_be_stored_are_mended_and_told() -> None:
    assert repair("a\x00b\ud83dc") == ("a\ufffdb\ufffdc", ("nul-removed", "surrogate-replaced"))
    assert repair("grüße 😀") == ("grüße 😀", ())
    assert html_to_text("<p>a\x00b\ud800c</p>") == "a\ufffdb\ufffdc"


@given(ANY_TEXT)
def test_any_text_becomes_storable_text(text: str) -> None:
    stored = html_to_text(text)
    assert "\x00" not in stored
    assert stored.encode().decode() == stored


TAGS = st.sampled_from(
    [
        *("p", "div", "b", "a", "li", "ul", "ol", "blockquote", "table", "tr", "td", "pre", "br"),
        *("img", "script", "style", "span hidden", 'a href="https://x.y"', "font x=1"),
        'p style="display:none"',
    ]
)
PIECES = st.one_of(
    TAGS.map(lambda tag: f"<{tag}>"),
    TAGS.map(lambda tag: f"</{tag.split()[0]}>"),
    st.sampled_from([" ", "\n", "word", "&amp;", "<!-- x -->", "'", '"']),
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_known_tag_survives_any_nesting(html: str) -> None:
    assert "<" not in html_to_text(f"<p>{html}")
    assert "<" not in html_to_text(bound_html(f"<p>{html}"))


@given(st.lists(PIECES, max_size=40).map("".join))
def test_bounded_html_is_well_nested(html: str) -> None:
    bounded = bound_html(html)
    assert bound_html(bounded).split() == bounded.split()


def test_bounding_does_not_change_well_nested_text() -> None:
    html = (
        '<div title="hidden &gt; x"><p>a <b>b</b></p><ul><li>c<li>d</ul>'
        "<table><tr><td>1<td>2</table><a href='https://x.y/z'>e</a></div>"
    )
    assert html_to_text(bound_html(html)) == html_to_text(html)


@pytest.mark.parametrize("tag", ["div", "blockquote", "ul><li", "table><tr><td", "b", "span"])
def test_deep_nesting_keeps_its_text(tag: str) -> None:
    text = html_to_text("".join(repeat(f"<{tag}>", 10_000)) + "the end")
    assert text.endswith("the end")


def _times(unit: str) -> Callable[[int], str]:
    return lambda size: unit * (size // len(unit))


PATHOLOGICAL: dict[str, Callable[[int], str]] = {
    "deep": _times("<div>"),
    "attributes": lambda size: f"<a {' '.join(f'x{n}=1' for n in range(size // 9))}>x<br>",
    "formatting": lambda size: (
        "".join(f"<font a={n}>" for n in range(size // 20)) + "<p>" * (size // 20)
    ),
    "unmatched": _times("<div><table></div></table>"),
    "quotes": _times("<a b=' "),
    "comments": _times("<!--"),
    "dense": _times("<p>abc <b>def</b> &amp; x</p>"),
    "image": lambda size: f"<p>a<img src='data:image/png;base64,{'A' * size}'>b</p>",
}


@pytest.mark.parametrize("make", PATHOLOGICAL.values(), ids=PATHOLOGICAL.keys())
def test_html_made_to_be_slow_takes_linear_time(make: Callable[[int], str]) -> None:
    assert_linear(html_to_text, make, largest=2_000_000)
