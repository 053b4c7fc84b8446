"""From masked messages to labels, facets, issues and verified quotes; a page at a time.

Whom a conversation is read by is decided in `cascade`: by the workspace's local model and rules
(`local_reader`), or by a language model (`language_reader`). What is not sure enough is labelled
`cannot_tell`, with the best guess beside it. A call that fails leaves a failed row, which the next
run tries again, and never a label.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from earmark.db import (
    classification_storage,
    conversation_storage,
    masked_storage,
    model_answer_storage,
    taxonomy_storage,
    theme_storage,
)
from earmark.db.connection import Database, ReadConnection
from earmark.db.model_answer_storage import AnswerSource
from earmark.db.models import Stage, Taxonomy
from earmark.db.taxonomy_storage import TextModelInfo
from earmark.llm.base import LanguageModel, Prompt, TextModel
from earmark.pipeline.asking import Desk, Ledger, PageOutcome, ask_all, store_local
from earmark.pipeline.candidates import nearest_themes
from earmark.pipeline.cascade import Mode, Route, draw, route
from earmark.pipeline.language_reader import AnswerKeeper, Asking, Task
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.local_reader import Guess, guess
from earmark.pipeline.reading_prompt import Sheet, ask, make_sheet
from earmark.pipeline.shown import show
from earmark.pipeline.spending import Spending
from earmark.pipeline.subject import READER_VERSION, Reader, Subject

NO_WORDS: Final = "no words of a customer"


@dataclass(frozen=True, slots=True)
class Minds:
    """Who may read: the local models, and a language model if there is one."""

    shelf: ModelShelf
    mode: Mode = Mode.OFFLINE
    language_model: LanguageModel | None = None
    spending: Spending | None = None

    @property
    def asked(self) -> LanguageModel | None:
        """The language model, unless nobody is to ask it."""
        return None if self.mode is Mode.OFFLINE else self.language_model


async def reader_key(connection: ReadConnection, workspace_id: int, minds: Minds) -> str:
    """The key of the newest reader; before a model was fitted, one that no reading has."""
    info = await taxonomy_storage.latest_model(connection, workspace_id)
    taxonomy = await taxonomy_storage.get_taxonomy(connection, workspace_id)
    if info is None or taxonomy is None:
        return f"none.{READER_VERSION}"
    named = _name_reader(minds, _sheet_for(minds, taxonomy))
    return Reader(taxonomy=taxonomy, info=info, language_model=named).key


def _sheet_for(minds: Minds, taxonomy: Taxonomy) -> Sheet | None:
    return make_sheet(taxonomy) if minds.asked is not None else None


def _name_reader(minds: Minds, sheet: Sheet | None) -> str | None:
    if minds.asked is None or sheet is None:
        return None
    return f"{minds.mode}.{minds.asked.name}.{sheet.version}"


async def classify_page(
    database: Database,
    minds: Minds,
    workspace_id: int,
    conversation_ids: Sequence[str],
    *,
    run_id: int | None = None,
) -> PageOutcome:
    """Read the conversations and store what they say; those without words are skipped.

    Raises `ModelRejected` where the language model refuses to work at all; what was read before is
    stored.
    """
    desk = await _set_up(database, minds, workspace_id, conversation_ids)
    if desk is None:
        return PageOutcome()
    await _skip(database, workspace_id, desk)
    guesses = await guess(desk.shelf, desk.model, desk.speaking)
    routes = await _routes(database, minds, workspace_id, desk, guesses)
    own = [
        (subject, guessed)
        for subject, guessed, way in zip(desk.speaking, guesses, routes, strict=True)
        if way is Route.LOCAL
    ]
    await store_local(database, workspace_id, desk, own)
    tasks = {
        subject.id: (subject, guessed, way is Route.AUDIT)
        for subject, guessed, way in zip(desk.speaking, guesses, routes, strict=True)
        if way is not Route.LOCAL
    }
    if not tasks:
        return PageOutcome()
    asking, todo = await _prepare(database, minds, (workspace_id, run_id), desk, tasks)
    return await ask_all(asking, todo, Ledger(database, workspace_id, desk))


@dataclass(frozen=True, slots=True)
class Draft:
    """A taxonomy that is not in use, with a model that was fitted under it and is not stored."""

    taxonomy: Taxonomy
    model: TextModel

    @property
    def info(self) -> TextModelInfo:
        """As of a stored model; nobody has proven it yet, so it may decide nothing alone."""
        version = self.taxonomy.version
        return TextModelInfo(
            id=0,
            version=self.model.version,
            taxonomy_version=version,
            fitted_on=0,
            lessons=0,
            created_at=datetime.now(UTC),
        )


async def _set_up(
    database: Database,
    minds: Minds,
    workspace_id: int,
    conversation_ids: Sequence[str],
    draft: Draft | None = None,
) -> Desk | None:
    async with database.read() as connection:
        if draft is None:
            info, model = await minds.shelf.latest(connection, workspace_id)
            taxonomy = await taxonomy_storage.get_taxonomy(connection, workspace_id)
        else:
            info, model, taxonomy = draft.info, draft.model, draft.taxonomy
        known = await conversation_storage.list_readable(connection, workspace_id, conversation_ids)
        masked = await masked_storage.list_masked(connection, workspace_id, conversation_ids)
    if taxonomy is None:
        return None
    sheet = _sheet_for(minds, taxonomy)
    subjects = [Subject(conversation=row, messages=tuple(masked[row.id])) for row in known]
    return Desk(
        reader=Reader(taxonomy=taxonomy, info=info, language_model=_name_reader(minds, sheet)),
        shelf=minds.shelf,
        model=model,
        sheet=sheet,
        speaking=tuple(subject for subject in subjects if subject.customer_texts()),
        silent=tuple(subject for subject in subjects if not subject.customer_texts()),
    )


async def _skip(database: Database, workspace_id: int, desk: Desk) -> None:
    if not desk.silent:
        return
    async with database.write() as connection:
        await classification_storage.record_skips(
            connection,
            workspace_id,
            input_keys={subject.id: desk.reader.key_of(subject) for subject in desk.silent},
            model_id=desk.reader.info.id,
            reason=NO_WORDS,
        )


async def _routes(
    database: Database, minds: Minds, workspace_id: int, desk: Desk, guesses: Sequence[Guess]
) -> list[Route]:
    if minds.asked is None:
        return [Route.LOCAL] * len(desk.speaking)
    async with database.read() as connection:
        thresholds = await taxonomy_storage.read_thresholds(
            connection, workspace_id, desk.reader.info.id
        )
    version = desk.reader.info.version
    return [
        route(minds.mode, thresholds, guessed.opening, guessed.final, draw(subject.id, version))
        for subject, guessed in zip(desk.speaking, guesses, strict=True)
    ]


# ---------------------------------------------------------------- by a language model

_Tasks = Mapping[str, tuple[Subject, Guess, bool]]


async def _prepare(
    database: Database,
    minds: Minds,
    place: tuple[int, int | None],
    desk: Desk,
    tasks: _Tasks,
) -> tuple[Asking, list[Task]]:
    """What all calls have in common, and what each is about."""
    workspace_id, run_id = place
    model, sheet = minds.asked, desk.sheet
    assert model is not None  # noqa: S101 - its only caller has looked
    assert sheet is not None  # noqa: S101
    source = AnswerSource(
        taxonomy_version=desk.reader.taxonomy.version,
        prompt_hash=sheet.version,
        model=model.name,
        schema_version=sheet.schema_version,
    )
    async with database.read() as connection:
        known = await model_answer_storage.list_answers(
            connection, workspace_id, source, list(tasks)
        )
        agreement = await model_answer_storage.count_agreement(
            connection, workspace_id, model=model.name
        )
        names = await theme_storage.list_theme_names(connection, workspace_id)
    subjects = [subject for subject, _, _ in tasks.values()]
    themes = await nearest_themes(desk.shelf, desk.model, names, subjects)
    asking = Asking(
        workspace_id=workspace_id,
        run_id=run_id,
        reader=desk.reader,
        sheet=sheet,
        model=model,
        spending=minds.spending,
        keeper=AnswerKeeper(database, workspace_id, source),
        known=known,
        agreement=agreement,
    )
    todo = [
        Task(subject=subject, guess=guessed, themes=offered, is_audit=is_audit)
        for (subject, guessed, is_audit), offered in zip(tasks.values(), themes, strict=True)
    ]
    return asking, todo


@dataclass(frozen=True, slots=True)
class Planned:
    """What reading one conversation would send."""

    task: Task
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Plan:
    """What reading some conversations would send."""

    sheet: Sheet
    source: AnswerSource
    questions: tuple[Planned, ...]


async def plan_prompts(
    database: Database,
    minds: Minds,
    workspace_id: int,
    conversation_ids: Sequence[str],
    draft: Draft | None = None,
) -> list[Prompt]:
    """The prompts of `plan_questions`."""
    plan = await plan_questions(database, minds, workspace_id, conversation_ids, draft)
    return [planned.prompt for planned in plan.questions] if plan else []


async def plan_questions(
    database: Database,
    minds: Minds,
    workspace_id: int,
    conversation_ids: Sequence[str],
    draft: Draft | None = None,
) -> Plan | None:
    """What reading these conversations would send, if anything; nothing is sent or stored.

    Nothing for what the local model would decide, and for what was asked and answered before.
    """
    desk = await _set_up(database, minds, workspace_id, conversation_ids, draft)
    if desk is None or minds.asked is None:
        return None
    guesses = await guess(desk.shelf, desk.model, desk.speaking)
    routes = await _routes(database, minds, workspace_id, desk, guesses)
    tasks = {
        subject.id: (subject, guessed, way is Route.AUDIT)
        for subject, guessed, way in zip(desk.speaking, guesses, routes, strict=True)
        if way is not Route.LOCAL
    }
    if not tasks:
        return None
    asking, todo = await _prepare(database, minds, (workspace_id, None), desk, tasks)
    questions = [
        Planned(task, ask(asking.sheet, await asyncio.to_thread(show, task.subject, task.themes)))
        for task in todo
        if (task.subject.id, 0) not in asking.known
    ]
    return Plan(asking.sheet, asking.keeper.source, tuple(questions))


async def record_failure(
    database: Database,
    minds: Minds,
    workspace_id: int,
    conversation_id: str,
    *,
    stage: Stage,
    reason: str,
) -> None:
    """Mark a conversation that breaks a stage, so that it is seen and tried again."""
    async with database.write() as connection:
        known = await conversation_storage.list_readable(
            connection, workspace_id, [conversation_id]
        )
        info = await taxonomy_storage.latest_model(connection, workspace_id)
        key = await reader_key(connection, workspace_id, minds)
        await classification_storage.record_failures(
            connection,
            workspace_id,
            input_keys={row.id: f"{row.content_hash}:{key}" for row in known},
            model_id=info.id if info else 0,
            reason=f"{stage}: {reason}",
        )
