"""Finding quotes in the text they claim to come from, and sentences to quote.

A quote counts only where it stands in the body, word for word: differences of case, white space,
typographic quotes and dashes, Unicode form and invisible characters are forgiven, nothing else is.
"""

import re

from earmark.pipeline.clean import Span
from earmark.pipeline.folded_text import FOLDS, FoldedText

MIN_QUOTE = 8
"""Folded characters from which on a quote is specific; shorter ones must look like error codes."""

_OUTER = " '\""

_LINE = re.compile("[^\n\r\x0b\x0c\x85\u2028\u2029]+")
_LINE_MARK = re.compile(
    r"\s*+(?:>\s*+)*+(?:(?:[-*+•‣◦·–—]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\)|\[[ xX]?\])\s++)?"
)
_STOP = re.compile(
    r"(?<![.!?…])([.!?…]++)(?:[\"'”’»)\]*_]|\s»)*+(?=\s)|(?<![。！？｡])[。！？｡]++[」』”’）]*+"
)
_LAST_WORD = re.compile(r"[^\s(\[\"'“„«]*\Z")
_SPELLED_OUT = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
"""A single letter or letters with full stops between: initials, `e.g`, `z.B`."""
_WORD = re.compile(r"[^\W_]")
_MAX_WORD = 24
_ABBREVIATIONS = {
    *("mr", "mrs", "ms", "dr", "prof", "jr", "sr", "vs", "approx", "appr", "dept", "inc", "ltd"),
    *("corp", "incl", "excl", "resp", "cf", "bzw", "ca", "evtl", "ggf", "inkl", "exkl", "vgl"),
    *("zzgl", "bspw", "mio", "mrd", "tsd", "mme", "mlle", "env", "sra", "srta", "dra", "ud", "uds"),
    *("aprox", "avda", "exmo", "exma", "min", "max", "std"),
}
_BEFORE_NUMBERS = {
    *("no", "nr", "num", "núm", "tel", "ext", "fig", "vol", "ver", "art", "abs", "pag", "pág"),
    *("tfno", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "okt", "nov"),
    *("dec", "dez", "janv", "févr", "juil", "déc", "str", "st", "av"),
}
"""Abbreviations that are also words, or end sentences, unless a number follows."""
_MONTH = re.compile(
    "(?:jan|feb|fév|mar|mär|apr|abr|avr|mai|may|jun|jui|jul|aug|ago|aoû|sep|set|oct|okt|out|nov|de[czs]"
    "|déc|ene)",
    re.IGNORECASE,
)


def locate(quote: str, body: str) -> Span | None:
    """Where the body says what the quote says, without outer white space and quotation marks.

    None when it does not, and when the quote is too short to prove anything: less than `MIN_QUOTE`
    folded characters, unless it holds a digit and stands between word boundaries.
    """
    folded = FoldedText(quote)
    needle = folded.text.strip(_OUTER)
    bounds = folded.original_range(offset := folded.text.find(needle), offset + len(needle))
    if bounds is None:  # an accent on an outer quotation mark: it belongs to the quote
        needle = folded.text.strip()
    short = len(needle) < MIN_QUOTE
    if not needle or (short and not any(map(str.isdigit, needle))):
        return None
    exact = None if short or bounds is None else _locate_exact(quote[slice(*bounds)], body)
    return exact or _locate_folded(needle, body, standing_alone=short)


def _locate_exact(quote: str, body: str) -> Span | None:
    """The usual case, without folding the body."""
    start = body.find(quote)
    if start < 0:
        return None
    end = start + len(quote)
    # A mark before or after would make the first or last character another one.
    begins_whole = FOLDS[quote[0]] is not None
    ends_whole = end == len(body) or bool(FOLDS[body[end]])
    return Span(start=start, end=end) if begins_whole and ends_whole else None


def _locate_folded(needle: str, body: str, *, standing_alone: bool) -> Span | None:
    folded = FoldedText(body)
    start = folded.text.find(needle)
    while start >= 0:
        end = start + len(needle)
        if not standing_alone or _stands_alone(folded.text, start, end):
            bounds = folded.original_range(start, end)
            if bounds is not None:
                return Span(start=bounds[0], end=bounds[1])
        start = folded.text.find(needle, start + 1)
    return None


def _stands_alone(text: str, start: int, end: int) -> bool:
    """No letter, digit or underscore goes on at either end."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isalnum() or before == "_" or after.isalnum() or after == "_")


def sentences(text: str) -> tuple[Span, ...]:
    """The sentences of a chat or mail text, in order, without list marks and `>`.

    A line end always ends one; a line without punctuation is one; what holds neither letter nor
    digit is none.
    """
    spans: list[Span] = []
    for line in _LINE.finditer(text):
        mark = _LINE_MARK.match(text, line.start(), line.end())
        start = mark.end() if mark else line.start()
        for stop in _STOP.finditer(text, start, line.end()):
            if _ends_sentence(text, start, stop, line.end()):
                _add_sentence(text, start, stop.end(), spans)
                start = stop.end()
        _add_sentence(text, start, line.end(), spans)
    return tuple(spans)


def _add_sentence(text: str, start: int, end: int, spans: list[Span]) -> None:
    sentence = text[start:end]
    if _WORD.search(sentence):
        start += len(sentence) - len(sentence.lstrip())
        spans.append(Span(start=start, end=start + len(sentence.strip())))


def _ends_sentence(text: str, start: int, stop: re.Match[str], line_end: int) -> bool:
    sign: str | None = stop[1]
    following = text[stop.end() : min(stop.end() + _MAX_WORD, line_end)].lstrip()
    if sign is None or "!" in sign or "?" in sign or not following:
        return True
    if sign != ".":
        return not following[0].islower()
    before = _LAST_WORD.search(text[max(start, stop.start() - _MAX_WORD) : stop.start()])
    return _word_ends_sentence(before[0].casefold() if before else "", following)


def _word_ends_sentence(word: str, following: str) -> bool:
    """Whether a full stop after `word` ends the sentence when `following` comes next."""
    if word.isdigit():
        return not (following[0].islower() or (len(word) < 3 and bool(_MONTH.match(following))))
    if word in ("etc", "usw"):
        return not following[0].islower()
    if word in _BEFORE_NUMBERS:
        return not following[0].isdigit()
    return word not in _ABBREVIATIONS and not _SPELLED_OUT.fullmatch(word)
