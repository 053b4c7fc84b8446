"""Finding weighted phrases in a text, in one pass over its words.

How a phrase is written is explained at the top of `lexicon_en.toml`. Phrases are compiled into a
graph whose steps are words, beginnings of words and gaps, so that a text costs a few microseconds a
word, however many phrases there are.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from earmark.errors import InvalidInput


class Cue(StrEnum):
    """What a phrase is a sign of."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNFELT = "unfelt"
    """Words of feeling that express none: "it would be great", "good morning"."""
    URGENT = "urgent"
    UNHURRIED = "unhurried"
    LEAVING = "leaving"
    STAYING = "staying"
    """Sounds like leaving but is not: cancelling an order, parental leave."""
    BROKEN = "broken"
    MISSING = "missing"
    SLOW = "slow"
    CONFUSING = "confusing"
    DUPLICATE = "duplicate"
    REQUEST = "request"
    QUESTION = "question"
    APPEAL = "appeal"
    """Asks for help and says nothing about what with."""
    ORDER = "order"
    """A verb in the imperative: a wish where it opens a sentence, a mere verb elsewhere."""
    GREETING = "greeting"
    THANKS = "thanks"
    FAREWELL = "farewell"
    ACKNOWLEDGEMENT = "acknowledgement"
    PLEASANTRY = "pleasantry"
    IDENTITY = "identity"
    ATTEMPT = "attempt"
    """Tells what was tried, or the circumstances."""
    MARKER = "marker"
    """Opens another subject."""
    ANAPHOR = "anaphor"
    """Points back to the subject at hand."""
    TOPIC = "topic"
    ANSWER = "answer"
    HOLDING = "holding"
    """A teammate's courtesy or promise to look: not yet an answer."""
    ASKING = "asking"
    SETTLED = "settled"
    UNSETTLED = "unsettled"
    COMMAND = "command"
    """Addresses whoever processes the text, not whoever helps."""
    UNASKED = "unasked"
    """Advertising, fraud, automatic replies."""


_FAMILIES = (
    (Cue.POSITIVE, Cue.NEGATIVE, Cue.UNFELT),
    (Cue.URGENT, Cue.UNHURRIED),
    (Cue.LEAVING, Cue.STAYING),
    (
        Cue.BROKEN,
        Cue.MISSING,
        Cue.SLOW,
        Cue.CONFUSING,
        Cue.DUPLICATE,
        Cue.REQUEST,
        Cue.QUESTION,
        Cue.APPEAL,
    ),
    (
        Cue.GREETING,
        Cue.THANKS,
        Cue.FAREWELL,
        Cue.ACKNOWLEDGEMENT,
        Cue.PLEASANTRY,
        Cue.IDENTITY,
        Cue.ATTEMPT,
    ),
    (Cue.ANSWER, Cue.HOLDING, Cue.ASKING),
    (Cue.SETTLED, Cue.UNSETTLED),
)
"""Cues that compete for the same words: the longest phrase wins. Others stand alone."""

_FAMILY_OF = {cue: number for number, family in enumerate(_FAMILIES) for cue in family} | {
    cue: len(_FAMILIES) + number
    for number, cue in enumerate(set(Cue) - {cue for family in _FAMILIES for cue in family})
}


class Word(NamedTuple):
    """A word, a placeholder (`<>`) or the end of a sentence (`.`), with its place in the text."""

    text: str
    """Case-folded, without accents and apostrophes; `#` for a number."""
    start: int
    end: int


class Hit(NamedTuple):
    """A phrase found at words `first` to `last` (exclusive)."""

    cue: Cue
    weight: float
    first: int
    last: int


_STOP = "."
_PLACEHOLDER = "<>"
_NUMBER = "#"
_JOINED = re.compile(r"<[A-Z][A-Z_]*_\d+>|[^\W_]+(?:['’`´][^\W_]+)*|\+1|[.!?…\n;:。？！]+")
_PARTED = re.compile(r"<[A-Z][A-Z_]*_\d+>|[^\W_]+|\+1|[.!?…\n;:。？！]+")
_GAP = ".."
_GAP_WORDS = 3
_NO_SETS: Mapping[str, Sequence[str]] = {}


@lru_cache(maxsize=16_384)
def _fold(word: str) -> str:
    if word[0] == "<":
        return _PLACEHOLDER
    if not (word[0].isalnum() or word[0] == "+"):
        return _STOP
    if word.isdecimal():
        return _NUMBER
    plain = word.casefold()
    if not plain.isascii():
        letters = unicodedata.normalize("NFKD", plain)
        plain = "".join(char for char in letters if not unicodedata.combining(char))
    return re.sub(r"['’`´]", "", plain)


class _Node:
    """A place in a phrase; words are literal, stems match any word that begins so."""

    __slots__ = ("ends", "gap", "slots", "stem_lengths", "stems", "words")

    def __init__(self) -> None:
        self.words: dict[str, tuple[_Node, ...]] = {}
        self.stems: dict[str, tuple[_Node, ...]] = {}
        self.stem_lengths: tuple[int, ...] = ()
        self.gap: _Node | None = None
        self.ends: dict[Cue, float] = {}
        self.slots: dict[tuple[str, ...], _Node] = {}
        """What follows the alternatives of a slot; needed only while phrases are added."""

    def lead(self, part: str, node: "_Node") -> None:
        """Let `part` lead from here to `node`."""
        if part.endswith("*"):
            stem = part[:-1]
            self.stem_lengths = tuple(sorted({*self.stem_lengths, len(stem)}))
            self.stems[stem] = (*self.stems.get(stem, ()), node)
        else:
            self.words[part] = (*self.words.get(part, ()), node)

    def after(self, word: str) -> tuple["_Node", ...]:
        """The nodes that `word` leads to."""
        nodes = self.words.get(word, ())
        for length in self.stem_lengths:
            if length > len(word):
                break
            nodes += self.stems.get(word[:length], ())
        return nodes


