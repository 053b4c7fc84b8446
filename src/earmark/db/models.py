"""The one vocabulary: what every layer of Earmark talks in.

Field names are those of the columns in `schema.sql`. Times are timezone-aware UTC. Identifiers that
come from Intercom are text, those that Earmark gives are integers. A list page or a summary that
one screen needs is defined in the router that serves it, not here.
"""

from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Model(BaseModel):
    """Base of the vocabulary: immutable, and unknown fields are an error."""

    # A failed validation must not carry what a customer wrote into a log.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def trusted(cls, fields: dict[str, Any]) -> Self:
        """One of all its fields, for which the caller vouches: nothing is checked.

        Only for what is made by the hundred out of values whose types are certain. It takes a
        third of the time that checking takes; `model_construct` takes longer than checking.
        """
        made = cls.__new__(cls)
        object.__setattr__(made, "__dict__", fields)
        object.__setattr__(made, "__pydantic_fields_set__", _names_of(cls))
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made


@cache
def _names_of(model: type[Model]) -> set[str]:
    return set(model.model_fields)


# ---------------------------------------------------------------- what a source gives


class AuthorRole(StrEnum):
    """Who speaks. A bot is anything automatic, an AI agent included."""

    CUSTOMER = "customer"
    TEAMMATE = "teammate"
    BOT = "bot"


class Attachment(Model):
    """A file that came with a message; the file itself is never fetched."""

    name: str = ""
    content_type: str = ""
    size_bytes: int | None = None


class Message(Model):
    """One message of a conversation (Intercom: the source, or a part with a body)."""

    id: str
    conversation_id: str
    position: int
    """0 is the opening message; the order in which people read."""
    author_role: AuthorRole
    author_id: str | None = None
    author_name: str | None = None
    from_ai_agent: bool = False
    part_type: str
    """Intercom's own word; an open set. The opening message is `source`."""
    is_note: bool = False
    """Internal: the customer never saw it."""
    created_at: datetime
    body: str
    """Plain text; what evidence offsets (in Unicode code points) point into."""
    redacted: bool = False
    attachments: tuple[Attachment, ...] = ()


class Contact(Model):
    """A customer: an Intercom user or lead."""

    id: str
    external_id: str | None = None
    role: str = "user"
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    company_id: str | None = None
    custom_attributes: dict[str, JsonValue] = Field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Company(Model):
    """A customer's company, with what it pays."""

    id: str
    external_id: str | None = None
    name: str | None = None
    plan: str | None = None
    monthly_spend: float | None = None
    """In the currency that the workspace keeps in Intercom."""
    user_count: int | None = None
    industry: str | None = None
    custom_attributes: dict[str, JsonValue] = Field(default_factory=dict)
    updated_at: datetime | None = None


class Admin(Model):
    """A teammate."""

    id: str
    name: str | None = None
    email: str | None = None


class Conversation(Model):
    """A conversation without its messages."""

    id: str
    created_at: datetime
    updated_at: datetime
    title: str | None = None
    subject: str | None = None
    state: str = "open"
    channel: str | None = None
    delivered_as: str | None = None
    source_url: str | None = None
    priority: str | None = None
    contact_id: str | None = None
    company_id: str | None = None
    admin_assignee_id: str | None = None
    team_assignee_id: str | None = None
    tags: tuple[str, ...] = ()
    rating: int | None = None
    rating_remark: str | None = None
    ai_agent_participated: bool = False
    custom_attributes: dict[str, JsonValue] = Field(default_factory=dict)
    parts_expected: int | None = None
    """Parts that the source counts, with and without a body."""
    parts_received: int = 0
    truncated: bool = False
    """The source has older parts that its API does not give."""
    redacted: bool = False
    partial: bool = False
    """Only the opening message is there yet, from a listing."""


class Thread(Model):
    """A conversation with all its messages, oldest first."""

    conversation: Conversation
    messages: tuple[Message, ...]
    contact: Contact | None = None
    """What the conversation itself tells of its contact."""
    repairs: tuple[str, ...] = ()
    """What had to be mended to store it, such as `nul-removed`."""


class Workspace(Model):
    """One Intercom workspace, or a sample that stands in for one."""

    id: int
    code: str
    """The source's own identifier of the workspace."""
    name: str
    kind: Literal["intercom", "sample", "file"]
    region: str | None = None
    timezone: str = "UTC"
    created_at: datetime


