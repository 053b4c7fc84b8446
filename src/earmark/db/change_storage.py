"""Changes of the taxonomy: from a draft to a version, and back."""

from datetime import datetime
from typing import Annotated, Final, Literal, LiteralString

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import AfterValidator, Field, StringConstraints

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model
from earmark.db.preview_models import Preview
from earmark.errors import Conflict, NotFound, VersionStale

MOST_CATEGORIES: Final = 500
MOST_AREAS: Final = 2_000
_MOST_TEXTS: Final = 2_000


def _storable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds a character that cannot be stored (NUL or half of a pair)")
    return text


Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_storable)]
"""Whatever somebody is typing, as long as it can be kept."""
Texts = Annotated[tuple[Text, ...], Field(max_length=_MOST_TEXTS)]


class ProposedCategory(Model):
    """A category as it shall be; a draft is saved while it is typed, so it may still be wrong."""

    id: Text
    name: Text = ""
    definition: Text = ""
    includes: Texts = ()
    excludes: Texts = ()
    examples: Texts = ()
    no_examples: bool = False
    """That it has no examples is meant: a model then knows it by its definition only."""
    was: Texts | None = None
    """Categories of the base that it takes over; null for the one of the same id, if there is."""


class ProposedArea(Model):
    """A product area as it shall be."""

    id: Text
    name: Text = ""
    definition: Text = ""
    patterns: Texts = ()
    parent_id: Text | None = None
    was: Texts | None = None
    """Areas of the base that it takes over; null for the one of the same id, if there is."""


class Proposal(Model):
    """A whole taxonomy as it shall be."""

    categories: Annotated[tuple[ProposedCategory, ...], Field(max_length=MOST_CATEGORIES)]
    areas: Annotated[tuple[ProposedArea, ...], Field(max_length=MOST_AREAS)] = ()


ChangeStatus = Literal["draft", "applied", "reverted", "discarded"]
PreviewStatus = Literal["queued", "running", "done", "failed", "cancelled"]


class TaxonomyChange(Model):
    """An edit of the taxonomy and how far it has come."""

    id: int
    base_version: int
    status: ChangeStatus
    revision: int
    note: str
    proposal: Proposal
    preview_status: PreviewStatus | None
    preview_revision: int | None
    """The revision that the preview is of: if it is not the present one, it is out of date."""
    preview_done: int
    preview_total: int
    preview_error: str | None
    preview: Preview | None
    applied_version: int | None
    reverted_version: int | None
    run_id: int | None
    created_at: datetime
    updated_at: datetime
    applied_at: datetime | None
    reverted_at: datetime | None

    @property
    def is_previewed(self) -> bool:
        """Whether there is a preview of what it says now."""
        return self.preview_status == "done" and self.preview_revision == self.revision


_CHANGES: Final[LiteralString] = (
    "SELECT id, base_version, status, revision, note, proposal, preview_status, preview_revision,"
    " preview_done, preview_total, preview_error, preview, applied_version, reverted_version,"
    " run_id, created_at, updated_at, applied_at, reverted_at FROM taxonomy_changes"
    " WHERE workspace_id = %(workspace_id)s"
)


async def list_changes(
    connection: ReadConnection, workspace_id: int, *, limit: int = 100
) -> list[TaxonomyChange]:
    """The newest changes first."""
    async with connection.cursor(row_factory=class_row(TaxonomyChange)) as cursor:
        await cursor.execute(
            _CHANGES + " ORDER BY id DESC LIMIT %(limit)s",
            {"workspace_id": workspace_id, "limit": limit},
        )
        return await cursor.fetchall()


