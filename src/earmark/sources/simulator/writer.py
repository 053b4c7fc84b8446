"""What one customer writes: clauses chosen, put in order and bent by a voice."""

from collections.abc import Sequence
from typing import NamedTuple

from earmark.sources.simulator.grammar import Clauses, Grammar, Language, Speech, Theme
from earmark.sources.simulator.hashing import Draw
from earmark.sources.simulator.particulars import Particulars
from earmark.sources.simulator.phrases import render
from earmark.sources.simulator.population import Person
from earmark.sources.simulator.script import Mention
from earmark.sources.simulator.spec import NONE, Channel, Row
from earmark.sources.simulator.voices import Voice, bend, is_mark

_ORDER = (
    "outburst", "pleasantry", "filler", "what", "context", "filler2", "tried", "impact",
    "frustration", "personal", "second", "moods", "ask",
)  # fmt: skip
"""The places of an opening message, between greeting and closing."""

_CHANCES: dict[Voice, dict[str, float]] = {
    Voice.TERSE: {"context": 0.08, "impact": 0.1, "ask": 0.05},
    Voice.PLAIN: {"filler": 0.08, "context": 0.4, "tried": 0.22, "impact": 0.22, "ask": 0.45},
    Voice.POLITE: {
        "pleasantry": 0.45, "filler": 0.12, "context": 0.5, "tried": 0.35, "impact": 0.25,
        "ask": 0.75,
    },
    Voice.RAMBLING: {
        "pleasantry": 0.5, "filler": 0.85, "context": 0.8, "filler2": 0.8, "tried": 0.6,
        "impact": 0.6, "ask": 0.6,
    },
    Voice.ANGRY: {
        "outburst": 0.55, "context": 0.25, "tried": 0.25, "impact": 0.6, "frustration": 0.75,
        "ask": 0.4,
    },
    Voice.NONNATIVE: {"filler": 0.1, "context": 0.45, "tried": 0.25, "impact": 0.2, "ask": 0.55},
    Voice.SLOPPY: {"context": 0.3, "tried": 0.15, "impact": 0.15, "ask": 0.25},
}  # fmt: skip
"""How likely each voice fills each place; the matter itself is always told."""

_ALWAYS = frozenset({"what", "personal", "second", "moods"})
"""Places that decide for themselves."""

_VOICES_CHAT = (
    (Voice.TERSE, 32), (Voice.PLAIN, 30), (Voice.SLOPPY, 15), (Voice.POLITE, 8), (Voice.ANGRY, 8),
    (Voice.NONNATIVE, 4), (Voice.RAMBLING, 3),
)  # fmt: skip
_VOICES_MAIL = (
    (Voice.PLAIN, 30), (Voice.POLITE, 26), (Voice.RAMBLING, 21), (Voice.ANGRY, 9),
    (Voice.SLOPPY, 6), (Voice.NONNATIVE, 4), (Voice.TERSE, 4),
)  # fmt: skip

_URGENT = {"product_issue": 0.13, "account_issue": 0.2, "billing_question": 0.05}
_CHURN = {
    "product_issue": 0.04,
    "billing_question": 0.06,
    "feature_request": 0.05,
    "account_issue": 0.02,
}
_COMPLAINTS = frozenset({"product_issue", "account_issue", "billing_question"})


class Words(NamedTuple):
    """A theme's clauses in the conversation's language."""

    subjects: Clauses
    terse: Clauses
    what: Clauses
    context: Clauses
    tried: Clauses
    impact: Clauses
    ask: Clauses
    exchange: tuple[tuple[str, str], ...]
    resolve: Clauses
    note: Clauses


def find_words(grammar: Grammar, theme: Theme, language: Language) -> Words | None:
    """The theme's clauses in this language; null where nobody has written them."""
    if language == "en":
        return Words(
            theme.subjects, theme.terse, theme.what, theme.context, theme.tried, theme.impact,
            theme.ask, theme.exchange, theme.resolve, theme.note,
        )  # fmt: skip
    translated = grammar.translated[language].get(theme.key)
    if translated is None:
        return None
    speech = grammar.speech[language]
    asked = ((speech.identify[0], speech.identify_answer[0]),)
    return Words(
        translated.subjects, translated.terse, translated.what, (), (), (), (), asked,
        translated.resolve, speech.note,
    )  # fmt: skip


