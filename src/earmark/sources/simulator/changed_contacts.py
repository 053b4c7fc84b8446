"""Contacts that change: updates, merges and deletions, laid over a dataset that never does."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from earmark.sources.simulator.changes import UpdateContact
from earmark.sources.simulator.dataset import Collection, Instant, JsonObject

_HOPS = 3
"""Merges that Intercom follows to find who is left."""


@dataclass(frozen=True, slots=True)
class ContactEdit:
    """One update as it was applied."""

    number: int
    at: int
    change: UpdateContact


@dataclass
class ContactLog:
    """All that happened to the contacts of one dataset."""

    base: Collection
    edits: dict[int, list[ContactEdit]] = field(default_factory=dict[int, list[ContactEdit]])
    endings: dict[int, int] = field(default_factory=dict[int, int])
    """Contacts that are gone, and the change that ended them."""
    merges: dict[int, int] = field(default_factory=dict[int, int])
    """Of those, the ones who were merged, and with whom."""

    def document(self, index: int, upto: int | None = None) -> JsonObject:
        """A contact; after a certain change, or as it is now."""
        document = self.base.document(index)
        for edit in self.edits.get(index, ()):
            if upto is None or edit.number <= upto:
                _write(document, edit)
        return document

    def survivor(self, index: int) -> int | None:
        """Who is left after merges; null for a contact who was not merged."""
        left = self.merges.get(index)
        for _ in range(_HOPS - 1):
            left = self.merges.get(left, left) if left is not None else None
        return left

    def updated_at(self, index: int) -> int:
        """When the contact changed last."""
        first: int = self.base.document(index)["updated_at"]
        return max([first, *(edit.at for edit in self.edits.get(index, ()))])


class ContactView:
    """The contacts after a certain number of changes, as search sees them."""

    def __init__(self, log: ContactLog, upto: int) -> None:
        self._log = log
        self._upto = upto
        self._changed = [
            index for index, edits in log.edits.items() if edits and edits[0].number <= upto
        ]
        self.alive = np.ones(self.number, dtype=np.bool_)
        self.alive[[index for index, number in log.endings.items() if number <= upto]] = False

    @property
    def number(self) -> int:
        """All contacts, also those who are gone."""
        return self._log.base.number

    def id_of(self, index: int) -> str:
        """Intercom's identifier."""
        return self._log.base.id_of(index)

    def index_of(self, identifier: str) -> int | None:
        """The inverse of `id_of`."""
        return self._log.base.index_of(identifier)

    def instants(self, field: Instant) -> NDArray[np.int64]:
        """Unix seconds by index."""
        times = self._log.base.instants(field)
        if field == "created_at" or not self._changed:
            return times
        times = times.copy()
        for index in self._changed:
            moments = [edit.at for edit in self._log.edits[index] if edit.number <= self._upto]
            times[index] = max([int(times[index]), *moments])
        return times

    def equals(self, field: str, value: str | int | bool | None) -> NDArray[np.bool_] | None:
        """Columns that updates cannot change."""
        return self._log.base.equals(field, value) if field == "role" else None

    def document(self, index: int) -> JsonObject:
        """A contact."""
        return self._log.document(index, self._upto)


def _write(document: JsonObject, edit: ContactEdit) -> None:
    change = edit.change
    if change.name is not None:
        document["name"] = change.name
    if change.phone is not None:
        document["phone"] = change.phone
    if change.email is not None:
        document["email"] = change.email
        document["email_domain"] = change.email.partition("@")[2]
    document["custom_attributes"] = {**document["custom_attributes"], **change.custom_attributes}
    document["updated_at"] = max(edit.at, document["updated_at"])
