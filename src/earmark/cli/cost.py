"""`earmark cost`: what models have cost, and what they may."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from earmark.cli.output import (
    ExitCode,
    JsonOption,
    WorkspaceOption,
    configure_logging,
    console,
    escape,
    execute,
    print_json,
    stdout,
)
from earmark.cli.showing import pick_workspace
from earmark.db import spending_storage
from earmark.db.models import Model
from earmark.db.spending_storage import Ceilings, Committed, LedgerLine
from earmark.errors import InvalidInput
from earmark.settings import Settings
from earmark.wiring import Wiring, default_ceilings

if TYPE_CHECKING:
    from earmark.pipeline.quoting import Quote

_DEFAULT: Final = "default"

app = typer.Typer(help="What models have cost, and what they may.", invoke_without_command=True)

AmountOption = Annotated[
    str | None, typer.Option(metavar="USD", help="US dollars, or `default` for the setting's.")
]


class CostSummary(Model):
    """The ledger and the ceilings, in US dollars."""

    workspace: str
    ceilings: Ceilings
    committed: Committed
    ledger: tuple[LedgerLine, ...]


@app.callback()
def show(
    context: typer.Context,
    days: Annotated[
        int | None, typer.Option(min=1, help="Only the last so many days; all if left out.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """What was spent, by model, purpose and prompt."""
    if context.invoked_subcommand is None:
        execute(_show(days, workspace, as_json), as_json=as_json)


async def _show(days: int | None, code: str | None, as_json: bool) -> ExitCode:
    settings = Settings.read()
    configure_logging(settings.log_level)
    since = datetime.now(UTC) - timedelta(days=days) if days else None
    async with Wiring(settings).database() as database, database.read() as reader:
        workspace = await pick_workspace(reader, code)
        own = await spending_storage.get_limits(reader, workspace.id)
        summary = CostSummary(
            workspace=workspace.code,
            ceilings=own.over(default_ceilings(settings)),
            committed=await spending_storage.get_committed(reader, workspace.id, None),
            ledger=tuple(await spending_storage.list_ledger(reader, workspace.id, since=since)),
        )
    if as_json:
        print_json(summary)
    else:
        _print(summary)
    return ExitCode.DONE


def _print(summary: CostSummary) -> None:
    now, ceilings = summary.committed, summary.ceilings
    stdout.print(
        f"Today {_usd(now.day)} of {_ceiling(ceilings.day)}, in all {_usd(now.total)} of"
        f" {_ceiling(ceilings.total)}; a run may cost {_ceiling(ceilings.run)}."
        f" Put aside for calls under way: {_usd(now.reserved)}."
    )
    if not summary.ledger:
        stdout.print("No model was asked: everything was done on this machine.")
        return
    table = Table("model", "purpose", "prompt", "calls", "tokens in", "cached", "out", "US dollars")
    for line in summary.ledger:
        table.add_row(
            escape(f"{line.provider}:{line.model}"),
            escape(line.purpose),
            escape(line.prompt_hash),
            f"{line.calls:,}",
            f"{line.input_tokens:,}",
            f"{line.cached_tokens:,}",
            f"{line.output_tokens:,}",
            f"{line.cost_usd:.4f}",
        )
    stdout.print(table)


def _usd(amount: Decimal) -> str:
    return f"${amount:.4f}"


def _ceiling(amount: Decimal | None) -> str:
    return "no ceiling" if amount is None else f"${amount:.2f}"


@app.command(name="quote")
def quote_next(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """What the next run would cost; nothing is sent."""
    execute(_quote(workspace, as_json), as_json=as_json)


async def _quote(code: str | None, as_json: bool) -> ExitCode:
    from earmark.pipeline.quoting import quote  # noqa: PLC0415 - loads numpy
    from earmark.pipeline.run import MOST_ATTEMPTS  # noqa: PLC0415

    settings = Settings.read()
    configure_logging(settings.log_level)
    wiring = Wiring(settings)
    async with wiring.services() as services:
        async with services.database.read() as reader:
            workspace = await pick_workspace(reader, code)
        told = await quote(
            services.database,
            services.minds,
            workspace.id,
            wiring.price_of,
            max_attempts=MOST_ATTEMPTS,
        )
    if as_json:
        print_json(told)
    else:
        _print_quote(told)
    return ExitCode.DONE


def _print_quote(told: "Quote") -> None:
    stdout.print(
        f"{told.conversations:,} conversations are to be read; {escape(told.model)} would be asked"
        f" about {told.calls:,} of them (of {told.sampled:,} looked at, about {told.asked:,})."
    )
    if not told.calls:
        stdout.print("That costs nothing.")
        return
    stdout.print(
        f"A call has about {told.input_tokens:,} tokens, of which {told.shared_tokens:,} are the"
        f" same in all, and {told.output_tokens:,} in the answer"
        f" ({'as measured' if told.output_is_measured else 'as is usual'})."
    )
    if told.low is None or told.high is None:
        stdout.print(
            "Its price is not known: set EARMARK_PRICE_INPUT and EARMARK_PRICE_OUTPUT, in US"
            " dollars for a million tokens."
        )
    else:
        stdout.print(f"That costs from {_usd(told.low)} (cached) to {_usd(told.high)}.")


@app.command()
def limit(
    run: AmountOption = None,
    day: AmountOption = None,
    total: AmountOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set what models may cost at most, in a run, in a day (UTC) and in all."""
    execute(_limit({"run": run, "day": day, "total": total}, workspace, as_json), as_json=as_json)


async def _limit(wanted: dict[str, str | None], code: str | None, as_json: bool) -> ExitCode:
    changes = {name: _amount(text) for name, text in wanted.items() if text is not None}
    if not changes:
        raise InvalidInput(
            "No ceiling is named.", fix="Say which: earmark cost limit --day 5, --run or --total."
        )
    settings = Settings.read()
    configure_logging(settings.log_level)
    async with Wiring(settings).database() as database, database.write() as writer:
        workspace = await pick_workspace(writer, code)
        own = await spending_storage.lock_limits(writer, workspace.id)
        own = own.model_copy(update=changes)
        await spending_storage.set_limits(writer, workspace.id, own)
    now = own.over(default_ceilings(settings))
    if as_json:
        print_json(now)
    else:
        stdout.print(
            f"A run may cost {_ceiling(now.run)}, a day {_ceiling(now.day)}, all of it"
            f" {_ceiling(now.total)}."
        )
        console.print("What waits goes on with the next run: earmark run")
    return ExitCode.DONE


def _amount(text: str) -> Decimal | None:
    if text == _DEFAULT:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount <= 1_000_000):
        raise InvalidInput(
            f"{text!r} is no amount of US dollars.",
            fix="Give a number from 0 to 1000000, or `default`.",
        )
    return amount
