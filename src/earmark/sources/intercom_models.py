"""Intercom's wire shapes: only the fields that Earmark needs, read tolerantly.

Intercom marks nothing as required, omits fields that its description requires, and gives ids as
text or as integers; part, author and state types are open sets. So every field is optional here,
unknown ones are ignored, and ids become text. (Source: Intercom's published API description 2.16
and the issues collected in `docs/reference/intercom-llm-guide.md`.)
"""

from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
)
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypedDict


def _to_text(value: object) -> object:
    """Ids and other scalars as text; absent, zero (nobody, since 2.16) and empty ids as null."""
    if value in (None, "", 0) or isinstance(value, bool):
        return None
    return str(value) if isinstance(value, int | float) else value


def _to_integer(value: object) -> object:
    """Whole numbers also where they come as text or as fractions; anything else as null."""
    if isinstance(value, str):
        return int(value) if value.strip().lstrip("-").isdigit() else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return None if isinstance(value, bool) else value


def _to_number(value: object) -> object:
    return None if isinstance(value, str | bool) else value


class _OrEmpty:
    """Marks a list or an object that may be null, which is then as if it were empty.

    A function before the validator would do it too, but then all that is inside is turned into
    Python's objects first and validated afterwards, which doubles the time of a long conversation.
    """

    def __init__(self, empty: type[list[Any]] | type[dict[str, Any]]) -> None:
        self._empty = empty

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Pydantic's."""
        return core_schema.no_info_after_validator_function(
            self._fill, core_schema.nullable_schema(handler(source))
        )

    def _fill(self, value: list[Any] | dict[str, Any] | None) -> list[Any] | dict[str, Any]:
        return self._empty() if value is None else value


_LIST: Final = _OrEmpty(list)
_OBJECT: Final = _OrEmpty(dict)


# What is as it should be is taken over by the validator's own code; only the rest goes through the
# functions above, which cost as much as the rest of reading a conversation.
_SoundText = Annotated[Annotated[str, Field(strict=True, min_length=1)] | None, Field()]
_SoundInteger = Annotated[Annotated[int, Field(strict=True)] | None, Field()]
Text = Annotated[
    _SoundText | Annotated[str | None, BeforeValidator(_to_text)],
    Field(union_mode="left_to_right"),
]
Id = Text
Integer = Annotated[
    _SoundInteger | Annotated[int | None, BeforeValidator(_to_integer)],
    Field(union_mode="left_to_right"),
]
Number = Annotated[float | None, BeforeValidator(_to_number)]
Attributes = Annotated[dict[str, JsonValue], _OBJECT]


