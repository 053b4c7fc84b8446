"""What a server's embeddings cost, in the ledger of the workspace whose texts they are of.

Nobody who asks for vectors knows whose texts they are: whoever begins a piece of work says it, and
all that is asked for within is written down for it. Nothing is put aside before, since a page of
texts costs a thousandth of a call to a language model; but what was spent counts for the ceilings.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import structlog

from earmark.db import spending_storage
from earmark.db.connection import Database
from earmark.db.models import Model
from earmark.llm.base import EmbeddingCall
from earmark.pipeline.spending import Call, to_spent

PURPOSE: Final = "embeddings"

_log = structlog.stdlib.get_logger(__name__)


class _Payer(Model):
    workspace_id: int
    run_id: int | None


_payer: ContextVar[_Payer | None] = ContextVar("payer", default=None)


@contextmanager
def paid_by(workspace_id: int, run_id: int | None = None) -> Generator[None]:
    """What embeddings cost within the block, in tasks that begin there too, is this one's."""
    token = _payer.set(_Payer(workspace_id=workspace_id, run_id=run_id))
    try:
        yield
    finally:
        _payer.reset(token)


class EmbeddingLedger:
    """Writes calls down as they are answered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, call: EmbeddingCall) -> None:
        """Write down one call, for whom `paid_by` names."""
        payer = _payer.get()
        if payer is None:
            await _log.aerror("embeddings_without_payer", model=call.model)
            return
        made = Call(
            workspace_id=payer.workspace_id,
            run_id=payer.run_id,
            purpose=PURPOSE,
            model=call.model,
            prompt_hash="",
            most=call.usage,
        )
        spent = to_spent(made, call.usage, call.cost_usd)
        async with self._database.write() as connection:
            await spending_storage.lock_limits(connection, payer.workspace_id)
            await spending_storage.add_spent(connection, payer.workspace_id, [spent])
