"""`earmark simulate`: an Intercom-compatible server with a sample workspace or given dialogues."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.output import (
    ExitCode,
    JsonOption,
    configure_logging,
    console,
    execute,
    print_json,
    report_error,
)
from earmark.cli.ports import port_error
from earmark.cli.processes import stop_on_signals, stop_when_parent_ends
from earmark.errors import InvalidInput
from earmark.settings import Settings
from earmark.sources.simulator.dataset import Dataset
from earmark.sources.simulator.dialogues import DialogueDataset, DialogueSpec
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.server import RATE_LIMIT_PER_MINUTE, serve
from earmark.sources.simulator.spec import SampleSpec

DEFAULT_TOKEN = "simulated"  # noqa: S105 - opens nothing but invented conversations

ConversationsOption = Annotated[
    int, typer.Option(min=1, max=5_000_000, help="How many conversations the sample has.")
]
SeedOption = Annotated[int, typer.Option(help="The same seed gives the same sample.")]
FromOption = Annotated[
    list[Path] | None,
    typer.Option("--from", help="Serve the dialogues of this JSONL file (.gz too); repeatable."),
]
EndOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Everything happened before this day; today."),
]


def simulate(
    conversations: ConversationsOption = 2000,
    seed: SeedOption = 7,
    files: FromOption = None,
    end: EndOption = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 4600,
    rate_limit: Annotated[
        int, typer.Option(min=1, help="Requests that are allowed per minute.")
    ] = RATE_LIMIT_PER_MINUTE,
    lifeline: Annotated[
        bool, typer.Option("--lifeline", hidden=True, help="Stop when standard input closes.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Serve invented conversations over Intercom's API, for trying and testing.

    The token is INTERCOM_ACCESS_TOKEN, or `simulated` if that is not set. Point Earmark at it with
    INTERCOM_BASE_URL.
    """
    check_files(files or [])
    execute(
        _simulate(
            lambda: open_dataset(conversations, seed, files or [], end),
            port=port,
            rate_limit=rate_limit,
            lifeline=lifeline,
            as_json=as_json,
        ),
        as_json=as_json,
    )


def open_dataset(
    conversations: int, seed: int, files: Sequence[Path], end: datetime | None
) -> Dataset:
    """The sample, or the dialogues of the files; raises `InvalidInput` for what cannot be read."""
    until = (end or datetime.now(UTC)).replace(tzinfo=UTC)
    midnight = until.replace(hour=0, minute=0, second=0, microsecond=0)
    if not files:
        return SampleDataset(SampleSpec(seed=seed, number=conversations, end=midnight))
    return DialogueDataset(DialogueSpec(paths=tuple(files), end=midnight))


def check_files(files: Sequence[Path]) -> None:
    """End with a clear error if a file is not there."""
    missing = [file for file in files if not file.is_file()]
    if missing:
        error = InvalidInput(f"There is no file {missing[0]}.", fix="Check --from.")
        report_error(error, as_json=False)
        raise typer.Exit(error.exit_code)


async def _simulate(
    open_data: Callable[[], Dataset], *, port: int, rate_limit: int, lifeline: bool, as_json: bool
) -> ExitCode:
    settings = Settings.read()
    configure_logging(settings.log_level)
    dataset = open_data()
    given = settings.secret("intercom_access_token")
    token = given.get_secret_value() if given else DEFAULT_TOKEN
    stop = stop_on_signals()
    watch = asyncio.create_task(stop_when_parent_ends(stop)) if lifeline else None
    try:
        async with serve(
            dataset, port=port, token=token, rate_limit_per_minute=rate_limit
        ) as address:
            if as_json:
                print_json({"base_url": address.base_url})
            else:
                console.print(
                    f"{dataset.conversations.number:,} conversations at"
                    f" [bold]{address.base_url}[/] (Ctrl-C stops it)\n"
                    f"Try: INTERCOM_BASE_URL={address.base_url}"
                    f" INTERCOM_ACCESS_TOKEN={token if not given else '…'} earmark sync --plan"
                )
            await stop.wait()
    except OSError as error:
        raise port_error(error, "127.0.0.1", port) from error
    finally:
        if watch is not None:
            watch.cancel()
    return ExitCode.DONE
