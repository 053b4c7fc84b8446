"""The life of an edit of the taxonomy: draft, applied as a new version, reverted by another.

All of it happens in the caller's transaction, which also starts the replay: either there is a new
version, labels by people that speak its language, and a run that reads everything anew, or nothing
has happened.
"""

from typing import Final

from earmark.db import carry_storage, change_storage, taxonomy_storage
from earmark.db.change_storage import Proposal, TaxonomyChange
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Stage, Taxonomy
from earmark.errors import Conflict, InvalidInput, NotFound
from earmark.pipeline.taxonomy_diff import (
    Mapped,
    Operation,
    carry,
    derive,
    is_same,
    map_back,
    map_forward,
    propose,
    to_taxonomy,
)
from earmark.pipeline.taxonomy_rules import check, require_sound

REPLAY: Final = (Stage.LEARN, Stage.CLASSIFY, Stage.THEMES, Stage.STORIES)
"""What a new version makes necessary."""
_LARGEST: Final = 4_000_000
"""Bytes of a proposal."""
_LONGEST_NOTE: Final = 200


async def require_taxonomy(
    connection: ReadConnection, workspace_id: int, version: int | None = None
) -> Taxonomy:
    """That version, or the newest; raises `NotFound`."""
    taxonomy = await taxonomy_storage.get_taxonomy(connection, workspace_id, version)
    if taxonomy is None or version not in (None, taxonomy.version):
        raise NotFound(
            "The workspace has no taxonomy yet."
            if version is None
            else f"There is no version {version} of the taxonomy.",
            fix="The first run makes one: `earmark run`."
            if version is None
            else "`earmark taxonomy list` shows those that there are.",
        )
    return taxonomy


async def open_draft(
    connection: WriteConnection, workspace_id: int, proposal: Proposal | None, *, note: str
) -> TaxonomyChange:
    """A new draft, of the present taxonomy if nothing is proposed yet; raises `Conflict`."""
    base = await require_taxonomy(connection, workspace_id)
    if proposal is not None:
        _check_size(proposal)
    return await change_storage.add_change(
        connection,
        workspace_id,
        base_version=base.version,
        proposal=proposal or propose(base),
        note=note,
    )


async def edit_draft(
    connection: WriteConnection,
    workspace_id: int,
    change: TaxonomyChange,
    proposal: Proposal,
    *,
    note: str,
) -> TaxonomyChange:
    """Put another proposal into a draft; it may still be wrong, as long as it can be kept."""
    require_draft(change)
    _check_size(proposal)
    return await change_storage.edit_change(
        connection, workspace_id, change, proposal=proposal, note=note
    )


def _check_size(proposal: Proposal) -> None:
    size = len(proposal.model_dump_json().encode())
    if size > _LARGEST:
        raise InvalidInput(
            f"The taxonomy is too large: {size:,} bytes.",
            why=f"At most {_LARGEST:,} are kept: all of it goes into models.",
            fix="Take out examples: a few dozen per category are enough.",
        )


def require_draft(change: TaxonomyChange) -> None:
    """Raise `Conflict` if it is not a draft any more."""
    if change.status != "draft":
        raise Conflict(
            f"Change {change.id} of the taxonomy is not a draft: it is {change.status}.",
            fix="Begin another: `earmark taxonomy import`, or Edit on the taxonomy page.",
        )


async def require_usable(
    connection: ReadConnection, workspace_id: int, change: TaxonomyChange
) -> Taxonomy:
    """The taxonomy that a draft changes, if it can be previewed and applied as it is."""
    require_draft(change)
    current = await require_taxonomy(connection, workspace_id)
    if current.version != change.base_version:
        raise Conflict(
            f"The taxonomy has moved on to version {current.version}.",
            why=f"Change {change.id} was made of version {change.base_version}.",
            fix="Discard it, and make it again of the present version.",
        )
    require_sound(check(current, change.proposal))
    if is_same(current, change.proposal):
        raise Conflict(
            f"Change {change.id} of the taxonomy changes nothing.", fix="Edit it, or discard it."
        )
    return current


async def require_applicable(
    connection: ReadConnection, workspace_id: int, change: TaxonomyChange, *, unseen: bool
) -> Taxonomy:
    """The taxonomy that a draft changes, if it can be applied as it is; raises `Conflict`."""
    base = await require_usable(connection, workspace_id, change)
    if not unseen and not change.is_previewed:
        raise Conflict(
            f"There is no preview of change {change.id} as it is now.",
            why="Nobody has seen what it would do.",
            fix=f"`earmark taxonomy preview`, or Preview on the page; to apply it unseen:"
            f" `earmark taxonomy apply {change.id} --without-preview --yes`.",
        )
    return base


