"""`earmark attributes`: which attributes of companies hold plan, revenue and seats."""

import tomllib
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ConfigDict, Field, ValidationError
from rich.table import Table

from earmark.cli.output import (
    ExitCode,
    JsonOption,
    WorkspaceOption,
    console,
    escape,
    execute,
    print_json,
    stdout,
)
from earmark.cli.workspaces import write_workspace
from earmark.db import directory_storage, sync_storage
from earmark.db.connection import WriteConnection
from earmark.db.directory_storage import MappedField
from earmark.db.models import Checkpoint, Model
from earmark.errors import InvalidInput
from earmark.pipeline.enrichment import PEOPLE
from earmark.sources.base import LabelKind

_DEFAULTS: dict[MappedField, str] = {
    "plan": "plan.name",
    "revenue": "monthly_spend",
    "seats": "user_count",
}


class CompanyAttributes(Model):
    """Custom attributes of companies; those that are left out are Intercom's own fields."""

    plan: str | None = Field(default=None, min_length=1)
    revenue: str | None = Field(default=None, min_length=1)
    seats: str | None = Field(default=None, min_length=1)


class AttributesFile(Model):
    """What the TOML file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    company: CompanyAttributes


class AttributesReport(Model):
    """What is mapped, and what could be."""

    workspace: str
    mapping: dict[MappedField, str]
    available: dict[str, str]
    """Label by full name; empty before the first sync."""


def attributes(
    mapping: Annotated[
        Path | None,
        typer.Option(help="Replace the mapping by this TOML file: [company] plan, revenue, seats."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show or set which attributes of companies hold plan, revenue and seats.

    A new mapping counts from the next sync on.
    """
    execute(_attributes(mapping, workspace, as_json), as_json=as_json)


async def _attributes(path: Path | None, code: str | None, as_json: bool) -> ExitCode:
    wanted = None if path is None else read_attributes(path)
    async with write_workspace(code) as (connection, chosen):
        if wanted is not None:
            await _set(connection, chosen.id, wanted)
        report = AttributesReport(
            workspace=chosen.code,
            mapping={**_DEFAULTS, **await directory_storage.get_mapping(connection, chosen.id)},
            available=await directory_storage.list_labels(
                connection, chosen.id, LabelKind.COMPANY_ATTRIBUTE
            ),
        )
    if as_json:
        print_json(report)
    else:
        _tell(report, is_new=wanted is not None)
    return ExitCode.DONE


async def _set(
    connection: WriteConnection, workspace_id: int, wanted: dict[MappedField, str]
) -> None:
    known = await directory_storage.list_labels(
        connection, workspace_id, LabelKind.COMPANY_ATTRIBUTE
    )
    names = {name.removeprefix("custom_attributes.") for name in known}
    unknown = [name for name in wanted.values() if known and name not in names]
    if unknown:
        raise InvalidInput(
            f"Companies have no attribute {', '.join(unknown)}.",
            why=f"They have: {', '.join(sorted(names))}.",
            fix="`earmark attributes` lists them.",
        )
    await directory_storage.set_mapping(connection, workspace_id, wanted)
    # Everyone is read again by the next sync, and gets the new values.
    await sync_storage.save_checkpoint(connection, workspace_id, Checkpoint(), PEOPLE)


def read_attributes(path: Path) -> dict[MappedField, str]:
    """The mapping in a TOML file; raises `InvalidInput`."""
    try:
        file = AttributesFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read.", why=str(error)) from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InvalidInput(
            f"{path} is no mapping of attributes.",
            why=f"{place}: {first['msg']}.",
            fix='[company] with plan = "…", revenue = "…", seats = "…", each may be left out.',
        ) from error
    found: dict[MappedField, str] = {}
    for field in _DEFAULTS:
        name: str | None = getattr(file.company, field)
        if name:
            found[field] = name.removeprefix("custom_attributes.")
    return found


def _tell(report: AttributesReport, *, is_new: bool) -> None:
    table = Table("what", "attribute of companies", box=None)
    for field, attribute in report.mapping.items():
        table.add_row(field, escape(attribute))
    stdout.print(table)
    if report.available:
        names = (f"{name} ({label})" for name, label in report.available.items())
        console.print(f"There are: {escape(', '.join(names))}")
    if is_new:
        console.print("It counts from the next sync on: earmark sync")
