"""Tells people how far a stage has come, and tells the stage when to stop."""

from earmark.db import run_storage
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import Run, Stage


class Progress:
    """The progress of one stage of one run."""

    def __init__(self, database: Database, run: Run, stage: Stage) -> None:
        self._database = database
        self._run = run
        self._stage = stage

    async def report(
        self, done: int, total: int | None, connection: WriteConnection | None = None
    ) -> None:
        """Record how far it is; with `connection`, in the transaction that did the work."""
        if connection is not None:
            await run_storage.update_stage(
                connection, self._run, self._stage, done=done, total=total
            )
            return
        async with self._database.write() as own:
            await run_storage.update_stage(own, self._run, self._stage, done=done, total=total)

    async def note(self, message: str) -> None:
        """Tell something that a person watching would want to know; never customer text."""
        async with self._database.write() as connection:
            await run_storage.add_event(
                connection, self._run, kind="note", stage=self._stage, message=message
            )

    async def cancelled(self) -> bool:
        """Whether the run should stop at the next safe point."""
        async with self._database.read() as connection:
            run = await run_storage.get_run(connection, self._run.workspace_id, self._run.id)
        return run.cancel_requested or run.finished_at is not None