async def get_change(
    connection: ReadConnection, workspace_id: int, change_id: int
) -> TaxonomyChange:
    """One change; raises `NotFound`."""
    async with connection.cursor(row_factory=class_row(TaxonomyChange)) as cursor:
        await cursor.execute(
            _CHANGES + " AND id = %(id)s", {"workspace_id": workspace_id, "id": change_id}
        )
        change = await cursor.fetchone()
    if change is None:
        raise NotFound(
            f"There is no change {change_id} of the taxonomy in this workspace.",
            fix="`earmark taxonomy list` shows those that there are.",
        )
    return change


async def lock_change(
    connection: WriteConnection, workspace_id: int, change_id: int
) -> TaxonomyChange:
    """The same, held against other writers, as is the taxonomy, until the transaction ends."""
    await connection.execute(
        "SELECT FROM workspaces WHERE id = %(workspace_id)s FOR NO KEY UPDATE",
        {"workspace_id": workspace_id},
    )
    return await get_change(connection, workspace_id, change_id)


async def find_draft(connection: ReadConnection, workspace_id: int) -> TaxonomyChange | None:
    """The open draft, if there is one."""
    cursor = await connection.execute(
        "SELECT id FROM taxonomy_changes WHERE workspace_id = %(workspace_id)s"
        " AND status = 'draft'",
        {"workspace_id": workspace_id},
    )
    row = await cursor.fetchone()
    return await get_change(connection, workspace_id, row["id"]) if row else None


async def add_change(
    connection: WriteConnection,
    workspace_id: int,
    *,
    base_version: int,
    proposal: Proposal,
    note: str,
) -> TaxonomyChange:
    """A new draft; raises `Conflict` while there is another."""
    try:
        async with connection.transaction():
            cursor = await connection.execute(
                "INSERT INTO taxonomy_changes (workspace_id, base_version, proposal, note)"
                " VALUES (%(workspace_id)s, %(base_version)s, %(proposal)s, %(note)s)"
                " RETURNING id",
                {
                    "workspace_id": workspace_id,
                    "base_version": base_version,
                    "proposal": Jsonb(proposal.model_dump(mode="json")),
                    "note": note,
                },
            )
            row = await cursor.fetchone()
    except UniqueViolation as error:
        raise Conflict(
            "There is a draft of the taxonomy already.",
            why="One is open at a time, so that two people see each other's edits.",
            fix="Go on with it, or discard it: `earmark taxonomy list` names it.",
        ) from error
    return await get_change(connection, workspace_id, row["id"] if row else 0)


async def edit_change(
    connection: WriteConnection,
    workspace_id: int,
    change: TaxonomyChange,
    *,
    proposal: Proposal,
    note: str,
) -> TaxonomyChange:
    """Put another proposal into a draft; a preview that is being made of the old one stops."""
    cursor = await connection.execute(
        "UPDATE taxonomy_changes SET proposal = %(proposal)s, note = %(note)s,"
        " revision = revision + 1, updated_at = now(), preview_status = CASE"
        " WHEN preview_status IN ('queued', 'running') THEN 'cancelled' ELSE preview_status END"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND revision = %(revision)s"
        " AND status = 'draft'",
        {
            "workspace_id": workspace_id,
            "id": change.id,
            "revision": change.revision,
            "proposal": Jsonb(proposal.model_dump(mode="json")),
            "note": note,
        },
    )
    if cursor.rowcount == 0:
        raise stale(change.id)
    return await get_change(connection, workspace_id, change.id)


def stale(change_id: int) -> VersionStale:
    """What a writer is told who has not seen the last edit."""
    return VersionStale(
        f"Change {change_id} of the taxonomy was edited since you read it.",
        why="Writing now would undo what somebody else has written.",
        fix="Read it again, and edit that.",
    )


async def discard_change(connection: WriteConnection, workspace_id: int, change_id: int) -> None:
    """Close a draft without applying it; it stays in the list."""
    await connection.execute(
        "UPDATE taxonomy_changes SET status = 'discarded', updated_at = now(),"
        " revision = revision + 1, preview_status = CASE WHEN preview_status"
        " IN ('queued', 'running') THEN 'cancelled' ELSE preview_status END"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND status = 'draft'",
        {"workspace_id": workspace_id, "id": change_id},
    )


