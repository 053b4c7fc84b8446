"""A customer's sentences without their courtesies, and what each of them carries.

The groundwork of `issues.py`: which sentence reports trouble, wants or asks something, which only
elaborates, and which is a greeting, a name or a number.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from earmark.pipeline.facets import Marked, asks, count_letters, mark, totals
from earmark.pipeline.quotes import sentences
from earmark.prompts.phrases import Cue, Word

TROUBLES = (Cue.BROKEN, Cue.MISSING, Cue.SLOW, Cue.CONFUSING, Cue.DUPLICATE)
NAME_WORDS = 3
"""More words than a name, a role or a signature's line tends to have mean something."""

_READ_CHARS = 20_000
_READ_SENTENCES = 400
"""Longer conversations are read up to here; the opening says what they are about."""

_COURTESY = frozenset(
    {Cue.GREETING, Cue.THANKS, Cue.FAREWELL, Cue.ACKNOWLEDGEMENT, Cue.PLEASANTRY, Cue.MARKER}
)
_MEANING = frozenset({*TROUBLES, Cue.REQUEST, Cue.QUESTION, Cue.TOPIC})


class Sentence(NamedTuple):
    """A sentence; `start`, `end` and `marked.text` are without opening and closing courtesies."""

    message_id: str
    marked: Marked
    """The words of the whole message, the hits of the whole sentence."""
    start: int
    end: int
    whole_first: int
    """First word of the sentence with its courtesies."""
    first: int
    last: int
    """First word without them, and one past the last."""
    item: bool
    """Of a list."""
    place: int
    """Number among all sentences of the conversation."""
    sums: dict[Cue, float]
    content: int
    """Words that mean something: no courtesy, function word, placeholder or number."""
    prose: bool
    """Reads like a sentence rather than like a name, a number or a choice."""
    courteous: bool
    """Opens with thanks, or with a yes or no of its own: mostly a reaction, not a subject."""
    clarity: float
    """How clearly it says that something is wrong, wanted or asked: 0 to 4, 1 is clear enough."""

    @property
    def trouble(self) -> float:
        """How clearly it says that something is wrong."""
        return _trouble(self.sums)

    def begins_with(self, cue: Cue) -> bool:
        """Whether a phrase of `cue` stands first, after the courtesies."""
        return any(hit.cue is cue and hit.first == self.first for hit in self.marked.hits)


def read_sentences(texts: Iterable[tuple[str, str]], language: str | None) -> list[Sentence]:
    """The sentences of messages given as (id, text), in order."""
    found: list[Sentence] = []
    for message_id, text in texts:
        for sentence in _read(message_id, text[:_READ_CHARS], language, len(found)):
            found.append(sentence)
            if len(found) == _READ_SENTENCES:
                return found
    return found


def _read(message_id: str, text: str, language: str | None, place: int) -> Iterator[Sentence]:
    marked = mark(text, language)
    starts = [word.start for word in marked.words]
    firsts = [hit.first for hit in marked.hits]
    for number, (start, end, item) in enumerate(_ranges(text), place):
        first, last = bisect_left(starts, start), bisect_left(starts, end)
        hits = marked.hits[bisect_left(firsts, first) : bisect_left(firsts, last)]
        part = _Part(text, marked._replace(hits=hits), start, end, first, last)
        yield _describe(part, message_id, item=item, place=number)


_LIST_MARK = re.compile(
    r"(?:^|\n)[^\S\n]*(?:[-*+•‣◦·–—]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\)|\[[ xX]?\])\s+\Z"
)
_ENUMERATOR = re.compile(r"(?<!\S)\(?([1-9])[.)]\s+(?=[^\W\d])")


def _ranges(text: str) -> Iterator[tuple[int, int, bool]]:
    """Sentences, and whether each is an item of a list; "1) ... 2) ..." in one line is a list."""
    for span in sentences(text):
        item = bool(_LIST_MARK.search(text, max(0, span.start - 12), span.start))
        marks = list(_ENUMERATOR.finditer(text, span.start, span.end))
        numbers = [*([1] if item else []), *(int(match[1]) for match in marks)]
        if len(numbers) < 2 or numbers != list(range(1, len(numbers) + 1)):
            yield span.start, span.end, item
            continue
        opening = marks[0].start()
        if text[span.start : opening].strip():
            yield span.start, opening, item
        ends = [*(match.start() for match in marks[1:]), span.end]
        for match, end in zip(marks, ends, strict=True):
            yield match.end(), end, True


class _Part(NamedTuple):
    """A sentence as it stands in its message."""

    text: str
    marked: Marked
    start: int
    end: int
    first: int
    last: int


def _describe(part: _Part, message_id: str, *, item: bool, place: int) -> Sentence:
    words = part.marked.words
    first = _skip_opening(part)
    last = _cut_closing(part, first)
    start = words[first].start if first > part.first else part.start
    end = words[last - 1].end if last < part.last else part.end
    marked = part.marked._replace(text=part.text[start:end])
    sums = totals([marked])
    content = _count_content(marked, first, last)
    courteous = _is_courteous(part)
    orders = any(hit.cue is Cue.ORDER and hit.first == first for hit in marked.hits)
    clarity = _clarity(sums, asked=asks(marked.text), ordered=orders) if content else 0.0
    return Sentence(
        message_id=message_id,
        marked=marked,
        start=start,
        end=end,
        whole_first=part.first,
        first=first,
        last=last,
        item=item,
        place=place,
        sums=sums,
        content=content,
        prose=_is_prose(marked, first, last),
        courteous=courteous,
        clarity=0.0 if clarity <= 1.0 and courteous else clarity,
    )


