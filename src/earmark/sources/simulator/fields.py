"""The fields that can be searched, and where they stand in an object."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, cast

from earmark.sources.simulator.markup import to_plain

Kind = Literal["date", "integer", "string", "boolean", "identifier"]

_WORD = re.compile(r"\w+")


class Table(NamedTuple):
    """What can be searched in one kind of object."""

    name: str
    kinds: Mapping[str, Kind]
    sortable: frozenset[str]
    dates_by_day: bool
    """Contacts: dates are compared by calendar day, so `>` begins at the next day."""
    timezone: str = "UTC"
    """Whose days they are."""

    def kind_of(self, field: str) -> Kind | None:
        """The field's type; attributes of a workspace's own are taken as text."""
        if field.startswith("custom_attributes."):
            return "string"
        return self.kinds.get(field)


def _list_kinds(**fields: str) -> dict[str, Kind]:
    return {name: cast(Kind, kind) for kind, names in fields.items() for name in names.split()}


CONVERSATIONS = Table(
    name="conversation",
    kinds=_list_kinds(
        identifier="id",
        date="""created_at updated_at waiting_since snoozed_until statistics.first_contact_reply_at
            statistics.first_assignment_at statistics.first_admin_reply_at
            statistics.first_close_at statistics.last_assignment_at
            statistics.last_assignment_admin_reply_at statistics.last_contact_reply_at
            statistics.last_admin_reply_at statistics.last_close_at
            conversation_rating.requested_at conversation_rating.replied_at""",
        integer="""admin_assignee_id team_assignee_id statistics.time_to_assignment
            statistics.time_to_admin_reply statistics.time_to_first_close
            statistics.time_to_last_close statistics.median_time_to_reply
            statistics.count_reopens statistics.count_assignments
            statistics.count_conversation_parts conversation_rating.score ai_agent.rating""",
        boolean="open read ai_agent_participated",
        string="""source.type source.id source.delivered_as source.subject source.body
            source.author.id source.author.type source.author.name source.author.email source.url
            contact_ids teammate_ids channel_initiated state tag_ids priority
            statistics.last_closed_by_id conversation_rating.remark
            conversation_rating.contact_id conversation_rating.admin_id ai_agent.resolution_state
            ai_agent.last_answer_type ai_agent.rating_remark ai_agent.source_type
            ai_agent.source_title""",
    ),
    sortable=frozenset({"created_at", "updated_at", "id"}),
    dates_by_day=False,
)

CONTACTS = Table(
    name="contact",
    kinds=_list_kinds(
        date="""created_at updated_at signed_up_at last_seen_at last_contacted_at last_replied_at
            last_email_opened_at last_email_clicked_at""",
        boolean="unsubscribed_from_emails marked_email_as_spam has_hard_bounced",
        string="""id role name owner_id email email_domain phone external_id language_override
            browser browser_language os location.country location.region location.city""",
    ),
    sortable=frozenset({"created_at", "updated_at"}),
    dates_by_day=True,
)


def read_values(document: Mapping[str, Any], field: str) -> list[Any]:
    """The values of a field in an object: several for lists, words for `source.body`."""
    special = _SPECIAL.get(field)
    if special is not None:
        return special(document)
    value: Any = document
    for name in field.split("."):
        value = cast(Mapping[str, Any], value).get(name) if isinstance(value, Mapping) else None
    return [value]


def _read_words(document: Mapping[str, Any]) -> list[Any]:
    """Words one by one: Intercom does not find phrases in a body."""
    return list(dict.fromkeys(_WORD.findall(to_plain(document["source"]["body"]).lower())))


def _read_rating(name: str) -> Callable[[Mapping[str, Any]], list[Any]]:
    def read(document: Mapping[str, Any]) -> list[Any]:
        rating: Any = document["conversation_rating"]
        for key in name.split("."):
            rating = rating[key] if rating else None
        return [rating]

    return read


_SPECIAL: dict[str, Callable[[Mapping[str, Any]], list[Any]]] = {
    "source.body": _read_words,
    "contact_ids": lambda document: [item["id"] for item in document["contacts"]["contacts"]],
    "tag_ids": lambda document: [item["id"] for item in document["tags"]["tags"]],
    "teammate_ids": lambda document: [item["id"] for item in document["teammates"]["teammates"]],
    "channel_initiated": lambda document: [document["channel"]["initial"]],
    "conversation_rating.score": _read_rating("rating"),
    "conversation_rating.requested_at": _read_rating("created_at"),
    "conversation_rating.replied_at": _read_rating("updated_at"),
    "conversation_rating.contact_id": _read_rating("contact.id"),
    "conversation_rating.admin_id": _read_rating("teammate.id"),
}
