"""Lines of plain text from the elements of a message: paragraphs, lists, quotes, tables, links."""

import re
from collections.abc import Callable, Mapping
from typing import ClassVar

Attributes = Mapping[str, str | None]

_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "table", "hr", "figure", "details"}
_LINES = {
    *("div", "section", "article", "header", "footer", "main", "nav", "aside", "address", "form"),
    *("fieldset", "legend", "center", "dt", "dd", "summary", "figcaption", "body", "html"),
    *("tr", "caption", "tbody", "thead", "tfoot", "option"),
}
_QUOTED_CLASSES = frozenset({"gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote"})
_SIGNATURE_CLASSES = frozenset({"gmail_signature", "moz-signature", "protonmail_signature_block"})
_MAX_QUOTE_DEPTH = 5
_MAX_INDENT = 5
_LINK_SCHEME = re.compile(r"(?:https?|ftp|mailto|tel):", re.IGNORECASE)
_LINK_NOISE = re.compile(r"^(?:https?://|ftp://|mailto:|tel:)?(?:www\.)?|[\s/]+$", re.IGNORECASE)
_TRACKING_SIZES = frozenset({"0", "1", "0px", "1px"})


class TextLayout:
    """Takes opened and closed elements and runs of text in reading order; `finish` gives lines."""

    def __init__(self, *, keep_breaks: bool) -> None:
        """`keep_breaks`: line ends in the source count, as in a text without block elements."""
        self._keep_breaks = keep_breaks
        self._lines: list[str] = []
        self._line: list[str] = []
        self._gap = 0
        """Line ends owed before the next text: 1 ends the line, 2 leaves one blank."""
        self._space = False
        self._bullet = ""
        self._cell = False
        self._quote_depth = 0
        self._line_depth = 0
        self._preformatted = 0
        self._lists: list[int | None] = []
        """Next number of each open list; None for bullets."""
        self._links: list[tuple[str, list[str]]] = []
        self._closers: list[Callable[[], None]] = []

    def open(self, tag: str, attributes: Attributes) -> None:
        """Begin an element that can be seen; each `open` has its `close`."""
        classes = (attributes.get("class") or "").split()
        if tag == "blockquote" or not _QUOTED_CLASSES.isdisjoint(classes):
            self._open_quote()
        elif not _SIGNATURE_CLASSES.isdisjoint(classes):
            self._open_signature()
        else:
            self._openers.get(tag, TextLayout._open_other)(self, tag, attributes)

    def close(self) -> None:
        """End the element opened last."""
        self._closers.pop()()

    def write(self, text: str) -> None:
        """Text of the current element, white space as in its source."""
        if self._preformatted or self._keep_breaks:
            first, *rest = text.split("\n")
            self._write_run(first)
            for line in rest:
                self._end_line()
                self._write_run(line)
        else:
            self._write_run(text)

    def finish(self) -> str:
        """The text so far, without blank lines at its ends."""
        self._flush()
        return "\n".join(self._lines).strip("\n")

    def _write_run(self, text: str) -> None:
        words = text.rstrip() if self._preformatted else " ".join(text.split())
        if not words.strip():
            self._space = self._space or bool(text)
            return
        self._start_text()
        before = " " if (self._space or text[0].isspace()) and self._line_has_text() else ""
        if self._preformatted:
            before = " " if self._space and self._line_has_text() else ""
        self._emit(before + words)
        self._space = text[-1].isspace()

    def _emit(self, text: str) -> None:
        self._line.append(text)
        for _, pieces in self._links:
            pieces.append(text)

    def _line_has_text(self) -> bool:
        return bool(self._line) and not self._line[-1].endswith(" ")

    def _start_text(self) -> None:
        """Pay the owed line ends, then the marks that come before the text of a line."""
        if self._gap:
            blank = self._gap > 1 and bool(self._lines or self._line)
            self._flush()
            if blank:
                depth = min(self._line_depth, self._quote_depth)
                self._lines.append(">" * bool(depth) + " >" * (depth - 1))
            self._gap, self._space = 0, False
        if not self._line:
            self._line_depth = self._quote_depth
            if self._quote_depth:
                self._line.append("> " * self._quote_depth)
        if self._bullet:
            self._line.append(self._bullet)
            self._bullet, self._space = "", False
        elif self._cell and self._line_has_text():
            self._emit(" |")
            self._space = True
        self._cell = False

    def _flush(self) -> None:
        if self._line:
            self._lines.append("".join(self._line).rstrip())
            self._line = []

    def _owe(self, gap: int) -> None:
        self._gap = max(self._gap, min(gap, 1) if self._lists else gap)

    def _end_line(self) -> None:
        self._gap = min(self._gap + 1, 1 if self._lists and not self._preformatted else 2)

    # ------------------------------------------------------------ elements

    def _open_other(self, tag: str, attributes: Attributes) -> None:
        gap = 2 if tag in _PARAGRAPHS else 1 if tag in _LINES else 0
        if "no-margin" in (attributes.get("class") or ""):  # Intercom's mark for single lines
            gap = min(gap, 1)
        self._owe(gap)
        self._closers.append(lambda: self._owe(gap))

    def _open_break(self, _tag: str, _attributes: Attributes) -> None:
        self._end_line()
        self._closers.append(_nothing)

    def _open_quote(self) -> None:
        self._owe(1)
        before = self._quote_depth
        self._quote_depth = min(before + 1, _MAX_QUOTE_DEPTH)

        def close() -> None:
            self._owe(1)
            self._quote_depth = before

        self._closers.append(close)

    def _open_signature(self) -> None:
        self._owe(1)
        if not (self._line or self._lines) or (self._line or self._lines)[-1].strip() != "--":
            self._start_text()
            self._emit("--")
            self._owe(1)
        self._closers.append(lambda: self._owe(1))

    def _open_preformatted(self, _tag: str, _attributes: Attributes) -> None:
        self._owe(2)
        self._preformatted += 1

        def close() -> None:
            self._preformatted -= 1
            self._owe(2)

        self._closers.append(close)

    def _open_list(self, tag: str, attributes: Attributes) -> None:
        self._owe(2)
        start = attributes.get("start") or "1"
        first = int(start) if start.isdecimal() and len(start) < 7 else 1
        self._lists.append(first if tag == "ol" else None)

        def close() -> None:
            self._lists.pop()
            self._owe(2)

        self._closers.append(close)

    def _open_item(self, _tag: str, _attributes: Attributes) -> None:
        self._owe(1)
        number = self._lists[-1] if self._lists else None
        indent = "  " * min(len(self._lists) - 1, _MAX_INDENT)
        self._bullet = f"{indent}- " if number is None else f"{indent}{number}. "
        if number is not None:
            self._lists[-1] = number + 1

        def close() -> None:
            self._bullet = ""
            self._owe(1)

        self._closers.append(close)

    def _open_cell(self, _tag: str, _attributes: Attributes) -> None:
        self._cell = True
        self._closers.append(_nothing)

    def _open_image(self, _tag: str, attributes: Attributes) -> None:
        self._closers.append(_nothing)
        sizes = {attributes.get("width") or "", attributes.get("height") or ""}
        if sizes & _TRACKING_SIZES:
            return
        alt = (attributes.get("alt") or "").strip()
        emoji = 0 < len(alt) <= 8 and not any(sign.isascii() or sign.isalnum() for sign in alt)
        self._write_run(alt if emoji else "[image]")

    def _open_link(self, _tag: str, attributes: Attributes) -> None:
        pieces: list[str] = []
        self._links.append(((attributes.get("href") or "").strip(), pieces))

        def close() -> None:
            href, _ = self._links.pop()
            if pieces and _LINK_SCHEME.match(href) and not _same_link(href, "".join(pieces)):
                target = re.sub(r"^(?:mailto|tel):", "", href, flags=re.IGNORECASE)
                space, self._space = self._space, False
                self._emit(f" ({''.join(target.split())})")
                self._space = space

        self._closers.append(close)

    _openers: ClassVar[dict[str, Callable[["TextLayout", str, Attributes], None]]] = {
        "br": _open_break,
        "pre": _open_preformatted,
        "ul": _open_list,
        "ol": _open_list,
        "li": _open_item,
        "td": _open_cell,
        "th": _open_cell,
        "img": _open_image,
        "a": _open_link,
    }


def _nothing() -> None:
    """What closes an element that has no end of its own."""


def _same_link(href: str, text: str) -> bool:
    return _LINK_NOISE.sub("", href).casefold() == _LINK_NOISE.sub("", text.strip()).casefold()
