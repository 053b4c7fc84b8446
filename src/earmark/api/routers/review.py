"""The review queue: what people are asked to label, and what they said."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field, StringConstraints

from earmark.api.deps import LARGEST_ID, CurrentWorkspace, Reader, RowId, Writer
from earmark.api.problems import problem_responses
from earmark.db import label_storage, review_storage
from earmark.db.label_storage import HumanLabel, NewLabel, Verdicts
from earmark.db.models import ClassificationStage, Model
from earmark.db.review_storage import LabellerCount, Reason, ReviewCount
from earmark.errors import NotFound
from earmark.pipeline import review
from earmark.pipeline.review import ReviewTask, Verdict

router = APIRouter(
    prefix="/workspaces/{workspace}",
    tags=["review"],
    responses=problem_responses(400, 404, 409, 422, 503),
)

_MOST = 500

ThemeId = Annotated[int, Field(ge=1, le=LARGEST_ID)]

Labeller = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$"
    ),
]
"""Who labels: any name, as there is no sign-in yet."""
Id = Annotated[str, Field(min_length=1, max_length=200)]


class Agreement(Model):
    """How often people who labelled the same conversation said the same category."""

    agreed: int
    pairs: int
    """Conversations that two people or more have labelled."""


class ReviewState(Model):
    """How the queue stands."""

    counts: tuple[ReviewCount, ...]
    labellers: tuple[LabellerCount, ...]
    agreement: Agreement


class DrawRequest(Model):
    """How many items to add."""

    number: Annotated[int, Field(ge=1, le=_MOST)] = 50
    only_random: bool = False
    """No items that are chosen for being hard: for measuring alone."""


class Drawn(Model):
    """How many items were added, by reason."""

    added: dict[Reason, int]


class NextRequest(Model):
    """Who asks for items, and how many."""

    labeller: Labeller
    number: Annotated[int, Field(ge=1, le=8)] = 4


class AnswerRequest(Model):
    """What a person says of an item."""

    labeller: Labeller
    final: Id
    open: Id | None = None
    themes: Annotated[tuple[ThemeId, ...], Field(max_length=20)] | None = None


class Who(Model):
    """A person."""

    labeller: Labeller


class Answered(Model):
    """What an answer came to."""

    conflicts: tuple[Verdicts, ...]
    """Where others said something else of the same conversation."""


class Undone(Model):
    """The item that was taken back; null where there was nothing to take back."""

    task: ReviewTask | None


class Correction(Model):
    """A category that a person gives in passing."""

    labeller: Labeller
    stage: ClassificationStage = ClassificationStage.FINAL
    category_id: Id


@router.get("/review", operation_id="getReview")
async def get_review(reader: Reader, workspace: CurrentWorkspace) -> ReviewState:
    """How many items wait, who has labelled how many, and how well people agree."""
    agreed, pairs = await label_storage.count_agreement(reader, workspace.id)
    return ReviewState(
        counts=tuple(await review_storage.count_items(reader, workspace.id)),
        labellers=tuple(await review_storage.count_labellers(reader, workspace.id)),
        agreement=Agreement(agreed=agreed, pairs=pairs),
    )


@router.post("/review/draw", operation_id="drawReview")
async def draw_review(writer: Writer, workspace: CurrentWorkspace, wanted: DrawRequest) -> Drawn:
    """Add items: hard ones to learn from, random ones to measure with."""
    added = await review.draw(
        writer, workspace.id, number=wanted.number, only_random=wanted.only_random
    )
    return Drawn(added=added)


@router.post("/review/next", operation_id="nextReview")
async def next_review(
    writer: Writer, workspace: CurrentWorkspace, asked: NextRequest
) -> list[ReviewTask]:
    """The next items for a person, kept from others for ten minutes; none when all is done."""
    return await review.next_tasks(writer, workspace.id, asked.labeller, number=asked.number)


@router.get("/review/items/{item}", operation_id="getReviewItem")
async def get_review_item(reader: Reader, workspace: CurrentWorkspace, item: RowId) -> ReviewTask:
    """One item, also one that is done: to look at it again."""
    items = await review_storage.list_items(reader, workspace.id, [item])
    tasks = await review.load_tasks(reader, workspace.id, items)
    if not tasks:
        raise NotFound(f"There is no item {item}.", fix="Go back to the queue.")
    return tasks[0]


@router.post("/review/items/{item}/label", operation_id="answerReviewItem")
async def answer_review_item(
    writer: Writer, workspace: CurrentWorkspace, item: RowId, said: AnswerRequest
) -> Answered:
    """Store what a person says; it is the conversation's category from now on."""
    verdict = Verdict(final=said.final, open=said.open, themes=said.themes)
    conflicts = await review.answer(writer, workspace.id, item, said.labeller, verdict)
    return Answered(conflicts=tuple(conflicts))


@router.post("/review/items/{item}/skip", operation_id="skipReviewItem", status_code=204)
async def skip_review_item(
    writer: Writer, workspace: CurrentWorkspace, item: RowId, who: Who
) -> None:
    """Do not show this item to the person again."""
    if not await review_storage.list_items(writer, workspace.id, [item]):
        raise NotFound(f"There is no item {item}.", fix="Go on with the next.")
    await review_storage.skip_items(writer, workspace.id, who.labeller, [item])


@router.post("/review/undo", operation_id="undoReview")
async def undo_review(writer: Writer, workspace: CurrentWorkspace, who: Who) -> Undone:
    """Take back the person's last answer or skip, and give the item again."""
    tasks = await review.undo(writer, workspace.id, who.labeller)
    return Undone(task=tasks[0] if tasks else None)


@router.get("/review/conflicts", operation_id="listReviewConflicts")
async def list_review_conflicts(reader: Reader, workspace: CurrentWorkspace) -> list[Verdicts]:
    """What people labelled differently, newest first; at most 500."""
    return await label_storage.list_conflicts(reader, workspace.id, limit=_MOST)


ConversationId = Annotated[str, Path(max_length=200)]


@router.get("/conversations/{conversation_id}/labels", operation_id="listLabels")
async def list_labels(
    reader: Reader, workspace: CurrentWorkspace, conversation_id: ConversationId
) -> list[HumanLabel]:
    """What people have said of a conversation."""
    return await label_storage.list_labels(reader, workspace.id, conversation_ids=[conversation_id])


@router.post(
    "/conversations/{conversation_id}/labels", operation_id="correctLabel", status_code=204
)
async def correct_label(
    writer: Writer,
    workspace: CurrentWorkspace,
    conversation_id: ConversationId,
    correction: Correction,
) -> None:
    """Correct a category; no model replaces it."""
    stage = correction.stage.value
    await review.label(
        writer,
        workspace.id,
        correction.labeller,
        [NewLabel(conversation_id=conversation_id, kind=stage, value=correction.category_id)],
    )


@router.delete(
    "/conversations/{conversation_id}/labels", operation_id="undoLabels", status_code=204
)
async def undo_labels(
    writer: Writer,
    workspace: CurrentWorkspace,
    conversation_id: ConversationId,
    labeller: Annotated[Labeller, Query()],
) -> None:
    """Take back all that a person has said of a conversation."""
    items = await label_storage.undo_labels(writer, workspace.id, labeller, [conversation_id])
    await review_storage.settle_items(writer, workspace.id, items)
