"""What the customer reports, wants or asks, in the customer's own sentences.

A conversation is cut into sentences; those that carry nothing but courtesy, a name or a number are
set aside. The rest is parted where the customer says that another subject begins. Of each part, the
sentence that says most clearly what is wrong or wanted becomes the statement. Nothing is rephrased:
a statement is cut from what was written, so that it can be proved.
"""

import re
from collections.abc import Iterable, Sequence

from earmark.db.models import Direction, Model
from earmark.pipeline.facets import Passage, asks, direction
from earmark.pipeline.issue_sentences import NAME_WORDS, TROUBLES, Sentence, read_sentences
from earmark.prompts.phrases import Cue

MAX_ISSUES = 3
MAX_STATEMENT = 240
_MAX_EMBEDDING = 2_000
_MAX_QUOTES = 3
_CLEAR = 1.0
"""The clarity from which on a sentence can carry an issue."""


class CustomerText(Model):
    """One message of the customer, cleaned and masked."""

    message_id: str
    text: str


class ExtractedIssue(Model):
    """One issue, with what it was cut from."""

    statement: str
    """What is wrong or wanted, at most `MAX_STATEMENT` characters."""
    embedding_text: str
    """Every sentence that belongs to the issue."""
    quotes: tuple[Passage, ...]
    """One to three ranges of the given texts, the statement's own first."""
    direction: Direction


def extract(messages: Sequence[CustomerText], language: str | None) -> tuple[ExtractedIssue, ...]:
    """Up to three issues, in the order in which they were raised; none where there is none.

    `language` as `facets.detect_language` gave it for the whole conversation.
    """
    told = read_sentences(((message.message_id, message.text) for message in messages), language)
    if _is_unasked(told):
        return ()
    parts = _split(list(_drop_signatures(told)))
    issues = (_describe(part) for part in parts)
    return tuple(issue for issue in issues if issue is not None)


# ---------------------------------------------------------------- what is no issue

_ADVERTISING = 4.0


def _is_unasked(told: Sequence[Sentence]) -> bool:
    """Advertising, fraud or an automatic reply."""
    signs = sum(sentence.sums.get(Cue.UNASKED, 0.0) for sentence in told)
    trouble = max((sentence.trouble for sentence in told), default=0.0)
    return signs >= _ADVERTISING or (signs >= 2.0 and trouble < 2.0 and _is_one_sided(told))


def _is_one_sided(told: Sequence[Sentence]) -> bool:
    """A single message without a clear concern about anything that customers have to do with."""
    return len({sentence.message_id for sentence in told}) == 1 and not any(
        sentence.sums.get(Cue.TOPIC, 0.0) and sentence.clarity >= 2.0 for sentence in told
    )


def _drop_signatures(told: Sequence[Sentence]) -> Iterable[Sentence]:
    """Without what follows the farewell of a message, save a postscript that is clear."""
    closed, seen = "", ""
    for sentence in told:
        message_id = sentence.message_id
        if message_id == closed and sentence.clarity < _CLEAR:
            continue
        closed = message_id if _closes(sentence, opening=message_id != seen) else ""
        seen = message_id
        if not closed:
            yield sentence


def _closes(sentence: Sentence, *, opening: bool) -> bool:
    """A farewell, or thanks that do not stand first, with at most a name beside."""
    if sentence.content > NAME_WORDS or sentence.clarity >= _CLEAR:
        return False
    farewell = sentence.sums.get(Cue.FAREWELL, 0.0) >= 2.0
    return farewell or (not opening and sentence.sums.get(Cue.THANKS, 0.0) >= 2.0)


# ---------------------------------------------------------------- splitting into issues


def _split(told: Sequence[Sentence]) -> list[list[Sentence]]:
    """The sentences of each issue; those past the last issue that is kept are left out."""
    parts: list[list[Sentence]] = [[]]
    listed = _find_listed(told)
    announced = carried = False
    for sentence in told:
        if not sentence.content:
            announced = announced or Cue.MARKER in sentence.sums
            carried = carried or _asks_about_context(sentence)
            continue
        opens = announced or sentence.place in listed or _opens_subject(sentence)
        if opens and carried and sentence.clarity >= _CLEAR:
            if len(parts) == MAX_ISSUES:
                break
            parts.append([])
            carried = False
        parts[-1].append(sentence)
        announced, carried = False, carried or sentence.clarity >= _CLEAR
    return parts


