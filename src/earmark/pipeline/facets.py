"""What can be told of a conversation from its wording alone, without asking a model.

Rules over the phrases of `earmark.prompts`. Where a language has no phrases, or a text gives
nothing to go by, the answer is `cannot_tell` and not a guess. All positions are code points of the
texts as given here, cleaned and masked, not of the stored messages.
"""

import base64
import binascii
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from py3langid import langid

from earmark.db.models import AuthorRole, Direction, Model, Sentiment, Urgency
from earmark.pipeline.clean import Span
from earmark.pipeline.quotes import sentences
from earmark.prompts import command_book, phrase_book
from earmark.prompts.phrases import Cue, Hit, PhraseBook, Word


class Turn(Model):
    """What one side said: the text of a message, cleaned and masked, internal notes left out."""

    message_id: str
    author_role: AuthorRole
    text: str


class Passage(Model):
    """A range of a turn's text."""

    message_id: str
    start: int
    end: int


class Reading(Model):
    """All facets of one conversation."""

    language: str | None
    sentiment: Sentiment
    urgency: Urgency
    churn: Passage | None
    """The customer's sentence that speaks of leaving; none where there is no churn risk."""
    resolution_message_id: str | None
    instructs_reader: bool


class Marked(NamedTuple):
    """A text with the phrases found in it; without a book where its language has no phrases."""

    text: str
    words: list[Word]
    hits: list[Hit]
    book: PhraseBook | None


def mark(text: str, language: str | None) -> Marked:
    """Find the phrases of `language` in `text`; an unknown language is tried in all of them."""
    book = phrase_book(language)
    if book is None:
        return Marked(text, [], [], None)
    words = book.words(text)
    return Marked(text, words, book.find(words), book)


def read(turns: Sequence[Turn]) -> Reading:
    """All facets of a conversation; `turns` in the order in which people read."""
    customer = [turn for turn in turns if turn.author_role is AuthorRole.CUSTOMER]
    language = detect_language("\n".join(turn.text for turn in customer))
    marked = {turn.message_id: mark(turn.text, language) for turn in turns}
    marks = [marked[turn.message_id] for turn in customer]
    return Reading(
        language=language,
        sentiment=sentiment(marks),
        urgency=urgency(marks),
        churn=_find_churn(customer, marks),
        resolution_message_id=resolution(turns, marked),
        instructs_reader=any(map(_instructs, marks)),
    )


# ---------------------------------------------------------------- language

# fmt: off
_LANGUAGES = (
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hr", "hu",
    "id", "it", "ja", "ko", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "th", "tr", "uk", "vi",
    "zh",
)
# fmt: on
"""Those that support mail is likely to come in: with fewer rivals, short texts are told better."""
_LEAST_LETTERS = 12
_READ_CHARS = 240
"""More changes no answer, and the identifier walks every byte in Python."""
_SURE = 0.6
_NOT_PROSE = re.compile(r"<[A-Z][A-Z_]*_\d+>|https?://\S+|\S+@\S+|\S*\d\S*")


