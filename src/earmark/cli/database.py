"""`earmark db`: the database by itself."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.output import ExitCode, JsonOption, configure_logging, console, execute, print_json
from earmark.db import client_tools
from earmark.db.connection import connect
from earmark.db.migration import SchemaState, migrate, require_known, schema_state
from earmark.db.models import Model
from earmark.errors import InvalidInput
from earmark.settings import Settings
from earmark.wiring import Wiring

app = typer.Typer(no_args_is_help=True, help="Migrate, look at, dump and restore the database.")


class DatabaseStatus(Model):
    """Where the database is and what it holds."""

    embedded: bool
    place: str
    server_version: str
    schema_version: int
    latest_schema_version: int
    size_bytes: int


@app.command("migrate")
def migrate_command(as_json: JsonOption = False) -> None:
    """Bring the database to this program's schema."""
    execute(_migrate(as_json), as_json=as_json)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Say where the database is, and whether its schema is current."""
    execute(_status(as_json), as_json=as_json)


@app.command()
def dump(file: Annotated[Path, typer.Argument(help="File to write; it must not exist.")]) -> None:
    """Write the whole database into one file, for `earmark db restore` or pg_restore."""
    execute(_dump(file))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `earmark db dump` wrote.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Replace what the database holds now.")
    ] = False,
) -> None:
    """Read a dump into the database, for example into the one that DATABASE_URL names."""
    execute(_restore(file, replacing=yes))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open PostgreSQL's own shell on the database; further arguments go to psql."""
    execute(_psql(context.args))


@asynccontextmanager
async def _wiring() -> AsyncGenerator[tuple[Wiring, str]]:
    settings = Settings.read()
    configure_logging(settings.log_level)
    wiring = Wiring(settings)
    async with wiring.conninfo() as conninfo:
        yield wiring, conninfo


async def _migrate(as_json: bool) -> ExitCode:
    settings = Settings.read()
    configure_logging(settings.log_level)
    wiring = Wiring(settings)
    async with wiring.conninfo() as conninfo, connect(conninfo) as connection:
        before = await migrate(connection)
    async with wiring.database(migrating=True):
        pass  # brings the job engine's tables along
    if as_json:
        print_json({"before": before.current, "after": before.latest})
    elif before.pending:
        console.print(f"Schema {before.current} → {before.latest}.")
    else:
        console.print(f"Already at schema {before.latest}.")
    return ExitCode.DONE


async def _status(as_json: bool) -> ExitCode:
    async with _wiring() as (wiring, conninfo), connect(conninfo) as connection:
        state = await schema_state(connection)
        about = await client_tools.describe(connection)
    place = str(wiring.embedded_directory) if wiring.uses_embedded else about.address
    found = DatabaseStatus(
        embedded=wiring.uses_embedded,
        place=place,
        server_version=about.server_version,
        schema_version=state.current,
        latest_schema_version=state.latest,
        size_bytes=about.size_bytes,
    )
    if as_json:
        print_json(found)
    else:
        console.print(
            f"PostgreSQL {found.server_version}, {'embedded' if found.embedded else 'external'},"
            f" at {place}: {found.size_bytes / 1e6:,.1f} MB, {_schema_words(state)}."
        )
    require_known(state)
    return ExitCode.DONE


def _schema_words(state: SchemaState) -> str:
    if state.current == 0:
        return "empty (earmark db migrate makes the schema)"
    if state.pending > 0:
        return f"schema {state.current}, {state.latest} is needed (earmark db migrate)"
    return f"schema {state.current}"


async def _dump(file: Path) -> ExitCode:
    if file.exists():  # noqa: ASYNC240 - one look before minutes of work
        raise InvalidInput(f"{file} exists already.", fix="Name another file, or move it away.")
    if not file.parent.is_dir():
        raise InvalidInput(f"There is no folder {file.parent}.", fix="Make it first.")
    async with _wiring() as (_, conninfo):
        await client_tools.dump(conninfo, file)
    console.print(f"Wrote {file}.", markup=False)
    return ExitCode.DONE


async def _restore(file: Path, *, replacing: bool) -> ExitCode:
    if not file.is_file():  # noqa: ASYNC240 - as above
        raise InvalidInput(f"There is no file {file}.", fix="`earmark db dump FILE` writes one.")
    async with _wiring() as (_, conninfo):
        async with connect(conninfo) as connection:
            state = await schema_state(connection)
        if state.current and not replacing:
            raise InvalidInput(
                "The database is not empty.",
                why=f"It has schema {state.current}; a restore replaces all it holds.",
                fix="Repeat with --yes if that is meant.",
            )
        await client_tools.restore(conninfo, file)
    console.print(f"Restored {file}.", markup=False)
    return ExitCode.DONE


async def _psql(arguments: list[str]) -> ExitCode:
    async with _wiring() as (_, conninfo):
        code = await client_tools.psql(conninfo, arguments)
    return ExitCode.DONE if code == 0 else ExitCode.FAILED
