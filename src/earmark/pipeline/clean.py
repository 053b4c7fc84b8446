"""The author's own words in a message: no quoted history, signature, disclaimer or device line.

Own code and no library: mail-parser-reply 1.36, the best kept one, changes the text (so that its
parts have no place in the original), takes a list with hyphens for a signature, knows no
Portuguese, and needs a second for a crafted text of 6,000 characters. Here every line is looked at
once, by patterns of bounded length.

What cannot be seen: an answer below a quotation that has no `>`, and a signature without closing,
separator or contact details.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from pydantic import Field

from earmark.db.models import Model
from earmark.pipeline import clean_phrases as phrases


class Span(Model):
    """A range of a text in Unicode code points, the end excluded."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)


class _Line(NamedTuple):
    """A line with something on it: where its text is, and how manieth line it is."""

    start: int
    end: int
    number: int
    text: str


_SEPARATORS = {"--", "—", "–", "__"}
_SIGNATURE_LINES = 15
_LEGAL_LINES = 40
_SCANNED = 2_000
"""Characters of one line that are searched for the phrases of disclaimers."""


def own_words(body: str) -> tuple[Span, ...]:
    """Ranges of the body that its author wrote, in order.

    A body that has words never gives nothing: if all of it looks quoted, the whole is returned.
    """
    lines = _lines(body)
    if not lines:
        return ()
    own = _without_history(lines)
    own = [line for line in own if not phrases.is_device_line(line.text)]
    own = _without_disclaimers(own)
    own = _without_signature(own)
    if not any(map(_has_words, own)):
        return (Span(start=lines[0].start, end=lines[-1].end),)
    return _spans(lines, own)


def text_of(body: str, spans: Sequence[Span]) -> str:
    """The texts of the ranges, a blank line between them."""
    return "\n\n".join(body[span.start : span.end] for span in spans)


def _lines(body: str) -> list[_Line]:
    lines: list[_Line] = []
    start = 0
    for number, line in enumerate(body.split("\n")):
        text = line.strip()
        if text:
            first = start + len(line) - len(line.lstrip())
            lines.append(_Line(first, first + len(text), number, text))
        start += len(line) + 1
    return lines


def _has_words(line: _Line) -> bool:
    return any(map(str.isalnum, line.text))


def _spans(lines: Sequence[_Line], own: Sequence[_Line]) -> tuple[Span, ...]:
    """One range for each run of own lines with nothing taken out between them."""
    order = {line.number: index for index, line in enumerate(lines)}
    spans: list[Span] = []
    runs = groupby(enumerate(own), key=lambda item: order[item[1].number] - item[0])
    for _, run in runs:
        members = [line for _, line in run]
        if any(map(_has_words, members)):
            spans.append(Span(start=members[0].start, end=members[-1].end))
    return tuple(spans)


# ---------------------------------------------------------------- quoted history


def _without_history(lines: Sequence[_Line]) -> list[_Line]:
    marks = [line.text for line in lines if line.text.startswith(">")]
    # `>>> ` alone is a Python prompt, not a quotation of a quotation of a quotation.
    quoting = not all(mark.startswith(">>>") for mark in marks)
    own: list[_Line] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if quoting and line.text.startswith(">"):
            index += 1
        elif (length := _attribution_length(lines, index)) > 0:
            index += length
            if index >= len(lines) or not lines[index].text.startswith(">"):
                break
        elif _begins_history(lines, index):
            break
        else:
            own.append(line)
            index += 1
    return own


def _attribution_length(lines: Sequence[_Line], index: int) -> int:
    """How many lines from here say that someone wrote what follows; mail programs wrap them."""
    text = lines[index].text
    if text.endswith(":"):
        return int(_is_attribution(text))
    if len(text) > 200 or index + 1 == len(lines) or not phrases.ATTRIBUTION_START.match(text):
        return 0
    for length in (2, 3):
        following = lines[index + 1 : index + length]
        if following and following[-1].text.endswith(":"):
            joined = " ".join((text, *(line.text for line in following)))
            return length if _is_attribution(joined) else 0
    return 0


def _is_attribution(text: str) -> bool:
    return (
        len(text) <= 400
        and bool(phrases.ATTRIBUTION_SIGN.search(text))
        and bool(phrases.ATTRIBUTION.fullmatch(text))
    )


