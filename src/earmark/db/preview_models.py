"""What a preview of a taxonomy's draft says: counts and ids, never what a customer wrote."""

from datetime import datetime

from earmark.db.models import Model


class Move(Model):
    """Conversations that are of `before` now and would be of `after`."""

    before: str
    after: str
    conversations: int
    """Of the sample."""
    is_meant: bool
    """The draft itself says that this category becomes that one."""
    examples: tuple[str, ...]
    """Ids of conversations."""


class WeekEffect(Model):
    """A category in one week: estimated from the sample for all of the week's conversations."""

    week: datetime
    category_id: str
    before: float
    after: float


class WeekRead(Model):
    """How much of a week the estimates come from."""

    week: datetime
    conversations: int
    read: int


class LabelEffect(Model):
    """What becomes of labels that people gave."""

    category_id: str
    labels: int
    becomes: str | None
    """Null: they are put aside, and come back with a revert."""


class Certainty(Model):
    """How sure the local model is, on the sample."""

    cannot_tell: float
    """Share of the sample."""
    confidence: float
    """Mean probability of the best category."""


class ReplayCost(Model):
    """What the replay takes."""

    conversations: int
    seconds: float | None
    """By the pace of the last run's stages; null if there was none."""
    model: str | None = None
    """The language model that would be asked; null in offline mode."""
    input_tokens: int | None = None
    usd: float | None = None
    """Null where nothing is asked, or the price is not known."""


class Preview(Model):
    """What is known of a draft before it is applied."""

    since: datetime | None
    until: datetime | None
    conversations: int
    """In those weeks."""
    read: int
    """Of them, by both models."""
    moves: tuple[Move, ...]
    """Also what stays, with the same category before and after."""
    weeks: tuple[WeekRead, ...]
    effects: tuple[WeekEffect, ...]
    before: Certainty
    after: Certainty
    labels: tuple[LabelEffect, ...]
    cost: ReplayCost
    fit_seconds: float
