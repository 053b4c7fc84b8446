"""The course of one conversation: who answers, what is asked back, how it ends."""

from collections.abc import Sequence

from earmark.sources.simulator.grammar import Grammar
from earmark.sources.simulator.hashing import Draw
from earmark.sources.simulator.injections import make_injection
from earmark.sources.simulator.opening import Opening
from earmark.sources.simulator.population import Person
from earmark.sources.simulator.scene import Scene
from earmark.sources.simulator.script import By, Script
from earmark.sources.simulator.spec import NONE, Redaction, Row, Shape, State
from earmark.sources.simulator.truth import InjectionKind
from earmark.sources.simulator.writer import Writer, choose_language

LONG_CYCLES = 170
"""Rounds of question and answer in a conversation of more than 500 parts."""

_ATTACHMENTS = (
    "screenshot.png", "IMG_2041.jpg", "Bildschirmfoto.png", "invoice.pdf", "export.csv",
    "screen recording.mov", "image001.png", "log.txt",
)  # fmt: skip
_KINDS = tuple(InjectionKind)
_IN_HELP_CENTRE = ("how_to_question", "general_inquiry", "feature_request")
"""What the AI agent can answer."""


def write_script(grammar: Grammar, row: Row, person: Person, draw: Draw) -> Script:
    """The whole conversation of one row of the plan."""
    writer = Writer(grammar, row, person, choose_language(grammar, row, person), draw)
    return Thread(Scene(writer)).build()


