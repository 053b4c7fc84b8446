"""What the workspace's model learns from, when it learns again, and what it is judged by."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from earmark.db import conversation_storage, lesson_storage, taxonomy_storage
from earmark.db.connection import Database
from earmark.db.models import Category, Model, Stage, Taxonomy, Workspace
from earmark.evaluation.calibration import Calibration
from earmark.jobs.queue import open_queue, start_run
from earmark.pipeline import calibrating, learn, masking
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.progress import Progress
from tests.fixtures.labelling import Label, label
from tests.fixtures.models import HashedEncoder, HashedModels
from tests.fixtures.threads import CUSTOMER, TEAMMATE, make_thread, make_workspace, store

WORDS = {"billing": "invoice", "bug": "crashes", "wish": "please"}
TAXONOMY = Taxonomy(
    version=1,
    categories=tuple(
        Category(id=name, name=name, definition="", examples=(word,))
        for name, word in WORDS.items()
    ),
)
COUNT = 90


class Stored(Model):
    """What the newest model was taught with."""

    id: int
    lessons: int
    contradictions: int
    calibration: Calibration
    held_out: dict[str, tuple[str, float]]


class Desk:
    """One workspace and its shelf of models."""

    def __init__(self, database: Database, workspace: Workspace) -> None:
        self.database = database
        self.workspace = workspace
        self.models = HashedModels()
        self.shelf = ModelShelf(self.models, target_precision=0.9)

    async def learn(self) -> Stored:
        """As the stage of a run does."""
        async with open_queue(self.database) as queue, self.database.write() as connection:
            run = await start_run(connection, queue, self.workspace.id)
        progress = Progress(self.database, run, Stage.LEARN)
        await learn.fit_model(self.database, self.shelf, self.workspace.id, progress)
        async with self.database.write() as connection:
            await connection.execute("DELETE FROM runs WHERE id = %(id)s", {"id": run.id})
        return await self.newest()

    async def newest(self) -> Stored:
        """The newest model's row."""
        async with self.database.read() as connection:
            cursor = await connection.execute(
                "SELECT id, lessons, contradictions, calibration, held_out FROM text_models"
                " ORDER BY id DESC LIMIT 1"
            )
            row = await cursor.fetchone()
        assert row is not None
        return Stored.model_validate(row)

    async def tell(self, *labels: Label) -> None:
        """What people say."""
        await label(self.database, self.workspace.id, labels)

    async def answer(self, conversation: str, category: str, *, audit: str | None = None) -> None:
        """What a language model says; with `audit`, where the local one was sure of that."""
        async with self.database.write() as connection:
            await connection.execute(
                "INSERT INTO classifications (workspace_id, conversation_id, stage, category_id,"
                " confidence, decider, model_version, taxonomy_version, input_key, is_current,"
                " is_audit, local_category_id, local_confidence) VALUES (%(workspace)s, %(id)s,"
                " 'final', %(category)s, 0.9, 'llm', 'm', 1, gen_random_uuid()::text, true,"
                " %(audit)s::text IS NOT NULL, %(audit)s, 1.0)",
                {
                    "workspace": self.workspace.id,
                    "id": conversation,
                    "category": category,
                    "audit": audit,
                },
            )


@pytest.fixture(name="desk")
async def _desk(database: Database) -> Desk:
    """Ninety conversations, a third of each category, told by a word of it."""
    workspace = await make_workspace(database)
    ids = [f"{number:03}" for number in range(COUNT)]
    await store(
        database,
        workspace,
        *(
            make_thread(
                name, (CUSTOMER, f"{WORDS[truth(name)]} {name}"), (TEAMMATE, "Thanks, noted")
            )
            for name in ids
        ),
    )
    await masking.mask_page(database, workspace.id, ids)
    async with database.write() as connection:
        await taxonomy_storage.add_taxonomy(connection, workspace.id, TAXONOMY, note="")
    return Desk(database, workspace)


def truth(conversation: str) -> str:
    return list(WORDS)[int(conversation) % 3]


def right(conversations: Sequence[int], *, holdout: bool = False) -> list[Label]:
    """Labels by a person who knows the truth, of conversations drawn at random."""
    return [
        Label(conversation_id=name, kind="final", value=truth(name), is_holdout=holdout)
        for name in (f"{number:03}" for number in conversations)
    ]


# ---------------------------------------------------------------- lessons


