"""`earmark models`: ready-made encoders on this machine."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from earmark.cli.output import (
    ExitCode,
    JsonOption,
    configure_logging,
    console,
    escape,
    execute,
    print_json,
    stdout,
)
from earmark.db.models import Model
from earmark.errors import InvalidInput
from earmark.llm import minilm_store
from earmark.llm.encoders import MINILM, NONE, EncoderChoice
from earmark.llm.minilm_store import Installed
from earmark.settings import Settings
from earmark.wiring import Wiring

app = typer.Typer(
    no_args_is_help=True, help="Ready-made encoders: fetch, import, and see what there is."
)


class EncoderRow(Model):
    """One encoder that EARMARK_ENCODER can name."""

    name: str
    in_use: bool
    installed: bool
    version: str | None = None
    source: str | None = None
    source_sha256: str | None = None
    is_published: bool | None = None
    """The weights are the published ones of all-MiniLM-L6-v2."""
    precision: str | None = None
    dimensions: int | None = None
    most_tokens: int | None = None
    size_bytes: int | None = None
    model_sha256: str | None = None
    installed_at: datetime | None = None


class EncoderList(Model):
    """All of them, and the folder of those that are installed."""

    folder: Path
    encoders: tuple[EncoderRow, ...]


@app.command()
def pull(
    name: Annotated[Literal["minilm"], typer.Argument(help="Which encoder.")] = "minilm",
    base_url: Annotated[
        str | None,
        typer.Option("--from", help="Another address with the same files, such as a mirror."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Download an encoder (91 MB), check it by its hash, and make it small (24 MB)."""
    execute(_pull(name, base_url, as_json), as_json=as_json)


@app.command("import")
def import_command(
    path: Annotated[
        Path,
        typer.Argument(help="A folder, a .safetensors or .onnx file, or a wheel or zip of one."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Install an encoder from a file that is here already; nothing is downloaded."""
    execute(_import(path, as_json), as_json=as_json)


@app.command("list")
def list_command(as_json: JsonOption = False) -> None:
    """Show which encoders there are, and which is in use."""
    execute(_list(as_json), as_json=as_json)


def _choice() -> EncoderChoice:
    settings = Settings.read()
    configure_logging(settings.log_level)
    return Wiring(settings).encoder_choice()


async def _pull(name: str, base_url: str | None, as_json: bool) -> ExitCode:
    from earmark.llm import minilm_import, minilm_pull  # noqa: PLC0415 - load numpy and aiohttp

    choice = _choice()
    minilm_import.require_packages()  # before 91 MB, not after
    if base_url is not None and not base_url.startswith(("http://", "https://")):
        raise InvalidInput("--from is no address.", fix="It begins with http:// or https://.")
    downloads = choice.models_dir / f"{name}.download"
    with _progress(hidden=as_json) as progress:
        total = sum(file.size for file in minilm_pull.PUBLISHED)
        bar = progress.add_task("Downloading", total=total)
        parts = await minilm_pull.pull(
            (base_url or minilm_pull.BASE_URL).rstrip("/"),
            downloads,
            lambda size: progress.advance(bar, size),
        )
    installed = await asyncio.to_thread(minilm_import.import_parts, parts, choice.minilm_folder)
    await asyncio.to_thread(minilm_pull.clear, downloads)
    _tell(choice, installed, as_json)
    return ExitCode.DONE


async def _import(path: Path, as_json: bool) -> ExitCode:
    from earmark.llm import minilm_import, minilm_package  # noqa: PLC0415 - load numpy

    choice = _choice()
    minilm_import.require_packages()
    parts = await asyncio.to_thread(minilm_package.find_parts, path)
    installed = await asyncio.to_thread(minilm_import.import_parts, parts, choice.minilm_folder)
    _tell(choice, installed, as_json)
    return ExitCode.DONE


async def _list(as_json: bool) -> ExitCode:
    choice = _choice()
    installed = await asyncio.to_thread(minilm_store.find, choice.minilm_folder)
    rows = [
        EncoderRow(name=NONE, in_use=choice.kind == "none", installed=True),
        _row(choice, installed),
    ]
    if choice.kind == "endpoint":
        rows.append(
            EncoderRow(name=choice.name, in_use=True, installed=True, source=choice.base_url)
        )
    if as_json:
        print_json(EncoderList(folder=choice.models_dir, encoders=tuple(rows)))
        return ExitCode.DONE
    for row in rows:
        stdout.print(f"{'[green]*[/]' if row.in_use else ' '} {escape(_describe(row))}")
    stdout.print("* in use; EARMARK_ENCODER chooses (docs/how-to/choose-a-model.md)")
    return ExitCode.DONE


def _row(choice: EncoderChoice, installed: Installed | None) -> EncoderRow:
    in_use = choice.kind == "minilm"
    if installed is None:
        return EncoderRow(name=MINILM, in_use=in_use, installed=False)
    known = installed.model_dump(exclude={"name", "tokenizer_sha256"})
    return EncoderRow(
        name=MINILM, in_use=in_use, installed=True, version=installed.version, **known
    )


def _describe(row: EncoderRow) -> str:
    if row.name == NONE:
        return "none: each workspace's own model stands alone"
    if not row.installed:
        return f"{row.name}: not installed (`earmark models pull {row.name}`)"
    if row.size_bytes is None:
        return f"{row.name}: a server{f' at {row.source}' if row.source else ''}"
    return (
        f"{row.name}: {row.version}, {row.dimensions} dimensions, {row.precision},"
        f" {row.size_bytes / 1e6:,.1f} MB, from {row.source}"
        f" (SHA-256 {row.source_sha256}{', the published weights' if row.is_published else ''})"
    )


def _tell(choice: EncoderChoice, installed: Installed, as_json: bool) -> None:
    row = _row(choice, installed)
    if as_json:
        print_json(row)
        return
    console.print(f"Installed {escape(_describe(row))}.")
    if not row.is_published:
        console.print("  These are not the published weights of all-MiniLM-L6-v2.")
    if row.in_use:
        console.print("  The next run makes the workspaces' models anew with it.")
    else:
        console.print("  [bold]Next:[/] set EARMARK_ENCODER=minilm, and start a run.")


def _progress(*, hidden: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return Progress(*columns, TransferSpeedColumn(), console=console, disable=hidden)
