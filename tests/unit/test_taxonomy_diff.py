"""What a proposal changes, and where labels go: properties of any pair of taxonomies."""

from hypothesis import given
from hypothesis import strategies as st

from earmark.db.change_storage import Proposal, ProposedArea, ProposedCategory
from earmark.db.models import Category, ProductArea, Taxonomy
from earmark.pipeline.taxonomy_diff import (
    Operation,
    carry,
    derive,
    derive_back,
    is_same,
    map_back,
    map_forward,
    propose,
    to_taxonomy,
)

NAMES = ("a", "b", "c", "d", "e", "f")
texts = st.sampled_from(("", "one", "two"))
several = st.lists(st.sampled_from(("x", "y", "z")), max_size=2, unique=True).map(tuple)


@st.composite
def taxonomies(draw: st.DrawFn) -> Taxonomy:
    """Any sound taxonomy over a few ids."""
    ids = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    areas = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True))
    return Taxonomy(
        version=1,
        categories=tuple(
            Category(
                id=identifier,
                name=draw(texts),
                definition=draw(texts),
                includes=draw(several),
                examples=draw(several),
            )
            for identifier in ids
        ),
        areas=tuple(
            ProductArea(
                id=identifier,
                name=draw(texts),
                patterns=draw(several),
                # Of an earlier one only: no circles.
                parent_id=draw(st.sampled_from((None, *areas[:number]))),
            )
            for number, identifier in enumerate(areas)
        ),
    )


@st.composite
def changes(draw: st.DrawFn) -> tuple[Taxonomy, Proposal]:
    """Any base with any proposal that says what its entries were, where ids keep their meaning."""
    base, after = draw(taxonomies()), draw(taxonomies())
    known = [category.id for category in base.categories]
    proposal = propose(after)
    entries: list[ProposedCategory] = []
    for entry in proposal.categories:
        was = draw(st.none() | st.lists(st.sampled_from(known), max_size=3, unique=True))
        if was is not None and entry.id in known and entry.id not in was:
            was.append(entry.id)
        entries.append(entry.model_copy(update={"was": None if was is None else tuple(was)}))
    return base, proposal.model_copy(update={"categories": tuple(entries)})


def kinds(operations: list[Operation]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(operation.kind, operation.before, operation.after) for operation in operations]


@given(taxonomies())
def test_proposing_what_there_is_changes_nothing(taxonomy: Taxonomy) -> None:
    assert derive(taxonomy, propose(taxonomy)) == []
    assert is_same(taxonomy, propose(taxonomy))
    assert to_taxonomy(propose(taxonomy), 1) == taxonomy


@given(changes())
def test_nothing_is_listed_exactly_when_nothing_changes(change: tuple[Taxonomy, Proposal]) -> None:
    base, proposal = change
    forward = map_forward(base, proposal).categories
    stays = all(goes == (identifier,) for identifier, goes in forward.items())
    same = to_taxonomy(proposal, base.version) == base and stays
    assert (derive(base, proposal) == []) == same == is_same(base, proposal)


@given(changes())
def test_mapping_back_turns_the_mapping_there(change: tuple[Taxonomy, Proposal]) -> None:
    base, proposal = change
    forward, back = map_forward(base, proposal), map_back(base, proposal)
    assert {(old, new) for old, goes in forward.categories.items() for new in goes} == {
        (old, new) for new, olds in back.categories.items() for old in olds
    }
    assert set(forward.categories) == {category.id for category in base.categories}
    assert set(back.categories) == {entry.id for entry in proposal.categories}


@given(changes())
def test_label_that_goes_there_and_back_is_what_it_was(change: tuple[Taxonomy, Proposal]) -> None:
    base, proposal = change
    forward, back = map_forward(base, proposal).categories, map_back(base, proposal).categories
    for category in base.categories:
        there = carry(category.id, forward)
        again = None if there is None else carry(there, back)
        # It may not come back from where several have met, but never as another one.
        assert again in (category.id, None)


