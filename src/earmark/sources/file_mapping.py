"""Which column of a file is what: as the mapping says, and guessed where it says nothing."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, Field, ValidationError, field_validator

from earmark.db.models import AuthorRole, Model
from earmark.errors import InvalidInput

FileForm = Literal["csv", "jsonl", "parquet"]


class Columns(Model):
    """Names of columns; in JSON and Parquet a dot leads into an object (`author.email`)."""

    turns: str | None = None
    """A list with a conversation's messages; other columns may be of the list or beside it."""
    conversation: str | None = None
    message: str | None = None
    author_kind: str | None = None
    author_id: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    text: str | None = None
    time: str | None = None
    subject: str | None = None
    tags: str | None = None
    state: str | None = None
    company: str | None = None
    company_id: str | None = None
    plan: str | None = None
    revenue: str | None = None
    seats: str | None = None

    def named(self) -> dict[str, str]:
        """Column by field, of the fields that have one."""
        return {field: name for field, name in self.model_dump().items() if name}


class FileMapping(Model):
    """How to read files; everything has a default or is guessed."""

    format: FileForm | None = None
    encoding: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    timezone: str = "UTC"
    """Of times that name none."""
    time_format: str | None = None
    """As `strptime` has it, such as `%d/%m/%Y %H:%M`."""
    undated: AwareDatetime | None = None
    """When conversations without any time took place; the file's own date if left out."""
    html: bool | None = None
    tag_separator: str = Field(default=",", min_length=1)
    columns: Columns = Columns()
    author_kinds: dict[str, AuthorRole] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is not in the time zone database") from error
        return name

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str | None) -> str | None:
        try:
            b"x".decode(name or "utf-8", "replace")
        except LookupError as error:
            raise ValueError("is not an encoding that Python knows") from error
        return name

    def zone(self) -> ZoneInfo:
        """The time zone of times that name none."""
        return ZoneInfo(self.timezone)


def read_mapping(path: Path) -> FileMapping:
    """A mapping out of a TOML file; raises `InvalidInput`."""
    try:
        return FileMapping.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"The mapping {path} cannot be read.", why=str(error)) from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InvalidInput(
            f"The mapping {path} makes no sense.",
            why=f"{place}: {first['msg'].removeprefix('Value error, ')}.",
            fix="docs/how-to/import-files.md explains each line of a mapping.",
        ) from error


_ALIASES: Final[Mapping[str, Sequence[str]]] = {
    "turns": ("turns", "messages", "conversation_parts", "utterances"),
    "conversation": (
        *("conversation_id", "conversation", "ticket_id", "case_id", "case_number", "thread_id"),
        *("chat_id", "dialogue_id", "session_id", "request_id", "ticket", "ticket_number", "id"),
    ),
    "message": ("message_id", "comment_id", "part_id", "event_id", "id"),
    "author_kind": (
        *("author_kind", "by", "author_type", "author_role", "role", "sender_type"),
        *("sender_role", "speaker", "from_type", "participant", "sender", "author", "from"),
    ),
    "author_id": (
        *("author_id", "user_id", "customer_id", "contact_id", "sender_id", "requester_id"),
        *("participant_id", "author.id", "sender.id", "requester.id"),
    ),
    "author_name": (
        *("author_name", "user_name", "username", "customer_name", "contact_name"),
        *("sender_name", "requester_name", "full_name", "author.name", "sender.name", "name"),
    ),
    "author_email": (
        *("author_email", "email", "user_email", "customer_email", "contact_email"),
        *("sender_email", "requester_email", "email_address", "author.email", "sender.email"),
    ),
    "text": (
        *("text", "body", "message", "message_text", "message_body", "content", "comment"),
        *("description", "utterance", "question", "feedback", "review", "response"),
    ),
    "time": (
        *("time", "created_at", "created", "timestamp", "sent_at", "datetime", "date"),
        *("created_on", "created_time", "creation_date", "date_created", "submitted_at", "at"),
    ),
    "subject": ("subject", "title", "summary"),
    "tags": ("tags", "tag"),
    "state": ("state", "status"),
    "company": (
        *("company", "company_name", "organization", "organisation", "organization_name"),
        *("account_name", "account", "company.name", "organization.name"),
    ),
    "company_id": ("company_id", "organization_id", "organisation_id", "account_id", "company.id"),
    "plan": ("plan", "plan_name", "tier", "subscription_plan", "company.plan"),
    "revenue": ("revenue", "mrr", "monthly_revenue", "monthly_spend", "company.monthly_spend"),
    "seats": ("seats", "user_count", "seat_count", "company.user_count"),
}
_KINDS: Final[Mapping[str, AuthorRole]] = {
    **dict.fromkeys(
        (
            *("customer", "user", "lead", "contact", "visitor", "end user", "client", "requester"),
            *("consumer", "buyer", "guest", "inbound", "incoming"),
        ),
        AuthorRole.CUSTOMER,
    ),
    **dict.fromkeys(
        (
            *("agent", "admin", "teammate", "support", "operator", "staff", "employee"),
            *("representative", "support agent", "team", "outbound", "outgoing"),
        ),
        AuthorRole.TEAMMATE,
    ),
    **dict.fromkeys(
        ("bot", "system", "ai", "assistant", "automation", "chatbot", "workflow", "ai agent"),
        AuthorRole.BOT,
    ),
}
_OTHER: Final = re.compile(r"[^a-z0-9.]+")


def read_kind(value: object, kinds: Mapping[str, AuthorRole]) -> AuthorRole | None:
    """Who speaks, by the mapping's words or the usual ones; null for an unknown word."""
    word = str(value).strip()
    given = kinds.get(word) or kinds.get(word.casefold())
    return given or _KINDS.get(word.casefold().replace("_", " ").replace("-", " "))


def guess_columns(
    rows: Sequence[Mapping[str, object]],
    given: Columns,
    kinds: Mapping[str, AuthorRole],
    *,
    taken: Iterable[str] = (),
) -> Columns:
    """The columns of a file by its first rows; what is given stays."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    by_alias = {_OTHER.sub("_", name.casefold()).strip("_"): name for name in reversed(names)}
    found = given.named()
    used = {*found.values(), *taken}
    for field, aliases in _ALIASES.items():
        if field in found:
            continue
        for alias in aliases:
            name = by_alias.get(alias)
            if name is None or name in used or not _suits(field, name, rows, kinds):
                continue
            found[field] = name
            used.add(name)
            break
    return Columns.model_validate(found)


def _suits(
    field: str,
    name: str,
    rows: Sequence[Mapping[str, object]],
    kinds: Mapping[str, AuthorRole],
) -> bool:
    """Whether the values may be what the name says: an author may be a kind or a name."""
    values = [row[name] for row in rows if row.get(name) not in (None, "")]
    if field == "turns":
        return any(isinstance(value, list) for value in values)
    if field == "tags":
        return all(isinstance(value, str | list) for value in values)
    if any(isinstance(value, list | dict) for value in values):
        return False
    if field == "author_kind":
        return any(read_kind(value, kinds) for value in values)
    return True
