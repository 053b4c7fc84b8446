"""What a worker does with each kind of job.

A run is a small state machine in PostgreSQL: `advance` looks at its stages under a row lock and
queues what comes next; `stage` and `page` do the work and ask for `advance` when they are the last.
Every job may run twice or be cut off at any point: the stages select only what is not done.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job

from earmark.db import batch_wait_storage, change_storage, run_storage
from earmark.db.connection import WriteConnection
from earmark.db.models import Run, RunStatus, Stage, StageProgress
from earmark.errors import Conflict, DatabaseFull, DatabaseUnavailable, EarmarkError, NotFound
from earmark.jobs.queue import (
    ADVANCE,
    BATCH,
    CONTACT,
    LIVE,
    PAGE,
    PREVIEW,
    QUOTE,
    RESCUE,
    STAGE,
    SWEEP,
    JobQueue,
    start_run,
)
from earmark.pipeline import (
    batch_reading,
    enrichment,
    importing,
    live,
    quoting,
    taxonomy_preview,
)
from earmark.pipeline.embedding_costs import paid_by
from earmark.pipeline.run import (
    MOST_ATTEMPTS,
    PAGED,
    Services,
    make_pages,
    perform_page,
    perform_stage,
    record_failure,
)

HEARTBEAT_SECONDS: Final = 2.0
STALLED_SECONDS: Final = 8.0
_MOST_RETRIES: Final = 6
_LONGEST_WAIT_POWER: Final = 6
"""64 seconds."""
_PAGES_AHEAD: Final = 16
"""Pages of one run in the queue at once."""
_MANY_PAGES: Final = 90
_TAKEOVERS: Final = 3
"""Workers that were lost over a page before it is done with care."""
_ENDS_WORKERS: Final = "a worker ended while it did this one"

_log = structlog.stdlib.get_logger(__name__)


class RetryTransient(BaseRetryStrategy):
    """Again after errors that may pass, with growing waits; at once after a shutdown.

    Counted are errors in this process only: that a job was taken over from lost workers, which the
    engine counts as attempts too, says nothing against it.
    """

    def __init__(self) -> None:
        self._failures: Counter[int] = Counter()

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """The engine's question: when to try again, if at all."""
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        if not self.will_retry(exception, job):
            return None
        failures = self._failures[job.id or 0]
        self._failures[job.id or 0] += 1
        return RetryDecision(retry_in={"seconds": 2 ** min(failures, _LONGEST_WAIT_POWER)})

    def will_retry(self, error: BaseException, job: Job) -> bool:
        """Whether the job will be tried again; a lost database is waited for, however long."""
        if isinstance(error, ConnectorException | DatabaseUnavailable | DatabaseFull):
            return True
        return is_transient(error) and self._failures[job.id or 0] < _MOST_RETRIES

    def forget(self, job: Job) -> None:
        """The job has done its work."""
        self._failures.pop(job.id or 0, None)


def is_transient(error: BaseException) -> bool:
    """Whether the same job may succeed later."""
    return isinstance(error, ConnectorException) or (
        isinstance(error, EarmarkError) and error.retryable
    )


