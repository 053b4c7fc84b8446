"""Conversations that change: what happened to them, laid over a dataset that never does.

Kept is only what happened; a changed conversation is made anew from the dataset and its edits. A
view is the state after a certain number of changes, which is how an index that lags behind is one
parameter of a search.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from earmark.sources.simulator.dataset import Conversations, Instant, JsonObject
from earmark.sources.simulator.edits import (
    MergedAway,
    Written,
    open_conversation,
    recount,
    write_edit,
)
from earmark.sources.simulator.fields import read_values
from earmark.sources.simulator.padding import pad_thread

_ID_STEP = 37


@dataclass(frozen=True, slots=True)
class Ending:
    """When a conversation was deleted, and by which change (0: it was so from the start)."""

    number: int
    at: int


@dataclass(frozen=True, slots=True)
class Bending:
    """What is asked of all conversations alike, for tests of a reader."""

    tie_seconds: int = 1
    """Times of conversations that never changed are rounded down to multiples of this."""
    long_threads: float = 0.0
    """The share of conversations that have more than 500 parts."""


@dataclass
class ConversationLog:
    """All that happened to the conversations of one dataset."""

    base: Conversations
    edits: dict[int, list[Written]] = field(default_factory=dict[int, list[Written]])
    created: list[Written] = field(default_factory=list[Written])
    endings: dict[int, Ending] = field(default_factory=dict[int, Ending])
    contacts: dict[str, tuple[int, JsonObject]] = field(
        default_factory=dict[str, tuple[int, JsonObject]]
    )
    """Contacts that were merged: the change, and the reference to the one who is left."""
    bending: Bending = field(default_factory=Bending)

    def __post_init__(self) -> None:
        indexes, times = self.base.deletions()
        pairs = zip(indexes.tolist(), times.tolist(), strict=True)
        self.endings.update({index: Ending(0, at) for index, at in pairs})
        last = self.base.id_of(self.base.number - 1) if self.base.number else "0"
        self._last_id = int(last)

    @property
    def number(self) -> int:
        """All conversations that ever were."""
        return self.base.number + len(self.created)

    def id_of(self, index: int) -> str:
        """Identifiers of new conversations are above those of the dataset, and rise."""
        if index < self.base.number:
            return self.base.id_of(index)
        return str(self._last_id + (index - self.base.number + 1) * _ID_STEP)

    def index_of(self, identifier: str) -> int | None:
        """The inverse of `id_of`."""
        index = self.base.index_of(identifier)
        if index is not None or not self.created:
            return index
        if not identifier.isascii() or not identifier.isdigit() or len(identifier) > 18:
            return None
        place, rest = divmod(int(identifier) - self._last_id, _ID_STEP)
        return (
            self.base.number + place - 1 if not rest and 1 <= place <= len(self.created) else None
        )

    def add(self, index: int, written: Written) -> None:
        """One more edit."""
        self.edits.setdefault(index, []).append(written)

    def document(self, index: int, upto: int | None = None) -> JsonObject:
        """A conversation with all its parts; after a certain change, or as it is now."""
        edits = self.edits.get(index, ())
        if upto is not None:
            edits = [written for written in edits if written.number <= upto]
        document = self._begin(index, is_changed=bool(edits))
        for written in edits:
            write_edit(document, written)
        if edits or index >= self.base.number:
            recount(document)
        if self.bending.long_threads:
            pad_thread(document, index, self.bending.long_threads)
        if self.contacts:
            self._follow_contacts(document, upto)
        return document

    def _begin(self, index: int, *, is_changed: bool) -> JsonObject:
        if index >= self.base.number:
            written = self.created[index - self.base.number]
            return open_conversation(self.id_of(index), index, written)
        document = self.base.document(index)
        step = self.bending.tie_seconds
        if step > 1:
            document["created_at"] -= document["created_at"] % step
            if not is_changed:
                document["updated_at"] -= document["updated_at"] % step
        return document

    def _follow_contacts(self, document: JsonObject, upto: int | None) -> None:
        """A merged contact's conversations belong to the one who is left."""
        references = document["contacts"]["contacts"]
        document["contacts"] = {
            "type": "contact.list",
            "contacts": [self._find_survivor(reference, upto) for reference in references],
        }

    def _find_survivor(self, reference: JsonObject, upto: int | None) -> JsonObject:
        while reference["id"] in self.contacts:
            number, following = self.contacts[reference["id"]]
            if upto is not None and number > upto:
                break
            reference = following
        return reference

    def list_merged(self, contact_id: str, upto: int) -> list[str]:
        """Identifiers under which the dataset may know a contact; none for one who is merged."""
        known = [contact_id, *self.contacts]
        return [
            identifier
            for identifier in dict.fromkeys(known)
            if self._find_survivor({"id": identifier}, upto)["id"] == contact_id
        ]

    def updated_at(self, index: int) -> int:
        """When it changed last."""
        edits = self.edits.get(index)
        if index >= self.base.number:
            first = self.created[index - self.base.number].at
        else:
            first = int(self.base.instants("updated_at")[index])
            if not edits:
                first -= first % self.bending.tie_seconds
        return max([first, *(written.at for written in edits)]) if edits else first

    def merged_into(self, index: int) -> str | None:
        """Where a merged conversation lives on."""
        for written in self.edits.get(index, ()):
            if isinstance(written.change, MergedAway):
                return written.change.into
        return None


