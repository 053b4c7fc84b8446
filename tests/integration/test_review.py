"""The review queue on a workspace that was really read: what is drawn, handed out, answered."""

import asyncio
from collections import Counter

import pytest

from earmark.db import (
    carry_storage,
    classification_storage,
    label_storage,
    review_storage,
)
from earmark.db.connection import Database
from earmark.db.label_storage import NewLabel
from earmark.db.models import Classification, ClassificationStage, Decider, RunStatus, Workspace
from earmark.errors import Conflict, InvalidInput, NotFound
from earmark.pipeline import review
from earmark.pipeline.review import ReviewTask, Verdict
from tests.fixtures.readings import CONVERSATIONS, Read
from tests.fixtures.simulator import simulated, small_sample
from tests.fixtures.threads import CUSTOMER, make_thread, make_workspace, store
from tests.integration.test_runs import finish, start, working


@pytest.fixture(name="database")
def _database(read: Read) -> Database:
    return read.database


@pytest.fixture(name="workspace")
def _workspace(read: Read) -> Workspace:
    return read.workspace


async def draw(database: Database, workspace: Workspace, number: int) -> dict[str, int]:
    async with database.write() as connection:
        added = await review.draw(connection, workspace.id, number=number, only_random=True)
    return {str(reason): count for reason, count in added.items()}


async def take(
    database: Database, workspace: Workspace, labeller: str, number: int = 4
) -> list[ReviewTask]:
    async with database.write() as connection:
        return await review.next_tasks(connection, workspace.id, labeller, number=number)


async def say(
    database: Database, workspace: Workspace, task: ReviewTask, labeller: str, final: str
) -> int:
    """Answer; how many others said something else."""
    async with database.write() as connection:
        found = await review.answer(
            connection, workspace.id, task.item.id, labeller, Verdict(final=final)
        )
    return len(found)


async def skip(database: Database, workspace: Workspace, task: ReviewTask, labeller: str) -> None:
    async with database.write() as connection:
        await review_storage.skip_items(connection, workspace.id, labeller, [task.item.id])


async def answer_then_skip(
    database: Database, workspace: Workspace
) -> tuple[ReviewTask, ReviewTask]:
    """Ann's last two acts, in their order."""
    await draw(database, workspace, 5)
    answered, skipped = (await take(database, workspace, "Ann"))[:2]
    await say(database, workspace, answered, "Ann", "spam")
    await skip(database, workspace, skipped, "Ann")
    return answered, skipped


async def final_label(
    database: Database, workspace: Workspace, conversation_id: str
) -> Classification:
    async with database.read() as reader:
        labels = await classification_storage.list_classifications(
            reader, workspace.id, [conversation_id]
        )
    return next(label for label in labels if label.stage is ClassificationStage.FINAL)


async def random_ids(database: Database, workspace: Workspace) -> list[str]:
    """Conversations of random items, in the order in which they were drawn."""
    async with database.read() as reader:
        cursor = await reader.execute(
            "SELECT conversation_id FROM review_items WHERE workspace_id = %s"
            " AND reason = 'random' ORDER BY id",
            [workspace.id],
        )
        return [row["conversation_id"] for row in await cursor.fetchall()]


async def test_random_items_are_the_same_however_they_are_drawn(
    database: Database, workspace: Workspace
) -> None:
    await draw(database, workspace, 5)
    await draw(database, workspace, 10)
    in_parts = await random_ids(database, workspace)
    async with database.write() as connection:
        await connection.execute("DELETE FROM review_items")
    await draw(database, workspace, 15)
    assert await random_ids(database, workspace) == in_parts
    assert len(set(in_parts)) == 15


async def test_all_can_be_drawn_and_no_more(database: Database, workspace: Workspace) -> None:
    first = await draw(database, workspace, 500)
    again = await draw(database, workspace, 500)
    assert 100 < first["random"] <= CONVERSATIONS
    assert again == {}
    async with database.read() as reader:
        items = await review_storage.list_items(reader, workspace.id, list(range(1, 1000)))
    assert {item.probability for item in items} == {1.0}
    assert 0.1 < sum(item.is_holdout for item in items) / len(items) < 0.5
    assert Counter(item.labellers for item in items)[2] > 5