@given(changes())
def test_every_id_is_accounted_for(change: tuple[Taxonomy, Proposal]) -> None:
    base, proposal = change
    operations = [op for op in derive(base, proposal) if op.noun == "category"]
    old, new = {c.id for c in base.categories}, {e.id for e in proposal.categories}
    retired = {op.before[0] for op in operations if op.kind == "retire"}
    added = {op.after[0] for op in operations if op.kind == "add"}
    forward = map_forward(base, proposal).categories
    assert retired == {identifier for identifier in old if not forward[identifier]}
    assert added == new - {target for goes in forward.values() for target in goes}
    assert all(set(op.before) <= old and set(op.after) <= new for op in operations)


BASE = Taxonomy(
    version=1,
    categories=tuple(Category(id=name, name=name, definition=name) for name in ("a", "b", "c")),
    areas=(
        ProductArea(id="x", name="x"),
        ProductArea(id="y", name="y", parent_id="x"),
    ),
)


def entry(identifier: str, *was: str, name: str | None = None) -> ProposedCategory:
    return ProposedCategory(
        id=identifier, name=name or identifier, definition=identifier, was=was or None
    )


def test_merge_and_retire() -> None:
    proposal = Proposal(categories=(entry("a", "a", "b"),), areas=propose(BASE).areas)
    assert kinds(derive(BASE, proposal)) == [("retire", ("c",), ()), ("merge", ("a", "b"), ("a",))]
    forward = map_forward(BASE, proposal).categories
    assert [carry(value, forward) for value in ("a", "b", "c", "cannot_tell")] == [
        "a",
        "a",
        None,
        "cannot_tell",
    ]


def test_split_and_add() -> None:
    proposal = Proposal(
        categories=(entry("a"), entry("a2", "a"), entry("b"), entry("c"), entry("new")),
        areas=propose(BASE).areas,
    )
    found = kinds(derive(BASE, proposal))
    assert ("split", ("a",), ("a", "a2")) in found
    assert ("add", (), ("new",)) in found
    assert carry("a", map_forward(BASE, proposal).categories) is None
    assert carry("a2", map_back(BASE, proposal).categories) == "a"


def test_rename_of_name_and_of_id() -> None:
    proposal = Proposal(
        categories=(entry("a", name="Apples"), entry("b2", "b", name="b"), entry("c")),
        areas=propose(BASE).areas,
    )
    assert kinds(derive(BASE, proposal))[:2] == [
        ("rename", ("a",), ("a",)),
        ("rename", ("b",), ("b2",)),
    ]
    assert carry("b", map_forward(BASE, proposal).categories) == "b2"


def test_move_and_reorder() -> None:
    areas = (
        ProposedArea(id="y", name="y"),
        ProposedArea(id="x", name="x"),
    )
    found = derive(BASE, Proposal(categories=propose(BASE).categories, areas=areas))
    assert kinds(found) == [("move", ("y",), ("y",)), ("reorder", ("x", "y"), ("y", "x"))]


def test_child_of_a_renamed_area_has_not_moved() -> None:
    areas = (
        ProposedArea(id="z", name="x", was=("x",)),
        ProposedArea(id="y", name="y", parent_id="z"),
    )
    found = derive(BASE, Proposal(categories=propose(BASE).categories, areas=areas))
    assert kinds(found) == [("rename", ("x",), ("z",))]


def test_what_is_renamed_and_moved_in_the_list_is_named_as_it_was() -> None:
    proposal = Proposal(
        categories=(entry("b"), entry("aa", "a", name="a"), entry("c")),
        areas=propose(BASE).areas,
    )
    operations = derive(BASE, proposal)
    assert ("reorder", ("a", "b", "c"), ("b", "aa", "c")) in kinds(operations)


@given(changes())
def test_taking_back_undoes_what_was_done(change: tuple[Taxonomy, Proposal]) -> None:
    base, proposal = change
    there, again = derive(base, proposal), derive_back(base, proposal)
    assert (there == []) == (again == [])
    old, new = {c.id for c in base.categories}, {e.id for e in proposal.categories}
    categories = [op for op in again if op.noun == "category"]
    assert all(set(op.before) <= new and set(op.after) <= old for op in categories)
    turned = {"add": "retire", "retire": "add", "split": "merge", "merge": "split"}
    assert _sorted(there) == {(turned[kind], b, a) for kind, a, b in _sorted(again)}


def _sorted(operations: list[Operation]) -> set[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return {
        (op.kind, tuple(sorted(op.before)), tuple(sorted(op.after)))
        for op in operations
        if op.kind in ("add", "retire", "split", "merge")
    }