def _begins_history(lines: Sequence[_Line], index: int) -> bool:
    text = lines[index].text
    if text[0] in "_-=*#" or text[-1] in ":-#" or "above this" in text:
        if len(text) <= 120 and phrases.ORIGINAL_MESSAGE.fullmatch(text):
            return True
        index += not text.strip("_-=*")
    return ":" in lines[min(index, len(lines) - 1)].text[:40] and _is_header_block(lines, index)


def _is_header_block(lines: Sequence[_Line], index: int) -> bool:
    """Sender and two more headers of a mail in neighbouring lines; one may be wrapped."""
    if index >= len(lines) or _header_kind(lines[index].text) is None:
        return False
    kinds: set[str] = set()
    others = 0
    for line in lines[index : index + 8]:
        kind = _header_kind(line.text)
        others += kind is None
        if others > 1:
            break
        kinds |= {kind} if kind else set()
    return "from" in kinds and len(kinds) >= 3


def _header_kind(text: str) -> str | None:
    match = phrases.HEADER_LINE.match(text, 0, 40) if ":" in text[:40] else None
    return phrases.HEADER_KINDS.get(match[1].casefold()) if match else None


# ---------------------------------------------------------------- disclaimers


def _paragraphs(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    paragraph: list[_Line] = []
    for line in lines:
        if paragraph and line.number != paragraph[-1].number + 1:
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _without_disclaimers(own: Sequence[_Line]) -> list[_Line]:
    """Disclaimers stand at the ends of a message, so a long middle is not searched."""
    tail = max(len(own) - _LEGAL_LINES, 0)
    head = min(3, tail)
    kept: list[_Line] = []
    for part, at_end in ((own[:head], True), (own[head:tail], False), (own[tail:], True)):
        text = "\n".join(line.text[:_SCANNED] for line in part) if at_end else ""
        if phrases.may_be_legal(text):
            for paragraph in _paragraphs(part):
                kept.extend(paragraph[: _disclaimer_start(paragraph)])
        else:
            kept.extend(part)
    return kept


def _disclaimer_start(paragraph: Sequence[_Line]) -> int:
    """The line at which a paragraph turns into legal text, or its length."""
    clues: set[str] = set()
    first = len(paragraph)
    for index, line in enumerate(paragraph):
        if phrases.LEGAL_LINE.match(line.text, 0, 300):
            return min(first, index)
        for clue in phrases.LEGAL_CLUE.finditer(line.text, 0, _SCANNED):
            kind = clue.lastgroup or ""
            clues |= {kind, "second"} if kind == "notice" else {kind}
            clues |= {clue[0].casefold()} if kind == "register" else set()
            first = min(first, index)
    registers = "register" in clues and len(clues) >= 3
    return first if registers or len(clues - {"register"}) >= 2 else len(paragraph)


# ---------------------------------------------------------------- signatures


def _without_signature(own: Sequence[_Line]) -> list[_Line]:
    start = max(len(own) - _SIGNATURE_LINES, 1)
    for index in range(start, len(own)):
        if own[index].text in _SEPARATORS and _mostly_signature(own[index + 1 :]):
            return list(own[:index])
    for index in range(start, len(own)):
        length = _closing_length(own[index:])
        if length:
            return [*own[:index], *own[index + length :]]
    return _without_contact_block(own)


def _mostly_signature(lines: Sequence[_Line]) -> bool:
    return 2 * sum(phrases.is_signature_line(line.text) for line in lines) >= len(lines)


def _closing_length(lines: Sequence[_Line]) -> int:
    """How many lines a closing formula at the first line and the name block below it take."""
    formula = phrases.closing_of(lines[0].text)
    if formula is None:
        return 0
    length = 1
    while length < len(lines) and phrases.is_signature_line(lines[length].text):
        length += 1
    named = formula.named or (length > 1 and phrases.is_name_line(lines[1].text))
    return length if named or not formula.only_thanks else 0


def _without_contact_block(own: Sequence[_Line]) -> list[_Line]:
    """A last paragraph that begins with a name and gives a telephone number or an address."""
    last = list(_paragraphs(own[-_SIGNATURE_LINES:]))[-1:]
    block = last[0] if last else []
    if (
        3 <= len(block) < min(len(own), 9)
        and phrases.is_name_line(block[0].text)
        and all(phrases.is_signature_line(line.text) for line in block)
        and any(phrases.is_contact_line(line.text) for line in block)
    ):
        return list(own[: -len(block)])
    return list(own)