# ---------------------------------------------------------------- what a sentence carries


def _trouble(sums: dict[Cue, float]) -> float:
    return max(sums.get(cue, 0.0) for cue in TROUBLES)


def _clarity(sums: dict[Cue, float], *, asked: bool, ordered: bool) -> float:
    question = sums.get(Cue.QUESTION, 0.0) + asked
    # A verb in the imperative is a wish where it opens the sentence, and a mere verb elsewhere.
    wish = sums.get(Cue.REQUEST, 0.0) + 2 * ordered
    return min(max(_trouble(sums), wish, question), 4.0)


def _count_content(marked: Marked, first: int, last: int) -> int:
    if marked.book is None:
        return len(marked.text.split())
    covered = {
        place for hit in marked.hits if hit.cue in _COURTESY for place in range(hit.first, hit.last)
    }
    return sum(
        len(word.text) > 2 and _is_letters(word) and word.text not in marked.book.function_words
        for place, word in enumerate(marked.words[first:last], first)
        if place not in covered
    )


def _is_prose(marked: Marked, first: int, last: int) -> bool:
    """Four words or more, with a function word, few of them numbers."""
    if marked.book is None:
        return count_letters(marked.text) >= 20
    words = [word for word in marked.words[first:last] if word.text != "."]
    return (
        len(words) >= 4
        and 4 * sum(map(_is_letters, words)) >= 3 * len(words)
        and any(word.text in marked.book.function_words for word in words)
    )


def _is_courteous(part: _Part) -> bool:
    later = {hit.first for hit in part.marked.hits if hit.cue in _COURTESY}
    for hit in part.marked.hits:
        # Not the "no" of "no sound": a longer phrase, or before a break or another courtesy.
        parted = hit.last - hit.first > 1 or hit.last in later or _breaks_before(part, hit.last)
        reacts = hit.cue is Cue.THANKS or (hit.cue is Cue.ACKNOWLEDGEMENT and parted)
        if reacts and hit.first == part.first:
            return True
    return False


def _is_letters(word: Word) -> bool:
    return word.text.isalpha()


# ---------------------------------------------------------------- openings and closings

_DROPPED_BEFORE_BREAK = frozenset({Cue.PLEASANTRY, Cue.ACKNOWLEDGEMENT, Cue.THANKS})
_CLAUSE_WORDS = 5
_BREAK = re.compile(r"[,(–—-]")


def _skip_opening(part: _Part) -> int:
    """The first word after greeting, name, marker and phrases such as "I was wondering"."""
    words, book = part.marked.words, part.marked.book
    at = part.first
    while at < part.last:
        after = max(_ends_of_opening(part, at), default=at)
        if after == at:
            break
        at = after
        while at < part.last and (
            words[at].text == "." or (book and words[at].text in book.joiners)
        ):
            at += 1
    return at if at < part.last else part.first


def _ends_of_opening(part: _Part, at: int) -> Iterator[int]:
    for hit in part.marked.hits:
        if hit.first != at:
            continue
        if hit.cue is Cue.GREETING:
            yield _skip_name(part, hit.last)
        elif hit.cue is Cue.MARKER:
            yield hit.last
        elif hit.cue in _DROPPED_BEFORE_BREAK:
            yield from _end_of_clause(part, hit.last)


def _end_of_clause(part: _Part, at: int) -> Iterator[int]:
    """Where the main matter begins after a pleasantry: at a comma, or at "if", "that", "but"."""
    joiners = part.marked.book.joiners if part.marked.book else frozenset[str]()
    words = part.marked.words
    if _breaks_before(part, at) or words[at].text in joiners:
        yield at
        return
    for place in range(at, min(at + _CLAUSE_WORDS, part.last)):
        if words[place].text in joiners and _breaks_before(part, place):
            yield place


def _skip_name(part: _Part, at: int) -> int:
    """Past the name after a greeting, if a break shows that it is one."""
    meant = {hit.first for hit in part.marked.hits if hit.cue in _MEANING}
    for place in range(at, min(at + NAME_WORDS, part.last) + 1):
        if _breaks_before(part, place):
            return place
        if place in meant:
            break
    return at


def _breaks_before(part: _Part, place: int) -> bool:
    """Whether the sentence ends, or punctuation stands, between word `place` and the one before."""
    words = part.marked.words
    if place >= part.last or words[place].text == ".":
        return True
    return bool(_BREAK.search(part.text, words[place - 1].end, words[place].start))


def _cut_closing(part: _Part, first: int) -> int:
    """One past the last word before a closing "thanks" or "regards" and what follows it."""
    hits = part.marked.hits
    meant = max((hit.first for hit in hits if hit.cue in _MEANING), default=-1)
    for hit in hits:
        closing = hit.cue in (Cue.THANKS, Cue.FAREWELL) and hit.first > max(first, meant)
        if closing and part.last - hit.last <= NAME_WORDS and _breaks_before(part, hit.first):
            cut = hit.first
            while cut > first and part.marked.words[cut - 1].text == ".":
                cut -= 1
            return cut if cut > first else part.last
    return part.last
