"""Handing in the questions of a run as batches: what they are, what they may cost, once each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from earmark.db import batch_storage, batch_wait_storage, run_storage
from earmark.db.batch_storage import NewBatch
from earmark.db.connection import WriteConnection
from earmark.db.models import Stage
from earmark.errors import ModelRejected
from earmark.pipeline import batching, classify
from earmark.pipeline.batch_answers import Asked, Details, Errand
from earmark.pipeline.classify import Plan, Planned
from earmark.pipeline.reading_prompt import NAME
from earmark.pipeline.spending import Call, Fitting, plan_call

MOST_TOGETHER: Final = 1_000
"""Questions of one batch: some 50 MB at most, which both providers take and a worker can hold."""
_MONEY_KEPT: Final = timedelta(hours=30)
"""Longer than any batch is waited for."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """How far handing in has come."""

    next_page: int | None
    """Null if nothing is left, or the provider takes no batch."""
    is_short: bool = False
    """A ceiling let no more be handed in."""


@dataclass(frozen=True, slots=True)
class _Noted:
    key: str | None
    """Null if not even the first question fits under the ceilings."""
    chosen: Sequence[Planned]
    is_short: bool


async def hand_in(errand: Errand, first_page: int) -> HandedIn:
    """Hand in one batch of the run's conversations, from that page on.

    Raises `ModelUnavailable` if it is not sure whether it arrived, `ConfigurationError` where the
    price is not known.
    """
    plan, page = await _gather(errand, first_page)
    if plan is None:
        return HandedIn(page)
    noted = await _note(errand, plan)
    if noted is None:
        return HandedIn(first_page)
    if noted.key is None:
        return HandedIn(first_page, is_short=True)
    prompts = [planned.prompt for planned in noted.chosen]
    workspace_id, form = errand.run.workspace_id, plan.sheet.form
    try:
        await batching.submit(errand.database, errand.model, workspace_id, noted.key, prompts, form)
    except ModelRejected as error:
        async with errand.database.write() as connection:
            told = "The provider took no batch, so the questions are asked directly."
            await errand.note(connection, f"{told} {error}")
        return HandedIn(None)
    return HandedIn(first_page, is_short=True) if noted.is_short else HandedIn(page)


async def _gather(errand: Errand, page: int) -> tuple[Plan | None, int | None]:
    """Questions for one batch, and the page to go on with."""
    size = min(MOST_TOGETHER, errand.model.most_requests)
    run, database = errand.run, errand.database
    async with database.read() as connection:
        busy = await errand.busy(connection)
    found: Plan | None = None
    questions: list[Planned] = []
    while len(questions) < size:
        async with database.read() as connection:
            ids = await run_storage.read_page(connection, run, Stage.CLASSIFY, page)
            now = await run_storage.get_run(connection, run.workspace_id, run.id)
        if not ids or now.cancel_requested:
            return _join(found, questions), None
        todo = [identifier for identifier in ids if identifier not in busy]
        plan = await _plan(errand, todo)
        if plan and found and plan.source != found.source:
            return _join(found, questions), page  # the taxonomy has changed: another batch
        found = plan or found
        questions += plan.questions if plan else ()
        page += 1
    # A page that was cut is looked at again; what is in a batch is left out then.
    is_cut = len(questions) > size
    return _join(found, questions[:size]), page - 1 if is_cut else page


async def _plan(errand: Errand, ids: Sequence[str]) -> Plan | None:
    if not ids:
        return None
    return await classify.plan_questions(
        errand.database, errand.minds, errand.run.workspace_id, ids
    )


def _join(plan: Plan | None, questions: Sequence[Planned]) -> Plan | None:
    return Plan(plan.sheet, plan.source, tuple(questions)) if plan and questions else None


async def _note(errand: Errand, plan: Plan) -> _Noted | None:
    """Put the money aside and note the batch, together; null if there is nothing to hand in."""
    calls = await asyncio.to_thread(_to_calls, errand, plan.questions)
    async with errand.database.write() as connection:
        if not await _is_due(errand, connection):
            return None
        # Whoever did this turn before may have handed some of it in since.
        busy = await errand.busy(connection)
        fresh = [n for n, one in enumerate(plan.questions) if one.task.subject.id not in busy]
        if not fresh:
            return None
        fitting = await _reserve(errand, connection, [calls[number] for number in fresh])
        if fitting.refusal is not None:
            await errand.note(connection, f"{fitting.refusal.what} {fitting.refusal.fix}")
        chosen = [plan.questions[number] for number in fresh[: fitting.number]]
        key = await _store(errand, connection, plan, chosen, fitting) if chosen else None
    return _Noted(key, chosen, is_short=fitting.refusal is not None)


def _to_calls(errand: Errand, questions: Sequence[Planned]) -> list[Call]:
    run = errand.run
    calls = [
        plan_call(
            run.workspace_id, run.id, purpose=NAME, prompt=planned.prompt, model=errand.reader
        )
        for planned in questions
    ]
    return [call.model_copy(update={"seconds": _MONEY_KEPT.total_seconds()}) for call in calls]


async def _is_due(errand: Errand, connection: WriteConnection) -> bool:
    """Whether it is still this turn of a run that goes on; the run is locked from here on."""
    run = await run_storage.lock_run(connection, errand.run.workspace_id, errand.run.id)
    wait = await batch_wait_storage.get_wait(connection, run)
    is_present = wait is not None and wait.turn == errand.wait.turn and wait.ended_at is None
    return is_present and run.finished_at is None and not run.cancel_requested


async def _reserve(errand: Errand, connection: WriteConnection, calls: Sequence[Call]) -> Fitting:
    spending = errand.minds.spending
    if spending is None:
        return Fitting(len(calls), None, None)
    return await spending.reserve_batch(connection, calls)


async def _store(
    errand: Errand,
    connection: WriteConnection,
    plan: Plan,
    chosen: Sequence[Planned],
    fitting: Fitting,
) -> str:
    tasks = [planned.task for planned in chosen]
    asked = tuple(
        Asked(
            content_hash=task.subject.conversation.content_hash,
            offered_themes=tuple(theme.id for theme in task.themes),
        )
        for task in tasks
    )
    batch = NewBatch(
        key=uuid4().hex,
        model=errand.model.name,
        purpose=NAME,
        run_id=errand.run.id,
        items=tuple(task.subject.id for task in tasks),
        details=Details(source=plan.source, asked=asked).model_dump(mode="json"),
        reservation_id=fitting.reservation_id,
    )
    await batch_storage.add_batch(connection, errand.run.workspace_id, batch)
    told = f"{len(tasks):,} conversations go to {errand.model.name} as a batch."
    await run_storage.add_event(connection, errand.run, kind="note", message=told)
    return batch.key