def _asks_about_context(sentence: Sentence) -> bool:
    """A real question whose words mean nothing alone: "Which one is right?"."""
    courtesies = (Cue.APPEAL, Cue.PLEASANTRY, Cue.GREETING)
    return (
        sentence.prose
        and asks(sentence.marked.text)
        and not any(cue in sentence.sums for cue in courtesies)
    )


def _find_listed(told: Sequence[Sentence]) -> set[int]:
    """Places of list items that are subjects of their own: two or more are clear, and no steps."""
    items: dict[str, list[Sentence]] = {}
    intros: dict[str, Sentence] = {}
    for sentence in told:
        if sentence.item:
            items.setdefault(sentence.message_id, []).append(sentence)
        elif sentence.message_id not in items:
            intros[sentence.message_id] = sentence
    return {
        place
        for message_id, run in items.items()
        for place in _find_subjects(intros.get(message_id), run)
    }


def _find_subjects(intro: Sentence | None, items: Sequence[Sentence]) -> list[int]:
    clear = [item.place for item in items if item.clarity >= _CLEAR]
    if len(clear) < 2 or (intro and intro.sums.get(Cue.ATTEMPT, 0.0) >= 2.0):
        return []
    announces = intro is not None and intro.marked.text.endswith(":")
    return clear[1:] if announces else clear


def _opens_subject(sentence: Sentence) -> bool:
    """A marker at the start ("Also, ..."), or after the first word of a wish ("I also need")."""
    words, book = sentence.marked.words, sentence.marked.book
    pointing = {hit.first for hit in sentence.marked.hits if hit.cue is Cue.ANAPHOR}
    for hit in sentence.marked.hits:
        if hit.cue is not Cue.MARKER:
            continue
        before = words[sentence.whole_first : hit.first]
        joined = all(word.text == "." or (book and word.text in book.joiners) for word in before)
        greeted = len(before) <= NAME_WORDS and _greets(sentence)
        wished = len(before) == 1 and sentence.clarity >= 2.0 and sentence.trouble < 1.0
        if (joined or greeted or wished) and sentence.whole_first not in pointing:
            after = hit.last
            while after < sentence.last and words[after].text == ".":
                after += 1
            return after not in pointing
    return False


def _greets(sentence: Sentence) -> bool:
    return any(
        hit.cue is Cue.GREETING and hit.first == sentence.whole_first
        for hit in sentence.marked.hits
    )


# ---------------------------------------------------------------- describing one issue


def _describe(part: Sequence[Sentence]) -> ExtractedIssue | None:
    core = _choose_core(part)
    if core is None:
        return None
    told = [each for each in part if each is core or each.clarity >= _CLEAR or _elaborates(each)]
    stated = _complete(core, told)
    others = [each for each in told if each.clarity >= _CLEAR and each not in stated]
    others.sort(key=lambda each: -each.clarity)
    quoted = [core, *(each for each in stated if each is not core), *others][:_MAX_QUOTES]
    kind = direction([each.marked for each in stated])
    if kind is Direction.CANNOT_TELL:
        kind = direction([each.marked for each in told])
    return ExtractedIssue(
        statement=_cut(" ".join(_clean(each) for each in stated), core),
        embedding_text=" ".join(each.marked.text for each in told)[:_MAX_EMBEDDING],
        quotes=tuple(
            Passage(message_id=each.message_id, start=each.start, end=each.end) for each in quoted
        ),
        direction=kind,
    )


def _elaborates(sentence: Sentence) -> bool:
    return sentence.prose and not sentence.courteous


def _choose_core(part: Sequence[Sentence]) -> Sentence | None:
    """The sentence that says most clearly what the issue is; early ones are preferred."""
    ranked = [
        (_weigh(sentence) - min(0.3 * number, 1.5), -number, sentence)
        for number, sentence in enumerate(part)
        if sentence.clarity >= _CLEAR
    ]
    if ranked:
        return max(ranked, key=lambda entry: entry[:2])[2]
    return next((sentence for sentence in part if _may_be_meant(sentence)), None)


