"""Scripts as conversations of Intercom's API, version 2.16."""

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.hashing import draw_uniform_at
from earmark.sources.simulator.markup import (
    REDACTED_BODY,
    Quote,
    chat_body,
    fill_marks,
    mail_body,
)
from earmark.sources.simulator.measures import Moment, summarise
from earmark.sources.simulator.numbering import number_message
from earmark.sources.simulator.script import By, Script, Turn
from earmark.sources.simulator.spec import NONE, Channel, Shape, State
from earmark.sources.simulator.voices import FIRST_MARK
from earmark.sources.simulator.workspace import Workspace

_TYPES = {
    "png": "image/png", "jpg": "image/jpeg", "pdf": "application/pdf", "csv": "text/csv",
    "mov": "video/quicktime", "txt": "text/plain",
}  # fmt: skip
_STATES = {State.OPEN: "open", State.CLOSED: "closed", State.SNOOZED: "snoozed"}


class Identity(NamedTuple):
    """What the dataset knows of a conversation's place in the workspace."""

    conversation_id: str
    contact_id: str
    company: JsonObject | None
    chance: int
    """A random key for what hangs on nothing else."""


class Composer:
    """Turns one script into what the API serves."""

    def __init__(self, workspace: Workspace, script: Script, identity: Identity) -> None:
        self._workspace = workspace
        self._setting = workspace.setting
        self._script = script
        self._row = script.row
        self._identity = identity
        self._is_mail = script.row.channel == Channel.EMAIL
        self._times = self._place_turns()
        self._texts = {FIRST_MARK + at: value.text for at, value in enumerate(script.values)}
        self._values: Mapping[int, str] = {
            mark: html.escape(text, quote=False) for mark, text in self._texts.items()
        }

    # ------------------------------------------------------------ the conversation

    def write(self) -> JsonObject:
        """The conversation with all its parts."""
        script, row = self._script, self._row
        state = State(row.state)
        parts = [self._write_part(at) for at in range(1, len(script.turns))]
        subject = self._plain(script.subject) if self._is_mail else ""
        assigned = row.shape in (Shape.ANSWERED, Shape.LONG, Shape.DISMISSED)
        team = self._workspace.team_of(script.agent)
        return {
            "type": "conversation",
            "id": self._identity.conversation_id,
            "title": subject or None,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "waiting_since": self._find_waiting() if state is State.OPEN else None,
            "snoozed_until": row.updated_at + 3 * 86_400 if state is State.SNOOZED else None,
            "open": state is not State.CLOSED,
            "state": _STATES[state],
            "read": row.shape != Shape.SILENT,
            "priority": "high" if self._chance(1) < 0.05 else "none",
            "admin_assignee_id": self._workspace.admin_id(script.agent) if assigned else 0,
            "team_assignee_id": self._workspace.team_id(team) if assigned else 0,
            "company": self._identity.company,
            "tags": {"type": "tag.list", "tags": self._write_tags()},
            "conversation_rating": self._write_rating(),
            "source": self._write_source(subject),
            "contacts": {
                "type": "contact.list",
                "contacts": [self._refer_to_contact()],
            },
            "teammates": self._write_teammates(),
            "custom_attributes": self._write_attributes(),
            "first_contact_reply": self._write_first_reply(),
            "sla_applied": self._write_sla(),
            "statistics": summarise(self._list_moments(), self._workspace.admin_id(script.agent)),
            "conversation_parts": {
                "type": "conversation_part.list",
                "conversation_parts": parts,
                "total_count": len(parts),
            },
            "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
            "ai_agent_participated": bool(script.assistant_state),
            "ai_agent": self._write_assistant(),
            "sales_agent_participated": False,
            "sales_agent": None,
            "channel": {
                "initial": "email" if self._is_mail else "messenger",
                "current": "email" if self._is_mail else "messenger",
            },
            "external_references": [],
            "monitor_evaluations": [],
            "scorecards": [],
        }

    def _place_turns(self) -> list[int]:
        """When each turn happens: the first at creation, the last at the last change."""
        row, turns = self._row, self._script.turns
        total = sum(turn.wait for turn in turns[1:])
        length = row.updated_at - row.created_at
        times, passed = [row.created_at], 0.0
        for turn in turns[1:]:
            passed += turn.wait
            times.append(row.created_at + int(length * passed / total))
        if len(times) > 1:
            times[-1] = row.updated_at
        return times

    def _write_source(self, subject: str) -> JsonObject:
        turn = self._script.turns[0]
        source: JsonObject = {
            "type": "email" if self._is_mail else "conversation",
            "id": number_message(self._row.number, 0),
            "delivered_as": "customer_initiated" if turn.by is By.CUSTOMER else "admin_initiated",
            "recipients": None,
            "reply_to": None,
            "subject": subject,
            "body": self._write_body(0),
            "author": self._write_author(turn),
            "attachments": self._write_attachments(0),
            "url": None if self._is_mail else self._find_page(),
            "redacted": turn.redacted,
        }
        if self._is_mail:
            source["email_message_metadata"] = self._write_headers(turn, subject)
        return source

    def _write_part(self, at: int) -> JsonObject:
        turn, moment = self._script.turns[at], self._times[at]
        is_mail_message = self._is_mail and turn.text is not None and turn.part_type != "note"
        author = self._write_author(turn)
        author["from_ai_agent"] = turn.by is By.ASSISTANT
        author["is_ai_answer"] = turn.by is By.ASSISTANT and turn.wait < 1
        return {
            "type": "conversation_part",
            "id": number_message(self._row.number, at),
            "part_type": turn.part_type,
            "body": self._write_body(at),
            "created_at": moment,
            "updated_at": moment,
            "notified_at": moment,
            "assigned_to": self._refer_to_assignee(turn),
            "author": author,
            "attachments": self._write_attachments(at),
            "external_id": None,
            "redacted": turn.redacted,
            "email_message_metadata": self._write_headers(
                turn, f"Re: {self._plain(self._script.subject)}"
            )
            if is_mail_message
            else None,
            "metadata": {},
            "state": _state_after(turn),
            "tags": [self._workspace.describe_tag(tag) for tag in turn.tags],
            "event_details": None,
            "app_package_code": None,
        }

    def _write_body(self, at: int) -> str | None:
        turn = self._script.turns[at]
        if turn.redacted:
            return REDACTED_BODY
        if turn.text is None:
            return None
        if self._is_mail and turn.by in (By.CUSTOMER, By.AGENT) and turn.part_type != "note":
            style = self._script.mail_style if turn.by is By.CUSTOMER else 3
            body = mail_body(turn.text, style, turn.signature, self._quote(turn), turn.hidden)
        else:
            image = turn.attachment.endswith(("png", "jpg"))
            body = chat_body(turn.text, turn.hidden, self._file_url(at) if image else "")
        return fill_marks(body, self._values)

    def _quote(self, turn: Turn) -> Quote | None:
        if turn.quotes is None:
            return None
        script = self._script
        old = turn.quotes
        moment = datetime.fromtimestamp(self._times[max(old, 0)], UTC)
        text = script.newsletter if old < 0 else script.turns[old].text or ""
        speech = self._workspace.speech[script.language]
        sender = f"{self._setting.name} <{self._setting.support_email}>"
        day = f"{moment.day} {speech.months[moment.month - 1]} {moment.year}"
        clock = f"{moment.hour:02d}:{moment.minute:02d}"
        return Quote(
            text=text,
            intro=speech.quote_plain.format(date=day, time=clock, sender=sender),
            labels=speech.quote_labels,
            sender=sender,
            sent=f"{day} {clock}",
            to=f"{script.person.name} <{script.person.email}>",
            subject=script.subject,
        )

    # ------------------------------------------------------------ who

    def _write_author(self, turn: Turn) -> JsonObject:
        if turn.by is By.CUSTOMER:
            person = self._script.person
            return {
                "type": "user" if person.firm else "lead",
                "id": self._identity.contact_id,
                "name": person.name if person.firm or person.number % 2 else None,
                "email": person.email,
            }
        if turn.by is By.AGENT:
            admin = self._workspace.admins[self._script.agent]
            return {key: admin[key] for key in ("type", "id", "name", "email")}
        is_assistant = turn.by is By.ASSISTANT
        name = self._setting.assistant if is_assistant else self._setting.operator
        return {
            "type": "bot",
            "id": "5017200" if is_assistant else "5017201",
            "name": name,
            "email": f"{name.lower()}@{self._setting.support_email.partition('@')[2]}",
        }

    def _refer_to_contact(self) -> JsonObject:
        person = self._script.person
        external = f"u-{person.number + 1000}" if person.firm else None
        return {"type": "contact", "id": self._identity.contact_id, "external_id": external}

    def _refer_to_assignee(self, turn: Turn) -> JsonObject | None:
        if turn.part_type != "assignment":
            return None
        return {"type": "admin", "id": str(self._workspace.admin_id(self._script.agent))}

    def _write_teammates(self) -> JsonObject:
        wrote = any(turn.by is By.AGENT and turn.text for turn in self._script.turns)
        admin = {"type": "admin", "id": str(self._workspace.admin_id(self._script.agent))}
        return {"type": "admin.list", "teammates": [admin] if wrote else []}

    # ------------------------------------------------------------ what else hangs on it

    def _write_tags(self) -> list[JsonObject]:
        row = self._row
        admin = {"type": "admin", "id": str(self._workspace.admin_id(self._script.agent))}
        areas = len(self._setting.areas)
        chosen = [row.area_tag] if row.area_tag != NONE else []
        chosen += [areas + row.extra_tag] if row.extra_tag != NONE else []
        return [
            {**self._workspace.describe_tag(tag), "applied_at": row.updated_at, "applied_by": admin}
            for tag in chosen
        ]

    def _write_rating(self) -> JsonObject | None:
        script = self._script
        if not script.rating:
            return None
        return {
            "rating": script.rating,
            "remark": self._plain(script.remark),
            "created_at": self._times[-1],
            "updated_at": self._times[-1],
            "contact": self._refer_to_contact(),
            "teammate": {"type": "admin", "id": str(self._workspace.admin_id(script.agent))},
        }

    def _write_attributes(self) -> JsonObject:
        person = self._script.person
        if person.firm is None:
            return {}
        return {"Plan": person.firm.plan.name, "Seats": person.firm.seats}

    def _write_first_reply(self) -> JsonObject | None:
        for at, turn in enumerate(self._script.turns):
            if turn.by is By.CUSTOMER:
                kind = "email" if self._is_mail else "conversation"
                return {"created_at": self._times[at], "type": kind, "url": None}
        return None

    def _write_sla(self) -> JsonObject | None:
        firm = self._script.person.firm
        if firm is None or firm.plan.price < 100 or self._row.shape != Shape.ANSWERED:
            return None
        status = "hit" if self._chance(2) < 0.8 else "missed"
        name = "Priority answer within 4 hours"
        return {"type": "conversation_sla_summary", "sla_name": name, "sla_status": status}

    def _write_assistant(self) -> JsonObject | None:
        state = self._script.assistant_state
        if not state:
            return None
        return {
            "source_type": "profile",
            "source_title": None,
            "last_answer_type": "ai_answer",
            "resolution_state": state,
            "rating": None,
            "rating_remark": None,
            "created_at": self._row.created_at,
            "updated_at": self._row.updated_at,
            "content_sources": {
                "type": "content_source.list",
                "total_count": 0,
                "content_sources": [],
            },
        }

    def _write_headers(self, turn: Turn, subject: str) -> JsonObject:
        person, support = self._script.person, self._setting.support_email
        ours = {"email_address": support, "name": self._setting.name}
        theirs = {"email_address": person.email, "name": person.name}
        sender, receiver = (theirs, ours) if turn.by is By.CUSTOMER else (ours, theirs)
        return {
            "subject": subject,
            "email_address_headers": [{"type": "from", **sender}, {"type": "to", **receiver}],
            "message_id": None,
        }

    def _write_attachments(self, at: int) -> list[JsonObject]:
        name = self._script.turns[at].attachment
        if not name:
            return []
        is_image = name.endswith(("png", "jpg"))
        return [
            {
                "type": "upload",
                "name": name,
                "url": self._file_url(at),
                "content_type": _TYPES[name.rpartition(".")[2]],
                "filesize": 20_000 + int(self._chance(3) * 900_000),
                **({"width": 1280, "height": 720} if is_image else {}),
            }
        ]

    def _file_url(self, at: int) -> str:
        name = self._script.turns[at].attachment.replace(" ", "%20")
        return f"https://files.ottermere.example/{number_message(self._row.number, at)}/{name}"

    def _find_page(self) -> str:
        """The page of the app that the messenger was opened on: often the one in question."""
        if self._script.person.firm is None:
            return f"https://www.{self._setting.app_domain.partition('.')[2]}/pricing"
        areas = self._setting.areas
        own = next((area for area in areas if area.key == self._script.theme.area), None)
        if own is None or not own.paths or self._chance(4) > 0.7:
            own = areas[int(self._chance(5) * len(areas))]
        paths = own.paths or ("/dashboard",)
        return f"https://{self._setting.app_domain}{paths[int(self._chance(6) * len(paths))]}"

    def _find_waiting(self) -> int | None:
        """Since when the customer has been waiting for an answer."""
        since: int | None = None
        for at, turn in enumerate(self._script.turns):
            if turn.text is None or turn.part_type == "note":
                continue
            if turn.by is not By.CUSTOMER:
                since = None
            elif since is None:
                since = self._times[at]
        return since

    def _list_moments(self) -> list[Moment]:
        return [
            Moment(
                at=self._times[at],
                by=turn.by,
                part_type=turn.part_type,
                is_message=turn.text is not None and turn.part_type != "note",
            )
            for at, turn in enumerate(self._script.turns)
        ]

    def _plain(self, text: str) -> str:
        """Text with its marks replaced."""
        return text.translate(self._texts)

    def _chance(self, purpose: int) -> float:
        return draw_uniform_at(self._identity.chance + purpose, self._row.number)


def _state_after(turn: Turn) -> str:
    return {"close": "closed", "snoozed": "snoozed"}.get(turn.part_type, "open")
