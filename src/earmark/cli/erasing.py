"""`earmark erase`: a person's words and all that was made of them, gone, with a receipt."""

from typing import Annotated

import typer

from earmark.cli.output import (
    ExitCode,
    JsonOption,
    WorkspaceOption,
    configure_logging,
    execute,
    print_json,
    stdout,
)
from earmark.cli.workspaces import pick_workspace
from earmark.pipeline import erasure
from earmark.settings import Settings
from earmark.wiring import Wiring

app = typer.Typer(help="Erase a person on request.")


@app.callback()
def explain() -> None:
    """Erase a person on request."""


@app.command()
def contact(
    contact_id: Annotated[str, typer.Argument(help="Intercom's id of the contact.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase a contact: conversations, quotes, embeddings, names of themes, parts of stories.

    What the source still has is not read again. Print the receipt and keep it.
    """
    if not yes:
        typer.confirm(f"Erase contact {contact_id} for good?", abort=True, err=True)
    execute(_erase(contact_id, workspace, as_json), as_json=as_json)


async def _erase(contact_id: str, code: str | None, as_json: bool) -> ExitCode:
    settings = Settings.read()
    configure_logging(settings.log_level)
    async with Wiring(settings).database() as database:
        async with database.read() as reader:
            workspace = await pick_workspace(reader, code)
        receipt = await erasure.erase_contact(database, workspace.id, contact_id)
    if as_json:
        print_json(receipt)
    else:
        counted = ", ".join(f"{number:,} {name}" for name, number in receipt.counts.items())
        stdout.print(f"Receipt {receipt.id} of {receipt.erased_at:%Y-%m-%d %H:%M} UTC: {counted}.")
        stdout.print(f"Subject: {receipt.subject_hash}", soft_wrap=True)
    return ExitCode.DONE
