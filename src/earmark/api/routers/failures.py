"""Conversations that could not be fetched or read: why, and what is to become of them."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from earmark.api.deps import CurrentWorkspace, Reader, Writer
from earmark.api.problems import problem_responses
from earmark.db import failure_storage
from earmark.db.failure_storage import Changed, Failure
from earmark.db.models import Model
from earmark.pipeline.ingest import MOST_ATTEMPTS

router = APIRouter(
    prefix="/workspaces/{workspace}/failures",
    tags=["failures"],
    responses=problem_responses(400, 404, 422, 503),
)

_MOST: int = 500
Ids = Annotated[tuple[str, ...], Field(min_length=1, max_length=_MOST)]


class Named(Model):
    """Some of the failures, by conversation."""

    conversation_ids: Ids


@router.get("", operation_id="listFailures")
async def list_failures(reader: Reader, workspace: CurrentWorkspace) -> list[Failure]:
    """At most 500, those that were given up first."""
    return await failure_storage.list_failures(
        reader, workspace.id, max_attempts=MOST_ATTEMPTS, limit=_MOST
    )


@router.post("/retry", operation_id="retryFailures")
async def retry_failures(writer: Writer, workspace: CurrentWorkspace, named: Named) -> Changed:
    """Let the next run try these again."""
    return await failure_storage.retry_failures(writer, workspace.id, named.conversation_ids)


@router.post("/skip", operation_id="skipFailures")
async def skip_failures(writer: Writer, workspace: CurrentWorkspace, named: Named) -> Changed:
    """Leave these out, until they change at the source."""
    return await failure_storage.skip_failures(writer, workspace.id, named.conversation_ids)
