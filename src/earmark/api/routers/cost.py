"""What models cost: the ledger, what is put aside, and the ceilings."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from earmark.api.deps import CurrentWorkspace, DefaultCeilings, Queue, Reader, Writer
from earmark.api.problems import problem_responses
from earmark.db import spending_storage
from earmark.db.models import Model
from earmark.db.spending_storage import Ceilings, Committed, DayCost, LedgerLine, StoredQuote

router = APIRouter(
    prefix="/workspaces/{workspace}/cost",
    tags=["cost"],
    responses=problem_responses(404, 422, 503),
)

Amount = Annotated[Decimal | None, Field(ge=0, le=1_000_000, decimal_places=8)]


class CostReport(Model):
    """All that models have cost in this workspace, in US dollars."""

    ceilings: Ceilings
    """Those that count: the workspace's own, else those of the settings."""
    own: Ceilings
    """The workspace's own; null where the setting counts."""
    committed: Committed
    """Of today and of all time; `run` is that of calls outside any run."""
    days: tuple[DayCost, ...]
    ledger: tuple[LedgerLine, ...]
    quote: StoredQuote | None
    """What the next run would cost; null if nobody has asked."""


class NewCeilings(Model):
    """The workspace's own ceilings; null leaves it to the setting."""

    run: Amount = None
    day: Amount = None
    total: Amount = None


@router.get("", operation_id="getCost")
async def get_cost(
    reader: Reader,
    workspace: CurrentWorkspace,
    defaults: DefaultCeilings,
    days: Annotated[int, Query(ge=1, le=366, description="Days (UTC) up to today")] = 30,
) -> CostReport:
    """What was spent, on what, and what may be spent."""
    own = await spending_storage.get_limits(reader, workspace.id)
    return CostReport(
        ceilings=own.over(defaults),
        own=own,
        committed=await spending_storage.get_committed(reader, workspace.id, None),
        days=tuple(await spending_storage.list_day_costs(reader, workspace.id, days=days)),
        ledger=tuple(await spending_storage.list_ledger(reader, workspace.id)),
        quote=await spending_storage.get_quote(reader, workspace.id),
    )


@router.put("/ceilings", operation_id="setCeilings", responses=problem_responses(400))
async def set_ceilings(
    writer: Writer, workspace: CurrentWorkspace, defaults: DefaultCeilings, wanted: NewCeilings
) -> Ceilings:
    """Set what may be spent at most; returns the ceilings that count now."""
    own = Ceilings(**wanted.model_dump())
    await spending_storage.set_limits(writer, workspace.id, own)
    return own.over(defaults)


@router.post("/quote", operation_id="askForQuote", status_code=202)
async def ask_for_quote(writer: Writer, workspace: CurrentWorkspace, queue: Queue) -> None:
    """Let a worker find out what the next run would cost: `quote` of the report tells."""
    await spending_storage.ask_for_quote(writer, workspace.id)
    await queue.quote(writer, workspace.id)
