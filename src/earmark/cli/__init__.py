"""The command line: a file per group of commands, each thin over what it calls."""

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, Final

import typer

from earmark import __version__

# Only the command that was typed is imported: each needs a part of the program, and a start that
# loads it all would take a second more and fifty megabytes.
COMMANDS: Final = {
    "demo": ("demo", "demo"),
    "serve": ("serving", "serve"),
    "worker": ("workers", "worker"),
    "sync": ("working", "sync"),
    "run": ("working", "run"),
    "import": ("importing", "import_files"),
    "themes": ("showing", "themes"),
    "stories": ("showing", "stories"),
    "coverage": ("covering", "coverage"),
    "failures": ("covering", "app"),
    "attributes": ("attributes", "attributes"),
    "taxonomy": ("taxonomy", "app"),
    "erase": ("erasing", "app"),
    "mask": ("masking", "mask_command"),
    "cost": ("cost", "app"),
    "eval": ("evaluating", "evaluate"),
    "doctor": ("doctor", "doctor"),
    "simulate": ("simulating", "simulate"),
    "models": ("models", "app"),
    "db": ("database", "app"),
}


def build(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The program with these commands."""
    program = typer.Typer(
        name="earmark",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,  # locals may hold customer text and secrets
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback(invoke_without_command=True)(_root)
    for name in names:
        module, attribute = COMMANDS[name]
        command = getattr(import_module(f"earmark.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            program.add_typer(command, name=name)
        else:
            program.command(name)(command)
    return program


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Every Intercom conversation, turned into verified themes and stories."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    words = sys.argv[1:]
    typed = next((word for word in words if not word.startswith("-")), None)
    if typed in COMMANDS:
        build([typed])()
    else:
        build([] if words == ["--version"] else COMMANDS)()
