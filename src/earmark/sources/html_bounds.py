"""Rewrite large HTML so that a tree builder stays linear on it.

The tree construction of the HTML standard is quadratic in the depth of open elements, in the
number of unclosed formatting elements and in the attributes of one tag; a message of some hundred
kilobytes can be made to take minutes. The rewriting keeps the text and the tags, closes what is
left open, and drops tags that are nested too deeply and attributes that plain text has no use for.
"""

import re
from html import escape

_TOKEN = re.compile(
    r"<(?:"
    r"!--.*?(?:-->|\Z)"
    r"|[!?][^>]*+>?"
    r"|(?P<raw>script|style|title|textarea|xmp|iframe|noembed|noframes|template|svg)(?=[\s/>])"
    r".*?(?:</(?P=raw)[^>]*+>?|\Z)"
    r"|(?P<close>/?)(?P<name>[a-z][^\s/>]*+)"
    r"""(?P<rest>(?:[^>=]++|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?)*+)>?"""
    r")",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"""([^\s=>"'/]++)(?:\s*+=\s*+("[^"]*+"?|'[^']*+'?|[^\s>]++))?|["'=/]""",
)
_KEPT = {"style", "class", "hidden", "aria-hidden", "href", "alt", "width", "height", "start"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
_ENDS: dict[str, set[str]] = {
    "p": {"p"},
    "li": {"li", "p"},
    "dt": {"dt", "dd", "p"},
    "dd": {"dt", "dd", "p"},
    "option": {"option"},
    "td": {"td", "th", "p"},
    "th": {"td", "th", "p"},
    "tr": {"td", "th", "tr", "p"},
}
"""What the start of an element ends without an end tag."""
_IMPLIED = {
    *_ENDS,
    *("tbody", "thead", "tfoot", "span", "a", "b", "big", "code", "em", "font", "i", "nobr", "s"),
    *("small", "strike", "strong", "tt", "u"),
}
"""What the end tag of an outer element may end with it."""
_MAX_DEPTH = 200
_MAX_LOOKBACK = 32
"""How many implied ends a closing tag may pass; an unbounded search would be quadratic again."""


def bound_html(html: str) -> str:
    """Equivalent well-nested HTML of bounded depth with the few attributes that matter; linear."""
    stack: list[str] = []
    rewritten = _TOKEN.sub(lambda token: _rewrite(token, stack), html)
    return rewritten + "".join(f"</{name}>" for name in reversed(stack[:_MAX_DEPTH]))


def _rewrite(token: re.Match[str], stack: list[str]) -> str:
    name: str | None = token["name"]
    if name is None:
        return " "
    name = name.lower()
    if token["close"]:
        return _close(name, stack)
    if name in _VOID:
        return f"<{name}{_attributes(token['rest'])}>"
    ended = _end_implied(name, stack)
    stack.append(name)
    if len(stack) > _MAX_DEPTH:
        return ended or " "
    return f"{ended}<{name}{_attributes(token['rest'])}>"


def _attributes(rest: str) -> str:
    if not rest or rest.isspace() or rest == "/":
        return ""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(rest):
        name = (match[1] or "").lower()
        if name in _KEPT:
            found.setdefault(name, (match[2] or "").strip("\"'"))
    return "".join(f' {name}="{_between_quotes(value)}"' for name, value in found.items())


def _between_quotes(value: str) -> str:
    """Attribute value as it stood, entities untouched, safe between double quotes."""
    return escape(value, quote=True).replace("&amp;", "&")


def _end_implied(name: str, stack: list[str]) -> str:
    ends = _ENDS.get(name)
    closed = ""
    while ends and stack and stack[-1] in ends:
        closed += _pop(stack)
    return closed


def _close(name: str, stack: list[str]) -> str:
    """End tags down to `name`; a space when it is not open or too far down."""
    for back in range(1, min(len(stack), _MAX_LOOKBACK) + 1):
        if stack[-back] == name:
            return "".join(_pop(stack) for _ in range(back)) or " "
        if stack[-back] not in _IMPLIED:
            return " "
    return " "


def _pop(stack: list[str]) -> str:
    depth, name = len(stack), stack.pop()
    return f"</{name}>" if depth <= _MAX_DEPTH else ""
