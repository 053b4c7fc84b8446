"""One conversation to be read, and what it is read with."""

from typing import Final

from earmark.db.conversation_storage import ReadableConversation
from earmark.db.masked_storage import MaskedMessage
from earmark.db.models import AuthorRole, Model, Taxonomy
from earmark.db.taxonomy_storage import TextModelInfo

READER_VERSION: Final = "r1"
"""Changes with any rule below it: everything is then read anew."""
LONGEST_TEXT: Final = 20_000
"""Characters of a message that rules and the local model read."""


class Subject(Model):
    """One conversation to be read."""

    conversation: ReadableConversation
    messages: tuple[MaskedMessage, ...]

    @property
    def id(self) -> str:
        """Of the conversation."""
        return self.conversation.id

    def customer_texts(self) -> list[str]:
        """What the customer wrote, a text per message."""
        return [
            message.text[:LONGEST_TEXT]
            for message in self.messages
            if message.author_role is AuthorRole.CUSTOMER and message.text.strip()
        ]

    def thread_text(self) -> str:
        """The subject line and what the customer wrote, for the local model."""
        texts = [self.conversation.subject or "", *self.customer_texts()]
        return "\n".join(text for text in texts if text)[:LONGEST_TEXT]


class Reader(Model):
    """What a page is read with."""

    taxonomy: Taxonomy
    info: TextModelInfo
    language_model: str | None = None
    """Mode, model and prompt, where a language model reads."""

    @property
    def key(self) -> str:
        """The part of every input key that follows the content hash."""
        own = f"t{self.taxonomy.version}.{self.info.version}.{READER_VERSION}"
        return f"{own}.{self.language_model}" if self.language_model else own

    def key_of(self, subject: Subject) -> str:
        """The input key of a reading of this conversation."""
        return f"{subject.conversation.content_hash}:{self.key}"
