"""What models see of a conversation: its words with placeholders for personal data."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from earmark.api.deps import CurrentWorkspace, Reader
from earmark.api.problems import problem_responses
from earmark.pipeline.reveal import AT_THIS_MACHINE, ShownConversation, show_conversations

router = APIRouter(
    prefix="/workspaces/{workspace}/conversations",
    tags=["conversations"],
    responses=problem_responses(404, 422, 503),
)


@router.get("/{conversation_id}/masked", operation_id="getMaskedConversation")
async def get_masked_conversation(
    reader: Reader,
    workspace: CurrentWorkspace,
    conversation_id: Annotated[str, Path(max_length=200)],
    reveal: Annotated[
        bool, Query(description="Also say what the placeholders stand for; never of secrets.")
    ] = False,
) -> ShownConversation:
    """One conversation as models see it."""
    authority = AT_THIS_MACHINE if reveal else None  # the server listens on loopback only
    (shown,) = await show_conversations(
        reader, workspace.id, [conversation_id], authority=authority
    )
    return shown
