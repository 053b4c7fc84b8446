"""Reading by a language model: one call for all that is asked of a conversation.

An answer is kept before anything is made of it, so that a crash, a rerun or a later reading with
the same key pays nothing. If the quotes of an issue cannot be found, the model is asked once more
and told so; what is still without proof then is stored as unverified.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import ValidationError

from earmark.db import model_answer_storage
from earmark.db.connection import Database
from earmark.db.model_answer_storage import AnswerSource, StoredAnswer
from earmark.db.models import (
    CANNOT_TELL,
    Analysis,
    Classification,
    ClassificationStage,
    Decider,
    Facets,
    Stated,
    Taxonomy,
)
from earmark.errors import BudgetReached, ModelAnswerUnusable, ModelUnavailable
from earmark.llm.base import LanguageModel, Prediction, Prompt
from earmark.pipeline import facets
from earmark.pipeline.answer_source import Source
from earmark.pipeline.cascade import Agreement, claim, confidence
from earmark.pipeline.facet_call import FacetAnswer
from earmark.pipeline.facet_checks import Checked, Checker
from earmark.pipeline.learn import find_area
from earmark.pipeline.local_reader import Guess, turns_of
from earmark.pipeline.reading_prompt import NAME, Sheet, ask
from earmark.pipeline.shown import KnownTheme, Shown, show
from earmark.pipeline.spending import Spending, plan_call
from earmark.pipeline.subject import Reader, Subject

_LANGUAGE: Final = re.compile(r"[a-z]{2}")
_T = TypeVar("_T", bound=FacetAnswer)


@dataclass(frozen=True, slots=True)
class Task:
    """One conversation that a language model is to read."""

    subject: Subject
    guess: Guess
    themes: tuple[KnownTheme, ...]
    is_audit: bool


@dataclass(frozen=True, slots=True)
class Read:
    """What came of it, with the text that each issue's vector is made of."""

    analysis: Analysis
    embedding_texts: tuple[str, ...]


class AnswerKeeper:
    """Stores answers as they come; those that come while one transaction lasts go together."""

    def __init__(self, database: Database, workspace_id: int, source: AnswerSource) -> None:
        self._database = database
        self._workspace_id = workspace_id
        self.source = source
        self._waiting: list[StoredAnswer] = []
        self._writing = asyncio.Lock()

    async def keep(self, answer: StoredAnswer) -> None:
        """Returns when it is stored."""
        self._waiting.append(answer)
        async with self._writing:
            answers, self._waiting = self._waiting, []
            if not answers:
                return
            async with self._database.write() as connection:
                await model_answer_storage.store_answers(
                    connection, self._workspace_id, self.source, answers
                )


@dataclass(frozen=True, slots=True)
class Asking:
    """All that the calls of one page have in common."""

    workspace_id: int
    run_id: int | None
    reader: Reader
    sheet: Sheet
    model: LanguageModel
    spending: Spending | None
    keeper: AnswerKeeper
    known: Mapping[tuple[str, int], StoredAnswer]
    """Answers that were paid for before."""
    agreement: Agreement


async def read_by_model(asking: Asking, task: Task) -> Read:
    """Read one conversation; raises the errors of models and `BudgetReached`."""
    shown, answer = await _answer(asking, task, attempt=0)
    source = await asyncio.to_thread(Source, shown, asking.sheet.static)
    checked = await asyncio.to_thread(_check, asking, task, source, answer)
    if checked.failed_quotes:
        answer, checked = await _ask_again(asking, task, source, (answer, checked))
    return await asyncio.to_thread(_to_read, asking, task, shown, answer, checked)


async def _ask_again(
    asking: Asking, task: Task, source: Source, first: tuple[FacetAnswer, Checked]
) -> tuple[FacetAnswer, Checked]:
    """Once more, with the quotes that failed; the better of both answers."""
    try:
        shown, answer = await _answer(asking, task, attempt=1, failed=first[1].failed_quotes)
    except (ModelUnavailable, ModelAnswerUnusable, BudgetReached):
        # The first answer stands, without what it could not prove.
        return first
    again = source if shown.themes == source.shown.themes else Source(shown, asking.sheet.static)
    second = await asyncio.to_thread(_check, asking, task, again, answer)
    dropped = first[1].quotes_dropped + second.quotes_dropped
    best = (answer, second) if _proven(second) >= _proven(first[1]) else first
    best[1].quotes_dropped = dropped
    return best


def _proven(checked: Checked) -> int:
    return sum(issue.verified for issue in checked.issues)


def _check(asking: Asking, task: Task, source: Source, answer: FacetAnswer) -> Checked:
    return Checker(task.subject.id, asking.reader.taxonomy, source).check(answer)


# ---------------------------------------------------------------- calling


async def _answer(
    asking: Asking, task: Task, *, attempt: int, failed: Sequence[str] = ()
) -> tuple[Shown, FacetAnswer]:
    """The answer that is known, or a new one; with what the model was shown."""
    known = asking.known.get((task.subject.id, attempt))
    if known is not None:
        replayed = _replay(asking, task, known)
        if replayed is not None:
            return replayed
    shown = await asyncio.to_thread(show, task.subject, task.themes)
    prompt = ask(asking.sheet, shown, failed_quotes=failed)
    answer = await _call(asking, prompt, asking.sheet.form)
    if not is_offered(asking.reader.taxonomy, answer):
        raise ModelAnswerUnusable(
            "The model chose a category that it was not offered.",
            why="It did not keep to the form.",
            fix="The next run asks again.",
        )
    await asking.keeper.keep(
        StoredAnswer(
            conversation_id=task.subject.id,
            content_hash=task.subject.conversation.content_hash,
            attempt=attempt,
            offered_themes=tuple(theme.id for theme in shown.themes),
            answer=answer.model_dump(mode="json"),
        )
    )
    return shown, answer


