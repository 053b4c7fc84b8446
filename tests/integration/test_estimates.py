"""Which labels count for an estimate, and what of the machine they are held against."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import pytest

from earmark.api.estimates import estimate_categories, estimate_themes
from earmark.db import carry_storage, evaluation_storage, taxonomy_storage
from earmark.db.connection import Database
from earmark.db.evaluation_storage import ThemeTally
from earmark.db.models import Category, Taxonomy, Workspace
from tests.fixtures.labelling import Label, label
from tests.fixtures.threads import CUSTOMER, START, make_thread, make_workspace, store

_UNTIL = START + timedelta(days=8)


@pytest.fixture(name="workspace")
async def _workspace(database: Database) -> Workspace:
    """Ten conversations, one a day: the machine says billing of the first four, bug of the rest."""
    workspace = await make_workspace(database)
    numbers = range(10)
    await store(
        database,
        workspace,
        *(make_thread(str(number), (CUSTOMER, "Hello"), day=number) for number in numbers),
    )
    await set_categories(database, workspace, 1, ["billing", "bug", "spam"])
    for number in numbers:
        await say(database, workspace, str(number), "billing" if number < 4 else "bug")
    return workspace


async def set_categories(
    database: Database, workspace: Workspace, version: int, names: Sequence[str]
) -> None:
    categories = tuple(Category(id=name, name=name, definition=name) for name in names)
    async with database.write() as connection:
        await taxonomy_storage.add_taxonomy(
            connection, workspace.id, Taxonomy(version=version, categories=categories), note=""
        )


async def say(
    database: Database,
    workspace: Workspace,
    conversation: str,
    category: str,
    *,
    by: Literal["local_model", "human"] = "local_model",
) -> None:
    """Make it the current category, as the machine's or as a person's word."""
    values = {"workspace": workspace.id, "id": conversation, "category": category, "by": by}
    async with database.write() as connection:
        await connection.execute(
            "UPDATE classifications SET is_current = false, superseded_at = now()"
            " WHERE workspace_id = %(workspace)s AND conversation_id = %(id)s AND is_current",
            values,
        )
        await connection.execute(
            "INSERT INTO classifications (workspace_id, conversation_id, stage, category_id,"
            " confidence, decider, model_version, taxonomy_version, input_key, is_current)"
            " VALUES (%(workspace)s, %(id)s, 'final', %(category)s, 0.9, %(by)s, 'v', 1,"
            " gen_random_uuid()::text, true)",
            values,
        )


async def assign(
    database: Database, workspace: Workspace, conversation: str, *themes: int, by: str = "rule"
) -> None:
    """Put one issue of the conversation into each theme; makes the themes."""
    values = {"workspace": workspace.id, "id": conversation, "by": by, "themes": list(themes)}
    async with database.write() as connection:
        await connection.execute(
            "INSERT INTO themes (workspace_id, id) SELECT %(workspace)s,"
            " unnest(%(themes)s::bigint[]) ON CONFLICT DO NOTHING",
            values,
        )
        await connection.execute(
            "WITH made AS (INSERT INTO issues (workspace_id, conversation_id, position, statement,"
            " direction, verified, input_key) SELECT %(workspace)s, %(id)s, place, 's', 'broken',"
            " true, 'k' FROM generate_series(1, cardinality(%(themes)s::bigint[])) AS g (place)"
            " RETURNING id, position) INSERT INTO theme_assignments (workspace_id, issue_id,"
            " theme_id, probability, decider, model_version) SELECT %(workspace)s, id,"
            " (%(themes)s::bigint[])[position], 0.9, %(by)s, 'v' FROM made",
            values,
        )


async def tally(database: Database, workspace: Workspace) -> dict[tuple[str, str | None], int]:
    async with database.read() as reader:
        found = await evaluation_storage.tally_categories(reader, workspace.id, "final")
    return {(one.said, one.answered): one.conversations for one in found}


def final(conversation: str, value: str, **more: object) -> Label:
    return Label.model_validate(
        {"conversation_id": conversation, "kind": "final", "value": value, **more}
    )


async def test_labels_stand_beside_what_the_machine_says(
    database: Database, workspace: Workspace
) -> None:
    await label(database, workspace.id, [final("0", "billing"), final("5", "billing")])
    assert await tally(database, workspace) == {
        ("billing", "billing"): 1,
        ("billing", None): 3,
        ("bug", "billing"): 1,
        ("bug", None): 5,
    }


@pytest.mark.parametrize(
    "useless",
    [
        {"reason": "margin"},
        {"undone": True},
        {"kind": "open"},
    ],
    ids=["chosen because it is hard", "taken back", "of another stage"],
)
async def test_label_that_says_nothing_about_shares_is_left_out(
    database: Database, workspace: Workspace, useless: dict[str, object]
) -> None:
    await label(database, workspace.id, [final("0", "bug", **useless)])
    assert await tally(database, workspace) == {("billing", None): 4, ("bug", None): 6}


async def test_machine_is_measured_by_its_own_word_where_people_corrected_it(
    database: Database, workspace: Workspace
) -> None:
    await label(database, workspace.id, [final("0", "bug")])
    await say(database, workspace, "0", "bug", by="human")
    assert (await tally(database, workspace))["billing", "bug"] == 1


async def test_label_that_the_machine_may_have_learnt_from_counts_until_it_speaks_again(
    database: Database, workspace: Workspace
) -> None:
    await label(
        database,
        workspace.id,
        [final("0", "bug", is_holdout=False), final("1", "bug", is_holdout=True)],
    )
    assert (await tally(database, workspace))["billing", "bug"] == 2
    await say(database, workspace, "0", "bug")
    await say(database, workspace, "1", "bug")
    assert await tally(database, workspace) == {
        ("billing", None): 2,
        ("bug", "bug"): 1,
        ("bug", None): 7,
    }


async def test_newest_of_two_labellers_counts(database: Database, workspace: Workspace) -> None:
    await label(
        database,
        workspace.id,
        [final("0", "bug", reason="margin", labeller="ada"), final("0", "spam", labeller="bob")],
    )
    assert (await tally(database, workspace))["billing", "spam"] == 1


async def test_labels_of_other_categories_than_todays_are_left_out(
    database: Database, workspace: Workspace
) -> None:
    await label(database, workspace.id, [final("0", "bug")])
    await set_categories(database, workspace, 2, ["billing", "bug", "spam"])
    assert (await tally(database, workspace))["billing", "bug"] == 1
    await set_categories(database, workspace, 3, ["billing", "bug", "spam", "outage"])
    await label(database, workspace.id, [final("1", "outage", taxonomy_version=3)])
    assert await tally(database, workspace) == {
        ("billing", "outage"): 1,
        ("billing", None): 3,
        ("bug", None): 6,
    }


async def change(
    database: Database,
    workspace: Workspace,
    names: Sequence[str],
    mapping: dict[str, str | None],
) -> None:
    """Apply a change of the taxonomy to version 2, as its stage does."""
    await set_categories(database, workspace, 2, names)
    async with database.write() as connection:
        cursor = await connection.execute(
            "INSERT INTO taxonomy_changes (workspace_id, base_version, status, proposal,"
            " applied_version, applied_at) VALUES (%(id)s, 1, 'applied', '{}', 2, now())"
            " RETURNING id",
            {"id": workspace.id},
        )
        row = await cursor.fetchone()
        assert row
        await carry_storage.carry_labels(
            connection, workspace.id, change_id=row["id"], version=2, mapping=mapping
        )


async def test_labels_follow_categories_that_are_put_together(
    database: Database, workspace: Workspace
) -> None:
    await label(database, workspace.id, [final("0", "spam"), final("1", "billing")])
    await change(database, workspace, ["billing", "junk"], {"bug": "junk", "spam": "junk"})
    counted = await tally(database, workspace)
    assert (counted["billing", "junk"], counted["billing", "billing"]) == (1, 1)


async def test_labels_from_before_a_split_are_no_sample_any_more(
    database: Database, workspace: Workspace
) -> None:
    await label(database, workspace.id, [final("0", "bug"), final("1", "billing")])
    await change(database, workspace, ["billing", "crash", "slow", "spam"], {"bug": None})
    await label(database, workspace.id, [final("2", "crash", taxonomy_version=2)])
    assert await tally(database, workspace) == {
        ("billing", "crash"): 1,
        ("billing", None): 3,
        ("bug", None): 6,
    }


async def test_whole_sample_gives_the_true_count(database: Database, workspace: Workspace) -> None:
    truth = ["bug" if number in (0, 5) else "billing" for number in range(10)]
    await label(database, workspace.id, [final(str(at), one) for at, one in enumerate(truth)])
    async with database.read() as reader:
        found = await estimate_categories(reader, workspace.id)
    assert set(found) == {"billing", "bug"}
    billing = found["billing"]
    assert (billing.raw, billing.population, billing.labels, billing.missing) == (4, 10, 10, 0)
    assert billing.count is not None
    assert billing.count.value == pytest.approx(8)
    assert billing.taxonomy_version == 1


async def test_themes_are_measured_as_a_whole_and_in_their_week(
    database: Database, workspace: Workspace
) -> None:
    await assign(database, workspace, "0", 1)
    await assign(database, workspace, "1", 1, 2)
    await assign(database, workspace, "8", 1)
    await say(database, workspace, "9", "spam")
    labels = [("0", "1"), ("1", "2"), ("2", "1,2"), ("8", "")]
    await label(
        database,
        workspace.id,
        [Label(conversation_id=one, kind="theme", value=value) for one, value in labels],
    )
    async with database.read() as reader:
        tallies = await evaluation_storage.tally_themes(
            reader, workspace.id, excluded=["spam"], recent_from=START, until=_UNTIL
        )
        found = await estimate_themes(reader, workspace.id, [1, 2], until=_UNTIL, recent_days=7)
    assert tallies == [
        ThemeTally(said=(), answered=(1, 2), recent=True, conversations=1),
        ThemeTally(said=(), answered=None, recent=True, conversations=5),
        ThemeTally(said=(1,), answered=(), recent=False, conversations=1),
        ThemeTally(said=(1,), answered=(1,), recent=True, conversations=1),
        ThemeTally(said=(1, 2), answered=(2,), recent=True, conversations=1),
    ]
    whole, recent = found.whole[1], found.recent[1]
    assert (whole.raw, whole.population, whole.labels, whole.labels_within) == (3, 9, 4, 3)
    assert (recent.raw, recent.population, recent.labels, recent.labels_within) == (1, 7, 2, 1)
    assert (recent.since, recent.until) == (START + timedelta(days=1), _UNTIL)
    assert (found.themed.raw, found.themed.labels, found.themed.count) == (3, 4, None)


async def test_theme_that_was_merged_counts_as_its_heir(
    database: Database, workspace: Workspace
) -> None:
    await assign(database, workspace, "0", 1)
    await assign(database, workspace, "1", 2)
    await label(database, workspace.id, [Label(conversation_id="0", kind="theme", value="1,2")])
    async with database.write() as connection:
        await connection.execute("UPDATE themes SET merged_into = 2 WHERE id = 1")
        await connection.execute("UPDATE theme_assignments SET theme_id = 2")
    async with database.read() as reader:
        tallies = await evaluation_storage.tally_themes(
            reader, workspace.id, excluded=[], recent_from=START, until=_UNTIL
        )
    assert ThemeTally(said=(2,), answered=(2,), recent=True, conversations=1) in tallies


async def test_empty_workspace_has_nothing_measured(database: Database) -> None:
    workspace = await make_workspace(database)
    async with database.read() as reader:
        assert await estimate_categories(reader, workspace.id) == {}
        found = await estimate_themes(reader, workspace.id, [], until=_UNTIL, recent_days=7)
    assert found.themed.count is None