async def mark_applied(
    connection: WriteConnection, workspace_id: int, change_id: int, *, version: int
) -> None:
    """The change is that version now."""
    await connection.execute(
        "UPDATE taxonomy_changes SET status = 'applied', applied_version = %(version)s,"
        " applied_at = now(), updated_at = now(), revision = revision + 1"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s",
        {"workspace_id": workspace_id, "id": change_id, "version": version},
    )


async def mark_reverted(
    connection: WriteConnection, workspace_id: int, change_id: int, *, version: int
) -> None:
    """That version is as it was before the change."""
    await connection.execute(
        "UPDATE taxonomy_changes SET status = 'reverted', reverted_version = %(version)s,"
        " reverted_at = now(), updated_at = now(), revision = revision + 1"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s",
        {"workspace_id": workspace_id, "id": change_id, "version": version},
    )


async def set_run(
    connection: WriteConnection, workspace_id: int, change_id: int, run_id: int
) -> None:
    """The run that replays it."""
    await connection.execute(
        "UPDATE taxonomy_changes SET run_id = %(run_id)s"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s",
        {"workspace_id": workspace_id, "id": change_id, "run_id": run_id},
    )


# ---------------------------------------------------------------- previews


async def request_preview(connection: WriteConnection, workspace_id: int, change_id: int) -> None:
    """A preview of the present revision shall be made."""
    await connection.execute(
        "UPDATE taxonomy_changes SET preview_status = 'queued', preview_revision = revision,"
        " preview_done = 0, preview_total = 0, preview_error = NULL, preview = NULL"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND status = 'draft'",
        {"workspace_id": workspace_id, "id": change_id},
    )


async def cancel_preview(connection: WriteConnection, workspace_id: int, change_id: int) -> bool:
    """Stop making a preview at the next safe point; false if none is being made."""
    cursor = await connection.execute(
        "UPDATE taxonomy_changes SET preview_status = 'cancelled'"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s"
        " AND preview_status IN ('queued', 'running')",
        {"workspace_id": workspace_id, "id": change_id},
    )
    return cursor.rowcount > 0


async def report_preview(
    connection: WriteConnection,
    workspace_id: int,
    change: TaxonomyChange,
    *,
    done: int,
    total: int,
) -> bool:
    """How far it is; false if it is not wanted any more."""
    cursor = await connection.execute(
        "UPDATE taxonomy_changes SET preview_status = 'running', preview_done = %(done)s,"
        " preview_total = %(total)s WHERE workspace_id = %(workspace_id)s AND id = %(id)s"
        " AND revision = %(revision)s AND preview_status IN ('queued', 'running')",
        {
            "workspace_id": workspace_id,
            "id": change.id,
            "revision": change.revision,
            "done": done,
            "total": total,
        },
    )
    return cursor.rowcount > 0


async def finish_preview(
    connection: WriteConnection,
    workspace_id: int,
    change: TaxonomyChange,
    preview: Preview,
) -> None:
    """Store a preview, if it is still wanted."""
    await connection.execute(
        "UPDATE taxonomy_changes SET preview_status = 'done', preview = %(preview)s"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND revision = %(revision)s"
        " AND preview_status IN ('queued', 'running')",
        {
            "workspace_id": workspace_id,
            "id": change.id,
            "revision": change.revision,
            "preview": Jsonb(preview.model_dump(mode="json")),
        },
    )


async def fail_preview(
    connection: WriteConnection, workspace_id: int, change_id: int, *, reason: str
) -> None:
    """No preview came of it."""
    await connection.execute(
        "UPDATE taxonomy_changes SET preview_status = 'failed', preview_error = %(reason)s"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s"
        " AND preview_status IN ('queued', 'running')",
        {"workspace_id": workspace_id, "id": change_id, "reason": reason},
    )
