"""What can happen to a served workspace after it was made.

Every change says what is done and to whom; the server adds when, by whom, and the identifiers.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue, TypeAdapter

from earmark.db.models import Model

Body = Annotated[str, Field(min_length=1, max_length=200_000)]
"""HTML, served as it is given."""
Identifier = Annotated[str, Field(min_length=1, max_length=40)]


class AnyChange(Model):
    """What all changes have in common."""

    at: int | None = Field(default=None, ge=0, lt=2**40)
    """Unix seconds at which it happened; the server's own time if left out."""


class ConversationChange(AnyChange):
    """A change of one conversation; its `updated_at` moves to `at`."""

    conversation_id: Identifier


class CreateConversation(AnyChange):
    """A customer opens a conversation, or a teammate does if `admin_id` is given."""

    kind: Literal["create_conversation"] = "create_conversation"
    body: Body
    subject: str = ""
    contact_id: Identifier | None = None
    """Any contact if left out."""
    admin_id: Identifier | None = None
    channel: Literal["conversation", "email"] = "conversation"


class CustomerReply(ConversationChange):
    """The customer writes; a conversation that was closed or snoozed opens again."""

    kind: Literal["customer_reply"] = "customer_reply"
    body: Body


class TeammateReply(ConversationChange):
    """A teammate or, without one, the AI agent answers."""

    kind: Literal["teammate_reply"] = "teammate_reply"
    body: Body
    admin_id: Identifier | None = None
    """The assignee if left out."""
    by_ai_agent: bool = False


class AddNote(ConversationChange):
    """A teammate writes what the customer does not see."""

    kind: Literal["add_note"] = "add_note"
    body: Body
    admin_id: Identifier | None = None


class Close(ConversationChange):
    """A teammate closes it, with or without last words."""

    kind: Literal["close"] = "close"
    body: Body | None = None


class Reopen(ConversationChange):
    """A teammate opens it again."""

    kind: Literal["reopen"] = "reopen"


class Snooze(ConversationChange):
    """A teammate puts it off."""

    kind: Literal["snooze"] = "snooze"
    until: int = Field(ge=0, lt=2**40)


class Assign(ConversationChange):
    """It is given to a teammate, or to nobody."""

    kind: Literal["assign"] = "assign"
    admin_id: Identifier | None
    team_id: Identifier | None = None


class AddTag(ConversationChange):
    """A tag of the workspace is put on."""

    kind: Literal["add_tag"] = "add_tag"
    tag_id: Identifier


class RemoveTag(ConversationChange):
    """A tag is taken off."""

    kind: Literal["remove_tag"] = "remove_tag"
    tag_id: Identifier


class Rate(ConversationChange):
    """The customer rates it; a second rating replaces the first."""

    kind: Literal["rate"] = "rate"
    rating: int = Field(ge=1, le=5)
    remark: str = ""


class SetAttribute(ConversationChange):
    """A custom attribute gets a value; null takes it away."""

    kind: Literal["set_attribute"] = "set_attribute"
    name: str = Field(min_length=1)
    value: JsonValue


class Touch(ConversationChange):
    """Something that nobody sees but `updated_at`."""

    kind: Literal["touch"] = "touch"


class AddParts(ConversationChange):
    """Many replies at once, of customer and teammate in turn."""

    kind: Literal["add_parts"] = "add_parts"
    number: int = Field(ge=1, le=5000)


class RedactPart(ConversationChange):
    """The body of a part becomes Intercom's placeholder."""

    kind: Literal["redact_part"] = "redact_part"
    part_id: Identifier


class RedactSource(ConversationChange):
    """The opening message becomes Intercom's placeholder."""

    kind: Literal["redact_source"] = "redact_source"


class DeleteConversation(ConversationChange):
    """It is gone for good, and named in the list of deleted ones."""

    kind: Literal["delete_conversation"] = "delete_conversation"


class MergeConversations(ConversationChange):
    """It is closed and linked to another one, which lives on."""

    kind: Literal["merge_conversations"] = "merge_conversations"
    into: Identifier


class UpdateContact(AnyChange):
    """Fields that are left out stay as they are."""

    kind: Literal["update_contact"] = "update_contact"
    contact_id: Identifier
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    custom_attributes: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class MergeContacts(AnyChange):
    """The contact becomes part of another one, who takes over the conversations."""

    kind: Literal["merge_contacts"] = "merge_contacts"
    contact_id: Identifier
    into: Identifier


class DeleteContact(AnyChange):
    """The contact is gone; the conversations stay."""

    kind: Literal["delete_contact"] = "delete_contact"
    contact_id: Identifier


class AddAdmin(AnyChange):
    """A new teammate."""

    kind: Literal["add_admin"] = "add_admin"
    name: str = Field(min_length=1)
    email: str = Field(min_length=3)


Edit: TypeAlias = (
    CustomerReply
    | TeammateReply
    | AddNote
    | Close
    | Reopen
    | Snooze
    | Assign
    | AddTag
    | RemoveTag
    | Rate
    | SetAttribute
    | Touch
    | AddParts
    | RedactPart
    | RedactSource
)
"""Changes of one conversation that stays where it is."""
OnContact: TypeAlias = UpdateContact | MergeContacts | DeleteContact
Change: TypeAlias = Annotated[
    CreateConversation | Edit | DeleteConversation | MergeConversations | OnContact | AddAdmin,
    Field(discriminator="kind"),
]
"""One of them, told apart by `kind`."""

CHANGES: TypeAdapter[list[Change]] = TypeAdapter(list[Change])


class Applied(Model):
    """What became of a change."""

    number: int
    """Counts all changes of a server, from 1."""
    kind: str
    at: int
    """Unix seconds: the new `updated_at` of what was changed."""
    conversation_id: str | None = None
    part_id: str | None = None
    """The part that tells of it; the last one where there are many."""
    contact_id: str | None = None
    admin_id: str | None = None