class Wire(BaseModel):
    """Base of the wire shapes."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class WireReference(Wire):
    """Something that is only pointed at."""

    id: Id = None
    external_id: Text = None


class WireAuthor(TypedDict, total=False):
    """Who wrote; `type` is an open set."""

    type: str | None
    id: Id
    name: Text
    email: Text
    from_ai_agent: bool | None


class WireAttachment(Wire):
    """A file; its address is signed and expires, so it is not kept."""

    name: Text = None
    content_type: Text = None
    filesize: Integer = None


Attachments = list[WireAttachment] | None
"""Null at nearly every part, so not worth a function of ours each time."""


class WireSource(TypedDict, total=False):
    """The opening message: it is not among the parts."""

    type: str | None
    delivered_as: str | None
    subject: Text
    body: str | None
    author: WireAuthor | None
    attachments: Attachments
    url: Text
    redacted: bool | None


class WirePart(TypedDict, total=False):
    """One part: a message if it has a body, an event otherwise."""

    id: Id
    part_type: str | None
    body: str | None
    created_at: Integer
    author: WireAuthor | None
    attachments: Attachments
    redacted: bool | None


class WireParts(Wire):
    """The newest 500 parts at most; `total_count` may be larger."""

    conversation_parts: Annotated[list[WirePart], _LIST] = Field(default_factory=list[WirePart])
    total_count: Integer = None


class WireContactList(Wire):
    """The customers of a conversation."""

    contacts: Annotated[list[WireReference], _LIST] = Field(default_factory=list[WireReference])


class WireTag(Wire):
    """A tag; its name is what people know it by."""

    id: Id = None
    name: Text = None


class WireTagList(Wire):
    """The tags of a conversation."""

    tags: Annotated[list[WireTag], _LIST] = Field(default_factory=list[WireTag])


class WireRating(Wire):
    """What the customer thought of the conversation, 1 to 5."""

    rating: Integer = None
    remark: Text = None


class WireStatistics(Wire):
    """Only the count that hints at hidden parts."""

    count_conversation_parts: Integer = None


class WireLink(Wire):
    """Another object that a conversation is linked to; `type` is `conversation` or `ticket`."""

    type: str | None = None
    id: Id = None


class WireLinks(Wire):
    """What a conversation is linked to: a merge leaves a link on both sides."""

    data: Annotated[list[WireLink], _LIST] = Field(default_factory=list[WireLink])


class WireConversation(Wire):
    """A conversation, in a listing (without parts) or whole."""

    id: Id = None
    created_at: Integer = None
    updated_at: Integer = None
    title: Text = None
    state: str | None = None
    open: bool | None = None
    priority: str | None = None
    admin_assignee_id: Id = None
    team_assignee_id: Id = None
    source: WireSource | None = None
    contacts: WireContactList | None = None
    company: WireReference | None = None
    tags: WireTagList | None = None
    conversation_rating: WireRating | None = None
    custom_attributes: Attributes = Field(default_factory=dict)
    ai_agent_participated: bool | None = None
    statistics: WireStatistics | None = None
    conversation_parts: WireParts | None = None
    linked_objects: WireLinks | None = None


class WireNext(Wire):
    """Where the next page of a cursor listing begins."""

    starting_after: Text = None


class WirePages(Wire):
    """Paging; `next` is an object, an address or null, by endpoint."""

    next: WireNext | str | None = None
    total_pages: Integer = None


class WireConversationPage(Wire):
    """A page of a listing; a row of another shape stays as it is, and spoils only itself."""

    conversations: Annotated[
        list[Annotated[WireConversation | JsonValue, Field(union_mode="left_to_right")]], _LIST
    ]
    total_count: Integer = None
    pages: WirePages | None = None


class WireDeletion(Wire):
    """What remains of a deleted conversation."""

    id: Id = None
    deleted_at: Integer = None


class WireDeletionPage(Wire):
    """A page of deleted conversations."""

    conversations: Annotated[list[WireDeletion], _LIST]
    pages: WirePages | None = None


class WireCompanyRefs(Wire):
    """The first companies of a contact."""

    data: Annotated[list[WireReference], _LIST] = Field(default_factory=list[WireReference])


class WireContact(Wire):
    """A user or lead."""

    id: Id = None
    external_id: Text = None
    role: str | None = None
    name: Text = None
    email: Text = None
    phone: Text = None
    companies: WireCompanyRefs | None = None
    custom_attributes: Attributes = Field(default_factory=dict)
    created_at: Integer = None
    updated_at: Integer = None


class WireContactPage(Wire):
    """A page of contacts."""

    data: Annotated[list[WireContact], _LIST]
    pages: WirePages | None = None


class WirePlan(Wire):
    """What a company pays for."""

    name: Text = None


class WireCompany(Wire):
    """A company; `company_id` is the customer's own id of it."""

    id: Id = None
    company_id: Text = None
    name: Text = None
    plan: WirePlan | None = None
    monthly_spend: Number = None
    user_count: Integer = None
    industry: Text = None
    custom_attributes: Attributes = Field(default_factory=dict)
    updated_at: Integer = None


class WireCompanyPage(Wire):
    """A page of companies."""

    data: Annotated[list[WireCompany], _LIST]
    pages: WirePages | None = None
    total_count: Integer = None
    scroll_param: Text = None


class WireAdmin(Wire):
    """A teammate."""

    id: Id = None
    name: Text = None
    email: Text = None


class WireAdminList(Wire):
    """All teammates."""

    admins: Annotated[list[WireAdmin], _LIST]


class WireApp(Wire):
    """The workspace that a token belongs to."""

    id_code: Text = None
    name: Text = None
    region: Text = None
    timezone: Text = None


class WireMe(Wire):
    """The token's own identity."""

    app: WireApp | None = None


class WireErrorItem(Wire):
    """One error of an error list."""

    code: str | None = None
    message: str | None = None


class WireErrorList(Wire):
    """What Intercom says when it refuses."""

    errors: Annotated[list[WireErrorItem], _LIST] = Field(default_factory=list[WireErrorItem])
