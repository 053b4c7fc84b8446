"""Intercom's notifications: who signed them, and which conversation or contact each is about.

An event is a hint that something has changed, never the data: it may come late, twice, out of order
or not at all, and its conversation lacks parts.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from pydantic import SecretStr, ValidationError

from earmark.db.models import Model
from earmark.errors import InvalidInput
from earmark.sources.intercom_models import Id, Text, Wire

SIGNATURE: Final = "X-Hub-Signature"
_PREFIX: Final = "sha1="
_CONTACT_IS_GONE: Final = "contact.deleted"


class WireItem(Wire):
    """What an event is about; only its ids are read."""

    type: str | None = None
    id: Id = None
    conversation_id: Id = None


class WireEventData(Wire):
    """The envelope's content."""

    item: WireItem | None = None


class WireEvent(Wire):
    """The envelope."""

    id: Id = None
    topic: Text = None
    app_id: Id = None
    data: WireEventData | None = None


class Event(Model):
    """One notification."""

    id: str
    """The same when it is delivered again."""
    topic: str
    workspace_code: str
    conversation_id: str | None
    """Null where it is about no conversation."""
    gone_contact_id: str | None = None
    """Who is said to have been deleted."""


def is_signed(body: bytes, signature: str, secrets: Sequence[SecretStr]) -> bool:
    """Whether the raw body was signed (HMAC-SHA1) with one of the app's client secrets."""
    given = signature.removeprefix(_PREFIX).lower().encode()
    matches = False
    for secret in secrets:
        made = hmac.new(secret.get_secret_value().encode(), body, hashlib.sha1).hexdigest()
        # All are compared, each in constant time.
        matches |= hmac.compare_digest(made.encode(), given)
    return matches and signature.startswith(_PREFIX)


def parse_event(body: bytes) -> Event:
    """Read an envelope; raises `InvalidInput` for what is none."""
    try:
        wire = WireEvent.model_validate_json(body)
    except ValidationError as error:
        raise InvalidInput("The body is no notification of Intercom.") from error
    if wire.id is None or wire.topic is None or wire.app_id is None:
        raise InvalidInput("The notification has no id, no topic or no app_id.")
    item = wire.data.item if wire.data else None
    is_gone = wire.topic == _CONTACT_IS_GONE
    return Event(
        id=wire.id,
        topic=wire.topic,
        workspace_code=wire.app_id,
        conversation_id=_conversation_of(wire.topic, item) if item else None,
        gone_contact_id=item.id if item and is_gone else None,
    )


def _conversation_of(topic: str, item: WireItem) -> str | None:
    if item.conversation_id is not None:
        return item.conversation_id
    # An event about a part may carry the part itself, whose id is no conversation's.
    is_conversation = item.type in (None, "conversation")
    return item.id if topic.startswith("conversation") and is_conversation else None
