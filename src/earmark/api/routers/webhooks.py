"""Intercom's notifications: verified, noted, answered at once; the work is done by a worker."""

from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Depends, Header, Request, Response

from earmark.api.deps import Queue, get_database
from earmark.api.problems import problem_responses
from earmark.db import event_storage, workspace_storage
from earmark.db.connection import Database
from earmark.errors import ConfigurationError, InvalidInput, NotFound, Unsigned
from earmark.jobs.queue import JobQueue
from earmark.sources.intercom_events import SIGNATURE, Event, is_signed, parse_event

router = APIRouter(
    prefix="/webhooks/intercom", tags=["webhooks"], responses=problem_responses(401, 422, 503)
)

_LARGEST: Final = 1024 * 1024

_log = structlog.stdlib.get_logger(__name__)


@router.head("", operation_id="validateWebhook", response_class=Response)
async def validate_webhook() -> Response:
    """What Intercom asks when the address is saved."""
    return Response()


@router.post("", operation_id="receiveWebhook", response_class=Response)
async def receive_webhook(
    request: Request,
    database: Annotated[Database, Depends(get_database)],
    queue: Queue,
    signature: Annotated[str, Header(alias=SIGNATURE)] = "",
) -> Response:
    """Note that a conversation has changed or a contact is gone; events of unknown kinds are taken
    and left alone."""
    body = await _read(request)
    secrets = request.app.state.webhook_secrets
    if not secrets:
        raise ConfigurationError(
            "Notifications are not taken, because none could be verified.",
            fix="Set INTERCOM_CLIENT_SECRET to the client secret of the app (Developer Hub, Basic"
            " information).",
        )
    if not is_signed(body, signature, secrets):
        await _log.awarning("webhook_unsigned", size=len(body))
        raise Unsigned("The notification is not signed with this app's client secret.")
    await _note(parse_event(body), database, queue)
    return Response()


async def _note(event: Event, database: Database, queue: JobQueue) -> None:
    # Connected only now: who cannot sign takes no connection.
    async with database.write() as writer:
        try:
            workspace = await workspace_storage.get_workspace(writer, event.workspace_code)
        except NotFound:
            # Of another workspace with this app: errors would make Intercom stop sending at all.
            return
        is_new = await event_storage.record_event(writer, workspace.id, event.id, event.topic)
        if is_new and event.conversation_id is not None:
            await event_storage.mark_dirty(
                writer, workspace.id, event.conversation_id, reason=event.topic
            )
            await queue.live(writer, workspace.id)
        if is_new and event.gone_contact_id is not None:
            await queue.contact(writer, workspace.id, event.gone_contact_id)


async def _read(request: Request) -> bytes:
    """The raw body, as it was signed; a huge one is refused before it is read to its end."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise InvalidInput("The notification is larger than a megabyte.")
    return bytes(body)
