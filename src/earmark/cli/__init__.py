"""The command line: a file per group of commands, each thin over what it calls."""

from typing import Annotated

import typer

from earmark import __version__
from earmark.cli import database, demo, doctor, serving, showing, simulating, working

app = typer.Typer(
    name="earmark",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold customer text and secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Every Intercom conversation, turned into verified themes and stories."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


app.command()(demo.demo)
app.command()(serving.serve)
app.command()(serving.worker)
app.command()(working.sync)
app.command()(working.run)
app.command()(showing.themes)
app.command()(showing.stories)
app.command()(doctor.doctor)
app.command()(simulating.simulate)
app.add_typer(database.app, name="db")


def main() -> None:
    """Run the command line."""
    app()