class ConversationView:
    """The conversations after a certain number of changes, as search sees them."""

    def __init__(self, log: ConversationLog, upto: int) -> None:
        self._log = log
        self._upto = upto
        created = sum(written.number <= upto for written in log.created)
        self._base_number = log.base.number
        self._number = self._base_number + created
        self._changed = sorted(
            index
            for index, edits in log.edits.items()
            if index < self._number and edits[0].number <= upto
        )
        self._looked_at = sorted({*self._changed, *range(self._base_number, self._number)})
        self._instants: dict[Instant, NDArray[np.int64]] = {}
        self.alive = self._find_alive()

    @property
    def number(self) -> int:
        """All conversations, also the deleted ones."""
        return self._number

    def id_of(self, index: int) -> str:
        """Intercom's identifier."""
        return self._log.id_of(index)

    def index_of(self, identifier: str) -> int | None:
        """The inverse of `id_of`."""
        index = self._log.index_of(identifier)
        return index if index is not None and index < self._number else None

    def instants(self, field: Instant) -> NDArray[np.int64]:
        """Unix seconds by index."""
        if field not in self._instants:
            self._instants[field] = self._make_instants(field)
        return self._instants[field]

    def _make_instants(self, field: Instant) -> NDArray[np.int64]:
        base, step = self._log.base.instants(field), self._log.bending.tie_seconds
        if not self._looked_at and step == 1:
            return base
        times = np.empty(self._number, dtype=np.int64)
        times[: self._base_number] = base - base % step if step > 1 else base
        created = self._log.created[: self._number - self._base_number]
        times[self._base_number :] = [written.at for written in created]
        if field == "updated_at":
            for index in self._changed:
                first = int((base if index < self._base_number else times)[index])
                times[index] = max([first, *(written.at for written in self._edits(index))])
        return times

    def equals(self, field: str, value: str | int | bool | None) -> NDArray[np.bool_] | None:
        """What the dataset knows by column; changed conversations are looked at."""
        base = self._equals_in_base(field, value)
        if base is None:
            return None
        if not self._looked_at:
            return base
        mask = np.zeros(self._number, dtype=np.bool_)
        mask[: self._base_number] = base
        for index in self._looked_at:
            found = read_values(cast(Mapping[str, Any], self.document(index)), field)
            mask[index] = any(str(item) == str(value) for item in found)
        return mask

    def _equals_in_base(
        self, field: str, value: str | int | bool | None
    ) -> NDArray[np.bool_] | None:
        if field != "contact_ids" or not self._log.contacts:
            return self._log.base.equals(field, value)
        hit = np.zeros(self._base_number, dtype=np.bool_)
        for identifier in self._log.list_merged(str(value), self._upto):
            mask = self._log.base.equals(field, identifier)
            if mask is None:
                return None
            hit |= mask
        return hit

    def document(self, index: int) -> JsonObject:
        """A conversation with all its parts."""
        return self._log.document(index, self._upto)

    def _edits(self, index: int) -> list[Written]:
        edits = self._log.edits.get(index, [])
        return [written for written in edits if written.number <= self._upto]

    def _find_alive(self) -> NDArray[np.bool_]:
        alive = np.ones(self._number, dtype=np.bool_)
        endings = self._log.endings.items()
        alive[
            [
                index
                for index, ending in endings
                if ending.number <= self._upto and index < self._number
            ]
        ] = False
        return alive
