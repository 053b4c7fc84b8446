"""The stage of one conversation: who is on it, and how a turn is added."""

from collections.abc import Sequence

from earmark.sources.simulator.grammar import Grammar, Speech
from earmark.sources.simulator.hashing import Draw
from earmark.sources.simulator.script import By, Script, Turn
from earmark.sources.simulator.spec import Row
from earmark.sources.simulator.writer import Writer


class Scene:
    """A script in the making, with what opening and course of a conversation share."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.draw: Draw = writer.draw
        self.grammar: Grammar = writer.grammar
        self.speech: Speech = writer.speech
        self.row: Row = writer.row
        self.is_mail = writer.is_mail
        self.has_greeted = False
        """A teammate has answered."""
        agent = self._choose_agent()
        writer.facts.agent = self.grammar.setting.admins[agent].name.split()[0]
        self.script = Script(
            row=writer.row,
            theme=writer.theme,
            person=writer.person,
            language=self.speech.language,
            agent=agent,
            turns=[],
            values=writer.facts.values,
            mail_style=writer.person.number % 4,
            category=writer.theme.category,
            category_at_open=writer.theme.opens_as or writer.theme.category,
        )

    def add(self, by: By, part_type: str, text: str | None = None, *, wait: float = 1.0) -> Turn:
        """One more turn; `wait` is relative, and varied a little."""
        turn = Turn(by, part_type, text, wait=wait * (0.3 + self.draw.below(1000) / 700))
        self.script.turns.append(turn)
        return turn

    def render(self, clauses: Sequence[str]) -> str:
        """One of the clauses as it stands: teammates and bots do not make mistakes."""
        return self.writer.say(clauses, bent=False)

    def reply(self, text: str, *, hello: bool, feeling: bool = False) -> None:
        """A teammate's answer; the first one greets, and mails are signed."""
        speech, first = self.speech, not self.has_greeted
        parts: list[str] = []
        if hello and (first or self.is_mail):
            greeting = speech.agent_hello if first else speech.agent_again
            parts.append(self.render(greeting) + ("\n\n" if self.is_mail else " "))
            if first and feeling and not self.writer.theme.mood:
                parts.append(self.render(self._feel()) + " ")
        parts.append(text)
        if self.is_mail:
            name = self.grammar.setting.name
            parts.append(
                f"\n\n{speech.closing_mail[0]},\n{self.writer.facts.agent}\n{name} Support"
            )
        self.has_greeted = True
        self.add(By.AGENT, "comment", "".join(parts), wait=9 if first else 3)

    def finish_reply(self, text: str) -> str:
        """A customer's later message; in mails with a name below it, more often than not."""
        if self.is_mail and self.draw.chance(0.7):
            return f"{text}\n\n{self.writer.facts.fill('first')}"
        return text

    def find_quoted(self) -> int | None:
        """The turn that a mail program would quote below an answer."""
        if not self.is_mail or self.draw.chance(0.25):
            return None
        for at in range(len(self.script.turns) - 1, -1, -1):
            turn = self.script.turns[at]
            if turn.by is By.AGENT and turn.text and turn.part_type != "note":
                return at
        return None

    def _feel(self) -> Sequence[str]:
        """What a teammate says first: sorry to those with trouble, welcome to those who ask."""
        category = self.script.category
        if category == "billing_question":
            return self.speech.agent_neutral
        is_trouble = category in ("product_issue", "account_issue")
        return self.speech.agent_empathy if is_trouble else self.speech.agent_glad

    def _choose_agent(self) -> int:
        """A teammate of the area's team who speaks the language, else anyone who does."""
        setting = self.grammar.setting
        area = self.grammar.area(self.writer.theme.area)
        team = area.team if area else setting.teams[0]
        language = self.speech.language
        able = [at for at, mate in enumerate(setting.admins) if language in mate.languages]
        fit = [at for at in able if setting.admins[at].team == team]
        return self.draw.pick(fit if fit and self.draw.chance(0.8) else able)