class Engine:
    """Registers Earmark's tasks with an engine and does their work."""

    def __init__(self, app: App, services: Services) -> None:
        self._app = app
        self._services = services
        self._database = services.database
        self._queue = JobQueue(app)
        retry = self._retry = RetryTransient()
        app.task(name=ADVANCE, retry=retry, pass_context=True)(self.advance)
        app.task(name=STAGE, retry=retry, pass_context=True)(self.stage)
        app.task(name=PAGE, retry=retry, pass_context=True)(self.page)
        app.task(name=BATCH, retry=retry, pass_context=True)(self.batch)
        app.task(name=LIVE, retry=retry)(self.live)
        app.task(name=CONTACT, retry=retry)(self.contact)
        app.task(name=PREVIEW, retry=retry, pass_context=True)(self.preview)
        app.task(name=QUOTE, retry=retry)(self.quote)
        sweep = app.task(name=SWEEP, priority=20, queueing_lock=SWEEP)(self.sweep)
        app.periodic(cron="* * * * *")(sweep)
        rescue = app.task(name=RESCUE, priority=100, queueing_lock=RESCUE)(self.rescue)
        # The sixth field is seconds: a lost worker's jobs are taken over by any other.
        app.periodic(cron="* * * * * */5")(rescue)

    async def advance(self, context: JobContext, workspace_id: int, run_id: int) -> None:
        """Decide what a run does next."""

        async def decide() -> None:
            async with self._database.write() as connection:
                run = await run_storage.lock_run(connection, workspace_id, run_id)
                if run.finished_at is not None:
                    return
                if run.cancel_requested:
                    await run_storage.finish_run(connection, run, RunStatus.CANCELLED)
                    return
                for stage in await run_storage.list_stages(connection, workspace_id, run_id):
                    if stage.status != "done" and await self._begin(connection, run, stage):
                        return
                await run_storage.finish_run(connection, run, RunStatus.SUCCEEDED)

        await self._guard(context, workspace_id, run_id, decide)

    async def _begin(self, connection: WriteConnection, run: Run, stage: StageProgress) -> bool:
        """Queue the work of a stage; false if there is nothing to do in it, which finishes it."""
        if stage.stage not in PAGED:
            await run_storage.start_stage(connection, run, stage.stage)
            await self._queue.stage(connection, run, stage.stage)
            return True
        if stage.status == "waiting":
            total = await make_pages(self._services, connection, run, stage.stage)
            await run_storage.start_stage(connection, run, stage.stage, total=total)
            if stage.stage is Stage.CLASSIFY and await batch_reading.begin(
                connection, self._services.minds, self._services.batches, run, total=total
            ):
                await self._queue.batch(connection, run, 0)
        if stage.stage is Stage.CLASSIFY and await self._is_waiting(connection, run):
            return True
        if await self._queue_pages(connection, run, stage.stage, _PAGES_AHEAD):
            return True
        await run_storage.finish_stage(connection, run, stage.stage)
        return False

    async def _is_waiting(self, connection: WriteConnection, run: Run) -> bool:
        """Whether the run waits for batches of the language model."""
        wait = await batch_wait_storage.get_wait(connection, run)
        return wait is not None and wait.ended_at is None

    async def _queue_pages(
        self, connection: WriteConnection, run: Run, stage: Stage, number: int
    ) -> bool:
        """Queue the next pages, a few at a time; false if none is left to be done.

        The fewer are left, the sooner they are done: a small workspace need not wait for a large
        one, and large ones take turns.
        """
        left = await run_storage.count_waiting_pages(connection, run, stage, most=_MANY_PAGES)
        pages = await run_storage.claim_pages(connection, run, stage, limit=number)
        if pages:
            await self._queue.pages(connection, run, stage, pages, priority=-left)
        return left > 0

    async def stage(self, context: JobContext, workspace_id: int, run_id: int, stage: str) -> None:
        """Do a stage that is one piece of work."""
        which = Stage(stage)

        async def work() -> None:
            run = await self._live_run(workspace_id, run_id)
            if run is None:
                return
            if not run.cancel_requested:
                await perform_stage(self._services, run, which)
            async with self._database.write() as connection:
                run = await run_storage.lock_run(connection, workspace_id, run_id)
                if not run.cancel_requested:
                    await run_storage.finish_stage(connection, run, which)
                await self._queue.advance(connection, run)

        await self._guard(context, workspace_id, run_id, work)

    async def page(
        self, context: JobContext, workspace_id: int, run_id: int, stage: str, page: int
    ) -> None:
        """Do one page of a paged stage."""
        which = Stage(stage)

        async def work() -> None:
            run = await self._live_run(workspace_id, run_id)
            if run is None or run.cancel_requested:
                return
            async with self._database.read() as connection:
                ids = await run_storage.read_page(connection, run, which, page)
            if context.job.attempts >= _TAKEOVERS:
                failures = await self._perform_carefully(run, which, page, ids)
            else:
                failures = await self._perform(run, which, ids) if ids else []
            async with self._database.write() as connection:
                await run_storage.finish_page(connection, run, which, page, failures=failures)
                if not await self._queue_pages(connection, run, which, 1):
                    await self._queue.advance(connection, run)

        await self._guard(context, workspace_id, run_id, work)

    async def batch(self, context: JobContext, workspace_id: int, run_id: int, turn: int) -> None:
        """Look at the batches that a run waits for, and come back, or let the run go on."""

        async def work() -> None:
            run = await self._live_run(workspace_id, run_id)
            if run is None or run.cancel_requested:
                return
            async with self._database.read() as connection:
                wait = await batch_wait_storage.get_wait(connection, run)
            if wait is None or wait.turn != turn:
                return  # the job was repeated: another one has its turn
            services = self._services
            after = await batch_reading.take_turn(
                self._database,
                services.minds,
                services.batches,
                run,
                wait,
                max_attempts=MOST_ATTEMPTS,
            )
            await self._end_turn(run, turn, after)

        await self._guard(context, workspace_id, run_id, work)

    async def _end_turn(self, run: Run, turn: int, after: batch_reading.Next) -> None:
        async with self._database.write() as connection:
            run = await run_storage.lock_run(connection, run.workspace_id, run.id)
            if run.finished_at is not None or not await batch_wait_storage.end_turn(
                connection,
                run,
                turn,
                next_page=after.next_page,
                is_short=after.is_short,
                is_over=after.seconds is None,
            ):
                return
            if after.seconds is None:
                await self._queue.advance(connection, run)
            else:
                await self._queue.batch(connection, run, turn + 1, seconds=after.seconds)

    async def live(self, workspace_id: int) -> None:
        """Fetch what events told of, and come back for what is left."""
        minds = self._services.minds
        async with self._services.open_source(workspace_id) as source:
            with paid_by(workspace_id):
                seconds = await live.refresh(self._database, source, minds, workspace_id)
        if seconds is not None:
            async with self._database.write() as connection:
                await self._queue.live(connection, workspace_id, seconds=seconds)

    async def contact(self, workspace_id: int, contact_id: str) -> None:
        """Forget a contact whom an event says to be deleted, if the source says so too."""
        async with self._services.open_source(workspace_id) as source:
            await enrichment.check_contact(self._database, source, workspace_id, contact_id)

    async def quote(self, workspace_id: int) -> None:
        """Find out what the next run would cost."""
        with paid_by(workspace_id):
            await quoting.make_quote(
                self._database, self._services.minds, workspace_id, max_attempts=MOST_ATTEMPTS
            )

    async def preview(self, context: JobContext, workspace_id: int, change_id: int) -> None:
        """Find out what a change of the taxonomy would do, or record why that is not known."""
        try:
            with paid_by(workspace_id):
                await taxonomy_preview.make_preview(
                    self._database, self._services.minds, workspace_id, change_id
                )
        except (EarmarkError, ConnectorException) as error:
            if self._retry.will_retry(error, context.job):
                raise
            reason = _reason(error)
        except Exception as error:  # noqa: BLE001 - process edge: the preview must say that it ended
            await _log.aerror("preview_failed", change_id=change_id, **_trace(error))
            reason = _reason(error)
        else:
            self._retry.forget(context.job)
            return
        async with self._database.write() as connection:
            await change_storage.fail_preview(connection, workspace_id, change_id, reason=reason)

    async def sweep(self, timestamp: int) -> None:
        """Start a run for each workspace that was not looked at lately."""
        every = self._services.sync_every
        if every is None:
            return
        async with self._database.read() as connection:
            due = await run_storage.list_due_workspaces(connection, every)
        for workspace_id in due:
            await _log.ainfo("run_scheduled", workspace_id=workspace_id, at=timestamp)
            try:
                async with self._database.write() as connection:
                    await start_run(connection, self._queue, workspace_id)
            except Conflict:
                continue  # someone else has just started one

    async def rescue(self, timestamp: int) -> None:
        """Give the jobs of workers that fell silent to others; `timestamp` is the schedule's.

        An import has no jobs: where its process is gone, its run ends, and says how to go on.
        """
        for run in await importing.end_abandoned(self._database):
            await _log.awarning("import_interrupted", workspace_id=run.workspace_id, run_id=run.id)
        stalled = await self._app.job_manager.get_stalled_jobs(
            seconds_since_heartbeat=STALLED_SECONDS
        )
        for job in stalled:
            await _log.awarning("job_rescued", job_id=job.id, task=job.task_name, at=timestamp)
            await self._app.job_manager.retry_job(job)

    async def _live_run(self, workspace_id: int, run_id: int) -> Run | None:
        """The run, unless it has ended: a late job then does nothing."""
        async with self._database.read() as connection:
            run = await run_storage.get_run(connection, workspace_id, run_id)
        return run if run.finished_at is None else None

    async def _perform_carefully(
        self, run: Run, stage: Stage, page: int, ids: Sequence[str]
    ) -> list[str]:
        """Do a page that was taken over again and again, one conversation after the other.

        The one that was being done when the last worker ended is recorded as failed: it may be what
        ends them, and must not hold up all others for ever.
        """
        async with self._database.read() as connection:
            suspect = await run_storage.get_suspect(connection, run, stage, page)
        failures: list[str] = []
        for identifier in ids:
            if identifier == suspect:
                await record_failure(self._services, run, stage, identifier, _ENDS_WORKERS)
                failures.append(identifier)
                continue
            async with self._database.write() as connection:
                await run_storage.set_suspect(connection, run, stage, page, identifier)
            failures += await self._perform(run, stage, [identifier])
        return failures

    async def _perform(self, run: Run, stage: Stage, ids: Sequence[str]) -> list[str]:
        """Do a page; if one conversation breaks it, do the others and record that one."""
        try:
            return await perform_page(self._services, run, stage, ids)
        except (EarmarkError, ConnectorException):
            raise
        except Exception as error:  # noqa: BLE001 - process edge: one bad conversation, not the page
            reason = type(error).__name__
            await _log.awarning("page_failed", stage=stage.value, size=len(ids), error=reason)
            if len(ids) == 1:
                await record_failure(self._services, run, stage, ids[0], reason)
                return list(ids)
            half = len(ids) // 2
            first = await self._perform(run, stage, ids[:half])
            return first + await self._perform(run, stage, ids[half:])

    async def _guard(
        self,
        context: JobContext,
        workspace_id: int,
        run_id: int,
        work: Callable[[], Awaitable[None]],
    ) -> None:
        """Let passing errors be retried; any other ends the run with its reason."""
        try:
            with paid_by(workspace_id, run_id):
                await work()
        except (EarmarkError, ConnectorException) as error:
            if self._retry.will_retry(error, context.job):
                await _log.awarning("job_will_retry", run_id=run_id, error=type(error).__name__)
                raise
            await _log.aerror("run_failed", run_id=run_id, error=type(error).__name__)
            await self._fail(workspace_id, run_id, _reason(error))
        except Exception as error:  # noqa: BLE001 - process edge: the run must say that it ended
            await _log.aerror("run_failed", run_id=run_id, **_trace(error))
            await self._fail(workspace_id, run_id, _reason(error))
        else:
            self._retry.forget(context.job)

    async def _fail(self, workspace_id: int, run_id: int, reason: str) -> None:
        async with self._database.write() as connection:
            try:
                run = await run_storage.lock_run(connection, workspace_id, run_id)
            except NotFound:
                # Its workspace was deleted while the job waited or worked: nothing is left to fail.
                await _log.ainfo("run_is_gone", run_id=run_id)
                return
            await run_storage.finish_run(connection, run, RunStatus.FAILED, error=reason)


def _reason(error: Exception) -> str:
    if isinstance(error, EarmarkError):
        return str(error)
    return f"A defect of Earmark: {type(error).__name__}. The worker's log says where it happened."


def _trace(error: BaseException) -> dict[str, object]:
    """Where an error came from, without its message, which may hold customer text."""
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}")
        trace = trace.tb_next
    return {"error": type(error).__name__, "frames": frames[-8:]}