# ---------------------------------------------------------------- completeness


class LedgerStatus(StrEnum):
    """What became of a conversation that the source listed."""

    PENDING = "pending"
    STORED = "stored"
    SKIPPED = "skipped"
    FAILED = "failed"


class LedgerEntry(Model):
    """One conversation that the source says exists, and what became of it."""

    conversation_id: str
    status: LedgerStatus
    reason: str | None = None
    source_created_at: datetime
    source_updated_at: datetime
    parts_expected: int | None = None
    parts_received: int | None = None
    attempts: int = 0


class Checkpoint(Model):
    """How far one way of looking at the source has come."""

    position: datetime | None = None
    """Everything before this moment has been looked at."""
    expected: int | None = None
    """Conversations that the source counted when it began."""
    until: datetime | None = None
    """It covers what happened before this moment."""
    finished: bool = False


# ---------------------------------------------------------------- taxonomy and labels


class Category(Model):
    """One class of the taxonomy; the id is stable, the name may change."""

    id: str
    name: str
    definition: str
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


class ProductArea(Model):
    """A part of the product as the workspace names it."""

    id: str
    name: str
    patterns: tuple[str, ...] = ()
    """Tags and URL path prefixes that mean this area."""
    definition: str = ""
    parent_id: str | None = None
    """The area that it is a part of."""


class Taxonomy(Model):
    """One version of categories and product areas."""

    version: int
    categories: tuple[Category, ...]
    areas: tuple[ProductArea, ...] = ()


CANNOT_TELL = "cannot_tell"
"""The category of a conversation that the classifier is not sure enough about."""


THEMELESS_CATEGORIES = ("spam",)
"""Categories whose conversations form no themes and are left out of every share."""


class Decider(StrEnum):
    """Who decided a label. People outrank models, models outrank rules."""

    RULE = "rule"
    LOCAL_MODEL = "local_model"
    LLM = "llm"
    HUMAN = "human"


class ClassificationStage(StrEnum):
    """`open` sees the customer's first message only; `final` sees the thread."""

    OPEN = "open"
    FINAL = "final"


class Stated(StrEnum):
    """How sure a language model says it is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Classification(Model):
    """One label of one conversation at one stage."""

    conversation_id: str
    stage: ClassificationStage
    category_id: str
    confidence: float = Field(ge=0, le=1)
    """Calibrated probability that the best category is right, also where it was too low to say."""
    runner_up_id: str | None = None
    runner_up_confidence: float | None = None
    decider: Decider
    model_version: str
    taxonomy_version: int
    input_key: str
    """Hash of all that the label depends on; the same key gives the same label."""
    prompt_hash: str | None = None
    local_category_id: str | None = None
    """What the local model thought, where a language model decided."""
    local_confidence: float | None = None
    is_audit: bool = False
    """The local model was sure; a language model was asked all the same, by chance."""
    stated: Stated | None = None
    """How sure the language model said it was."""


class Sentiment(StrEnum):
    """Of the customer's words in the whole thread."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    CANNOT_TELL = "cannot_tell"


class Urgency(StrEnum):
    """How pressing the customer says it is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CANNOT_TELL = "cannot_tell"


class Resolution(StrEnum):
    """How the conversation ended for the customer."""

    ANSWERED = "answered"
    WORKAROUND = "workaround"
    PROMISED = "promised"
    NONE = "none"
    CANNOT_TELL = "cannot_tell"


class Facets(Model):
    """What else is known of one conversation."""

    conversation_id: str
    language: str | None = None
    """ISO 639-1, or null where the text is too short to tell."""
    sentiment: Sentiment
    urgency: Urgency
    churn_risk: bool
    product_area_id: str | None = None
    resolution_message_id: str | None = None
    """The teammate's message that reads like the answer."""
    instructs_reader: bool = False
    """The text tries to instruct whoever reads it."""
    decider: Decider
    input_key: str
    summary: str | None = None
    """Masked, like the statements of issues; null where no language model was asked."""
    resolution: Resolution | None = None
    self_service_gap: bool | None = None
    """A good help page would have spared the customer the question."""
    change_reason: str | None = None


class Direction(StrEnum):
    """What kind of trouble an issue describes."""

    BROKEN = "broken"
    MISSING = "missing"
    SLOW = "slow"
    CONFUSING = "confusing"
    DUPLICATE = "duplicate"
    REQUEST = "request"
    QUESTION = "question"
    CANNOT_TELL = "cannot_tell"


