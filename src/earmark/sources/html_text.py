"""Intercom bodies, HTML or plain, as readable plain text.

Text that a reader of the message would not see (scripts, comments, elements hidden by an attribute
or an inline style) does not become text; hiding by a style sheet or by colours is not recognised.
Quoted mail history comes out as lines that begin with `> `, a marked signature below a line `--`.
"""

import re
from collections.abc import Mapping
from html.entities import html5

from selectolax.lexbor import LexborHTMLParser, LexborNode

from earmark.sources.html_bounds import bound_html
from earmark.sources.html_paragraphs import paragraphs_to_text
from earmark.sources.text_layout import TextLayout

_NUL = "\x00"
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = re.compile(
    r"<(?:/?(?:a|abbr|article|b|big|blockquote|body|br|button|center|code|col|dd|del|details|div|dl"
    r"|dt|em|embed|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input"
    r"|ins|li|link|main|mark|meta|nav|nobr|noscript|object|ol|option|p|pre|s|script|section|select"
    r"|small|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th"
    r"|thead|title|tr|tt|u|ul|video|wbr)(?=[\s/>])[^<>]*>|!--|!doctype)",
    re.IGNORECASE,
)
_BLOCK_TAG = re.compile(
    r"<(?:br|p|div|li|tr|td|h[1-6]|pre|blockquote|html|body|table|ul|ol)[\s/>]", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6})|[A-Za-z][A-Za-z0-9]{1,31});")
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_LARGE = 50_000
"""Characters of HTML from which on it is bounded first (see `html_bounds`)."""
_MANY_TAGS = 1_000

_SKIPPED = {
    *("script", "style", "head", "title", "template", "noscript", "meta", "link", "frameset"),
    *("svg", "math", "object", "embed", "iframe", "audio", "video", "canvas", "map", "applet"),
    *("select", "input"),
}
_HIDING_STYLE = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|mso-hide:all|(?<![\w-])color:transparent"
    r"|(?<![\w-])font-size:0(?:px|pt|em|rem|%)?(?:[;!]|$)"
    r"|(?<![\w-])opacity:0(?:\.0*)?(?:[;!]|$)"
    r"|(?<![\w-])max-height:0(?:px)?(?:[;!]|$)"
)
_CSS_NOISE = re.compile(r"/\*.*?(?:\*/|\Z)|\s+", re.DOTALL)
_CSS_ESCAPE = re.compile(r"\\([0-9a-f]{1,6})\s?")


def repair(text: str) -> tuple[str, tuple[str, ...]]:
    """Text that PostgreSQL and UTF-8 can hold, and what was mended; a bad character is U+FFFD."""
    repairs: list[str] = []
    if _NUL in text:
        text = text.replace(_NUL, "\ufffd")
        repairs.append("nul-removed")
    if not text.isascii() and _SURROGATE.search(text):
        text = _SURROGATE.sub("\ufffd", text)
        repairs.append("surrogate-replaced")
    return text, tuple(repairs)


def html_to_text(html: str | None) -> str:
    """Plain text of an Intercom body; a body without a known tag is plain text already."""
    source = html or ""
    if not source.isprintable():  # otherwise it has no line ends, and nothing to mend
        source = _LINE_END.sub("\n", repair(source)[0])
    text = paragraphs_to_text(source) if source.startswith("<p") else None
    if text is not None:
        return text
    if not _TAG.search(source):
        text = _ENTITY.sub(_decode, source) if "&" in source else source
        return "\n".join(line.rstrip() for line in text.strip().split("\n"))
    return tree_to_text(source)


def tree_to_text(source: str) -> str:
    """The same for any HTML, by a parser; `source` is mended already."""
    layout = TextLayout(keep_breaks=not _BLOCK_TAG.search(source))
    if len(source) > _LARGE or source.count("<") > _MANY_TAGS:
        source = bound_html(source)
    parser = LexborHTMLParser(source)
    if parser.body is not None:
        _render(parser.body, layout)
    text, _ = repair(layout.finish())
    return text


def _decode(entity: re.Match[str]) -> str:
    """The character of a complete entity; an unknown one, or one that is no character, stays."""
    name = entity[0][1:]
    if not name.startswith("#"):
        return html5.get(name, entity[0])
    digits = name[1:-1]
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    valid = 0 < code < 0xD800 or 0xDFFF < code <= 0x10FFFF
    return chr(code) if valid else "\ufffd"


def _render(root: LexborNode, layout: TextLayout) -> None:
    """Depth-first walk without recursion: messages nest as deeply as they like."""
    opened: list[LexborNode] = []
    node: LexborNode | None = root
    while node is not None:
        if _open(node, layout):
            opened.append(node)
            node = node.first_child
        else:
            node = node.next
        while node is None and opened:
            layout.close()
            closed = opened.pop()
            node = closed.next if opened else None


def _open(node: LexborNode, layout: TextLayout) -> bool:
    """Write a text or begin an element; false when there is nothing to go into."""
    tag = node.tag or ""
    if tag == "-text":
        layout.write(node.text_content or "")
        return False
    if tag[:1] in "-!" or tag in _SKIPPED:
        return False
    attributes = node.attributes
    if attributes and _is_hidden(attributes):
        return False
    layout.open(tag, attributes)
    return True


def _is_hidden(attributes: Mapping[str, str | None]) -> bool:
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    style = (attributes.get("style") or "").lower()
    if "\\" in style:
        style = _CSS_ESCAPE.sub(lambda escaped: chr(min(int(escaped[1], 16), 0xFFFF)), style)
    return bool(style) and bool(_HIDING_STYLE.search(_CSS_NOISE.sub("", style)))
