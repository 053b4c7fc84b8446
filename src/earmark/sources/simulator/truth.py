"""What is true of a generated or labelled conversation. It is never part of an HTTP answer."""

from enum import StrEnum, auto

from pydantic import Field

from earmark.db.models import Model, Sentiment, Urgency


class PlantedKind(StrEnum):
    """What kind of personal data, secret or harmless number stands in a message."""

    EMAIL = auto()
    PHONE = auto()
    ADDRESS = auto()
    PERSON = auto()
    """The customer's own name."""
    THIRD_PARTY = auto()
    """The name of somebody else."""
    COMPANY = auto()
    IBAN = auto()
    CARD = auto()
    IP = auto()
    TOKEN = auto()
    PASSWORD = auto()
    REFERENCE = auto()
    """An invoice or booking number: not personal, masking it would be a mistake."""


SECRET_KINDS = frozenset({PlantedKind.CARD, PlantedKind.TOKEN, PlantedKind.PASSWORD})
"""What must be dropped for good."""


class Planted(Model):
    """One such text in one message."""

    kind: PlantedKind
    text: str
    """Exactly as it stands in the message's plain text."""
    position: int
    """The message: 0 is the opening one, counting only messages with a body."""
    message_id: str
    """Intercom's identifier of the source or of the part."""
    quoted: bool = False
    """It stands in quoted mail history below the message proper."""


class InjectionKind(StrEnum):
    """How a text tries to give orders to its reader."""

    OVERRIDE = "override"
    FAKE_END_TAG = "fake_end_tag"
    FAKE_SYSTEM_TURN = "fake_system_turn"
    FAKE_ASSISTANT_TURN = "fake_assistant_turn"
    IMPERSONATES_AGENT = "impersonates_agent"
    AUTHORITY = "authority"
    PROMPT_LEAK = "prompt_leak"
    DATA_EXFILTRATION = "data_exfiltration"
    ZERO_WIDTH = "zero_width"
    TAG_CHARACTERS = "tag_characters"
    BIDI = "bidi"
    HIDDEN_HTML = "hidden_html"
    MARKDOWN_IMAGE = "markdown_image"
    ENCODED = "encoded"
    MASS_ACTION = "mass_action"
    JSON_BRACES = "json_braces"
    POISONED_EXAMPLE = "poisoned_example"
    INVENTED_QUOTE = "invented_quote"


class TrueIssue(Model):
    """One thing that the customer reports, wants or asks."""

    theme: str
    area: str | None
    """Null for what belongs to no part of the product."""
    category: str | None
    position: int
    """The customer's message that first says it; counted like `Planted.position`."""
    message_id: str
    phrase: str
    """The customer's words for it, verbatim in the plain text of that message."""


class Truth(Model):
    """All that is true of one conversation. Null where nobody knows."""

    conversation_id: str
    category: str | None
    """Of the whole thread, by its first issue."""
    category_at_open: str | None
    """Of the customer's first message alone; null where that says nothing to decide by."""
    issues: tuple[TrueIssue, ...]
    """In the order in which they come up."""
    language: str | None
    """ISO 639-1."""
    sentiment: Sentiment | None
    urgency: Urgency | None
    churn_risk: bool | None
    is_spam: bool | None
    injection: InjectionKind | None = None
    planted: tuple[Planted, ...] = ()
    deleted: bool = False
    redacted: bool = False
    labels: dict[str, str] = Field(default_factory=dict[str, str])
    """Labels of an imported dialogue, as they stood in its file."""
    split: str | None = None
