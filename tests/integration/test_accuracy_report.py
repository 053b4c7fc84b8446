"""The accuracy report and the gate, on labels in a real database."""

from collections.abc import Sequence

import pytest
from psycopg.types.json import Jsonb

from earmark.api.accuracy import AccuracyReport, report_accuracy
from earmark.api.versions import compare_versions
from earmark.db import taxonomy_storage
from earmark.db.connection import Database
from earmark.db.models import Category, Decider, Taxonomy, Workspace
from earmark.errors import InvalidInput
from earmark.evaluation.calibration import Judged, calibrate
from tests.fixtures.labelling import Label, label
from tests.fixtures.threads import CUSTOMER, make_thread, make_workspace, store

_NUMBER = 60
_TRUTH = ["bug" if number % 3 else "wish" for number in range(_NUMBER)]


@pytest.fixture(name="workspace")
async def _workspace(database: Database) -> Workspace:
    """Version v1 calls everything a bug; v2 says what is true."""
    workspace = await make_workspace(database)
    threads = [
        make_thread(str(number), (CUSTOMER, "Hello"), day=number) for number in range(_NUMBER)
    ]
    await store(database, workspace, *threads)
    categories = tuple(Category(id=name, name=name, definition=name) for name in ("bug", "wish"))
    async with database.write() as connection:
        await taxonomy_storage.add_taxonomy(
            connection, workspace.id, Taxonomy(version=1, categories=categories), note=""
        )
    await say(database, workspace, "v1", ["bug"] * _NUMBER)
    await label_all(database, workspace, _TRUTH)
    await say(database, workspace, "v2", _TRUTH)
    return workspace


async def say(
    database: Database, workspace: Workspace, version: str, categories: Sequence[str]
) -> None:
    """A version's label of every conversation, now the current one."""
    async with database.write() as connection:
        await connection.execute(
            "UPDATE classifications SET is_current = false, superseded_at = now()"
            " WHERE workspace_id = %(workspace)s AND is_current",
            {"workspace": workspace.id},
        )
        await connection.execute(
            "INSERT INTO classifications (workspace_id, conversation_id, stage, category_id,"
            " confidence, decider, model_version, taxonomy_version, input_key, is_current)"
            " SELECT %(workspace)s, (place - 1)::text, 'final', category, 0.9, 'local_model',"
            " %(version)s, 1, %(version)s || place, true FROM unnest(%(categories)s::text[])"
            " WITH ORDINALITY AS c (category, place)",
            {"workspace": workspace.id, "version": version, "categories": list(categories)},
        )


async def label_all(database: Database, workspace: Workspace, values: Sequence[str]) -> None:
    await label(
        database,
        workspace.id,
        [
            Label(conversation_id=str(at), kind="final", value=value)
            for at, value in enumerate(values)
        ],
    )


async def report(database: Database, workspace: Workspace) -> AccuracyReport:
    async with database.read() as reader:
        return await report_accuracy(reader, workspace.id, "final")


async def test_report_measures_the_newest_version(database: Database, workspace: Workspace) -> None:
    found = await report(database, workspace)
    assert (found.accuracy.labels, found.labelled, found.needed) == (60, 60, 100)
    assert found.accuracy.right is not None
    assert found.accuracy.right.value == 1
    assert found.confidence.error == pytest.approx(0.1)
    assert [(one.model_version, one.conversations) for one in found.versions] == [
        ("v2", 60),
        ("v1", 60),
    ]
    assert sum(one.recent + one.before for one in found.changes.mix) == 60
    assert found.agreement.items == 0


async def test_correction_by_a_person_does_not_hide_the_machines_error(
    database: Database, workspace: Workspace
) -> None:
    await say(database, workspace, "v3", ["bug"] * _NUMBER)
    async with database.write() as connection:
        await connection.execute(
            "UPDATE classifications SET is_current = false WHERE is_current AND category_id <> 'x'"
        )
        await connection.execute(
            "INSERT INTO classifications (workspace_id, conversation_id, stage, category_id,"
            " confidence, decider, model_version, taxonomy_version, input_key, is_current)"
            " SELECT workspace_id, conversation_id, 'final', 'wish', 1, 'human', 'human', 1,"
            " 'human:' || id, true FROM classifications WHERE model_version = 'v3'"
        )
    found = await report(database, workspace)
    assert found.accuracy.right is not None
    assert found.accuracy.right.value == pytest.approx(40 / 60)


