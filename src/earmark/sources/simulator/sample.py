"""The sample workspace: an invented company's support inbox, written from a seed."""

import numpy as np
from numpy.typing import NDArray

from earmark.sources.simulator.dataset import (
    Collection,
    Conversations,
    Instant,
    JsonObject,
    WorkspaceProfile,
)
from earmark.sources.simulator.directory import CompanyCollection, ContactCollection
from earmark.sources.simulator.documents import Composer, Identity
from earmark.sources.simulator.grammar import Grammar
from earmark.sources.simulator.grammar_files import load_grammar
from earmark.sources.simulator.hashing import Draw, derive_key
from earmark.sources.simulator.numbering import DecimalNumbering
from earmark.sources.simulator.plan import Plan
from earmark.sources.simulator.population import Population
from earmark.sources.simulator.rhythm import DAY
from earmark.sources.simulator.script import Script
from earmark.sources.simulator.spec import NONE, Channel, SampleSpec, State
from earmark.sources.simulator.thread import write_script
from earmark.sources.simulator.truth import Truth
from earmark.sources.simulator.truths import tell_truth
from earmark.sources.simulator.workspace import Workspace


class SampleConversations:
    """The conversations, written when they are asked for."""

    def __init__(self, plan: Plan, population: Population, workspace: Workspace) -> None:
        self._plan = plan
        self._population = population
        self._workspace = workspace
        self._companies = CompanyCollection(population, plan)
        self._numbering = DecimalNumbering(plan.key("conversation id"), plan.spec.number)
        self._deleted = plan.deleted()
        self._text_key = plan.key("text")
        self._chance_key = plan.key("chance")

    @property
    def number(self) -> int:
        """All conversations, also the deleted ones."""
        return self._plan.spec.number

    def id_of(self, index: int) -> str:
        """Intercom's identifier: rises with the index."""
        return self._numbering.encode(index)

    def index_of(self, identifier: str) -> int | None:
        """The inverse of `id_of`."""
        return self._numbering.decode(identifier)

    def instants(self, field: Instant) -> NDArray[np.int64]:
        """Unix seconds by index; not a copy."""
        return self._plan.created_at if field == "created_at" else self._plan.updated_at

    def equals(self, field: str, value: str | int | bool | None) -> NDArray[np.bool_] | None:
        """Columns are kept for state, open, source.type, contact_ids and tag_ids."""
        plan = self._plan
        if field == "state":
            return self._match(plan.column("state"), {"open": 0, "closed": 1, "snoozed": 2}, value)
        if field == "open":
            return (plan.column("state") != State.CLOSED) == value
        if field == "source.type":
            mail = plan.column("channel") == Channel.EMAIL
            return mail if value == "email" else ~mail & (value == "conversation")
        if field == "contact_ids":
            contact = self._population.contact_ids.decode(str(value))
            return plan.contact == (-1 if contact is None else contact)
        if field == "tag_ids":
            return self._match_tag(str(value))
        return None

    def deletions(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Indexes of deleted conversations, and when they were deleted."""
        return self._deleted, self._plan.deletion_times(self._deleted)

    def document(self, index: int) -> JsonObject:
        """The conversation with all its parts."""
        script = self._write(index)
        person = script.person
        identity = Identity(
            conversation_id=self.id_of(index),
            contact_id=self._population.contact_ids.encode(person.number),
            company=self._companies.describe(person.firm) if person.firm else None,
            chance=self._chance_key,
        )
        return Composer(self._workspace, script, identity).write()

    def truth(self, index: int) -> Truth:
        """What is true of it."""
        place = int(np.searchsorted(self._deleted, index))
        return tell_truth(
            self._write(index),
            self._plan.grammar.themes,
            self.id_of(index),
            is_deleted=place < len(self._deleted) and int(self._deleted[place]) == index,
        )

    def _write(self, index: int) -> Script:
        row = self._plan.row(index)
        person = self._population.person(row.contact)
        draw = Draw(derive_key(self._text_key, index))
        return write_script(self._plan.grammar, row, person, draw)

    def _match(
        self, column: NDArray[np.uint8], codes: dict[str, int], value: str | int | bool | None
    ) -> NDArray[np.bool_]:
        code = codes.get(str(value), NONE)
        return column == code

    def _match_tag(self, identifier: str) -> NDArray[np.bool_]:
        tag = self._workspace.find_tag(identifier)
        areas = len(self._workspace.setting.areas)
        if tag is None:
            return np.zeros(self.number, dtype=np.bool_)
        if tag < areas:
            return self._plan.column("area_tag") == tag
        return self._plan.column("extra_tag") == tag - areas


class SampleDataset:
    """A whole sample workspace, a pure function of its specification."""

    def __init__(self, spec: SampleSpec, grammar: Grammar | None = None) -> None:
        self.spec = spec
        self.grammar = grammar or load_grammar()
        self.plan = Plan(spec, self.grammar)
        """The columns that all else follows from."""
        self._workspace = Workspace(self.grammar, spec.start_second - 1500 * DAY)
        self._population = Population(self.plan)
        self._conversations = SampleConversations(self.plan, self._population, self._workspace)

    @property
    def profile(self) -> WorkspaceProfile:
        """The workspace itself."""
        return self._workspace.profile

    @property
    def conversations(self) -> Conversations:
        """Oldest first."""
        return self._conversations

    @property
    def contacts(self) -> Collection:
        """Users and leads."""
        return ContactCollection(self._population, self.plan)

    @property
    def companies(self) -> Collection:
        """The companies of the users."""
        return CompanyCollection(self._population, self.plan)

    @property
    def admins(self) -> tuple[JsonObject, ...]:
        """Teammates."""
        return self._workspace.admins

    @property
    def teams(self) -> tuple[JsonObject, ...]:
        """Teams."""
        return self._workspace.teams

    @property
    def tags(self) -> tuple[JsonObject, ...]:
        """Tags."""
        return self._workspace.tags

    def truth(self, index: int) -> Truth:
        """What is true of a conversation and never served."""
        return self._conversations.truth(index)
