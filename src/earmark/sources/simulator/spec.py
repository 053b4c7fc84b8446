"""What a sample is made of, and how one conversation of it is planned."""

from enum import IntEnum
from typing import NamedTuple

from pydantic import AwareDatetime, Field

from earmark.db.models import Model
from earmark.sources.simulator.rhythm import DAY, find_midnight

NONE = 255
"""No theme, no tag, no injection in a column of bytes."""


class SampleSpec(Model):
    """What a sample is a function of."""

    seed: int = Field(default=7, ge=0, lt=2**63)
    number: int = Field(default=2000, ge=1, le=5_000_000)
    weeks: int = Field(default=26, ge=1, le=520)
    end: AwareDatetime = Field(default_factory=find_midnight)
    """Everything in the sample happened before this moment."""

    @property
    def end_second(self) -> int:
        """`end` in Unix seconds."""
        return int(self.end.timestamp())

    @property
    def start_second(self) -> int:
        """The beginning, in Unix seconds."""
        return self.end_second - self.weeks * 7 * DAY


class Shape(IntEnum):
    """How a conversation goes."""

    SILENT = 0
    """Nothing after the opening message."""
    DISMISSED = 1
    """Closed without a reply."""
    ACKNOWLEDGED = 2
    """Only the automatic answer came."""
    ASSISTED = 3
    """The AI agent answered, and that was it."""
    ANSWERED = 4
    """Teammates answered."""
    LONG = 5
    """More than 500 parts."""


class Channel(IntEnum):
    """Where it began."""

    CHAT = 0
    EMAIL = 1
    OUTBOUND = 2
    """A chat that a teammate began."""


class State(IntEnum):
    """Intercom's states of a conversation."""

    OPEN = 0
    CLOSED = 1
    SNOOZED = 2


class Redaction(IntEnum):
    """What was redacted."""

    NOTHING = 0
    PART = 1
    SOURCE = 2


class Row(NamedTuple):
    """The plan of one conversation."""

    number: int
    """Its index."""
    created_at: int
    updated_at: int
    theme: int
    second: int
    third: int
    contact: int
    channel: int
    shape: int
    state: int
    area_tag: int
    extra_tag: int
    injection: int
    redaction: int
