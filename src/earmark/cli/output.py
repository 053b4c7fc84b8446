"""How the command line speaks: data on stdout, all else on stderr, exit codes that mean something.

0 done · 1 failed · 2 usage · 3 a setting is missing or wrong · 4 done in part · 5 a ceiling was
reached · 130 interrupted
"""

import asyncio
import json
import logging
import sys
import traceback
from collections.abc import Coroutine, Mapping
from enum import IntEnum
from typing import Annotated, Any, Final

import structlog
import typer
from pydantic import BaseModel, JsonValue
from rich.console import Console

from earmark.errors import EarmarkError

SCHEMA_VERSION: Final = 1
_PIPED_WIDTH: Final = 160


class ExitCode(IntEnum):
    """What a command came to."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    PARTIAL = 4
    BUDGET = 5
    INTERRUPTED = 130


JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
WorkspaceOption = Annotated[
    str | None,
    typer.Option("--workspace", help="Code of the workspace; the newest one if left out."),
]

# Without emoji: a name that holds `:bug:` is shown as it is.
console = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
stdout = Console(
    highlight=False,
    emoji=False,
    soft_wrap=True,
    width=None if sys.stdout.isatty() else _PIPED_WIDTH,
)


def execute(work: Coroutine[Any, Any, ExitCode], *, as_json: bool = False) -> None:
    """Run a command to its end and exit with its code; the only place that starts an event loop."""
    try:
        code = asyncio.run(work)
    except EarmarkError as error:
        report_error(error, as_json=as_json)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        tell_interrupted()
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except Exception as error:  # noqa: BLE001 - process edge: the message may hold customer text
        report_defect(error)
        raise typer.Exit(ExitCode.FAILED) from None
    raise typer.Exit(code)


def tell_interrupted() -> None:
    """What an interruption means."""
    console.print("Stopped; what was done is kept, and the next run goes on from there.")


def report_error(error: EarmarkError, *, as_json: bool) -> None:
    """What happened, why, and what to do next."""
    if as_json:
        print_json({"error": {"what": error.what, "why": error.why, "fix": error.fix}})
        return
    console.print(f"[bold red]Error:[/] {escape(error.what)}")
    if error.why:
        console.print(f"  {escape(error.why)}")
    if error.fix:
        console.print(f"  [bold]Next:[/] {escape(error.fix)}")


def report_defect(error: Exception) -> None:
    """Where Earmark failed, without what it was working on."""
    console.print(f"[bold red]A defect of Earmark:[/] {type(error).__name__}, at")
    for frame in traceback.extract_tb(error.__traceback__)[-6:]:
        console.print(f"  {frame.filename}:{frame.lineno} in {frame.name}", markup=False)
    console.print("  [bold]Next:[/] please report these lines; they hold no data of yours.")


def print_json(document: Mapping[str, JsonValue] | BaseModel) -> None:
    """One document on stdout, with the version of its shape."""
    values: Mapping[str, Any] = (
        document.model_dump(mode="json") if isinstance(document, BaseModel) else document
    )
    sys.stdout.write(json.dumps({"schema_version": SCHEMA_VERSION, **values}, indent=2) + "\n")
    sys.stdout.flush()


def escape(text: str) -> str:
    """Text from anywhere, so that nothing in it is taken for markup or a terminal command."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return printable.replace("[", r"\[")


def _drop_traceback(record: logging.LogRecord) -> bool:
    """Let a library's error be one line: of a lost PostgreSQL they would write dozens."""
    record.exc_info = record.exc_text = None
    return True


def configure_logging(level: str) -> None:
    """Logs to stderr, as lines for people on a terminal and as JSON otherwise."""
    logging.basicConfig(stream=sys.stderr, level=level.upper(), format="%(message)s")
    if level != "debug":
        for handler in logging.getLogger().handlers:
            handler.addFilter(_drop_traceback)
    pretty = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer()
            if pretty
            else structlog.processors.JSONRenderer(sort_keys=True),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