async def test_gate_resolves_a_clear_rise_and_its_fall(
    database: Database, workspace: Workspace
) -> None:
    async with database.read() as reader:
        rise = await compare_versions(reader, workspace.id, "final", "v1")
        fall = await compare_versions(reader, workspace.id, "final", "v2", "v1")
        same = await compare_versions(reader, workspace.id, "final", "taxonomy 1", "v2")
    assert (rise.items, rise.verdict, rise.only_after) == (60, "better", 20)
    assert (rise.before, rise.after) == ("v1", "now")
    assert fall.verdict == "worse"
    assert same.verdict == "not resolved"


async def test_gate_refuses_a_version_that_nobody_can_measure(
    database: Database, workspace: Workspace
) -> None:
    async with database.read() as reader:
        with pytest.raises(InvalidInput, match="version v9"):
            await compare_versions(reader, workspace.id, "final", "v9")
        with pytest.raises(InvalidInput, match=r"by version \(none\)"):
            await compare_versions(reader, workspace.id, "final", "")
        with pytest.raises(InvalidInput, match="more than one version: v1, v2"):
            await compare_versions(reader, workspace.id, "final", "v")


async def test_labellers_are_compared_on_what_both_have_said(
    database: Database, workspace: Workspace
) -> None:
    second = [
        Label(conversation_id=str(at), kind="final", value="bug", labeller="bob", reason="margin")
        for at in range(30)
    ]
    await label(database, workspace.id, second)
    found = await report(database, workspace)
    assert found.agreement.items == 30
    assert found.agreement.agreed is not None
    assert found.agreement.agreed.value == pytest.approx(20 / 30)
    [pair] = found.labellers
    assert (pair.labellers, pair.items, pair.agreed) == (("ada", "bob"), 30, 20)
    assert pair.kappa == pytest.approx(0)


async def test_quotes_that_were_not_found_are_counted_by_model(
    database: Database, workspace: Workspace
) -> None:
    async with database.write() as connection:
        await connection.execute(
            "INSERT INTO analyses (workspace_id, conversation_id, status, input_key, model_id,"
            " quotes_located, quotes_dropped) SELECT workspace_id, id, 'done', 'k', 1, 3,"
            " CASE WHEN id = '0' THEN 2 ELSE 0 END FROM conversations"
        )
    [quotes] = (await report(database, workspace)).quotes
    assert (quotes.decider, quotes.model_version) == (Decider.LOCAL_MODEL, "v2")
    assert (quotes.located, quotes.dropped) == (180, 2)
    assert quotes.failed is not None
    assert quotes.failed.value == pytest.approx(2 / 182)


async def test_empty_workspace_has_an_empty_report(database: Database) -> None:
    found = await report(database, await make_workspace(database))
    assert (found.accuracy.labels, found.versions, found.changes.mix) == (0, (), ())
    assert (found.confidence.error, found.quotes) == (None, ())


async def test_promise_of_the_local_model_is_held_against_what_came_since(
    database: Database, workspace: Workspace
) -> None:
    assert (await report(database, workspace)).changes.promise is None
    sure = [Judged(category_id="bug", confidence=0.9, is_right=True)] * 100
    promised = calibrate(sure, ["bug", "wish"], target=0.9)
    async with database.write() as connection:
        await connection.execute(
            "INSERT INTO text_models (workspace_id, version, taxonomy_version, fitted_on,"
            " dimensions, artefact, calibration, created_at) VALUES (%(id)s, 'v2', 1, 10, 4, '',"
            " %(calibration)s, '2020-01-01')",
            {"id": workspace.id, "calibration": Jsonb(promised.model_dump(mode="json"))},
        )
    kept = (await report(database, workspace)).changes.promise
    assert kept is not None
    # v2 is right in all that people have labelled, of which 40 are bugs and 20 are wishes.
    assert (kept.target, kept.judged, kept.precision.value) == (0.9, 60, 1)
