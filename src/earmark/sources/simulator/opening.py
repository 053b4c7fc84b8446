"""How a conversation begins: with the matter, a bare greeting, a question beside the point."""

from earmark.sources.simulator.grammar import Disguise
from earmark.sources.simulator.scene import Scene
from earmark.sources.simulator.script import By
from earmark.sources.simulator.spec import NONE, Channel, Redaction, Shape

_REDACTION_NOTICE = (
    "I had to remove your message because it held a password or a card number. Could you tell us "
    "again what it's about, without that?"
)


class Opening:
    """The first message, and the customer's matter wherever it comes up."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._writer = scene.writer
        self._draw = scene.draw
        self._script = scene.script
        self.keeps_for_later = False
        """The second issue has not been mentioned yet."""

    def write(self) -> None:
        """The source, and what follows at once if it was not the whole matter."""
        script, row = self._script, self._scene.row
        if row.redaction == Redaction.SOURCE:
            script.category_at_open = None
            self._scene.add(By.CUSTOMER, "source", "-").redacted = True
        elif row.channel == Channel.OUTBOUND:
            self._write_outbound()
        else:
            self._write_own()
        if self._scene.is_mail:
            self._write_subject()

    def tell_what_is_missing(self) -> None:
        """After a greeting without content, or a redacted message, the matter itself."""
        if any(turn.mentions for turn in self._script.turns):
            return
        speech = self._scene.speech
        text = self._scene.render(speech.agent_which)
        if self._scene.row.redaction == Redaction.SOURCE and speech.language == "en":
            text = _REDACTION_NOTICE
        self._scene.reply(text, hello=True)
        self._tell_all("comment", greet=False)

    def _write_own(self) -> None:
        """What the customer begins with."""
        disguise = self._find_disguise()
        if disguise:
            self._write_disguised(disguise)
        elif self._is_vague():
            self._script.category_at_open = None
            self._scene.add(By.CUSTOMER, "source", self._writer.say(self._scene.speech.vague))
        else:
            self._tell_all("source")

    def _write_outbound(self) -> None:
        """A teammate's message, and the customer's answer to it."""
        speech = self._scene.speech
        self._scene.add(By.AGENT, "source", self._scene.render(speech.outbound))
        self._tell_all("comment", lead=self._writer.say(speech.outbound_reply) + " ")

    def _write_disguised(self, disguise: Disguise) -> None:
        """An opening of another category; the truth comes out when a teammate asks back."""
        self._script.category_at_open = disguise.category
        text = self._writer.greet(self._writer.say(disguise.opening))
        self._scene.add(By.CUSTOMER, "source", text).signature = self._sign()
        self._scene.reply(self._scene.render(disguise.reply), hello=True)
        self._tell_all("comment", lead=self._writer.say(disguise.turn) + " ", greet=False)

    def _tell_all(self, part_type: str, *, lead: str = "", greet: bool = True) -> None:
        """The customer's matter in full."""
        writer, row = self._writer, self._scene.row
        worked_on = row.shape in (Shape.ANSWERED, Shape.LONG)
        together = row.second != NONE and (not worked_on or self._draw.chance(0.6))
        self.keeps_for_later = row.second != NONE and not together
        plain = writer.theme.category != "spam" and not writer.theme.mood
        personal = plain and self._draw.chance(0.28)
        text, mentions = writer.open(
            second=together, personal=personal, is_first=part_type == "source"
        )
        if greet and not lead:
            text = writer.greet(text)
        elif self._scene.is_mail:
            text = f"{text}\n\n{writer.close_mail()}"
        turn = self._scene.add(By.CUSTOMER, part_type, lead + text)
        turn.mentions = mentions
        turn.signature = self._sign()
        newsletter = self._scene.speech.newsletter
        if self._scene.is_mail and part_type == "source" and newsletter and self._draw.chance(0.05):
            turn.quotes = -1
            self._script.newsletter = self._scene.render(newsletter)

    def _find_disguise(self) -> Disguise | None:
        if self._scene.row.shape != Shape.ANSWERED or self._scene.speech.language != "en":
            return None
        options = self._scene.grammar.disguises.get(self._writer.theme.key)
        return self._draw.pick(options) if options and self._draw.chance(0.35) else None

    def _is_vague(self) -> bool:
        answered = self._scene.row.shape == Shape.ANSWERED and not self._scene.is_mail
        return answered and self._writer.theme.category != "spam" and self._draw.chance(0.11)

    def _write_subject(self) -> None:
        speech, words = self._scene.speech, self._writer.words
        subject = self._scene.render(
            words.subjects if self._draw.chance(0.72) else speech.vague_subjects
        )
        self._script.subject = f"Re: {subject}" if self._draw.chance(0.08) else subject

    def _sign(self) -> str:
        return self._writer.sign() if self._scene.is_mail else ""