class _Identifier(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...


@cache
def _identifier() -> _Identifier:
    """The language model, cut down to our languages: half the memory of what py3langid keeps."""
    make: Any = langid.LanguageIdentifier  # untyped
    full = make.from_model_file(langid.MODEL_FILE, norm_probs=True)
    full.set_languages(_LANGUAGES)
    small = make(
        np.ascontiguousarray(full.nb_ptc),
        full.nb_pc,
        full.nb_classes,
        full.tk_nextmove,
        full.tk_output,
        norm_probs=True,
        tk_row=full.tk_row,
    )
    return cast("_Identifier", small)


def detect_language(text: str) -> str | None:
    """ISO 639-1 code; none where there is too little prose to tell, or two languages come close.

    The first call reads the model: about 0.6 s and 60 MB.
    """
    prose = _NOT_PROSE.sub(" ", text[: 3 * _READ_CHARS])[:_READ_CHARS]
    if count_letters(prose) < _LEAST_LETTERS:
        return None
    shouted = sum(map(str.isupper, prose)) > sum(map(str.islower, prose))
    language, probability = _identifier().classify(prose.lower() if shouted else prose)
    return language if probability >= _SURE else None


def count_letters(text: str) -> int:
    """Letters, where one of a script that writes whole syllables or words counts three."""
    letters = sum(map(str.isalpha, text))
    if not text.isascii():
        letters += 2 * sum(char >= "\u2e80" and char.isalpha() for char in text)
    return letters


# ---------------------------------------------------------------- sentiment and urgency

_LEAST_WORDS = 5
"""Fewer words without any signal say nothing, not even that the writer is calm."""
_HAPPY = re.compile(r"[😀😃😄😁😊🙂😍🥰🤩👍🙏🎉💪❤💚💙]|(?<!\w)[:;]-?[)D](?!\w)")
_UNHAPPY = re.compile(r"[😡😠🤬😤😞😢😭👎💔😩😫🙁☹]|(?<!\w):-?[(/](?!\w)")
_SHOUTED = re.compile(r"\b[A-Z]{3,}(?:[ ,!]+[A-Z]{2,}){2,}")
_WEAK = 0.5
_WEAK_CAP = {Cue.POSITIVE: 0.5, Cue.NEGATIVE: 0.75}
"""Courtesy is not joy, and a report of trouble alone is not anger."""


def sentiment(marks: Sequence[Marked]) -> Sentiment:
    """How the customer's words sound; `cannot_tell` for short texts that show nothing."""
    good = _feeling(marks, Cue.POSITIVE, _HAPPY)
    bad = _feeling(marks, Cue.NEGATIVE, _UNHAPPY)
    if bad >= _WEAK and any(_SHOUTED.search(marked.text) for marked in marks):
        bad += 1.0
    if bad >= 1.0 and bad > 1.2 * good:
        return Sentiment.NEGATIVE
    if good >= 1.0 and good > 1.2 * bad:
        return Sentiment.POSITIVE
    return Sentiment.NEUTRAL if _enough_words(marks) else Sentiment.CANNOT_TELL


def urgency(marks: Sequence[Marked]) -> Urgency:
    """How pressing the customer says it is; nothing said, in enough words, is `normal`."""
    sums = totals(marks)
    pressing, idle = sums.get(Cue.URGENT, 0.0), sums.get(Cue.UNHURRIED, 0.0)
    if pressing >= 2.0 and pressing > idle:
        return Urgency.HIGH
    if idle >= 1.0 and idle > pressing:
        return Urgency.LOW
    return Urgency.NORMAL if _enough_words(marks) else Urgency.CANNOT_TELL


def _feeling(marks: Sequence[Marked], cue: Cue, faces: re.Pattern[str]) -> float:
    clear = weak = shown = 0.0
    for marked in marks:
        forces = list(_forces(marked, cue))
        clear += sum(force for force in forces if force > _WEAK)
        weak += sum(force for force in forces if force <= _WEAK)
        shown += len(faces.findall(marked.text)) / 2 if marked.book else 0.0
    return clear + min(weak, _WEAK_CAP[cue]) + min(shown, 1.5)


def _forces(marked: Marked, cue: Cue) -> Iterator[float]:
    """What each hit adds to the feeling `cue`, among them the negated hits of the other one."""
    contrast = max((hit.first for hit in marked.hits if hit.cue is Cue.UNSETTLED), default=-1)
    for hit in marked.hits:
        if hit.cue is cue and not _negated(marked, hit):
            # "I love it, but ..."
            halved = cue is Cue.POSITIVE and hit.first < contrast
            yield _force(marked, hit) / (2 if halved else 1)
        elif hit.cue is Cue.POSITIVE and cue is Cue.NEGATIVE and _negated(marked, hit):
            yield _force(marked, hit) / 2


def totals(marks: Sequence[Marked]) -> dict[Cue, float]:
    """Weight of each cue over the texts, negated phrases left out; absent cues are not in it."""
    sums: dict[Cue, float] = {}
    for marked in marks:
        for hit in marked.hits:
            if not _negated(marked, hit):
                sums[hit.cue] = sums.get(hit.cue, 0.0) + hit.weight
    return sums


def _force(marked: Marked, hit: Hit) -> float:
    """The hit's weight, half as much again after "very" and its like."""
    book = marked.book
    before = marked.words[hit.first - 1].text if hit.first else ""
    return hit.weight * (1.5 if book and before in book.intensifiers else 1.0)


def _negated(marked: Marked, hit: Hit) -> bool:
    """Whether a negation stands within three words before the hit, in the same sentence."""
    if marked.book is None:
        return False
    for word in reversed(marked.words[max(0, hit.first - 3) : hit.first]):
        if word.text == ".":
            return False
        if word.text in marked.book.negators:
            return True
    return False


def _enough_words(marks: Sequence[Marked]) -> bool:
    count = sum(
        word.text not in {".", "<>"} for marked in marks if marked.book for word in marked.words
    )
    return count >= _LEAST_WORDS


# ---------------------------------------------------------------- churn


def churn_signal(marked: Marked) -> Span | None:
    """The sentence that says most clearly that the customer is leaving or may leave."""
    signs = [hit for hit in marked.hits if hit.cue in (Cue.LEAVING, Cue.STAYING)]
    if not any(hit.cue is Cue.LEAVING for hit in signs):
        return None
    spans = sentences(marked.text)
    scores = [_leaving(marked, signs, span) for span in spans]
    best = max(scores, default=0.0)
    return spans[scores.index(best)] if best >= 2.0 else None


def _leaving(marked: Marked, signs: Sequence[Hit], span: Span) -> float:
    total = 0.0
    for hit in signs:
        if span.start <= marked.words[hit.first].start < span.end:
            if hit.cue is Cue.STAYING:
                total -= hit.weight
            elif not _negated(marked, hit):
                total += hit.weight
    return total


def _find_churn(customer: Sequence[Turn], marks: Sequence[Marked]) -> Passage | None:
    for turn, marked in zip(customer, marks, strict=True):
        if span := churn_signal(marked):
            return Passage(message_id=turn.message_id, start=span.start, end=span.end)
    return None


# ---------------------------------------------------------------- direction

_TROUBLES = {
    Cue.BROKEN: Direction.BROKEN,
    Cue.DUPLICATE: Direction.DUPLICATE,
    Cue.SLOW: Direction.SLOW,
    Cue.MISSING: Direction.MISSING,
    Cue.CONFUSING: Direction.CONFUSING,
}
"""In the order that decides between equals."""


def direction(marks: Sequence[Marked]) -> Direction:
    """What kind of trouble the texts of one issue describe."""
    sums = totals(marks)
    wanted = sums.get(Cue.REQUEST, 0.0)
    asked = sums.get(Cue.QUESTION, 0.0) + any(asks(marked.text) for marked in marks)
    worst = max(_TROUBLES, key=lambda cue: sums.get(cue, 0.0))
    if sums.get(worst, 0.0) >= max(1.0, wanted / 2, asked / 2):
        return _TROUBLES[worst]
    if wanted >= max(1.0, asked):
        return Direction.REQUEST
    return Direction.QUESTION if asked >= 1.0 else Direction.CANNOT_TELL


def asks(text: str) -> bool:
    """Whether there is a question mark."""
    return "?" in text or "？" in text


# ---------------------------------------------------------------- resolution

_HAS_STEPS = re.compile(r"https?://|^\s*(?:\d+[.)]|[-*•])\s", re.MULTILINE)
_ANSWERS_ENOUGH = 2.0


def resolution(turns: Sequence[Turn], marked: Mapping[str, Marked]) -> str | None:
    """The teammate's message that reads like the answer; of equals, the later one.

    Judged by its own words and by how the customer reacts before the next teammate speaks; `marked`
    holds each turn's text by message id.
    """
    best, best_score = None, _ANSWERS_ENOUGH
    for place, turn in enumerate(turns):
        if turn.author_role is AuthorRole.TEAMMATE:
            answer = _answering(marked[turn.message_id])
            if answer + 2.0 >= best_score:
                answer += _reaction(turns[place + 1 :], marked)
            if answer >= best_score:
                best, best_score = turn.message_id, answer
    return best


def _answering(marked: Marked) -> float:
    sums = totals([marked])
    answer = sums.get(Cue.ANSWER, 0.0)
    if answer < 1.0:
        return -math.inf
    length = min(len(marked.words) / 40, 1.0)
    steps = 1.0 if _HAS_STEPS.search(marked.text) else 0.0
    delays = sums.get(Cue.HOLDING, 0.0) + sums.get(Cue.ASKING, 0.0)
    return min(answer, 6.0) + length + steps - 0.7 * delays


def _reaction(after: Sequence[Turn], marked: Mapping[str, Marked]) -> float:
    """Between -2 (it did not help) and 2 (it did)."""
    marks: list[Marked] = []
    for turn in after:
        if turn.author_role is AuthorRole.TEAMMATE:
            break
        if turn.author_role is AuthorRole.CUSTOMER:
            marks.append(marked[turn.message_id])
    sums = totals(marks)
    settled = sums.get(Cue.SETTLED, 0.0) - 2 * sums.get(Cue.UNSETTLED, 0.0)
    return max(-2.0, min(settled, 2.0))


# ---------------------------------------------------------------- instructions to the reader

_TAGS = re.compile("[\U000e0000-\U000e007f]")
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
"""The flags of England, Scotland and Wales are spelled with tag characters, and are harmless."""
_OVERRIDES = re.compile("[\u202d\u202e]")
_ZERO_WIDTH_RUN = re.compile("[\u200b-\u200d\u2060\ufeff]{8,}")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_FAKE_TURN = re.compile(
    r"""
      ^[\s>*#"'\[({]*(?:system|assistant|developer|ai)[\s\])}*"']*(?:message|prompt)?\s*:(?!//)
      (?!\s*(?:win|mac|os|i?pad|ios|android|linux|ubuntu|debian|chrome|version|software|\d))
    | ^\s*(?:human|user|customer|agent)\s*:[^\n]*\n+\s*(?:assistant|ai|system)\s*:
    | <\|?/?\s*(?:im_start|im_end|endoftext|eot_id|start_header_id|system|assistant|user|
         instructions?|prompt|untrusted|customer_message|conversation|transcript)\s*\|?>
    | \[/?(?:inst|sys|system)\] | <</?sys>>
    | ^\#{2,}\s*(?:new\s+)?(?:instructions?|system|response|task)\b
    | "role"\s*:\s*"(?:system|assistant|developer)"
    """,
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_ENCODED = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,}={0,2}(?![A-Za-z0-9+/=])")
_COMMANDS_ENOUGH = 2.0


def instructs_reader(text: str) -> bool:
    """Whether the text speaks to whatever processes it rather than to whoever helps.

    Hidden characters, forged turns and prompt marks, and orders such as to ignore earlier
    instructions, also when spaced out by invisible characters or written in base64. A mark for
    people and models to beware; nothing is decided by it alone.
    """
    return _instructs(Marked(text, [], [], None))


def _instructs(marked: Marked) -> bool:
    text = marked.text
    if _hides_text(text):
        return True
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    if _FAKE_TURN.search(plain):
        return True
    # The words found for the other facets serve here too, unless they are cut or spelled otherwise.
    known = marked.book is not None and not marked.book.elides and plain == text
    words = marked.words if known else command_book().words(plain)
    return _commands(words) or any(
        _commands(command_book().words(decoded)) for decoded in _decoded(plain)
    )


def _hides_text(text: str) -> bool:
    if text.isascii():
        return False
    return bool(
        _TAGS.search(_FLAG.sub("", text)) or _OVERRIDES.search(text) or _ZERO_WIDTH_RUN.search(text)
    )


def _commands(words: Sequence[Word]) -> bool:
    return sum(hit.weight for hit in command_book().find(words)) >= _COMMANDS_ENOUGH


def _decoded(text: str) -> Iterable[str]:
    for match in _ENCODED.finditer(text):
        encoded = match[0].rstrip("=")
        try:
            raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
            yield raw.decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue  # a token or an identifier that only looks like it
