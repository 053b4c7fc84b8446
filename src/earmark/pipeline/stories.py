"""From themes to stories that a team can pick up, without a model: extracts, counts and forms.

Nothing in a story is invented: its numbers come from SQL, its words from the theme's own (masked)
statements and from teammates' answers; what nobody has said is listed as an open question, and what
is only likely is marked as an assumption.
"""

from datetime import datetime, timedelta
from typing import Final

from earmark.db import (
    conversation_storage,
    insight_storage,
    story_storage,
    theme_context_storage,
    theme_storage,
)
from earmark.db.connection import Database
from earmark.db.insight_storage import Quote
from earmark.db.models import (
    AcceptanceCriterion,
    Decider,
    Direction,
    Interval,
    Model,
    ScorePart,
    Theme,
)
from earmark.db.story_storage import StoryContent, StoryDraft
from earmark.db.theme_context_storage import Answer, PlanCount, ThemeContext
from earmark.evaluation import intervals
from earmark.pipeline.progress import Progress

_QUARTER: Final = timedelta(days=91)
_LEAST_CUSTOMERS: Final = 3
_LEAST_QUOTES: Final = 3
_MOST_QUOTES: Final = 12
_TITLE_LENGTH: Final = 80
_ANSWER_LENGTH: Final = 600
_STORYLESS: Final = frozenset({"general_inquiry", "spam"})
# Without a person's review no story may look surer than this.
_UNREVIEWED: Final = 0.8

# What is to be done, by what most of the theme's conversations are; its direction where that is
# not known.
_VERBS: Final = {
    "product_issue": "Fix",
    "feature_request": "Add",
    "how_to_question": "Explain",
    "configuration_help": "Ease set-up",
    "account_issue": "Resolve",
    "billing_question": "Resolve",
}
_VERBS_BY_DIRECTION: Final = {
    Direction.BROKEN: "Fix",
    Direction.SLOW: "Speed up",
    Direction.DUPLICATE: "Stop duplicates",
    Direction.MISSING: "Add",
    Direction.REQUEST: "Add",
}


class Material(Model):
    """All that one story is made from."""

    theme: Theme
    context: ThemeContext
    plans: tuple[PlanCount, ...]
    quotes: tuple[Quote, ...]
    answer: Answer | None


async def draft_stories(database: Database, workspace_id: int, progress: Progress) -> None:
    """Write a story for each theme that has earned one; others lose theirs."""
    async with database.read() as connection:
        latest = await conversation_storage.latest_conversation_at(connection, workspace_id)
    materials = await _gather(database, workspace_id, latest) if latest else []
    drafts = [draft(material) for material in materials]
    async with database.write() as connection:
        await story_storage.upsert_stories(connection, workspace_id, drafts)
        await story_storage.delete_other_stories(
            connection, workspace_id, [story.theme_id for story in drafts]
        )
        await progress.report(len(drafts), len(drafts), connection)


async def _gather(database: Database, workspace_id: int, latest: datetime) -> list[Material]:
    until = latest + timedelta(seconds=1)
    since = until - _QUARTER
    async with database.read() as connection:
        contexts = {
            context.theme_id: context
            for context in await theme_context_storage.list_contexts(
                connection, workspace_id, since=since, until=until
            )
        }
        themes = await theme_storage.list_themes(connection, workspace_id, list(contexts))
        earning = [theme for theme in themes if _earns(theme, contexts[theme.id])]
        ids = [theme.id for theme in earning]
        plans = await theme_context_storage.list_plans(
            connection, workspace_id, since=since, until=until
        )
        quotes = await insight_storage.theme_quotes(
            connection, workspace_id, ids, per_theme=_MOST_QUOTES
        )
        answers = {
            answer.theme_id: answer
            for answer in await theme_context_storage.list_answers(connection, workspace_id, ids)
        }
    materials = [
        Material(
            theme=theme,
            context=contexts[theme.id],
            plans=tuple(plan for plan in plans if plan.theme_id == theme.id),
            quotes=tuple(quote for quote in quotes if quote.theme_id == theme.id),
            answer=answers.get(theme.id),
        )
        for theme in earning
    ]
    return [material for material in materials if len(material.quotes) >= _LEAST_QUOTES]


def _earns(theme: Theme, context: ThemeContext) -> bool:
    """Enough different customers in the last quarter, about something that a team can change."""
    return context.customers >= _LEAST_CUSTOMERS and theme.category_id not in _STORYLESS


def draft(material: Material) -> StoryDraft:
    """The story of one theme."""
    parts = score_parts(material)
    return StoryDraft(
        theme_id=material.theme.id,
        theme_version=material.theme.version,
        theme_name=material.theme.name,
        title=title(material),
        content=StoryContent(
            problem=_problem(material),
            who=_who(material),
            acceptance_criteria=_criteria(material),
            out_of_scope=("Other themes of the same product area.",),
            open_questions=_open_questions(material),
            workaround=_shorten(material.answer.text, _ANSWER_LENGTH) if material.answer else None,
            score_parts=parts,
        ),
        reach=reach(material.context),
        score=_product(parts),
        decider=Decider.RULE,
        workaround_of=material.answer.conversation_id if material.answer else None,
        workaround_hash=material.answer.content_hash if material.answer else None,
        evidence_ids=tuple(quote.evidence_id for quote in material.quotes),
    )