async def test_labels_of_people_and_models_are_lessons(desk: Desk) -> None:
    await desk.tell(*right(range(3)))
    await desk.tell(Label(conversation_id="010", kind="open", value="bug", is_holdout=False))
    await desk.tell(
        Label(conversation_id="011", kind="final", value="bug", is_holdout=False, undone=True)
    )
    await desk.answer("020", "wish")
    await desk.answer("021", "cannot_tell")
    assert (await desk.learn()).lessons == 4
    told = {(one.text.split()[1], one.category_id, one.origin) for one in desk.models.lessons}
    assert told == {
        ("000", "billing", "human"),
        ("001", "bug", "human"),
        ("002", "wish", "human"),
        ("020", "wish", "llm"),
    }


async def test_holdout_is_never_taught_by_anybody(desk: Desk) -> None:
    await desk.tell(*right(range(5), holdout=True))
    await desk.answer("000", "wish")
    assert (await desk.learn()).lessons == 0


async def test_person_replaces_the_word_of_a_model(desk: Desk) -> None:
    await desk.answer("001", "wish")
    await desk.tell(*right([1]))
    assert (await desk.learn()).lessons == 1
    assert desk.models.lessons[0].category_id == "bug"


async def test_last_of_several_people_counts(desk: Desk) -> None:
    await desk.tell(*right([1]))
    async with desk.database.write() as connection:
        await connection.execute(
            "INSERT INTO human_labels (workspace_id, conversation_id, kind, value, labeller,"
            " item_id, taxonomy_version, content_hash) SELECT workspace_id, conversation_id, kind,"
            " 'wish', 'bo', item_id, 1, 'h' FROM human_labels"
        )
    assert (await desk.learn()).lessons == 1
    assert desk.models.lessons[0].category_id == "wish"
    assert desk.models.lessons[0].at_random


async def test_answers_of_models_are_taken_in_equal_parts(desk: Desk) -> None:
    for number in range(6):
        await desk.answer(f"{number:03}", "bug")
    await desk.answer("010", "wish")
    async with desk.database.read() as connection:
        told = await lesson_storage.list_told(connection, desk.workspace.id, most_by_model=3)
    assert sorted((one.conversation_id, one.category_id) for one in told) == [
        ("004", "bug"),
        ("005", "bug"),
        ("010", "wish"),
    ]


async def test_contradicting_texts_are_counted(desk: Desk) -> None:
    names = ["same-1", "same-2"]
    await store(
        desk.database,
        desk.workspace,
        *(make_thread(name, (CUSTOMER, "The very same words")) for name in names),
    )
    await masking.mask_page(desk.database, desk.workspace.id, names)
    for name, value in zip(names, ("bug", "wish"), strict=True):
        await desk.tell(Label(conversation_id=name, kind="final", value=value, is_holdout=False))
    stored = await desk.learn()
    assert (stored.lessons, stored.contradictions) == (2, 1)
    assert {one.category_id for one in desk.models.lessons} == {"wish"}


async def test_lesson_is_the_text_that_classification_reads(desk: Desk) -> None:
    await store(
        desk.database,
        desk.workspace,
        make_thread(
            "x", (CUSTOMER, "First line"), (TEAMMATE, "Ours"), (CUSTOMER, "  "), (CUSTOMER, "Last")
        ),
    )
    async with desk.database.write() as connection:
        await connection.execute("UPDATE conversations SET subject = 'About' WHERE id = 'x'")
    await masking.mask_page(desk.database, desk.workspace.id, ["x"])
    async with desk.database.read() as connection:
        threads = await lesson_storage.list_threads(connection, desk.workspace.id, ["x"])
    assert [thread.text for thread in threads] == ["About\nFirst line\nLast"]


# ---------------------------------------------------------------- another model


async def test_enough_new_lessons_make_another_model(desk: Desk) -> None:
    first = await desk.learn()
    await desk.tell(*right(range(19)))
    assert (await desk.learn()).id == first.id
    await desk.tell(*right([19]))
    second = await desk.learn()
    assert second.id != first.id
    assert second.lessons == 20
    assert (await desk.learn()).id == second.id


