"""Dialogues out of JSON Lines files, served as the conversations of one workspace.

A line is `{"id", "turns": [{"by", "text", "intents"?}], "labels"?: {...}, "split"?}`, `by` being
customer, agent or bot; a name that ends in `.gz` means gzip. Dialogues are spread evenly over the
weeks before `end` in the order of the files, and each has a contact of its own.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, Field

from earmark.db.models import Model
from earmark.sources.simulator.dataset import (
    Collection,
    Conversations,
    Instant,
    JsonObject,
    WorkspaceProfile,
)
from earmark.sources.simulator.dialogue_shelf import Dialogue, DialogueShelf, SkippedLine
from earmark.sources.simulator.markup import chat_body
from earmark.sources.simulator.measures import Moment, summarise
from earmark.sources.simulator.numbering import DecimalNumbering, HexNumbering, number_message
from earmark.sources.simulator.rhythm import DAY, find_midnight
from earmark.sources.simulator.script import By
from earmark.sources.simulator.truth import TrueIssue, Truth

_TURN_SECONDS = 45
"""Between two turns of a dialogue."""
_AGENT_ID = 5_017_300
SOCIAL_INTENTS = frozenset(
    {
        "openinggreeting", "closinggreeting", "thankyou", "confirmation", "rejection",
        "contentonly", "outofdomain",
    }
)  # fmt: skip
"""Intents that say nothing of what a dialogue is about."""

_BY = {"customer": By.CUSTOMER, "agent": By.AGENT, "bot": By.OPERATOR}
_DELIVERY = {
    By.CUSTOMER: "customer_initiated",
    By.AGENT: "admin_initiated",
    By.OPERATOR: "operator_initiated",
}


class DialogueSpec(Model):
    """Which files, and when their dialogues are said to have happened."""

    paths: tuple[Path, ...] = Field(min_length=1)
    weeks: int = Field(default=26, ge=1, le=520)
    end: AwareDatetime = Field(default_factory=find_midnight)
    skip_broken: bool = False
    """Leave out lines that are no dialogues, and record them, in place of refusing the file."""


class DialogueConversations:
    """The dialogues as conversations."""

    def __init__(self, shelf: DialogueShelf, spec: DialogueSpec) -> None:
        self._shelf = shelf
        number = shelf.number
        end = int(spec.end.timestamp())
        span = spec.weeks * 7 * DAY
        places = np.arange(number, dtype=np.int64)
        self._created: NDArray[np.int64] = end - span + places * span // number
        length = np.minimum((shelf.turns - 1) * _TURN_SECONDS, end - 1 - self._created)
        self._updated: NDArray[np.int64] = self._created + length
        self._numbering = DecimalNumbering(key=1, number=number)
        self.contact_ids = HexNumbering("66f2c1b3", key=1, number=number)

    @property
    def number(self) -> int:
        """All dialogues."""
        return self._shelf.number

    def id_of(self, index: int) -> str:
        """An identifier like Intercom's; the dialogue's own is the attribute `dialogue_id`."""
        return self._numbering.encode(index)

    def index_of(self, identifier: str) -> int | None:
        """The inverse of `id_of`."""
        return self._numbering.decode(identifier)

    def instants(self, field: Instant) -> NDArray[np.int64]:
        """Unix seconds by index."""
        return self._created if field == "created_at" else self._updated

    def equals(self, field: str, value: str | int | bool | None) -> NDArray[np.bool_] | None:
        """Known without reading: the contact, and what is the same for all."""
        if field == "contact_ids":
            mask = np.zeros(self.number, dtype=np.bool_)
            index = self.contact_ids.decode(str(value))
            mask[[] if index is None else [index]] = True
            return mask
        common: dict[str, object] = {
            "state": "closed",
            "open": False,
            "source.type": "conversation",
        }
        return np.full(self.number, common[field] == value) if field in common else None

    def deletions(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Nothing is deleted."""
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing

    def document(self, index: int) -> JsonObject:
        """The dialogue with all its turns."""
        dialogue = self._shelf.read(index)
        times = self._place_turns(index, len(dialogue.turns))
        first = _BY[dialogue.turns[0].by]
        parts = [self._write_part(dialogue, index, at, times[at]) for at in range(1, len(times))]
        bies = [_BY[turn.by] for turn in dialogue.turns]
        moments = [
            Moment(moment, by, "comment", is_message=True)
            for moment, by in zip(times, bies, strict=True)
        ]
        return {
            **_CONSTANTS,
            "id": self.id_of(index),
            "created_at": times[0],
            "updated_at": times[-1],
            "read": By.AGENT in bies,
            "admin_assignee_id": _AGENT_ID if By.AGENT in bies else 0,
            "source": {
                "type": "conversation",
                "id": number_message(index, 0),
                "delivered_as": _DELIVERY[first],
                "recipients": None,
                "reply_to": None,
                "subject": "",
                "body": chat_body(dialogue.turns[0].text, "", ""),
                "author": self._write_author(first, index),
                "attachments": [],
                "url": None,
                "redacted": False,
            },
            "contacts": {"type": "contact.list", "contacts": [self._refer_to_contact(index)]},
            "teammates": {
                "type": "admin.list",
                "teammates": [_AGENT_REFERENCE] if By.AGENT in bies else [],
            },
            "custom_attributes": {"dialogue_id": dialogue.id},
            "first_contact_reply": _find_first_reply(moments),
            "statistics": summarise(moments, _AGENT_ID),
            "conversation_parts": {
                "type": "conversation_part.list",
                "conversation_parts": parts,
                "total_count": len(parts),
            },
        }

    def contact(self, index: int) -> JsonObject:
        """The contact of a dialogue."""
        identifier, moment = self.contact_ids.encode(index), int(self._created[index])
        return {
            "type": "contact",
            "id": identifier,
            "external_id": f"dialogue-{index + 1}",
            "workspace_id": _PROFILE_CODE,
            "role": "user",
            **self._name_contact(index),
            "email_domain": "dialogues.example",
            "phone": None,
            "created_at": moment,
            "updated_at": int(self._updated[index]),
            "signed_up_at": moment,
            "custom_attributes": {},
            "companies": {
                "data": [],
                "url": f"/contacts/{identifier}/companies",
                "total_count": 0,
                "has_more": False,
            },
        }

    def truth(self, index: int) -> Truth:
        """The labels of the file; Earmark's own categories are not known."""
        dialogue = self._shelf.read(index)
        return Truth(
            conversation_id=self.id_of(index),
            category=None,
            category_at_open=None,
            issues=_find_issues(dialogue, index),
            language=None,
            sentiment=None,
            urgency=None,
            churn_risk=None,
            is_spam=None,
            labels={name: _join(value) for name, value in dialogue.labels.items()},
            split=dialogue.split,
        )

    def _place_turns(self, index: int, turns: int) -> list[int]:
        start, length = int(self._created[index]), int(self._updated[index] - self._created[index])
        return [start + length * at // max(turns - 1, 1) for at in range(turns)]

    def _write_part(self, dialogue: Dialogue, index: int, at: int, moment: int) -> JsonObject:
        turn = dialogue.turns[at]
        author = self._write_author(_BY[turn.by], index)
        return {
            "type": "conversation_part",
            "id": number_message(index, at),
            "part_type": "comment",
            "body": chat_body(turn.text, "", ""),
            "created_at": moment,
            "updated_at": moment,
            "notified_at": moment,
            "assigned_to": None,
            "author": {**author, "from_ai_agent": False, "is_ai_answer": False},
            "attachments": [],
            "external_id": None,
            "redacted": False,
            "email_message_metadata": None,
            "metadata": {},
            "state": "open",
            "tags": [],
            "event_details": None,
            "app_package_code": None,
        }

    def _write_author(self, by: By, index: int) -> JsonObject:
        if by is By.CUSTOMER:
            name = self._name_contact(index)
            return {"type": "user", "id": self.contact_ids.encode(index), **name}
        if by is By.AGENT:
            return {key: _AGENT[key] for key in ("type", "id", "name", "email")}
        return {"type": "bot", "id": "5017201", "name": "Bot", "email": "bot@dialogues.example"}

    def _name_contact(self, index: int) -> JsonObject:
        number = index + 1
        return {"name": f"Customer {number}", "email": f"customer{number}@dialogues.example"}

    def _refer_to_contact(self, index: int) -> JsonObject:
        identifier = self.contact_ids.encode(index)
        return {"type": "contact", "id": identifier, "external_id": f"dialogue-{index + 1}"}


class DialogueContacts:
    """One contact per dialogue."""

    def __init__(self, conversations: DialogueConversations) -> None:
        self._conversations = conversations

    @property
    def number(self) -> int:
        """As many as dialogues."""
        return self._conversations.number

    def id_of(self, index: int) -> str:
        """Intercom's identifier."""
        return self._conversations.contact_ids.encode(index)

    def index_of(self, identifier: str) -> int | None:
        """The inverse of `id_of`."""
        return self._conversations.contact_ids.decode(identifier)

    def instants(self, field: Instant) -> NDArray[np.int64]:
        """Those of the dialogue."""
        return self._conversations.instants(field)

    def equals(self, field: str, value: str | int | bool | None) -> NDArray[np.bool_] | None:
        """All are users."""
        return np.full(self.number, value == "user") if field == "role" else None

    def document(self, index: int) -> JsonObject:
        """The contact of one dialogue."""
        return self._conversations.contact(index)


class NoCompanies:
    """An empty collection."""

    number = 0

    def id_of(self, index: int) -> str:
        """There is none."""
        raise IndexError(index)

    def index_of(self, identifier: str) -> int | None:
        """There is none."""
        del identifier
        return None

    def instants(self, field: Instant) -> NDArray[np.int64]:
        """No times."""
        del field
        return np.zeros(0, dtype=np.int64)

    def equals(self, field: str, value: str | int | bool | None) -> NDArray[np.bool_] | None:
        """No columns."""
        del field, value
        return None

    def document(self, index: int) -> JsonObject:
        """There is none."""
        raise IndexError(index)


class DialogueDataset:
    """A workspace out of files; raises `InvalidInput` where a file cannot be used."""

    admins: tuple[JsonObject, ...]
    teams: tuple[JsonObject, ...] = ()
    tags: tuple[JsonObject, ...] = ()

    def __init__(self, spec: DialogueSpec) -> None:
        self.spec = spec
        self._shelf = DialogueShelf(spec.paths, skip_broken=spec.skip_broken)
        self._conversations = DialogueConversations(self._shelf, spec)
        self.admins = (_AGENT,)

    @property
    def skipped(self) -> Sequence[SkippedLine]:
        """Lines that were left out."""
        return self._shelf.skipped

    @property
    def profile(self) -> WorkspaceProfile:
        """A name made of the files'."""
        names = ", ".join(path.name.partition(".")[0] for path in self.spec.paths)
        start = int(self.spec.end.timestamp()) - self.spec.weeks * 7 * DAY
        return WorkspaceProfile(
            code=_PROFILE_CODE, name=names, region="EU", timezone="UTC", created_at=start
        )

    @property
    def conversations(self) -> Conversations:
        """In the order of the files."""
        return self._conversations

    @property
    def contacts(self) -> Collection:
        """One per dialogue."""
        return DialogueContacts(self._conversations)

    @property
    def companies(self) -> Collection:
        """None."""
        return NoCompanies()

    def truth(self, index: int) -> Truth:
        """The labels of one dialogue."""
        return self._conversations.truth(index)


_PROFILE_CODE = "dialogue"
_AGENT_REFERENCE = {"type": "admin", "id": str(_AGENT_ID)}
_AGENT: JsonObject = {
    "type": "admin",
    "id": str(_AGENT_ID),
    "name": "Agent",
    "email": "agent@dialogues.example",
    "job_title": "Agent",
    "away_mode_enabled": False,
    "away_mode_reassign": False,
    "away_status_reason_id": None,
    "has_inbox_seat": True,
    "team_ids": [],
    "avatar": None,
}
_CONSTANTS: JsonObject = {
    "type": "conversation",
    "title": None,
    "waiting_since": None,
    "snoozed_until": None,
    "open": False,
    "state": "closed",
    "priority": "none",
    "team_assignee_id": 0,
    "company": None,
    "tags": {"type": "tag.list", "tags": []},
    "conversation_rating": None,
    "sla_applied": None,
    "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
    "ai_agent_participated": False,
    "ai_agent": None,
    "sales_agent_participated": False,
    "sales_agent": None,
    "channel": {"initial": "messenger", "current": "messenger"},
    "external_references": [],
    "monitor_evaluations": [],
    "scorecards": [],
}


def _find_first_reply(moments: Sequence[Moment]) -> JsonObject | None:
    at = next((moment.at for moment in moments if moment.by is By.CUSTOMER), None)
    return None if at is None else {"created_at": at, "type": "conversation", "url": None}


def _find_issues(dialogue: Dialogue, index: int) -> tuple[TrueIssue, ...]:
    """The labelled theme with the customer's words for it, if both are there."""
    labels = dialogue.labels
    theme = _join(labels["subflow"]) if "subflow" in labels else _find_intent(dialogue)
    asked = [at for at, turn in enumerate(dialogue.turns) if turn.by == "customer"]
    if not theme or not asked:
        return ()
    at = next((at for at in asked if theme in dialogue.turns[at].intents), asked[0])
    area = labels.get("flow") or labels.get("domain")
    return (
        TrueIssue(
            theme=theme,
            area=_join(area) if area else None,
            category=None,
            position=at,
            message_id=number_message(index, at),
            phrase=dialogue.turns[at].text,
        ),
    )


def _find_intent(dialogue: Dialogue) -> str | None:
    """The first intent that is more than politeness or filling in a form."""
    intents = dialogue.labels.get("intents", ())
    listed = (intents,) if isinstance(intents, str) else intents
    return next((intent for intent in listed if intent not in SOCIAL_INTENTS), None)


def _join(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ",".join(value)