async def test_hard_ones_are_drawn_beside_random_ones(
    database: Database, workspace: Workspace
) -> None:
    async with database.write() as connection:
        added = await review.draw(connection, workspace.id, number=30)
        cursor = await connection.execute(
            "SELECT reason, count(*) AS items FROM review_items WHERE status = 'open' GROUP BY 1"
        )
        waiting = {row["reason"]: row["items"] for row in await cursor.fetchall()}
        cursor = await connection.execute(
            "SELECT count(*) FILTER (WHERE reason = 'margin') AS narrow,"
            " count(*) FILTER (WHERE reason = 'random') AS all FROM review_pools"
        )
        (pool,) = await cursor.fetchall()
    assert waiting == added
    assert 29 <= sum(added.values()) <= 30
    assert added["margin"] >= 4
    assert added["random"] >= 12
    assert 0.05 < pool["narrow"] / pool["all"] < 0.15


async def test_what_people_corrected_is_in_the_random_sample_too(
    database: Database, workspace: Workspace
) -> None:
    await draw(database, workspace, 1)
    (first,) = await random_ids(database, workspace)
    async with database.write() as connection:
        await connection.execute("DELETE FROM review_items")
        label = NewLabel(conversation_id=first, kind="final", value="spam")
        await review.label(connection, workspace.id, "Ann", [label])
    await draw(database, workspace, 1)
    assert await random_ids(database, workspace) == [first]
    async with database.read() as reader:
        (count,) = await review_storage.count_items(reader, workspace.id)
        (stored,) = await label_storage.list_labels(reader, workspace.id)
    assert stored.item_id is not None
    assert count.done + count.open == 1


async def test_two_people_are_not_given_the_same_item_unless_both_are_wanted(
    database: Database, workspace: Workspace
) -> None:
    await draw(database, workspace, 40)
    ann, bob = await asyncio.gather(
        take(database, workspace, "Ann", 8), take(database, workspace, "Bob", 8)
    )
    shared = {task.item.id for task in ann} & {task.item.id for task in bob}
    assert all(task.item.labellers == 2 for task in ann if task.item.id in shared)
    assert [task.item.id for task in await take(database, workspace, "Ann", 8)] == [
        task.item.id for task in ann
    ]


async def test_an_answer_is_the_category_and_the_item_is_done(
    database: Database, workspace: Workspace
) -> None:
    await draw(database, workspace, 20)
    task = next(
        task for task in await take(database, workspace, "Ann", 8) if task.item.labellers == 1
    )
    before = await final_label(database, workspace, task.conversation.id)
    await say(database, workspace, task, "Ann", "spam")
    after = await final_label(database, workspace, task.conversation.id)
    assert (after.category_id, after.decider, after.confidence) == ("spam", Decider.HUMAN, 1)
    assert task.item.id not in [
        one.item.id for one in await take(database, workspace, "Ann", 8)
    ] + [one.item.id for one in await take(database, workspace, "Bob", 8)]
    async with database.read() as reader:
        (label,) = await label_storage.list_labels(reader, workspace.id)
    assert label.machine_value == before.category_id
    assert label.machine_decider is Decider.LOCAL_MODEL


async def test_no_run_takes_the_label_of_a_person_back(
    database: Database, workspace: Workspace
) -> None:
    await draw(database, workspace, 5)
    task = (await take(database, workspace, "Ann"))[0]
    await say(database, workspace, task, "Ann", "spam")
    async with database.write() as connection:  # everything is read anew
        await connection.execute("UPDATE analyses SET input_key = 'old'")
    async with simulated(small_sample(CONVERSATIONS)) as client, working(database, client):
        run = await finish(database, await start(database, workspace))
    assert run.status is RunStatus.SUCCEEDED, run.error
    label = await final_label(database, workspace, task.conversation.id)
    assert (label.category_id, label.decider) == ("spam", Decider.HUMAN)


