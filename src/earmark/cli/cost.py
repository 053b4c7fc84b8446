"""`earmark cost`: what models have cost, and what they may."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final

import typer

from earmark.cli.cost_report import CostSummary, print_quote, print_summary, run_words
from earmark.cli.output import (
    ExitCode,
    JsonOption,
    WorkspaceOption,
    configure_logging,
    console,
    execute,
    print_json,
    stdout,
)
from earmark.cli.workspaces import pick_workspace
from earmark.db import spending_storage
from earmark.errors import InvalidInput
from earmark.settings import Settings
from earmark.wiring import Wiring, default_ceilings

_DEFAULT: Final = "default"

app = typer.Typer(help="What models have cost, and what they may.", invoke_without_command=True)

AmountOption = Annotated[
    str | None, typer.Option(metavar="USD", help="US dollars, or `default` for the setting's.")
]


@app.callback()
def show(
    context: typer.Context,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=36_500, help="Only the last so many days; all if left out."),
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
        print_summary(summary)
    return ExitCode.DONE


@app.command(name="quote")
def quote_next(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """What the next run would cost; no language model is asked."""
    execute(_quote(workspace, as_json), as_json=as_json)


async def _quote(code: str | None, as_json: bool) -> ExitCode:
    from earmark.pipeline.embedding_costs import paid_by  # noqa: PLC0415 - loads numpy
    from earmark.pipeline.quoting import quote  # noqa: PLC0415 - loads numpy
    from earmark.pipeline.run import MOST_ATTEMPTS  # noqa: PLC0415

    settings = Settings.read()
    configure_logging(settings.log_level)
    async with Wiring(settings).services() as services:
        spending = services.minds.spending
        async with services.database.read() as reader:
            workspace = await pick_workspace(reader, code)
            room = await spending.room(reader, workspace.id) if spending is not None else None
        with paid_by(workspace.id):
            told = await quote(
                services.database, services.minds, workspace.id, max_attempts=MOST_ATTEMPTS
            )
    if as_json:
        left = None if room is None else room.model_dump(mode="json")
        print_json({**told.model_dump(mode="json"), "room": left})
    else:
        print_quote(told, room, batches_from=settings.batches_from)
    return ExitCode.PARTIAL if told.calls and told.high is None else ExitCode.DONE


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
            f"A run {run_words(now.run)}, a day {run_words(now.day)}, all of it"
            f" {run_words(now.total)}."
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
