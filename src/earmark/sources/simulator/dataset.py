"""The port of the simulator: what the server needs of any set of conversations."""

from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from earmark.db.models import Model
from earmark.sources.simulator.truth import Truth

JsonObject: TypeAlias = dict[str, Any]
"""One object of Intercom's API, ready to be written as JSON."""

Instant = Literal["created_at", "updated_at"]


class WorkspaceProfile(Model):
    """What `GET /me` says of the workspace."""

    code: str
    name: str
    region: str
    timezone: str
    created_at: int


class Collection(Protocol):
    """Objects of one kind, known by index; texts are made only for those that are asked for."""

    @property
    def number(self) -> int:
        """How many there are; indexes are 0 to number - 1."""
        ...

    def id_of(self, index: int) -> str:
        """Intercom's identifier."""
        ...

    def index_of(self, identifier: str) -> int | None:
        """The inverse of `id_of`; null for an identifier that is not among these."""
        ...

    def instants(self, field: Instant) -> NDArray[np.int64]:
        """Unix seconds by index. Conversations are in the order of `created_at`."""
        ...

    def equals(self, field: str, value: str | int | bool | None) -> NDArray[np.bool_] | None:
        """Which objects hold exactly this value, found without making any of them.

        Null where no column is kept for the field: the caller then has to look at the objects.
        """
        ...

    def document(self, index: int) -> JsonObject:
        """The object with everything that its own endpoint gives."""
        ...


class Conversations(Collection, Protocol):
    """The conversations, all their parts included in `document`."""

    def deletions(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Indexes of deleted conversations in ascending order, and when they were deleted."""
        ...


class Dataset(Protocol):
    """Everything that one workspace holds.

    Memory is bounded: a small constant and at most about 50 bytes per conversation.
    """

    @property
    def profile(self) -> WorkspaceProfile:
        """The workspace itself."""
        ...

    @property
    def conversations(self) -> Conversations:
        """Oldest first."""
        ...

    @property
    def contacts(self) -> Collection:
        """Users and leads."""
        ...

    @property
    def companies(self) -> Collection:
        """The companies of the contacts."""
        ...

    @property
    def admins(self) -> tuple[JsonObject, ...]:
        """Teammates; the first is the one whom the token belongs to."""
        ...

    @property
    def teams(self) -> tuple[JsonObject, ...]:
        """Teams of teammates."""
        ...

    @property
    def tags(self) -> tuple[JsonObject, ...]:
        """All tags of the workspace."""
        ...

    def truth(self, index: int) -> Truth:
        """What is known of a conversation and never served."""
        ...