def _replay(asking: Asking, task: Task, known: StoredAnswer) -> tuple[Shown, FacetAnswer] | None:
    """An answer that is known, beside the themes that were offered then."""
    try:
        answer = asking.sheet.form.model_validate(known.answer)
    except ValidationError:
        return None  # only if someone has written into the table
    names = {theme.id: theme.name for theme in task.themes}
    themes = [KnownTheme(id=id_, name=names.get(id_, "")) for id_ in known.offered_themes]
    return show(task.subject, themes), answer


async def _call(asking: Asking, prompt: Prompt, form: type[_T]) -> _T:
    if asking.spending is None:
        return (await asking.model.extract(prompt, form)).value
    call = plan_call(
        asking.workspace_id, asking.run_id, purpose=NAME, prompt=prompt, model=asking.model
    )
    async with asking.spending.calling(call) as account:
        answer = await asking.model.extract(prompt, form)
        account.used(answer.usage)
    return answer.value


def is_offered(taxonomy: Taxonomy, answer: FacetAnswer) -> bool:
    """A model behind the port may not have kept to the form: no label is made of that."""
    offered = {category.id for category in taxonomy.categories} | {CANNOT_TELL}
    given = {answer.category_at_open, answer.category_final, answer.second_choice or CANNOT_TELL}
    return given <= offered


# ---------------------------------------------------------------- what is made of an answer


def _to_read(
    asking: Asking, task: Task, shown: Shown, answer: FacetAnswer, checked: Checked
) -> Read:
    subject, reader = task.subject, asking.reader
    analysis = Analysis(
        conversation_id=subject.id,
        content_hash=subject.conversation.content_hash,
        input_key=reader.key_of(subject),
        model_id=reader.info.id,
        classifications=(
            _label(
                asking,
                task,
                ClassificationStage.OPEN,
                (answer.category_at_open, answer.confidence_at_open, None),
            ),
            _label(
                asking,
                task,
                ClassificationStage.FINAL,
                (answer.category_final, answer.confidence_final, answer.second_choice),
            ),
        ),
        facets=_facets(asking, task, answer, checked),
        issues=checked.issues,
        evidence=checked.evidence,
        quotes_dropped=checked.quotes_dropped,
        characters_left_out=shown.characters_left_out,
        messages_left_out=shown.messages_left_out,
    )
    return Read(analysis=analysis, embedding_texts=checked.embedding_texts)


def _label(
    asking: Asking,
    task: Task,
    stage: ClassificationStage,
    said: tuple[str, Stated, str | None],
) -> Classification:
    """The label that an answer amounts to; a guess is not claimed, but stands beside."""
    chosen, stated, second = said
    sure = confidence(stated, asking.agreement)
    claimed = claim(chosen, sure)
    local = _local(task.guess, stage)
    return Classification(
        conversation_id=task.subject.id,
        stage=stage,
        category_id=claimed,
        confidence=sure,
        runner_up_id=_runner_up(chosen, claimed, second),
        runner_up_confidence=sure if claimed != chosen else None,
        decider=Decider.LLM,
        model_version=asking.model.name,
        taxonomy_version=asking.reader.taxonomy.version,
        input_key=asking.reader.key_of(task.subject),
        prompt_hash=asking.sheet.version,
        local_category_id=local.category_ids[0],
        local_confidence=local.probabilities[0],
        is_audit=task.is_audit,
        stated=stated,
    )


def _local(guess: Guess, stage: ClassificationStage) -> Prediction:
    return guess.opening if stage is ClassificationStage.OPEN else guess.final


def _runner_up(chosen: str, claimed: str, second: str | None) -> str | None:
    if claimed != chosen:
        return chosen
    return second if second not in (claimed, CANNOT_TELL) else None


def _facets(asking: Asking, task: Task, answer: FacetAnswer, checked: Checked) -> Facets:
    """The model's word where there is no better one: tags name areas, rules see hidden orders."""
    subject = task.subject
    reading = facets.read(turns_of(subject))
    areas = [issue.product_area_id for issue in checked.issues if issue.product_area_id]
    area = find_area(asking.reader.taxonomy.areas, subject.conversation.tags)
    changed = answer.category_at_open != answer.category_final
    return Facets(
        conversation_id=subject.id,
        language=_language(answer.language) or reading.language,
        sentiment=answer.sentiment,
        urgency=answer.urgency,
        churn_risk=checked.churn_risk,
        product_area_id=area or next(iter(areas), None),
        resolution_message_id=checked.resolution_message_id,
        instructs_reader=answer.contains_instructions or reading.instructs_reader,
        decider=Decider.LLM,
        input_key=asking.reader.key_of(subject),
        summary=checked.summary,
        resolution=answer.resolution,
        self_service_gap=answer.self_service_gap,
        change_reason=checked.change_reason if changed else None,
    )


def _language(code: str | None) -> str | None:
    return code if code and _LANGUAGE.fullmatch(code) else None