async def test_undo_brings_back_what_was_there_and_the_item(
    database: Database, workspace: Workspace
) -> None:
    await draw(database, workspace, 5)
    task = (await take(database, workspace, "Ann"))[0]
    before = await final_label(database, workspace, task.conversation.id)
    await say(database, workspace, task, "Ann", "spam")
    async with database.write() as connection:
        again = await review.undo(connection, workspace.id, "Ann")
        nothing = await review.undo(connection, workspace.id, "Ann")
    assert [one.item.id for one in again] == [task.item.id]
    assert nothing == []
    assert await final_label(database, workspace, task.conversation.id) == before
    assert (await take(database, workspace, "Ann"))[0].item.id == task.item.id


async def test_what_two_people_say_differently_is_shown(
    database: Database, workspace: Workspace
) -> None:
    await draw(database, workspace, 60)
    async with database.write() as connection:
        await connection.execute("UPDATE review_items SET labellers = 2")
    (task,) = await take(database, workspace, "Ann", 1)
    assert await say(database, workspace, task, "Ann", "spam") == 0
    assert await say(database, workspace, task, "Bob", "billing_question") == 1
    async with database.read() as reader:
        (verdicts,) = await label_storage.list_conflicts(reader, workspace.id, limit=5)
        agreement = await label_storage.count_agreement(reader, workspace.id)
    assert dict(zip(verdicts.labellers, verdicts.values, strict=True)) == {
        "Ann": "spam",
        "Bob": "billing_question",
    }
    assert agreement == (0, 1)
    assert await say(database, workspace, task, "Ann", "billing_question") == 0
    assert (await final_label(database, workspace, task.conversation.id)).category_id == (
        "billing_question"
    )


async def test_a_skipped_item_goes_to_others(database: Database, workspace: Workspace) -> None:
    await draw(database, workspace, 1)
    (task,) = await take(database, workspace, "Ann")
    async with database.write() as connection:
        await review_storage.skip_items(connection, workspace.id, "Ann", [task.item.id])
    assert await take(database, workspace, "Ann") == []
    assert [one.item.id for one in await take(database, workspace, "Bob")] == [task.item.id]


async def test_undo_takes_back_the_latest_whether_an_answer_or_a_skip(
    database: Database, workspace: Workspace
) -> None:
    await draw(database, workspace, 5)
    skipped, answered, skipped_later = (await take(database, workspace, "Ann"))[:3]

    async def undo() -> list[int]:
        async with database.write() as connection:
            tasks = await review.undo(connection, workspace.id, "Ann")
        return [task.item.id for task in tasks]

    await skip(database, workspace, skipped, "Ann")
    await say(database, workspace, answered, "Ann", "spam")
    await skip(database, workspace, skipped_later, "Ann")
    await skip(database, workspace, skipped_later, "Bob")
    assert await undo() == [skipped_later.item.id]
    assert await undo() == [answered.item.id]
    assert await undo() == [skipped.item.id]
    assert await undo() == []
    assert {task.item.id for task in await take(database, workspace, "Ann")} >= {
        task.item.id for task in (skipped, answered, skipped_later)
    }
    bobs = [task.item.id for task in await take(database, workspace, "Bob", 8)]
    assert skipped_later.item.id not in bobs


async def test_undo_of_a_skip_whose_item_is_withdrawn_leaves_older_answers(
    database: Database, workspace: Workspace
) -> None:
    answered, skipped = await answer_then_skip(database, workspace)
    async with database.write() as connection:
        await connection.execute(
            "UPDATE review_items SET status = 'withdrawn' WHERE id = %(id)s",
            {"id": skipped.item.id},
        )
        nothing = await review.undo(connection, workspace.id, "Ann")
        again = await review.undo(connection, workspace.id, "Ann")
    assert nothing == []
    assert [task.item.id for task in again] == [answered.item.id]


