"""`earmark simulate`: an Intercom-compatible server with a sample workspace or given dialogues."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from pydantic import SecretStr

from earmark.cli.output import (
    ExitCode,
    JsonOption,
    configure_logging,
    console,
    escape,
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
from earmark.sources.simulator.faults import Faults, list_faults, parse_faults
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.server import RATE_LIMIT_PER_MINUTE, RunningServer, serve
from earmark.sources.simulator.spec import SampleSpec
from earmark.sources.simulator.webhooks import WebhookSettings

DEFAULT_TOKEN = "simulated"  # noqa: S105 - opens nothing but invented conversations

_FAULTS = ", ".join(list_faults())

ConversationsOption = Annotated[
    int, typer.Option(min=1, max=5_000_000, help="How many conversations the sample has.")
]
SeedOption = Annotated[int, typer.Option(help="The same seed gives the same sample.")]
FromOption = Annotated[
    list[Path] | None,
    typer.Option("--from", help="Serve the dialogues of this JSONL file (.gz too); repeatable."),
]
FaultOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE[@ROUTE+ROUTE]",
        help="Something that goes wrong; repeatable. Shares are between 0 and 1. Routes: search,"
        f" list, retrieve, deleted, contacts, companies, workspace. Names: {_FAULTS}.",
    ),
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
    fault: FaultOption = None,
    fault_seed: Annotated[
        int, typer.Option(min=0, help="The same seed gives the same faults.")
    ] = 0,
    webhook_url: Annotated[
        str | None, typer.Option(help="Send notifications of changes to this address.")
    ] = None,
    webhook_secret: Annotated[
        str | None, typer.Option(help="The secret that signs them; needed with --webhook-url.")
    ] = None,
    lifeline: Annotated[
        bool, typer.Option("--lifeline", hidden=True, help="Stop when standard input closes.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Serve invented conversations over Intercom's API, for trying and testing.

    The token is INTERCOM_ACCESS_TOKEN, or `simulated` if that is not set. Point Earmark at it with
    INTERCOM_BASE_URL.

    While it runs, /_simulator/changes makes changes (replies, deletions, redactions, merges, …),
    /_simulator/faults and /_simulator/webhooks change what goes wrong and who is told, and
    /_simulator/truth says what is served; all with the same token.
    """
    check_files(files or [])
    peer = read_peer(fault or [], fault_seed, webhook_url, webhook_secret)
    execute(
        _simulate(
            lambda: open_dataset(conversations, seed, files or [], end),
            peer,
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


class Peer(NamedTuple):
    """How the server behaves, beyond what it serves."""

    faults: Faults
    webhooks: WebhookSettings | None


def read_peer(faults: Sequence[str], seed: int, url: str | None, secret: str | None) -> Peer:
    """The options that make the server misbehave; ends with a clear error if they make no sense."""
    try:
        return Peer(parse_faults(faults, seed=seed), _read_webhooks(url, secret, seed))
    except InvalidInput as error:
        report_error(error, as_json=False)
        raise typer.Exit(error.exit_code) from error


def _read_webhooks(url: str | None, secret: str | None, seed: int) -> WebhookSettings | None:
    if url is None and secret is None:
        return None
    if url is None or not secret:
        raise InvalidInput("Webhooks need an address and a secret.", fix="Give both options.")
    if not url.startswith(("http://", "https://")):
        raise InvalidInput("--webhook-url is not an http address.", fix="Check --webhook-url.")
    return WebhookSettings(url=url, secret=SecretStr(secret), seed=seed)


async def _simulate(
    open_data: Callable[[], Dataset],
    peer: Peer,
    *,
    port: int,
    rate_limit: int,
    lifeline: bool,
    as_json: bool,
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
            dataset,
            port=port,
            token=token,
            rate_limit_per_minute=rate_limit,
            faults=peer.faults,
        ) as server:
            if as_json:
                print_json({"base_url": server.base_url, "fault_seed": peer.faults.seed})
            else:
                _greet(server, dataset, "…" if given else token)
            await _begin_webhooks(server, peer.webhooks)
            await stop.wait()
    except OSError as error:
        raise port_error(error, "127.0.0.1", port) from error
    finally:
        if watch is not None:
            watch.cancel()
    return ExitCode.DONE


def _greet(server: RunningServer, dataset: Dataset, token: str) -> None:
    console.print(
        f"{dataset.conversations.number:,} conversations at"
        f" [bold]{server.base_url}[/] (Ctrl-C stops it)\n"
        f"Try: INTERCOM_BASE_URL={server.base_url}"
        f" INTERCOM_ACCESS_TOKEN={token} earmark sync --plan"
    )
    wrong = server.faults.model_dump(exclude_defaults=True, exclude={"seed"})
    if wrong:
        console.print(f"Faults (seed {server.faults.seed}): {escape(str(wrong))}")


async def _begin_webhooks(server: RunningServer, webhooks: WebhookSettings | None) -> None:
    if webhooks is None:
        return
    status = await server.set_webhooks(webhooks)
    if not status.is_validated:
        console.print(
            f"{escape(webhooks.url)} does not answer a HEAD request with 2xx; Intercom would not"
            " accept it. Notifications are sent all the same."
        )
