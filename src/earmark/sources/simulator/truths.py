"""What is true of a written script."""

from earmark.db.models import Sentiment, Urgency
from earmark.sources.simulator.grammar import Theme
from earmark.sources.simulator.numbering import number_message
from earmark.sources.simulator.script import Script
from earmark.sources.simulator.spec import Redaction
from earmark.sources.simulator.truth import Planted, TrueIssue, Truth
from earmark.sources.simulator.voices import FIRST_MARK, is_mark

_URGENCIES = {-1: Urgency.LOW, 0: Urgency.NORMAL, 1: Urgency.HIGH}


def tell_truth(
    script: Script, themes: tuple[Theme, ...], conversation_id: str, *, is_deleted: bool
) -> Truth:
    """The truth of one conversation; positions count messages with a body, from 0."""
    issues: list[TrueIssue] = []
    planted: list[Planted] = []
    texts = {FIRST_MARK + mark: value.text for mark, value in enumerate(script.values)}
    position = 0
    for at, turn in enumerate(script.turns):
        if turn.text is None:
            continue
        message_id = number_message(script.row.number, at)
        planted.extend(_find_planted(script, at, position, message_id))
        for mention in turn.mentions:
            theme = themes[mention.theme]
            issue = TrueIssue(
                theme=theme.key,
                area=theme.area or None,
                category=theme.category,
                position=position,
                message_id=message_id,
                phrase=mention.phrase.translate(texts),
            )
            issues.append(issue)
        position += 1
    return Truth(
        conversation_id=conversation_id,
        category=script.category,
        category_at_open=script.category_at_open,
        issues=tuple(issues),
        language=script.language,
        sentiment=_judge_mood(script.mood),
        urgency=_URGENCIES[script.urgency],
        churn_risk=script.churn,
        is_spam=script.category == "spam",
        injection=script.injection,
        planted=tuple(planted),
        deleted=is_deleted,
        redacted=script.row.redaction != Redaction.NOTHING,
    )


def _find_planted(script: Script, at: int, position: int, message_id: str) -> list[Planted]:
    """Every value that stands in one message, once for the message and once for its quotation."""
    turn = script.turns[at]
    if turn.redacted or not turn.text:
        return []
    found = [(sign, False) for sign in turn.text + turn.signature if is_mark(sign)]
    if turn.quotes is not None and turn.quotes >= 0:
        quoted_text = script.turns[turn.quotes].text or ""
        found += [(sign, True) for sign in quoted_text if is_mark(sign)]
    values = {pair: script.values[ord(pair[0]) - FIRST_MARK] for pair in found}
    return [
        Planted(
            kind=value.kind,
            text=value.text,
            position=position,
            message_id=message_id,
            quoted=quoted,
        )
        for (_, quoted), value in values.items()
    ]


def _judge_mood(mood: float) -> Sentiment:
    if mood <= -1:
        return Sentiment.NEGATIVE
    return Sentiment.POSITIVE if mood >= 1 else Sentiment.NEUTRAL
