"""A served workspace that changes: one dataset, and all that happened to it since."""

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field

from earmark.sources.simulator.answers import Refusal, refuse_parameter
from earmark.sources.simulator.changed_contacts import ContactEdit, ContactLog, ContactView
from earmark.sources.simulator.changed_conversations import (
    Bending,
    ConversationLog,
    ConversationView,
    Ending,
)
from earmark.sources.simulator.changes import (
    AddAdmin,
    AddParts,
    AddTag,
    AnyChange,
    Applied,
    Assign,
    Change,
    ConversationChange,
    CreateConversation,
    CustomerReply,
    DeleteContact,
    DeleteConversation,
    MergeContacts,
    MergeConversations,
    Rate,
    RedactPart,
    TeammateReply,
    UpdateContact,
)
from earmark.sources.simulator.dataset import Dataset, JsonObject
from earmark.sources.simulator.edits import AI_AGENT, OPERATOR, MergedAway, MergedIn, Written

_FIRST_NEW_ADMIN = 5_090_000
Listener = Callable[[Change, Applied], None]


@dataclass
class LiveWorkspace:
    """A dataset with its changes; `apply` is the only way to change it."""

    base: Dataset
    clock: Callable[[], float]
    listeners: list[Listener] = field(default_factory=list[Listener])
    """Told of each change after it was applied."""
    index_lag: float = 0
    """Seconds until search and lists see a change."""

    def __post_init__(self) -> None:
        self.conversations = ConversationLog(self.base.conversations)
        self.contacts = ContactLog(self.base.contacts)
        self.admins: list[JsonObject] = list(self.base.admins)
        self._applied_at: list[float] = []
        self._conversation_view: tuple[object, ConversationView] | None = None
        self._contact_view: tuple[int, ContactView] | None = None

    # ------------------------------------------------------------ what search sees

    @property
    def indexed(self) -> int:
        """How many changes search and lists have seen."""
        if not self.index_lag:
            return len(self._applied_at)
        return bisect.bisect_right(self._applied_at, self.clock() - self.index_lag)

    def view_conversations(self) -> ConversationView:
        """The conversations as search sees them now."""
        upto = self.indexed
        key = (upto, self.conversations.bending)
        if self._conversation_view is None or self._conversation_view[0] != key:
            self._conversation_view = key, ConversationView(self.conversations, upto)
        return self._conversation_view[1]

    def view_contacts(self) -> ContactView:
        """The contacts as search sees them now."""
        upto = self.indexed
        if self._contact_view is None or self._contact_view[0] != upto:
            self._contact_view = upto, ContactView(self.contacts, upto)
        return self._contact_view[1]

    @property
    def bending(self) -> Bending:
        """What is asked of all conversations alike."""
        return self.conversations.bending

    def bend(self, bending: Bending) -> None:
        """Asks something of all conversations alike."""
        self.conversations.bending = bending

    # ------------------------------------------------------------ changing

    def apply(self, change: Change) -> Applied:
        """Makes a change; raises `Refusal` where it cannot be, and then nothing has changed."""
        number = len(self._applied_at) + 1
        applied = self._apply(change, number)
        self._applied_at.append(self.clock())
        for listener in self.listeners:
            listener(change, applied)
        return applied

    def _apply(self, change: Change, number: int) -> Applied:
        if isinstance(change, CreateConversation):
            return self._create(change, number)
        if isinstance(change, DeleteConversation):
            return self._delete(change, number)
        if isinstance(change, MergeConversations):
            return self._merge(change, number)
        if isinstance(change, UpdateContact | MergeContacts | DeleteContact):
            return self._change_contact(change, number)
        if isinstance(change, AddAdmin):
            return self._add_admin(change, number)
        return self._edit(change, number)

    def _now(self, change: AnyChange, not_before: int) -> int:
        return change.at if change.at is not None else max(int(self.clock()), not_before)

    def _create(self, change: CreateConversation, number: int) -> Applied:
        log = self.conversations
        contact = self._choose_contact(change.contact_id, number)
        document = self.contacts.document(contact)
        author = self._name(document, document["role"])
        if change.admin_id is not None:
            author = self._find_admin(change.admin_id)
        reference = self._refer_to_contact(document)
        at = self._now(change, 0)
        log.created.append(Written(number, at, change, author, reference))
        identifier = log.id_of(log.number - 1)
        return Applied(number=number, kind=change.kind, at=at, conversation_id=identifier)

    def _choose_contact(self, identifier: str | None, number: int) -> int:
        if identifier is not None:
            return self.find_contact(identifier)
        total = self.base.contacts.number
        for step in range(total):
            index = (number * 7919 + step) % total
            if index not in self.contacts.endings:
                return index
        raise Refusal(422, "validation_error", "the workspace has no contact")

    def _edit(self, change: ConversationChange, number: int) -> Applied:
        index = self.find_conversation(change.conversation_id)
        document = self.conversations.document(index)
        written = self._write(change, number, document)
        self.conversations.add(index, written)
        parts = self.conversations.document(index)["conversation_parts"]["conversation_parts"]
        first, last = written.part_id(), parts[-1]["id"] if parts else ""
        part_id = last if len(last) == len(first) and last >= first else None
        if isinstance(change, RedactPart):
            part_id = change.part_id
        return Applied(
            number=number,
            kind=getattr(change, "kind", ""),
            at=written.at,
            conversation_id=change.conversation_id,
            part_id=part_id,
        )

    def _write(self, change: ConversationChange, number: int, document: JsonObject) -> Written:
        """A change with all that it refers to, checked."""
        if isinstance(change, RedactPart):
            parts = document["conversation_parts"]["conversation_parts"]
            if change.part_id not in [part["id"] for part in parts]:
                raise Refusal(404, "conversation_part_or_message_not_found", "no such part")
        if isinstance(change, Assign) and change.admin_id is not None:
            self._find_admin(change.admin_id)
        at = self._now(change, document["updated_at"])
        author = self._find_author(change, document)
        return Written(number, at, change, author, self._find_other(change, document))

    def _find_author(self, change: ConversationChange, document: JsonObject) -> JsonObject:
        if isinstance(change, CustomerReply | Rate | AddParts):
            identifier = document["contacts"]["contacts"][0]["id"]
            contact = self.contacts.document(self._index_of_contact(identifier))
            return self._name(contact, contact["role"])
        if isinstance(change, TeammateReply) and change.by_ai_agent:
            return AI_AGENT
        return self._find_teammate(document, getattr(change, "admin_id", None))

    def _find_other(self, change: ConversationChange, document: JsonObject) -> JsonObject | None:
        if isinstance(change, AddTag):
            for tag in self.base.tags:
                if tag["id"] == change.tag_id:
                    return tag
            raise Refusal(404, "tag_not_found", "no such tag", "tag_id")
        return self._find_teammate(document, None) if isinstance(change, AddParts) else None

    def _find_teammate(self, document: JsonObject, admin_id: str | None) -> JsonObject:
        """The one who is named, or the assignee, or the first."""
        assignee = document["admin_assignee_id"]
        return self._find_admin(admin_id or str(assignee or self.admins[0]["id"]))

    def _find_admin(self, admin_id: str) -> JsonObject:
        for admin in self.admins:
            if admin["id"] == admin_id:
                return self._name(admin, "admin")
        raise refuse_parameter("no such admin", "admin_id")

    def _delete(self, change: DeleteConversation, number: int) -> Applied:
        index = self.find_conversation(change.conversation_id)
        at = self._now(change, self.conversations.updated_at(index))
        self.conversations.endings[index] = Ending(number, at)
        return Applied(
            number=number, kind=change.kind, at=at, conversation_id=change.conversation_id
        )

    def _merge(self, change: MergeConversations, number: int) -> Applied:
        log = self.conversations
        secondary = self.find_conversation(change.conversation_id)
        primary = self.find_conversation(change.into)
        if secondary == primary or log.merged_into(secondary) or log.merged_into(primary):
            raise refuse_parameter("these conversations cannot be merged", "into")
        latest = max(log.updated_at(secondary), log.updated_at(primary))
        at = self._now(change, latest)
        away = Written(number, at, MergedAway(into=change.into), OPERATOR)
        log.add(secondary, away)
        log.add(primary, Written(number, at, MergedIn(other=change.conversation_id), OPERATOR))
        return Applied(
            number=number,
            kind=change.kind,
            at=at,
            conversation_id=change.conversation_id,
            part_id=away.part_id(),
        )

    def _change_contact(
        self, change: UpdateContact | MergeContacts | DeleteContact, number: int
    ) -> Applied:
        log = self.contacts
        index = self.find_contact(change.contact_id)
        at = self._now(change, log.updated_at(index))
        if isinstance(change, UpdateContact):
            log.edits.setdefault(index, []).append(ContactEdit(number, at, change))
        elif isinstance(change, DeleteContact):
            log.endings[index] = number
        else:
            into = self.find_contact(change.into)
            if into == index:
                raise refuse_parameter("a contact cannot be merged with itself", "into")
            log.endings[index], log.merges[index] = number, into
            survivor = self._refer_to_contact(log.document(into))
            self.conversations.contacts[change.contact_id] = number, survivor
            touched = UpdateContact(contact_id=change.into)
            log.edits.setdefault(into, []).append(ContactEdit(number, at, touched))
        return Applied(number=number, kind=change.kind, at=at, contact_id=change.contact_id)

    def _add_admin(self, change: AddAdmin, number: int) -> Applied:
        identifier = str(_FIRST_NEW_ADMIN + number)
        admin: JsonObject = {
            **self.admins[0],
            "id": identifier,
            "name": change.name,
            "email": change.email,
            "team_ids": [],
        }
        self.admins.append(admin)
        at = self._now(change, 0)
        return Applied(number=number, kind=change.kind, at=at, admin_id=identifier)

    # ------------------------------------------------------------ looking up

    def find_conversation(self, identifier: str) -> int:
        """The index of a conversation that is not deleted; raises `Refusal` (404)."""
        index = self.conversations.index_of(identifier)
        if index is None or index in self.conversations.endings:
            raise Refusal(404, "not_found", "Resource Not Found")
        return index

    def find_contact(self, identifier: str) -> int:
        """The index of a contact who is not gone; raises `Refusal` (404, 410 for merged ones)."""
        index = self._index_of_contact(identifier)
        survivor = self.contacts.survivor(index)
        if survivor is not None:
            raise refuse_merged(self.base.contacts.id_of(survivor))
        if index in self.contacts.endings:
            raise Refusal(404, "not_found", "Resource Not Found")
        return index

    def _index_of_contact(self, identifier: str) -> int:
        index = self.base.contacts.index_of(identifier)
        if index is None:
            raise Refusal(404, "not_found", "Resource Not Found")
        return index

    @staticmethod
    def _refer_to_contact(document: JsonObject) -> JsonObject:
        external = document["external_id"]
        return {"type": "contact", "id": document["id"], "external_id": external}

    @staticmethod
    def _name(document: JsonObject, author_type: str) -> JsonObject:
        return {"type": author_type, **{key: document[key] for key in ("id", "name", "email")}}


def refuse_merged(survivor: str) -> Refusal:
    """410: the contact is part of another one now, whom the Link header names."""
    return Refusal(
        410,
        "contact_merged",
        "This contact has been merged. See the 'Link' header for the canonical contact.",
        headers={"Link": f'</contacts/{survivor}>; rel="canonical"'},
    )
