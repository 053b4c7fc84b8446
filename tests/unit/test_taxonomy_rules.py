"""What a proposed taxonomy is refused for, and what it is warned about."""

import pytest

from earmark.db.change_storage import Proposal, ProposedArea, ProposedCategory
from earmark.db.models import Category, ProductArea, Taxonomy
from earmark.errors import InvalidInput
from earmark.pipeline.taxonomy_diff import propose
from earmark.pipeline.taxonomy_rules import Finding, check, name_place, require_sound
from earmark.prompts import default_taxonomy

BASE = Taxonomy(
    version=3,
    categories=(
        Category(id="bug", name="Bug", definition="It fails.", examples=("it crashes", "no")),
        Category(id="money", name="Money", definition="Bills.", examples=("a bill", "refund")),
        Category(id="spam", name="Spam", definition="Ads.", examples=("buy now", "seo")),
    ),
    areas=(
        ProductArea(id="app", name="App"),
        ProductArea(id="ios", name="iOS", parent_id="app"),
    ),
)


def proposed(*entries: ProposedCategory, areas: tuple[ProposedArea, ...] = ()) -> Proposal:
    """The base's categories, the last ones replaced or followed by `entries`."""
    known = {entry.id: entry for entry in propose(BASE).categories}
    return Proposal(
        categories=tuple({**known, **{entry.id: entry for entry in entries}}.values()),
        areas=areas or propose(BASE).areas,
    )


def made(identifier: str, **changes: object) -> ProposedCategory:
    values: dict[str, object] = {
        "id": identifier,
        "name": identifier.title(),
        "definition": "What belongs here.",
        "examples": (f"{identifier} one", f"{identifier} two"),
    }
    return ProposedCategory.model_validate({**values, **changes})


def errors(proposal: Proposal) -> list[str]:
    return [name_place(f.place) for f in check(BASE, proposal) if f.severity == "error"]


def only(proposal: Proposal) -> Finding:
    (finding,) = check(BASE, proposal)
    assert all((finding.what, finding.why, finding.fix))
    return finding


def test_unchanged_and_default_taxonomies_are_sound() -> None:
    assert check(BASE, propose(BASE)) == []
    default = default_taxonomy()
    assert check(default, propose(default)) == []


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        (made("new", name="BUG "), "categories[3].name"),
        (made("new", definition=" "), "categories[3].definition"),
        (made("new", name=""), "categories[3].name"),
        (made("New thing"), "categories[3].id"),
        (made("cannot_tell"), "categories[3].id"),
        (made("new", name="Cannot  tell"), "categories[3].id"),
        (made("new", examples=()), "categories[3].examples"),
        (made("new", examples=("one", "It  CRASHES")), "categories[3].examples[1]"),
        (made("new", definition="x" * 2_001), "categories[3].definition"),
        (made("new", includes=("x" * 1_001,)), "categories[3].includes[0]"),
        (made("new", examples=("one", "tw\u200bo")), "categories[3].examples[1]"),
        (made("new", was=("gone",)), "categories[3].was[0]"),
    ],
)
def test_mistake_is_named_with_its_place(entry: ProposedCategory, place: str) -> None:
    finding = only(proposed(entry))
    assert (finding.severity, name_place(finding.place)) == ("error", place)


def test_same_id_twice_is_refused_whatever_its_case() -> None:
    twice = Proposal(
        categories=(*propose(BASE).categories, made("bug", name="Other", was=("bug",)))
    )
    assert "categories[3].id" in errors(twice)


def test_id_cannot_get_another_meaning() -> None:
    assert errors(proposed(made("bug", was=("money",)))) == ["categories[0].was"]


def test_single_category_is_refused() -> None:
    assert errors(Proposal(categories=(made("bug"),))) == ["categories"]


def test_no_example_is_accepted_where_it_is_meant_and_warned_of() -> None:
    finding = only(proposed(made("new", examples=(), no_examples=True)))
    assert finding.severity == "warning"


def test_one_example_is_warned_of_with_what_it_means() -> None:
    finding = only(proposed(made("new", examples=("just this",))))
    assert finding.severity == "warning"
    assert "a single text to go by" in finding.why


def test_example_twice_in_one_category_is_only_a_warning() -> None:
    finding = only(proposed(made("new", examples=("one", "two", "ONE"))))
    assert (finding.severity, name_place(finding.place)) == ("warning", "categories[3].examples[2]")


def test_retiring_what_shares_leave_out_is_warned_of() -> None:
    kept = propose(BASE).categories[:2]
    finding = only(Proposal(categories=kept, areas=propose(BASE).areas))
    assert finding.severity == "warning"
    assert "'spam'" in finding.what


@pytest.mark.parametrize("length", [1, 2, 3, 50])
def test_circle_of_areas_is_shown_at_each_of_its_members(length: int) -> None:
    areas = tuple(
        ProposedArea(id=f"a{n}", name=f"Area {n}", parent_id=f"a{(n + 1) % length}")
        for n in range(length)
    )
    hanging = ProposedArea(id="leaf", name="Leaf", parent_id="a0")
    assert errors(proposed(areas=(*areas, hanging))) == [
        f"areas[{n}].parent_id" for n in range(length)
    ]


def test_unknown_parent_and_names_in_other_case_are_refused() -> None:
    areas = (
        ProposedArea(id="app", name="App", parent_id="nowhere"),
        ProposedArea(id="APP", name="app"),
    )
    assert errors(proposed(areas=areas)) == [
        "areas[0].parent_id",
        "areas[1].id",
        "areas[1].name",
    ]


def test_first_error_is_raised_with_the_number_of_the_others() -> None:
    with pytest.raises(InvalidInput, match=r"categories\[3\]\.definition") as caught:
        require_sound(check(BASE, proposed(made("new", definition="", examples=()))))
    assert "1 more" in caught.value.why
    require_sound(check(BASE, proposed(made("new", examples=("one",)))))