class PhraseBook:
    """Compiled phrases of one or several languages."""

    def __init__(
        self,
        *,
        elides: bool = False,
        negators: Iterable[str] = (),
        intensifiers: Iterable[str] = (),
        function_words: Iterable[str] = (),
        joiners: Iterable[str] = (),
    ) -> None:
        """With `elides` an apostrophe parts two words, else it joins one."""
        self.elides = elides
        self._pattern = _PARTED if elides else _JOINED
        self.negators = self._words_of(negators)
        self.intensifiers = self._words_of(intensifiers)
        self.function_words = self._words_of(function_words)
        self.joiners = self._words_of(joiners)
        self._root = _Node()
        # The first step is taken at every word of every text, and most words repeat.
        self._starts = lru_cache(maxsize=16_384)(self._root.after)

    def add(
        self, cue: Cue, phrase: str, weight: float, sets: Mapping[str, Sequence[str]] = _NO_SETS
    ) -> None:
        """Let `phrase` count for `cue`; to be done before the first search.

        `InvalidInput` where a set is not in `sets`, or a part of the phrase holds no word.
        """
        for slots in _variants(phrase):
            node = self._root
            for slot in slots:
                node = self._advance(node, slot, sets)
            node.ends[cue] = max(weight, node.ends.get(cue, 0.0))

    def words(self, text: str) -> list[Word]:
        """Words, placeholders and ends of sentences, in order."""
        return [Word(_fold(match[0]), *match.span()) for match in self._pattern.finditer(text)]

    def find(self, words: Sequence[Word]) -> list[Hit]:
        """All phrases in `words`; within a family the leftmost, then longest, leave the others."""
        texts = [word.text for word in words]
        free_from: dict[int, int] = {}
        hits: list[Hit] = []
        for first, text in enumerate(texts):
            if not (starts := self._starts(text)):
                continue
            found = _follow(starts, texts, first)
            if len(found) > 1:
                found.sort(key=_by_length, reverse=True)
            for hit in found:
                family = _FAMILY_OF[hit.cue]
                if free_from.get(family, 0) <= first:
                    free_from[family] = hit.last
                    hits.append(hit)
        return hits

    def _words_of(self, entries: Iterable[str]) -> frozenset[str]:
        return frozenset(word.text for entry in entries for word in self.words(entry))

    def _advance(self, node: _Node, slot: str, sets: Mapping[str, Sequence[str]]) -> _Node:
        """The node after `slot`, made if need be."""
        if slot == _GAP:
            node.gap = node.gap or _Node()
            return node.gap
        alternatives = _alternatives(slot, sets)
        following = node.slots.get(alternatives)
        if following is None:
            following = node.slots[alternatives] = _Node()
            for alternative in alternatives:
                self._link(node, alternative, following)
        return following

    def _link(self, node: _Node, alternative: str, following: _Node) -> None:
        for spelling in {alternative, alternative.translate(_UMLAUTS)}:
            parts = [word.text for word in self.words(spelling.removesuffix("*"))]
            if spelling == _NUMBER:
                parts = [_NUMBER]
            if not parts:
                raise InvalidInput(
                    f"The lexicon holds {alternative!r}, in which there is no word.",
                    fix="Take it out, or write it with letters.",
                )
            *parts, last = parts
            at = node
            for part in parts:
                step = _Node()
                at.lead(part, step)
                at = step
            at.lead(last + "*" if spelling.endswith("*") else last, following)


def _follow(starts: Iterable[_Node], texts: Sequence[str], first: int) -> list[Hit]:
    """All phrases that begin at word `first`; `starts` is where that word leads."""
    found: list[Hit] = []
    todo = [(node, first + 1) for node in starts]
    for node, at in todo:  # grows as it is read
        if node.ends:
            found.extend([Hit(cue, weight, first, at) for cue, weight in node.ends.items()])
        if at == len(texts):
            continue
        if node.stems:
            todo.extend([(after, at + 1) for after in node.after(texts[at])])
        elif following := node.words.get(texts[at]):
            todo.extend([(after, at + 1) for after in following])
        if node.gap is not None:
            todo.extend(_gap_ends(node.gap, texts, at))
    return found


def _by_length(hit: Hit) -> tuple[int, float]:
    return hit.last, hit.weight


def _gap_ends(node: _Node, texts: Sequence[str], at: int) -> Iterator[tuple[_Node, int]]:
    """`node` may go on after none to three words, never across the end of a sentence."""
    for place in range(at, min(at + _GAP_WORDS + 1, len(texts))):
        if texts[place] == _STOP:
            return
        for after in node.after(texts[place]):
            yield after, place + 1


def _variants(phrase: str) -> Iterator[tuple[str, ...]]:
    """The phrase with and without each of the words that may be left out."""
    choices = ((slot[:-1], "") if slot.endswith("?") else (slot,) for slot in phrase.split())
    for variant in product(*choices):
        if slots := tuple(slot for slot in variant if slot):
            yield slots


def _alternatives(slot: str, sets: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    if not slot.startswith("{"):
        return tuple(slot.split("|"))
    name = slot.strip("{}")
    if name not in sets:
        raise InvalidInput(
            f"The lexicon uses the set {name!r}, which it does not define.",
            fix="Define it under [sets], or write its phrases out.",
        )
    return tuple(sets[name])


# German typed on a foreign keyboard; without the dots is what folding makes of it anyway.
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
