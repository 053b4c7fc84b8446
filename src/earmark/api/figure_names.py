"""What a figure counts, in words: its name and its definition."""

from earmark.db import taxonomy_storage, theme_storage
from earmark.db.connection import ReadConnection
from earmark.db.figure_storage import FigureSpec
from earmark.db.models import CANNOT_TELL, Workspace
from earmark.errors import NotFound


async def describe(
    reader: ReadConnection, workspace: Workspace, figure: FigureSpec
) -> tuple[str, str]:
    """Name and definition of what is counted, of today; raises `NotFound`."""
    if figure.kind == "remainder":
        return "Remainder", (
            "Conversations that were read, are not spam, and belong to no theme: none of their"
            " issues is near enough to others."
        )
    if figure.kind == "theme":
        return await _describe_theme(reader, workspace, figure.id)
    if figure.id == CANNOT_TELL:
        return "Cannot tell", "Conversations whose category nobody was sure enough about."
    taxonomy = await taxonomy_storage.get_taxonomy(reader, workspace.id)
    for category in taxonomy.categories if taxonomy else ():
        if category.id == figure.id:
            return category.name, category.definition
    raise NotFound(
        f"There is no category {figure.id!r} in this workspace.",
        fix="It may have been renamed or merged: see the taxonomy.",
    )


async def _describe_theme(
    reader: ReadConnection, workspace: Workspace, text: str
) -> tuple[str, str]:
    themes = (
        await theme_storage.list_themes(reader, workspace.id, [int(text)])
        if text.isascii() and text.isdigit() and int(text) < 2**63
        else []
    )
    if not themes:
        raise NotFound(f"There is no theme {text!r}.", fix="Go back to the list of themes.")
    return themes[0].name, (
        "Conversations with an issue that is assigned to this theme. Its identity is its number;"
        " its name may change."
    )