class EvidenceKind(StrEnum):
    """What a quote is proof of."""

    ISSUE = "issue"
    CHURN = "churn"
    RESOLUTION = "resolution"


class Evidence(Model):
    """A verified quote: a range of one stored message, never a copy of its text."""

    message_id: str
    kind: EvidenceKind
    start: int = Field(ge=0)
    """First code point of the quote in the message's body."""
    end: int = Field(gt=0)
    """One past its last code point."""


class Issue(Model):
    """One thing that the customer reports, wants or asks."""

    conversation_id: str
    position: int
    statement: str
    """Masked: it feeds models and theme names."""
    direction: Direction
    product_area_id: str | None = None
    verified: bool
    """At least one quote was located; only verified issues reach a story."""
    evidence: tuple[Evidence, ...] = ()
    component: str | None = None
    symptoms: tuple[str, ...] = ()
    root_cause_stated: str | None = None
    root_cause_guessed: str | None = None
    """A model supposes so; nobody said it, as they did what is stated."""
    known_theme_id: int | None = None
    """The theme that a model recognised, out of those it was offered."""


class Analysis(Model):
    """All that one reading of a conversation came to."""

    conversation_id: str
    content_hash: str
    """Of the text that was read: if the conversation has changed since, the reading is void."""
    input_key: str
    model_id: int
    classifications: tuple[Classification, ...]
    facets: Facets
    issues: tuple[Issue, ...]
    evidence: tuple[Evidence, ...] = ()
    """Of the conversation as a whole: churn and resolution."""
    quotes_dropped: int = 0
    characters_left_out: int = 0
    """Of a conversation too long for a model: what it was not shown."""
    messages_left_out: int = 0


# ---------------------------------------------------------------- themes and stories


class Theme(Model):
    """One specific problem or wish; the id is for ever, the rest is its current version."""

    id: int
    version: int
    name: str
    keywords: tuple[str, ...] = ()
    category_id: str | None = None
    product_area_id: str | None = None
    cohesion: float
    """Mean cosine similarity of members to their centroid, 0 to 1."""
    merged_into: int | None = None
    created_at: datetime
    updated_at: datetime


class AcceptanceCriterion(Model):
    """Given / When / Then; without evidence it is an assumption and says so."""

    given: str
    when: str
    then: str
    assumption: bool


class Interval(Model):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


class ScorePart(Model):
    """One factor of a story's score, with the reason for its value."""

    name: str
    value: float
    low: float
    high: float
    explanation: str


class Story(Model):
    """A backlog candidate drafted from one theme."""

    id: int
    theme_id: int
    theme_version: int
    title: str = Field(max_length=80)
    problem: str
    who: str
    acceptance_criteria: tuple[AcceptanceCriterion, ...]
    out_of_scope: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()
    workaround: str | None = None
    """What teammates answered, in their words; never the customer's."""
    reach: Interval
    """Distinct customers per quarter."""
    score: Interval
    score_parts: tuple[ScorePart, ...]
    decider: Decider
    created_at: datetime
    updated_at: datetime


# ---------------------------------------------------------------- runs


class RunStatus(StrEnum):
    """A run's life: queued, running, and one of three ends."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """The stages of a run, in their order."""

    SYNC = "sync"
    FIRST_LOOK = "first_look"
    FETCH = "fetch"
    MASK = "mask"
    LEARN = "learn"
    CLASSIFY = "classify"
    THEMES = "themes"
    STORIES = "stories"


AFTER_FETCHING: Final = tuple(
    stage for stage in Stage if stage not in (Stage.SYNC, Stage.FIRST_LOOK, Stage.FETCH)
)
"""What is done with conversations that are there already, such as those of files."""


class Run(Model):
    """One pass over a workspace."""

    id: int
    workspace_id: int
    status: RunStatus
    stage: Stage | None = None
    error: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested: bool = False


class StageProgress(Model):
    """How far one stage of a run has come."""

    stage: Stage
    status: Literal["waiting", "running", "done", "failed", "cancelled"]
    done: int = 0
    total: int | None = None
    failed: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None


class RunEvent(Model):
    """Something that happened in a run; the id orders events and resumes a stream."""

    id: int
    run_id: int
    at: datetime
    stage: Stage | None = None
    kind: Literal["status", "progress", "note", "error"]
    done: int | None = None
    total: int | None = None
    message: str = ""
