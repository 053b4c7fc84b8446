"""A conversation before it becomes Intercom's JSON: who says what, in which order."""

from dataclasses import dataclass, field
from enum import Enum

from earmark.sources.simulator.grammar import Language, Theme
from earmark.sources.simulator.particulars import Value
from earmark.sources.simulator.population import Person
from earmark.sources.simulator.spec import Row
from earmark.sources.simulator.truth import InjectionKind


class By(Enum):
    """Who is behind a turn."""

    CUSTOMER = "customer"
    AGENT = "agent"
    OPERATOR = "operator"
    ASSISTANT = "assistant"


@dataclass(slots=True)
class Mention:
    """The customer's words for one issue, marks not yet replaced."""

    theme: int
    phrase: str


@dataclass(slots=True)
class Turn:
    """One message or one event."""

    by: By
    part_type: str
    text: str | None = None
    """Plain, paragraphs parted by an empty line; null for an event without a body."""
    wait: float = 1.0
    """Share of the conversation's duration that passes before it, relative to other turns."""
    mentions: list[Mention] = field(default_factory=list[Mention])
    signature: str = ""
    quotes: int | None = None
    """The turn whose text follows as quoted mail history; -1 for a newsletter."""
    hidden: str = ""
    """Text that is in the HTML and not on the screen."""
    attachment: str = ""
    """Name of a file that came with it."""
    tags: tuple[int, ...] = ()
    """Tags that were put on, as positions in the workspace's list."""
    redacted: bool = False


@dataclass(slots=True)
class Script:
    """All of one conversation, and what is true of it."""

    row: Row
    theme: Theme
    person: Person
    language: Language
    agent: int
    """Position of the teammate who answers, in the workspace's list."""
    turns: list[Turn]
    values: list[Value]
    subject: str = ""
    newsletter: str = ""
    mail_style: int = 0
    mood: float = 0.0
    """Below zero for anger, above for praise: what clauses of that kind add up to."""
    urgency: int = 0
    """-1 without hurry, 1 pressing."""
    churn: bool = False
    category: str = ""
    category_at_open: str | None = None
    injection: InjectionKind | None = None
    rating: int = 0
    remark: str = ""
    assistant_state: str = ""
    """What became of the AI agent's answer; empty where it took no part."""
