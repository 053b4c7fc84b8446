"""Many conversations read by a language model at once, and what came of each written down."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from earmark.db import classification_storage
from earmark.db.classification_storage import IssueKey
from earmark.db.connection import Database
from earmark.db.models import Model
from earmark.errors import BudgetReached, ModelAnswerUnusable, ModelUnavailable
from earmark.llm.base import LanguageModel, TextModel, Vectors
from earmark.pipeline.embed import embed_issues, embed_texts
from earmark.pipeline.language_reader import Asking, Read, Task, read_by_model
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.local_reader import Guess, read_locally
from earmark.pipeline.reading_prompt import Sheet
from earmark.pipeline.subject import Reader, Subject

_IN_FLIGHT: Final = 64
"""Calls of one page at once; the model's own limiter may let fewer through."""
_OUTAGE: Final = 5
"""So many conversations of a page got no answer, and none got one: the model is away."""
_STORED_TOGETHER: Final = 16
"""Readings that a kill wastes at most; even their answers are kept."""

_Failure = ModelUnavailable | ModelAnswerUnusable | BudgetReached


class PageOutcome(Model):
    """What did not go through of a page."""

    failed: tuple[str, ...] = ()
    """Tried again by the next run."""
    waiting: tuple[str, ...] = ()
    """Not asked about, because a ceiling of cost is reached."""
    waits_for: str = ""
    """The ceiling, in words."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page is read with, and the conversations on it."""

    reader: Reader
    shelf: ModelShelf
    model: TextModel
    sheet: Sheet | None
    speaking: tuple[Subject, ...]
    silent: tuple[Subject, ...]


async def store_local(
    database: Database, workspace_id: int, desk: Desk, own: Sequence[tuple[Subject, Guess]]
) -> None:
    """Read conversations without a language model, and store what they say."""
    if not own:
        return
    subjects, guesses = [subject for subject, _ in own], [guessed for _, guessed in own]
    analyses, found = await asyncio.to_thread(read_locally, desk.reader, subjects, guesses)
    vectors = await embed_issues(desk.shelf, desk.model, found)
    async with database.write() as connection:
        await classification_storage.store_analyses(connection, workspace_id, analyses, vectors)


_warm: WeakKeyDictionary[LanguageModel, set[str]] = WeakKeyDictionary()
"""Prompts whose fixed part a model of this process was given: its provider may have kept it."""


async def ask_all(asking: Asking, todo: Sequence[Task], ledger: "Ledger") -> PageOutcome:
    """Read all of them.

    The first call with a prompt goes alone: those that follow find its fixed part in the provider's
    cache, and where the key or the model is wrong, one refusal is enough. After an error that is
    not about one conversation no more are asked for; those under way are waited for and stored,
    since they are paid for, and the error is raised.
    """
    free = asyncio.Semaphore(_IN_FLIGHT)

    async def work(task: Task) -> None:
        async with free:
            if ledger.stopped_by is None:
                await ledger.enter(task, await _attempt(asking, task))

    prompts = _warm.setdefault(asking.model, set())
    if asking.sheet.version not in prompts:
        await work(todo[0])
        todo = todo[1:]
        if ledger.stopped_by is None:
            prompts.add(asking.sheet.version)
    workers = [asyncio.create_task(work(task)) for task in todo]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    outcome = await ledger.close()
    if ledger.stopped_by is not None:
        raise ledger.stopped_by
    return outcome


async def _attempt(asking: Asking, task: Task) -> Read | Exception:
    try:
        return await read_by_model(asking, task)
    except Exception as error:  # noqa: BLE001 - the ledger keeps it, or raises it at the end
        return error


class Ledger:
    """Stores what comes in, some at a time, and remembers what did not go through."""

    def __init__(self, database: Database, workspace_id: int, desk: Desk) -> None:
        self._database = database
        self._workspace_id = workspace_id
        self._desk = desk
        self._read: list[Read] = []
        self._failed: dict[str, list[Task]] = {}
        self._unsent: list[Task] = []
        self._answered = False
        self._waits_for = ""
        self.stopped_by: Exception | None = None
        """What no other conversation would fare better with, such as a key that is refused."""

    async def enter(self, task: Task, result: Read | Exception) -> None:
        """Take one result; every so many are stored."""
        if isinstance(result, BudgetReached):
            self._unsent.append(task)
            # Without the amounts, which differ from call to call.
            self._waits_for = f"{result.what} {result.fix}"
        elif isinstance(result, _Failure):
            self._answered = self._answered or isinstance(result, ModelAnswerUnusable)
            self._failed.setdefault(f"{result.slug}: {result.what}", []).append(task)
        elif isinstance(result, Exception):
            self.stopped_by = self.stopped_by or result
        else:
            self._answered = True
            self._read.append(result)
            if len(self._read) >= _STORED_TOGETHER:
                await self.store()

    async def store(self) -> None:
        """Write down what was read since the last time."""
        reads, self._read = self._read, []
        if not reads:
            return
        analyses = [read.analysis for read in reads]
        vectors = await _embed(self._desk, reads)
        async with self._database.write() as connection:
            await classification_storage.store_analyses(
                connection, self._workspace_id, analyses, vectors
            )

    async def close(self) -> PageOutcome:
        """Write down the rest, and what did not go through."""
        await self.store()
        # An audit is asked for beside an answer that is there: without money, that answer counts.
        audits = [(task.subject, task.guess) for task in self._unsent if task.is_audit]
        await store_local(self._database, self._workspace_id, self._desk, audits)
        unsent = [task for task in self._unsent if not task.is_audit]
        reader = self._desk.reader
        away = not self._answered and sum(map(len, self._failed.values())) >= _OUTAGE
        async with self._database.write() as connection:
            for reason, tasks in self._failed.items():
                await classification_storage.record_failures(
                    connection,
                    self._workspace_id,
                    input_keys=_keys(reader, tasks),
                    model_id=reader.info.id,
                    reason=reason,
                    # However long the model is away, no conversation is given up for it.
                    counts=not away,
                )
            await classification_storage.record_waiting(
                connection,
                self._workspace_id,
                input_keys=_keys(reader, unsent),
                model_id=reader.info.id,
                reason=self._waits_for,
            )
        return PageOutcome(
            failed=tuple(task.subject.id for tasks in self._failed.values() for task in tasks),
            waiting=tuple(task.subject.id for task in unsent),
            waits_for=self._waits_for if unsent else "",
        )


def _keys(reader: Reader, tasks: Sequence[Task]) -> dict[str, str]:
    return {task.subject.id: reader.key_of(task.subject) for task in tasks}


async def _embed(desk: Desk, reads: Sequence[Read]) -> dict[IssueKey, Vectors]:
    return await embed_texts(
        desk.shelf,
        desk.model,
        [
            ((issue.conversation_id, issue.position), issue.statement, setting)
            for read in reads
            for issue, setting in zip(read.analysis.issues, read.embedding_texts, strict=True)
        ],
    )