async def apply(
    connection: WriteConnection, workspace_id: int, change: TaxonomyChange, *, unseen: bool = False
) -> int:
    """Make a draft (locked by the caller) the newest version; returns its number.

    With `unseen`, also without a preview of what it says now.
    """
    base = await require_applicable(connection, workspace_id, change, unseen=unseen)
    version = base.version + 1
    note = change.note or describe(base, change.proposal)
    await taxonomy_storage.add_taxonomy(
        connection, workspace_id, to_taxonomy(change.proposal, version), note=note
    )
    forward = map_forward(base, change.proposal)
    categories = _carried(forward.categories)
    await carry_storage.carry_labels(
        connection, workspace_id, change_id=change.id, version=version, mapping=categories
    )
    await carry_storage.carry_decisions(
        connection, workspace_id, version=version, mapping=categories
    )
    await carry_storage.carry_themes(
        connection, workspace_id, categories=categories, areas=_carried(forward.areas)
    )
    await change_storage.mark_applied(connection, workspace_id, change.id, version=version)
    return version


async def require_revertible(
    connection: ReadConnection, workspace_id: int, change: TaxonomyChange
) -> int:
    """The newest version, if it is the one that this change made; raises `Conflict`."""
    current = await require_taxonomy(connection, workspace_id)
    if change.status != "applied" or change.applied_version is None:
        raise Conflict(
            f"Change {change.id} of the taxonomy cannot be reverted: it is {change.status}.",
            fix="`earmark taxonomy list` shows which are applied.",
        )
    if current.version != change.applied_version:
        raise Conflict(
            f"Change {change.id} is not the last one: the taxonomy is at version"
            f" {current.version}, it made version {change.applied_version}.",
            why="What came after it was made of it.",
            fix="Revert the later ones first, or make a new change.",
        )
    return current.version


async def revert(connection: WriteConnection, workspace_id: int, change: TaxonomyChange) -> int:
    """Make the version before an applied change the newest again; returns its new number."""
    applied = await require_revertible(connection, workspace_id, change)
    base = await require_taxonomy(connection, workspace_id, change.base_version)
    version = applied + 1
    await taxonomy_storage.add_taxonomy(
        connection,
        workspace_id,
        base.model_copy(update={"version": version}),
        note=f"as version {base.version}",
    )
    # The model of the old version answers as it did: nothing has to be learnt anew.
    await taxonomy_storage.copy_model(
        connection, workspace_id, of_version=base.version, to_version=version
    )
    # Nor paid for: answers to the same questions are known already.
    await carry_storage.copy_answers(
        connection, workspace_id, of_version=base.version, to_version=version
    )
    back = map_back(base, change.proposal)
    categories = _carried(back.categories)
    await carry_storage.restore_labels(connection, workspace_id, change_id=change.id)
    await carry_storage.carry_labels(
        connection,
        workspace_id,
        change_id=change.id,
        version=version,
        mapping=categories,
        given_under=applied,
    )
    await carry_storage.restore_decisions(
        connection,
        workspace_id,
        applied_version=applied,
        version=version,
        mapping=categories,
    )
    await carry_storage.carry_themes(
        connection, workspace_id, categories=categories, areas=_carried(back.areas)
    )
    await change_storage.mark_reverted(connection, workspace_id, change.id, version=version)
    return version


def _carried(mapping: Mapped) -> dict[str, str | None]:
    return {identifier: carry(identifier, mapping) for identifier in mapping}


def describe(base: Taxonomy, proposal: Proposal) -> str:
    """What a change does, in a line: what a version is called that nobody gave a note."""
    text = "; ".join(name_operation(operation) for operation in derive(base, proposal))
    return text if len(text) <= _LONGEST_NOTE else text[: _LONGEST_NOTE - 1] + "…"


def name_operation(operation: Operation) -> str:
    """An operation in a line, such as `merge a, b → c`."""
    if operation.kind == "reorder":
        return f"reorder {operation.noun} list"
    before, after = ", ".join(operation.before), ", ".join(operation.after)
    ends = before if before == after else " → ".join(end for end in (before, after) if end)
    detail = f" ({operation.detail})" if operation.detail else ""
    return f"{operation.kind} {operation.noun} {ends}{detail}"