class Thread:
    """Builds a script turn by turn."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._opening = Opening(scene)
        self._writer = scene.writer
        self._words = scene.writer.words
        self._draw = scene.draw
        self._speech = scene.speech
        self._row = scene.row
        self._script = scene.script
        self._is_content = False

    def build(self) -> Script:
        """All turns, and the facts that they add up to."""
        self._opening.write()
        course = {
            Shape.SILENT: self._stay_silent,
            Shape.DISMISSED: self._dismiss,
            Shape.ACKNOWLEDGED: self._acknowledge,
            Shape.ASSISTED: self._assist,
            Shape.ANSWERED: self._answer,
            Shape.LONG: self._drag_on,
        }
        course[Shape(self._row.shape)]()
        self._inject()
        self._attach()
        self._conclude()
        return self._script

    # ------------------------------------------------------------ courses

    def _stay_silent(self) -> None:
        """Nothing follows."""

    def _dismiss(self) -> None:
        self._scene.add(By.AGENT, "close")

    def _acknowledge(self) -> None:
        """The automatic answer, by day or out of hours."""
        hour = self._row.created_at // 3600
        is_weekend = (hour // 24 + 3) % 7 > 4
        is_away = is_weekend or not 8 <= hour % 24 < 18
        clauses = self._speech.bot_away if is_away else self._speech.bot_ack
        self._scene.add(By.OPERATOR, "comment", self._scene.render(clauses), wait=0.01)

    def _assist(self) -> None:
        """The AI agent answers, and the customer is content or goes away."""
        is_content = self._draw.chance(0.6 if self._assistant_knows() else 0.25)
        self._let_assistant_answer()
        if is_content:
            self._scene.add(By.CUSTOMER, "comment", self._writer.say(self._speech.ai_accept))
        self._scene.add(By.OPERATOR, "close", wait=0.4)
        self._script.assistant_state = "confirmed" if is_content else "assumed"
        self._script.assistant_state += "_resolution"

    def _answer(self) -> None:
        if self._writer.theme.category == "spam":
            self._decline()
            return
        self._receive()
        self._opening.tell_what_is_missing()
        self._work()
        self._end()

    def _decline(self) -> None:
        """Somebody was polite enough to answer junk."""
        text = self._scene.render(self._speech.agent_decline_spam)
        self._scene.add(By.AGENT, "comment", text, wait=3)
        if self._draw.chance(0.5):
            _, answer = self._draw.pick(self._words.exchange)
            self._scene.add(By.CUSTOMER, "comment", self._writer.say((answer,)), wait=2)
            self._scene.add(By.AGENT, "note", self._scene.render(self._words.note))
        self._close()

    def _drag_on(self) -> None:
        """Weeks of the same: tests, logs, waiting."""
        self._receive()
        scene, speech = self._scene, self._speech
        for cycle in range(LONG_CYCLES):
            scene.add(By.AGENT, "comment", scene.render(speech.long_agent), wait=2)
            scene.add(By.CUSTOMER, "comment", self._writer.say(speech.long_customer), wait=2)
            if cycle % 3 == 0:
                scene.add(By.AGENT, "note", scene.render(speech.long_note), wait=0.3)
            if cycle % 2 == 0:
                scene.add(By.AGENT, "snoozed", wait=0.1)
                scene.add(By.OPERATOR, "unsnoozed", wait=1.5)
            if cycle % 10 == 9:
                scene.add(By.AGENT, "assignment", wait=0.2)
        self._writer.mood -= 1

    # ------------------------------------------------------------ first answers

    def _receive(self) -> None:
        """What happens before a teammate reads it."""
        if not self._scene.has_greeted:
            self._let_machines_answer()
        draw, scene = self._draw, self._scene
        if draw.chance(0.85):
            scene.add(By.OPERATOR, "assignment", wait=0.05)
        if self._row.area_tag != NONE and draw.chance(0.7):
            scene.add(By.AGENT, "conversation_tags_updated", wait=1.5).tags = (self._row.area_tag,)
        is_glad = bool(self._writer.theme.mood)
        if not is_glad and draw.chance(0.09 if scene.is_mail else 0.05):
            scene.add(By.CUSTOMER, "comment", self._writer.say(self._speech.impatient), wait=4)
            self._writer.mood -= 0.5

    def _let_machines_answer(self) -> None:
        """An automatic answer, a menu, or an attempt of the AI agent."""
        draw, speech, scene = self._draw, self._speech, self._scene
        if draw.chance(0.2 if scene.is_mail else 0.3):
            self._acknowledge()
        elif scene.is_mail:
            return
        elif draw.chance(0.08):
            scene.add(By.OPERATOR, "comment", scene.render(speech.bot_menu), wait=0.01)
            scene.add(By.CUSTOMER, "quick_reply", scene.render(speech.bot_options), wait=0.1)
        elif self._script.category_at_open and draw.chance(0.3):
            self._try_assistant()

    def _try_assistant(self) -> None:
        """The AI agent answers, and the customer wants a person."""
        scene, speech = self._scene, self._speech
        self._let_assistant_answer()
        is_angry = self._draw.chance(0.2)
        reject = speech.ai_reject_angry if is_angry else speech.ai_reject
        self._writer.mood -= 1 if is_angry else 0
        scene.add(By.CUSTOMER, "comment", self._writer.say(reject), wait=0.4)
        scene.add(By.ASSISTANT, "comment", scene.render(speech.ai_handover), wait=0.02)
        self._script.assistant_state = "negative_feedback" if is_angry else "escalated"

    def _let_assistant_answer(self) -> None:
        scene, speech = self._scene, self._speech
        answer = self._words.resolve if self._assistant_knows() else speech.ai_generic
        text = f"{scene.render(speech.ai_intro)} {scene.render(answer)}"
        text = f"{text}\n\n{scene.render(speech.ai_outro)}"
        scene.add(By.ASSISTANT, "comment", text, wait=0.05)

    def _assistant_knows(self) -> bool:
        return self._writer.theme.category in _IN_HELP_CENTRE

    # ------------------------------------------------------------ the work

    def _work(self) -> None:
        draw, words, scene = self._draw, self._words, self._scene
        if self._row.redaction == Redaction.PART:
            self._redact_part()
        if draw.chance(0.3):
            scene.add(By.AGENT, "note", scene.render((*words.note, *self._speech.note)))
        exchanges = list(words.exchange)
        for _ in range(min(len(exchanges), draw.below(3))):
            question, answer = exchanges.pop(draw.below(len(exchanges)))
            scene.reply(scene.render((question,)), hello=True, feeling=True)
            text = scene.finish_reply(self._writer.say((answer,)))
            scene.add(By.CUSTOMER, "comment", text, wait=2)
        if draw.chance(0.22):
            scene.reply(scene.render(self._speech.agent_wait), hello=True)
        self._resolve()

    def _resolve(self) -> None:
        """The answer that matters, and how it is taken."""
        draw, speech, scene = self._draw, self._speech, self._scene
        is_open = self._row.state != State.CLOSED
        is_trouble = self._writer.theme.category in ("product_issue", "account_issue")
        is_passed_on = is_trouble and draw.chance(0.6 if is_open else 0.2)
        answer = speech.agent_escalate if is_passed_on else self._words.resolve
        scene.reply(scene.render(answer), hello=True, feeling=True)
        if self._opening.keeps_for_later:
            self._tell_later()
        elif self._row.second != NONE and draw.chance(0.6):
            scene.reply(scene.render(speech.agent_second), hello=False)
        if self._writer.churn and draw.chance(0.6):
            scene.add(By.AGENT, "note", scene.render(speech.note_churn), wait=0.3)
        if draw.chance(0.7):
            self._take(is_trouble=is_trouble, is_passed_on=is_passed_on)

    def _take(self, *, is_trouble: bool, is_passed_on: bool) -> None:
        """The customer's last word."""
        draw, speech, writer = self._draw, self._speech, self._writer
        is_glad = bool(writer.theme.mood)
        self._is_content = is_glad or draw.chance(0.3 if is_passed_on else 0.8)
        if self._is_content and draw.chance(0.16):
            clauses = speech.delighted
            writer.mood += 1
        elif self._is_content:
            is_solved = is_trouble and not is_passed_on and draw.chance(0.7)
            clauses = speech.thanks_fixed if is_solved else speech.thanks
        else:
            clauses = speech.unsatisfied if draw.chance(0.75) else speech.give_up
            writer.mood -= 0.75
        text = self._scene.finish_reply(writer.say(clauses))
        quoted = self._scene.find_quoted()
        self._scene.add(By.CUSTOMER, "comment", text, wait=3).quotes = quoted

    def _tell_later(self) -> None:
        """The other issues come up when the first is dealt with."""
        for theme in (self._row.second, self._row.third):
            if theme == NONE:
                continue
            mention = self._writer.tell(theme)
            lead = self._writer.say(self._speech.later)
            text = self._scene.finish_reply(f"{lead} {mention.phrase}")
            self._scene.add(By.CUSTOMER, "comment", text, wait=2).mentions = [mention]
        self._scene.reply(self._scene.render(self._speech.agent_second), hello=False)

    def _redact_part(self) -> None:
        self._scene.add(By.CUSTOMER, "comment", "-").redacted = True
        if self._speech.language == "en":
            text = "I've removed your last message, please never send us passwords or card numbers."
            self._scene.reply(text, hello=True)

    # ------------------------------------------------------------ the end

    def _end(self) -> None:
        draw, scene = self._draw, self._scene
        if self._row.state == State.SNOOZED:
            scene.add(By.AGENT, "snoozed", wait=0.5)
        if self._row.state != State.CLOSED:
            return
        self._close()
        if draw.chance(0.07):
            self._reopen()
        if draw.chance(0.22):
            self._rate()
        if draw.chance(0.05):
            scene.add(By.OPERATOR, "conversation_attribute_updated_by_workflow", wait=0.2)

    def _reopen(self) -> None:
        scene = self._scene
        text = scene.finish_reply(self._writer.say(self._speech.unsatisfied))
        quoted = scene.find_quoted()
        scene.add(By.CUSTOMER, "open", text, wait=6).quotes = quoted
        self._writer.mood -= 0.75
        self._is_content = False
        scene.reply(scene.render(self._speech.agent_escalate), hello=False)
        self._close()

    def _close(self) -> None:
        with_text = self._scene.has_greeted and self._draw.chance(0.35)
        text = self._scene.render(self._part()) if with_text else None
        self._scene.add(By.AGENT, "close", text, wait=1.5)

    def _part(self) -> Sequence[str]:
        """What a teammate says when closing."""
        last = next(turn for turn in reversed(self._script.turns) if turn.text is not None)
        if last.by is not By.CUSTOMER:
            return self._speech.agent_unheard
        return self._speech.agent_welcome if self._is_content else self._speech.agent_close

    def _rate(self) -> None:
        mood = self._writer.mood
        low, high = (1, 2) if mood <= -1 else (4, 5) if mood >= 0 else (2, 4)
        self._script.rating = self._draw.between(low, high)
        is_good = self._script.rating >= 4
        pool = self._speech.rating_good if is_good else self._speech.rating_bad
        self._script.remark = self._scene.render(pool)
        if self._draw.chance(0.3):
            question = self._scene.render(self._speech.bot_rating)
            self._scene.add(By.OPERATOR, "comment", question, wait=0.2)

    def _inject(self) -> None:
        """An order to the reader, in the opening or in any of the customer's messages."""
        mine = [turn for turn in self._script.turns if turn.by is By.CUSTOMER and not turn.redacted]
        if self._row.injection == NONE or not mine:
            return
        kind = _KINDS[self._row.injection]
        injection = make_injection(self._scene.grammar, kind, self._draw)
        turn = mine[0] if self._draw.chance(0.6) else self._draw.pick(mine)
        if injection.is_hidden:
            turn.hidden = injection.text
        else:
            turn.text = f"{turn.text}\n\n{injection.text}"
        self._script.injection = kind

    def _attach(self) -> None:
        if self._writer.theme.category == "spam" or not self._draw.chance(0.11):
            return
        mine = [turn for turn in self._script.turns if turn.by is By.CUSTOMER and not turn.redacted]
        if mine:
            mine[0].attachment = self._draw.pick(_ATTACHMENTS)

    def _conclude(self) -> None:
        """The facts; where nobody looked into it, a thread is what its opening says."""
        script, writer = self._script, self._writer
        script.mood = writer.mood
        script.urgency = writer.urgency
        script.churn = writer.churn
        if writer.theme.opens_as and self._row.shape not in (Shape.ANSWERED, Shape.LONG):
            script.category = writer.theme.opens_as