def _weigh(sentence: Sentence) -> float:
    return (
        sentence.clarity
        + 0.3 * min(sentence.sums.get(Cue.TOPIC, 0.0), 3.0)
        + 0.1 * min(sentence.content, 8)
        - 0.6 * max(0, _SHORT - sentence.content)
        - 0.5 * (sentence.sums.get(Cue.ATTEMPT, 0.0) >= 2.0)
        - 0.75 * (sentence.sums.get(Cue.IDENTITY, 0.0) >= 2.0)
        - 0.5 * sentence.begins_with(Cue.ANAPHOR)
        - 1.5 * bool(_ERROR_TEXT.match(sentence.marked.text))
    )


def _may_be_meant(sentence: Sentence) -> bool:
    """May be the concern though no phrase says so: "cheeseburger and coke for three people"."""
    about = sentence.prose or Cue.TOPIC in sentence.sums
    named = sentence.sums.get(Cue.IDENTITY, 0.0) >= 2.0
    pleased = Cue.POSITIVE in sentence.sums or Cue.UNASKED in sentence.sums
    return about and not (named or pleased or sentence.courteous)


_SHORT = 3
_SAYS_ERROR = re.compile(r"""[:"“«'‘][^\n]*$|\b(?:error|fehler|erro|erreur)\w*\b""", re.IGNORECASE)
_ERROR_TEXT = re.compile(
    r"""^["“«„'‘]|\b\w*(?:Error|Exception|Fehler)\b|\b[45]\d\d\b|\b0x[0-9a-f]+\b|\b[A-Z]+[-_]?\d{2,}\b"""
)


def _complete(core: Sentence, told: Sequence[Sentence]) -> list[Sentence]:
    """The core with the sentence that it cannot be understood without, in reading order."""
    at = told.index(core)
    before = told[at - 1] if at else None
    after = told[at + 1] if at + 1 < len(told) else None
    if before and core.begins_with(Cue.ANAPHOR) and _fit(before, core):
        return [before, core]
    if after and _fit(core, after) and (_is_short(core, after) or _carries_error(core, after)):
        return [core, after]
    if before and not after and _fit(before, core) and _is_short(core, before):
        return [before, core]
    return [core]


def _fit(one: Sentence, other: Sentence) -> bool:
    return len(one.marked.text) + len(other.marked.text) < MAX_STATEMENT - 2


def _is_short(core: Sentence, other: Sentence) -> bool:
    """Says too little alone; what another message says is joined to a single word only."""
    if core.message_id != other.message_id:
        return core.content < 2
    vague = core.begins_with(Cue.PLEASANTRY) or core.clarity < _CLEAR
    return core.content < _SHORT or vague


def _carries_error(core: Sentence, after: Sentence) -> bool:
    return bool(_ERROR_TEXT.search(after.marked.text)) and bool(
        _SAYS_ERROR.search(core.marked.text) or Cue.BROKEN in core.sums
    )


_ASIDE = re.compile(r"\s*[(\[][^()\[\]]{0,40}<[A-Z][A-Z_]*_\d+>[^()\[\]]{0,40}[)\]]")


def _clean(sentence: Sentence) -> str:
    return " ".join(_ASIDE.sub("", sentence.marked.text).split()).strip(" ,;-–—")


def _cut(statement: str, core: Sentence) -> str:
    """At most `MAX_STATEMENT` characters, around the first cue, ending with a clause or a word."""
    if len(statement) <= MAX_STATEMENT:
        return statement
    room = MAX_STATEMENT - 2
    begin = _find_clause(statement, core)
    piece = statement[begin : begin + room]
    if begin + room < len(statement):
        ends = [match.start() for match in re.finditer(r"[,;:–—.!?](?=\s)", piece)]
        end = ends[-1] if ends and ends[-1] > room // 2 else piece.rfind(" ")
        piece = piece[: end if end > 0 else room] + "…"
    return ("…" if begin else "") + piece


def _find_clause(statement: str, core: Sentence) -> int:
    """Where to begin so that the first cue is in view; 0 unless it comes late."""
    cues = [
        core.marked.words[hit.first].start - core.start
        for hit in core.marked.hits
        if hit.cue in TROUBLES or hit.cue in (Cue.REQUEST, Cue.QUESTION)
    ]
    first = min((place for place in cues if place >= 0), default=0)
    if first < MAX_STATEMENT // 2:
        return 0
    breaks = [match.end() for match in re.finditer(r"[,;:–—]\s", statement[:first])]
    return breaks[-1] if breaks else 0
