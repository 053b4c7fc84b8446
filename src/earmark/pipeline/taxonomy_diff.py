"""What a proposed taxonomy changes, and where the labels of the old one go.

Pure: nothing here reads or writes anything. A proposal says of each entry what it `was`; all else
(the operations, the mapping there and back) follows from that.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

from earmark.db.change_storage import Proposal, ProposedArea, ProposedCategory
from earmark.db.models import Category, Model, ProductArea, Taxonomy

Kind = Literal["add", "rename", "redefine", "merge", "split", "move", "reorder", "retire"]
Noun = Literal["category", "area"]
Mapped = Mapping[str, tuple[str, ...]]
"""Where each id goes: to one, to several (split), to none (retired)."""


class Operation(Model):
    """One thing that a change does."""

    kind: Kind
    noun: Noun
    before: tuple[str, ...]
    """Ids in the base."""
    after: tuple[str, ...]
    """Ids in the proposal."""
    detail: str = ""


class Mappings(Model):
    """Where ids of one taxonomy go in another."""

    categories: dict[str, tuple[str, ...]]
    areas: dict[str, tuple[str, ...]]


def propose(taxonomy: Taxonomy) -> Proposal:
    """The proposal that changes nothing."""
    return Proposal(
        categories=tuple(
            ProposedCategory(**category.model_dump(), no_examples=not category.examples)
            for category in taxonomy.categories
        ),
        areas=tuple(ProposedArea(**area.model_dump()) for area in taxonomy.areas),
    )


def to_taxonomy(proposal: Proposal, version: int) -> Taxonomy:
    """What the proposal says, as a version; white space around texts goes."""
    return Taxonomy(
        version=version,
        categories=tuple(
            Category(
                id=entry.id.strip(),
                name=entry.name.strip(),
                definition=entry.definition.strip(),
                includes=_clean(entry.includes),
                excludes=_clean(entry.excludes),
                examples=_clean(entry.examples),
            )
            for entry in proposal.categories
        ),
        areas=tuple(
            ProductArea(
                id=entry.id.strip(),
                name=entry.name.strip(),
                definition=entry.definition.strip(),
                patterns=_clean(entry.patterns),
                parent_id=(entry.parent_id or "").strip() or None,
            )
            for entry in proposal.areas
        ),
    )


def _clean(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts if text.strip())


def is_same(base: Taxonomy, proposal: Proposal) -> bool:
    """Whether applying it would change nothing at all."""
    after = to_taxonomy(proposal, base.version)
    return after == base and not derive(base, proposal)


Entry = ProposedCategory | ProposedArea


def origins(entries: Sequence[Entry], known: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """New id to the old ids that it takes over.

    An old id that nobody names goes on in the entry of the same id, if that says nothing else.
    """
    there = set(known)
    return {
        entry.id.strip(): tuple(dict.fromkeys(old.strip() for old in entry.was))
        if entry.was is not None
        else ((entry.id.strip(),) if entry.id.strip() in there else ())
        for entry in entries
    }


def map_forward(base: Taxonomy, proposal: Proposal) -> Mappings:
    """Where labels of the base go."""
    return Mappings(
        categories=_turn(
            origins(proposal.categories, _ids(base.categories)), _ids(base.categories)
        ),
        areas=_turn(origins(proposal.areas, _ids(base.areas)), _ids(base.areas)),
    )


def map_back(base: Taxonomy, proposal: Proposal) -> Mappings:
    """Where labels of the proposal go when it is reverted."""
    return Mappings(
        categories=origins(proposal.categories, _ids(base.categories)),
        areas=origins(proposal.areas, _ids(base.areas)),
    )


def _turn(origin: Mapped, known: Sequence[str]) -> dict[str, tuple[str, ...]]:
    return {old: tuple(new for new, olds in origin.items() if old in olds) for old in known}


def _ids(entries: Sequence[Category | ProductArea]) -> list[str]:
    return [entry.id for entry in entries]


def derive(base: Taxonomy, proposal: Proposal) -> list[Operation]:
    """All that the proposal does, categories first; empty if and only if nothing changes."""
    after = to_taxonomy(proposal, base.version)
    return _between(base, after, map_forward(base, proposal), map_back(base, proposal))


def derive_back(base: Taxonomy, proposal: Proposal) -> list[Operation]:
    """All that taking an applied proposal back does, categories first."""
    after = to_taxonomy(proposal, base.version)
    return _between(after, base, map_back(base, proposal), map_forward(base, proposal))


def _between(
    before: Taxonomy, after: Taxonomy, forward: Mappings, back: Mappings
) -> list[Operation]:
    return [
        *_derive(
            "category", before.categories, after.categories, forward.categories, back.categories
        ),
        *_derive("area", before.areas, after.areas, forward.areas, back.areas),
    ]


_E = TypeVar("_E", Category, ProductArea)


def _derive(
    noun: Noun, before: Sequence[_E], after: Sequence[_E], forward: Mapped, back: Mapped
) -> list[Operation]:
    old = {entry.id: entry for entry in before}
    found = [
        Operation(kind="retire", noun=noun, before=(identifier,), after=())
        for identifier, goes in forward.items()
        if not goes
    ]
    found += [
        Operation(kind="split", noun=noun, before=(identifier,), after=goes)
        for identifier, goes in forward.items()
        if len(goes) > 1
    ]
    for entry in after:
        was = tuple(identifier for identifier in back[entry.id] if identifier in old)
        if not was:
            found.append(Operation(kind="add", noun=noun, before=(), after=(entry.id,)))
        elif len(was) > 1:
            found.append(Operation(kind="merge", noun=noun, before=was, after=(entry.id,)))
        like = entry.id if entry.id in was else (was[0] if was else None)
        if like is not None:
            found += _compare(noun, old[like], entry, forward)
    return found + _compare_order(noun, forward, [entry.id for entry in after])


def _compare_order(noun: Noun, forward: Mapped, after: Sequence[str]) -> list[Operation]:
    """Whether those that are still one each stand in another order."""
    goes = {old: targets[0] for old, targets in forward.items() if len(targets) == 1}
    met = Counter(goes.values())
    single = {old: new for old, new in goes.items() if met[new] == 1}
    there = set(single.values())
    now = tuple(new for new in after if new in there)
    if now == tuple(single.values()):
        return []
    return [Operation(kind="reorder", noun=noun, before=tuple(single), after=now)]


def _compare(noun: Noun, old: _E, new: _E, forward: Mapped) -> list[Operation]:
    """What has become of one entry itself."""
    key: dict[str, tuple[str, ...]] = {"before": (old.id,), "after": (new.id,)}
    found: list[Operation] = []
    if old.name != new.name or old.id != new.id:
        detail = f"{old.name} → {new.name}" if old.name != new.name else ""
        found.append(Operation(kind="rename", noun=noun, detail=detail, **key))
    if isinstance(old, ProductArea) and isinstance(new, ProductArea):
        goes = forward.get(old.parent_id, ()) if old.parent_id else ()
        if old.parent_id != new.parent_id and new.parent_id not in goes:
            detail = f"{old.parent_id or 'top'} → {new.parent_id or 'top'}"
            found.append(Operation(kind="move", noun=noun, detail=detail, **key))
    changed = [
        field
        for field in ("definition", "includes", "excludes", "examples", "patterns")
        if getattr(old, field, None) != getattr(new, field, None)
    ]
    if changed:
        found.append(Operation(kind="redefine", noun=noun, detail=", ".join(changed), **key))
    return found


def carry(value: str, mapping: Mapped) -> str | None:
    """The id that a label has afterwards; null where it has none or several: it is put aside.

    What the mapping does not know, such as the abstention, stays as it is.
    """
    goes = mapping.get(value, (value,))
    return goes[0] if len(goes) == 1 else None