async def test_a_label_that_was_written_anew_is_as_old_as_it_was(
    database: Database, workspace: Workspace
) -> None:
    answered, skipped = await answer_then_skip(database, workspace)
    async with database.write() as connection:
        await carry_storage.carry_labels(
            connection,
            workspace.id,
            change_id=1,
            version=1,
            mapping={"spam": "how_to_question"},
        )
        (carried,) = await label_storage.list_labels(connection, workspace.id)
        assert (carried.value, carried.conversation_id) == (
            "how_to_question",
            answered.conversation.id,
        )
        first = await review.undo(connection, workspace.id, "Ann")
        second = await review.undo(connection, workspace.id, "Ann")
    assert [task.item.id for task in (*first, *second)] == [skipped.item.id, answered.item.id]


async def test_the_only_issue_follows_its_labelled_theme(
    database: Database, workspace: Workspace
) -> None:
    async with database.read() as reader:
        cursor = await reader.execute(
            "SELECT i.conversation_id, (SELECT t.id FROM themes t WHERE t.workspace_id"
            " = i.workspace_id AND t.id <> a.theme_id ORDER BY t.id LIMIT 1) AS other"
            " FROM issues i JOIN theme_assignments a ON a.issue_id = i.id"
            " WHERE (SELECT count(*) FROM issues j WHERE j.conversation_id = i.conversation_id) = 1"
            " ORDER BY 1 LIMIT 1"
        )
        (row,) = await cursor.fetchall()
    label = NewLabel(conversation_id=row["conversation_id"], kind="theme", value=str(row["other"]))
    for _ in range(2):  # saying it again changes nothing
        async with database.write() as connection:
            await review.label(connection, workspace.id, "Ann", [label])
    async with database.read() as reader:
        cursor = await reader.execute(
            "SELECT a.theme_id, a.decider FROM theme_assignments a JOIN issues i"
            " ON i.id = a.issue_id WHERE i.conversation_id = %s AND a.superseded_at IS NULL",
            [row["conversation_id"]],
        )
        assert await cursor.fetchall() == [{"theme_id": row["other"], "decider": "human"}]


async def test_what_the_machine_thinks_is_not_shown(
    database: Database, workspace: Workspace
) -> None:
    await draw(database, workspace, 30)
    tasks = await take(database, workspace, "Ann", 8)
    assert any(task.candidates for task in tasks)
    assert all(task.messages for task in tasks)
    for task in tasks:
        names = [candidate.name.casefold() for candidate in task.candidates]
        assert names == sorted(names)
        assert not any(candidate.assigned or candidate.near for candidate in task.candidates)


async def test_bad_answers_are_refused_and_nothing_is_stored(
    database: Database, workspace: Workspace
) -> None:
    await draw(database, workspace, 2)
    (task, *_) = await take(database, workspace, "Ann")
    bad = [
        (task.item.id, Verdict(final="no_such_category"), InvalidInput, "spam"),
        (task.item.id, Verdict(final="spam", themes=(10**9,)), InvalidInput, "anew"),
        (10**9, Verdict(final="spam"), NotFound, "go on"),
    ]
    for item_id, verdict, error, fix in bad:
        with pytest.raises(error) as refusal:
            async with database.write() as connection:
                await review.answer(connection, workspace.id, item_id, "Ann", verdict)
        assert fix in refusal.value.fix
    async with database.read() as reader:
        assert await label_storage.list_labels(reader, workspace.id) == []


async def test_labels_go_with_their_conversation(database: Database, workspace: Workspace) -> None:
    await draw(database, workspace, 2)
    (task, *_) = await take(database, workspace, "Ann")
    await say(database, workspace, task, "Ann", "spam")
    async with database.write() as connection:
        await connection.execute("DELETE FROM conversations WHERE id = %s", [task.conversation.id])
    with pytest.raises(NotFound):
        await say(database, workspace, task, "Ann", "spam")
    async with database.read() as reader:
        assert await label_storage.list_labels(reader, workspace.id) == []


async def test_nothing_can_be_drawn_before_anything_was_classified(database: Database) -> None:
    workspace = await make_workspace(database, "unread")
    await store(database, workspace, make_thread("1", (CUSTOMER, "The export is broken.")))
    with pytest.raises(Conflict, match="nothing to label yet"):
        await draw(database, workspace, 5)