def title(material: Material) -> str:
    """At most 80 characters: what to do, and the theme's name."""
    fallback = _VERBS_BY_DIRECTION.get(material.context.direction, "Look into")
    verb = _VERBS.get(material.theme.category_id or "", fallback)
    return _shorten(f"{verb}: {material.theme.name}", _TITLE_LENGTH)


def _problem(material: Material) -> str:
    context = material.context
    span = f"{context.first_at:%d %b %Y} and {context.last_at:%d %b %Y}"
    share = f"{context.negative} of these conversations read as negative"
    pressing = f"{context.urgent} as urgent, {context.churn} threaten to leave"
    return (
        f"{context.customers} customers wrote about “{material.theme.name}” in"
        f" {context.conversations} conversations between {span}; {share}, {pressing}."
        f" Their own words are below ({len(material.quotes)} verified quotes)."
    )


def _who(material: Material) -> str:
    context = material.context
    known = sum(plan.customers for plan in material.plans)
    if not known:
        return f"{context.customers} customers; their plans are not known."
    listed = ", ".join(f"{plan.plan} {plan.customers}" for plan in material.plans[:6])
    return (
        f"{context.customers} customers (by plan: {listed}); the companies behind them pay"
        f" {context.revenue:,.0f} a month."
    )


def _criteria(material: Material) -> tuple[AcceptanceCriterion, ...]:
    name = material.theme.name
    context = material.context
    weekly = context.conversations / (_QUARTER.days / 7)
    expected = {
        Direction.MISSING: "they can do it in the product",
        Direction.REQUEST: "they can do it in the product",
        Direction.QUESTION: "the product or its help answers it without a conversation",
        Direction.CONFUSING: "the product or its help answers it without a conversation",
        Direction.SLOW: "it is done in a time that the team has agreed on",
    }.get(context.direction, "it works as the customer expects, without an error")
    return (
        AcceptanceCriterion(
            given="a customer in the situation of the first quote",
            when=f"they meet what the theme calls “{name}”",
            then=expected,
            assumption=True,
        ),
        AcceptanceCriterion(
            given="the change has been released for four weeks",
            when="the conversations of this theme are counted",
            then=f"there are clearly fewer than {weekly:.1f} a week, the mean of the last quarter",
            assumption=False,
        ),
    )


def _open_questions(material: Material) -> tuple[str, ...]:
    context = material.context
    questions = ["What causes it? Nothing here is a stated root cause."]
    if material.answer is None:
        questions.append("Is there a workaround? No teammate's message reads like an answer.")
    if context.verified < context.issues:
        questions.append(
            f"{context.issues - context.verified} of {context.issues} mentions have no located"
            " quote: do they belong here?"
        )
    questions.append("How often is the label right? It has not been measured by people yet.")
    return tuple(questions)


def reach(context: ThemeContext) -> Interval:
    """Distinct customers per quarter, as a Poisson count."""
    return intervals.count(context.customers)


def score_parts(material: Material) -> tuple[ScorePart, ...]:
    """RICE with every factor shown; effort is the team's to estimate and counts as 1 until then."""
    context = material.context
    reached = reach(context)
    negative = intervals.share(context.negative, context.conversations)
    churn = intervals.share(context.churn, context.conversations)
    verified = intervals.share(context.verified, context.issues)
    cohesion = material.theme.cohesion
    return (
        ScorePart(
            name="reach",
            **reached.model_dump(),
            explanation=f"{context.customers} distinct customers in the last quarter",
        ),
        ScorePart(
            name="impact",
            value=1 + negative.value + 2 * churn.value,
            low=1 + negative.low + 2 * churn.low,
            high=1 + negative.high + 2 * churn.high,
            explanation="1 + share of negative conversations + 2 × share that threatens to leave:"
            f" {context.negative} and {context.churn} of {context.conversations}",
        ),
        ScorePart(
            name="confidence",
            value=min(verified.value * cohesion, _UNREVIEWED),
            low=min(verified.low * cohesion, _UNREVIEWED),
            high=min(verified.high * cohesion, _UNREVIEWED),
            explanation=f"share of mentions with a located quote ({context.verified} of"
            f" {context.issues}) × cohesion {cohesion:.2f}; at most {_UNREVIEWED} until people"
            " have reviewed labels",
        ),
        ScorePart(name="effort", value=1, low=1, high=1, explanation="not estimated by the team"),
    )


def _product(parts: tuple[ScorePart, ...]) -> Interval:
    by_name = {part.name: part for part in parts}
    value = low = high = 1.0
    for name in ("reach", "impact", "confidence"):
        value *= by_name[name].value
        low *= by_name[name].low
        high *= by_name[name].high
    effort = by_name["effort"].value
    return Interval(value=value / effort, low=low / effort, high=high / effort)


def _shorten(text: str, length: int) -> str:
    """The text on one line, cut at a word if it is too long."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    head, _, _ = cut.rpartition(" ")
    return (head or cut).rstrip(" ,;:-") + "…"