class Writer:
    """One customer writing about one matter."""

    def __init__(
        self, grammar: Grammar, row: Row, person: Person, language: Language, draw: Draw
    ) -> None:
        self.grammar = grammar
        self.row = row
        self.person = person
        self.speech: Speech = grammar.speech[language]
        self.draw = draw
        self.theme = grammar.themes[row.theme]
        self.is_mail = row.channel == Channel.EMAIL
        self.facts = Particulars(grammar, self.speech, person, row.created_at, draw)
        self.words = self._words_of(row.theme)
        self.voice = self._choose_voice()
        self.mood = 2.0 if self.theme.mood == "positive" else 0.0
        self.urgency = 0
        self.churn = self.theme.churn

    @property
    def is_english(self) -> bool:
        """Whether this conversation is in English."""
        return self.speech.language == "en"

    def say(self, clauses: Sequence[str], *, bent: bool = True) -> str:
        """One of the clauses in the customer's voice, or as it stands."""
        text = render(self.draw.pick(clauses), self.draw, self.facts.fill)
        if not bent:
            return text
        return bend(text, self.voice, self.draw, self.grammar.voices, english=self.is_english)

    def tell(self, theme: int, *, terse: bool = False) -> Mention:
        """The matter of a theme in the customer's words."""
        words = self._words_of(theme)
        phrase = self.say(words.terse if terse else words.what)
        if phrase[:1].islower() and self.voice not in (Voice.TERSE, Voice.SLOPPY):
            phrase = phrase[0].upper() + phrase[1:]
        return Mention(theme, phrase)

    def open(self, *, second: bool, personal: bool, is_first: bool) -> tuple[str, list[Mention]]:
        """The matter in full, without greeting and closing, and what it is about.

        Small talk is for customers, and pleasantries for the first message.
        """
        chances = dict(_CHANCES[self.voice])
        if not self.theme.area:
            chances.update(filler=0, filler2=0, pleasantry=0)
        elif not is_first:
            chances["pleasantry"] = 0
        sentences: list[str] = []
        mentions: list[Mention] = []
        for place in _ORDER:
            if place in _ALWAYS or self.draw.chance(chances.get(place, 0)):
                self._write_place(place, sentences, mentions, second=second, personal=personal)
        return self._join(sentences), mentions

    def greet(self, text: str) -> str:
        """The text of an opening with its greeting and closing."""
        english = self.is_english
        foreign = self.voice is Voice.NONNATIVE and english
        if self.is_mail:
            hello = self.grammar.voices.nonnative_opening if foreign else self.speech.greeting_mail
            greeting = self.say(hello, bent=False)
            return f"{greeting}\n\n{text}\n\n{self.close_mail()}"
        parts = [text]
        if self.draw.chance(0.25 if self.voice is Voice.TERSE else 0.55):
            joint = self.draw.pick(
                (", ", "\n", " - ") if text[:1].islower() else ("! ", "\n", ". ", "\n")
            )
            parts.insert(0, self.say(self.speech.greeting_chat).rstrip("!.") + joint)
        if self.draw.chance(0.06 if self.voice is Voice.TERSE else 0.25):
            ending = self.grammar.voices.nonnative_closing if foreign else self.speech.closing_chat
            parts.append(self.draw.pick((" ", "\n")) + self.say(ending))
        if self.draw.chance(0.08):
            parts.append(" " + self._emoji())
        return "".join(parts)

    def close_mail(self) -> str:
        """The last lines of a mail above its signature."""
        foreign = self.voice is Voice.NONNATIVE and self.is_english
        closing = self.draw.pick(
            self.grammar.voices.nonnative_closing if foreign else self.speech.closing_mail
        )
        comma = "," if self.draw.chance(0.5) else ""
        if self._signs_in_full() and self.draw.chance(0.55):
            return closing
        name = self.facts.fill("first") if self.draw.chance(0.6) else self.facts.name()
        return f"{closing}{comma}\n{name}"

    def sign(self) -> str:
        """The signature below a mail; a person always has the same kind, or none."""
        style = self.person.number % 10
        if not self._signs_in_full():
            return self.draw.pick(self.speech.sent_from) if style in (1, 8) else ""
        firm = self.person.firm
        lines = [self.facts.name()]
        if firm:
            role = self.speech.roles[self.person.number % len(self.speech.roles)]
            lines.append(f"{role} | {self.facts.fill('company')}")
            if style > 3:
                lines.append(self.facts.fill("address"))
        label = self.speech.phone_label[self.person.number % len(self.speech.phone_label)]
        lines.append(f"{label} {self.facts.own_phone()}")
        if style % 2:
            lines.append(self.facts.fill("email"))
        if firm:
            lines.append(f"www.{firm.domain}")
        if style in (4, 5, 6) and firm:
            lines.append("\n" + self.say(self.speech.disclaimer, bent=False))
        return ("-- \n" if style == 2 else "") + "\n".join(lines)

    def _signs_in_full(self) -> bool:
        return not self.person.is_junk and self.person.number % 10 not in (1, 3, 7, 8)

    def disclose(self) -> str:
        """A sentence with personal data of a kind that comes up in the theme's area."""
        area = self.grammar.area(self.theme.area)
        kinds = area.personal if area else ("phone", "email")
        kind = self.draw.pick(kinds)
        return self.say(getattr(self.speech.personal, kind))

    # ------------------------------------------------------------ parts of an opening

    def _write_place(
        self,
        place: str,
        sentences: list[str],
        mentions: list[Mention],
        *,
        second: bool,
        personal: bool,
    ) -> None:
        if place == "what":
            self._write_matter(sentences, mentions)
        elif place == "moods":
            self._write_moods(sentences)
        elif place == "personal":
            if personal:
                sentences.append(self.disclose())
        elif place == "second":
            if second:
                self._write_further(sentences, mentions)
        elif place in ("context", "tried", "impact", "ask"):
            clauses: Clauses = getattr(self.words, place)
            if clauses:
                sentences.append(self.say(clauses))
                self.mood -= 0.5 if place == "impact" and self.theme.category in _COMPLAINTS else 0
        elif self.theme.category != "spam" and not self.theme.mood:
            name = place.rstrip("2")
            sentences.append(self.say(getattr(self.speech, name)))
            self.mood -= 1.0 if name in ("outburst", "frustration") else 0

    def _write_matter(self, sentences: list[str], mentions: list[Mention]) -> None:
        terse = self.voice is Voice.TERSE or (self.voice is Voice.SLOPPY and self.draw.chance(0.4))
        mention = self.tell(self.row.theme, terse=terse)
        sentences.append(mention.phrase)
        mentions.append(mention)
        if self.voice is Voice.RAMBLING and self.draw.chance(0.3):
            again = self.tell(self.row.theme).phrase
            if again != mention.phrase:
                sentences.append(again)

    def _write_further(self, sentences: list[str], mentions: list[Mention]) -> None:
        for theme in (self.row.second, self.row.third):
            if theme == NONE:
                continue
            mention = self.tell(theme, terse=self.voice is Voice.TERSE)
            mentions.append(mention)
            sentences.append(f"\n\n{self.say(self.speech.also)} {mention.phrase}")

    def _write_moods(self, sentences: list[str]) -> None:
        """Hurry, threats to leave and compliments, by chance and by category."""
        category = self.theme.category
        if category == "spam" or self.theme.mood:
            self.urgency = -1
            return
        angry = self.voice is Voice.ANGRY
        if self.draw.chance(_URGENT.get(category, 0.02) * (2.2 if angry else 1)):
            sentences.append(self.say(self.speech.urgent))
            self.urgency = 1
        elif not angry and self.draw.chance(0.05):
            sentences.append(self.say(self.speech.relaxed))
            self.urgency = -1
        if self.draw.chance(_CHURN.get(category, 0) * (5 if angry else 1)):
            wishes = category == "feature_request"
            sentences.append(self.say(self.speech.churn_wish if wishes else self.speech.churn))
            self.churn = True
            self.mood -= 1
        elif not angry and self.draw.chance(0.04):
            sentences.append(self.say(self.speech.delight))
            self.mood += 1

    def _join(self, sentences: list[str]) -> str:
        """Sentences in a row; mails get paragraphs, chats now and then a new line."""
        text = ""
        for at, sentence in enumerate(sentences):
            if at == 0:
                text = sentence.lstrip()
            elif sentence.startswith("\n"):
                text += sentence
            else:
                gap = "\n\n" if self.is_mail and self.draw.chance(0.35) else " "
                if not self.is_mail and self.draw.chance(0.12):
                    gap = "\n"
                text += self._end(text, gap) + gap + sentence
        return text

    def _end(self, text: str, gap: str) -> str:
        """A full stop, where one sentence would otherwise run into the next."""
        last = text[-1:]
        runs_on = gap == " " and (last.isalnum() or is_mark(last or " "))
        return self.draw.pick((".", ".", ".", ".", "...", ",")) if runs_on else ""

    def _emoji(self) -> str:
        voices = self.grammar.voices
        return self.draw.pick(voices.emoji_glad if self.theme.mood else voices.emoji)

    def _words_of(self, theme: int) -> Words:
        words = find_words(self.grammar, self.grammar.themes[theme], self.speech.language)
        if words is None:
            raise LookupError(
                f"{self.grammar.themes[theme].key} has no {self.speech.language} text"
            )
        return words

    def _choose_voice(self) -> Voice:
        if self.theme.category == "spam":
            return self.draw.pick((Voice.POLITE, Voice.PLAIN, Voice.NONNATIVE))
        if self.theme.mood:
            return self.draw.pick((Voice.PLAIN, Voice.POLITE, Voice.SLOPPY))
        foreign = self.is_english and self.person.language != "en"
        if foreign and self.draw.chance(0.6):
            return Voice.NONNATIVE
        voices = _VOICES_MAIL if self.is_mail else _VOICES_CHAT
        point = self.draw.below(100)
        for voice, share in voices:
            if point < share:
                return self._calm(voice)
            point -= share
        return Voice.PLAIN

    def _calm(self, voice: Voice) -> Voice:
        """Who wishes or asks for something is rarely furious."""
        complaint = self.theme.category in _COMPLAINTS
        return (
            Voice.PLAIN
            if voice is Voice.ANGRY and not complaint and self.draw.chance(0.85)
            else voice
        )


def choose_language(grammar: Grammar, row: Row, person: Person) -> Language:
    """The customer's own language, if all themes of the conversation can be put in it."""
    themes = [theme for theme in (row.theme, row.second, row.third) if theme != NONE]
    for theme in themes:
        if find_words(grammar, grammar.themes[theme], person.language) is None:
            return "en"
    return person.language