async def test_encoder_reads_lessons_and_not_all_texts(desk: Desk) -> None:
    encoder = HashedEncoder()

    async def open_encoder() -> HashedEncoder:
        return encoder

    desk.shelf = ModelShelf(desk.models, open_encoder=open_encoder)
    await desk.tell(*right(range(45)))
    stored = await desk.learn()
    assert len(stored.held_out) == 45
    assert any("044" in text for text in encoder.asked)


# ---------------------------------------------------------------- calibration


async def test_without_labels_nothing_is_decided(desk: Desk) -> None:
    stored = await desk.learn()
    assert set(stored.calibration.thresholds.values()) == {None}
    assert stored.calibration.labels == 0
    assert sum(stored.calibration.confidences) == COUNT


async def test_labels_drawn_at_random_set_thresholds(desk: Desk) -> None:
    await desk.tell(*right(range(80)))
    stored = await desk.learn()
    assert stored.calibration.target == 0.9
    assert stored.calibration.labels == 80
    assert set(stored.held_out) == {f"{number:03}" for number in range(80)}
    assert None not in stored.calibration.thresholds.values()


async def test_labels_that_were_chosen_set_none(desk: Desk) -> None:
    await desk.tell(*(one.model_copy(update={"reason": "margin"}) for one in right(range(80))))
    stored = await desk.learn()
    assert (stored.lessons, stored.calibration.labels) == (80, 0)
    assert set(stored.calibration.thresholds.values()) == {None}


async def test_person_who_cannot_tell_either_proves_the_model_wrong(desk: Desk) -> None:
    unsure = [one.model_copy(update={"value": "cannot_tell"}) for one in right(range(80, 85))]
    await desk.tell(*right(range(80)), *unsure)
    calibration = (await desk.learn()).calibration
    assert calibration.labels == 85
    assert calibration.risk_coverage[-1].risk == pytest.approx(5 / 85)


async def test_labels_after_the_fit_judge_it_too(desk: Desk) -> None:
    await desk.tell(*right(range(60)))
    first = await desk.learn()
    await desk.tell(*right(range(60, 66)))
    second = await desk.learn()
    assert (first.id, first.calibration.labels) == (second.id, 60)
    assert second.calibration.labels == 66
    assert second.calibration.confidences == first.calibration.confidences


async def test_withdrawn_label_judges_no_more(desk: Desk) -> None:
    await desk.tell(*right(range(60)))
    await desk.learn()
    async with desk.database.write() as connection:
        await connection.execute(
            "UPDATE human_labels SET undone_at = now() WHERE conversation_id < '010'"
        )
    await calibrating.recalibrate(desk.database, desk.shelf, desk.workspace.id)
    assert (await desk.newest()).calibration.labels == 50


async def test_deleted_conversation_leaves_no_trace(desk: Desk) -> None:
    await desk.tell(*right(range(60)))
    await desk.learn()
    async with desk.database.write() as connection:
        await conversation_storage.delete_conversations(connection, desk.workspace.id, ["007"])
    assert "007" not in (await desk.newest()).held_out


# ---------------------------------------------------------------- drift


async def test_audits_and_new_labels_tell_whether_the_promise_is_kept(desk: Desk) -> None:
    assert await calibrating.watch_drift(desk.database, desk.shelf, desk.workspace.id) is None
    await desk.tell(*right(range(60)))
    await desk.learn()
    drift = await calibrating.watch_drift(desk.database, desk.shelf, desk.workspace.id)
    assert drift is not None
    assert (drift.judged, drift.is_kept) == (0, None)
    for number in range(60, 85):
        await desk.answer(f"{number:03}", "wish", audit="bug")
    await desk.tell(*right(range(85, 90)))
    drift = await calibrating.watch_drift(desk.database, desk.shelf, desk.workspace.id)
    assert drift is not None
    assert (drift.judged, drift.precision.value) == (30, pytest.approx(5 / 30))
    assert drift.is_kept is False


async def test_confidence_of_newer_conversations_is_compared(desk: Desk) -> None:
    await desk.learn()
    async with desk.database.write() as connection:
        await connection.execute(
            "UPDATE conversations SET created_at = now() + interval '1 day' WHERE id < '050'"
        )
    for number in range(60):
        await desk.answer(f"{number:03}", "bug", audit="bug")
    async with desk.database.read() as connection:
        found = await lesson_storage.list_confidences(
            connection,
            desk.workspace.id,
            since=datetime.now(UTC) - timedelta(hours=1),
            limit=1_000,
        )
    assert found == pytest.approx([1.0] * 50)
