"""Intercom's notifications: verified, noted, answered at once; the work is done by a worker."""

from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Header, Request, Response

from earmark.api.deps import Queue, Writer
from earmark.api.problems import problem_responses
from earmark.db import event_storage, workspace_storage
from earmark.errors import ConfigurationError, InvalidInput, NotFound, Unsigned
from earmark.sources.intercom_events import SIGNATURE, is_signed, parse_event

router = APIRouter(
    prefix="/webhooks/intercom", tags=["webhooks"], responses=problem_responses(401, 413, 422, 503)
)

_LARGEST: Final = 1024 * 1024

_log = structlog.stdlib.get_logger(__name__)


@router.head("", operation_id="validateWebhook")
async def validate_webhook() -> Response:
    """What Intercom asks when the address is saved."""
    return Response()


@router.post("", operation_id="receiveWebhook")
async def receive_webhook(
    request: Request,
    writer: Writer,
    queue: Queue,
    signature: Annotated[str, Header(alias=SIGNATURE)] = "",
) -> Response:
    """Note that a conversation has changed; events of unknown kinds are taken and left alone."""
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
    event = parse_event(body)
    try:
        workspace = await workspace_storage.get_workspace(writer, event.workspace_code)
    except NotFound:
        # Of another workspace that has the app: an error would make Intercom stop sending at all.
        return Response()
    is_new = await event_storage.record_event(writer, workspace.id, event.id, event.topic)
    if is_new and event.conversation_id is not None:
        await event_storage.mark_dirty(
            writer, workspace.id, event.conversation_id, reason=event.topic
        )
        await queue.live(writer, workspace.id)
    return Response()


async def _read(request: Request) -> bytes:
    """The raw body, as it was signed; a huge one is refused before it is read to its end."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise InvalidInput("The notification is larger than a megabyte.")
    return bytes(body)
