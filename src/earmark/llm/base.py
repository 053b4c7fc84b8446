"""The ports that the pipeline sees of any model: those that classify, embed, group and read."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, Generic, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from earmark.db.models import Model, Taxonomy
from earmark.errors import ModelError

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimensions), each row of length 1, or all zero for a text without known words."""


class Prediction(Model):
    """Calibrated probabilities of one text, best first; they sum to 1 over all categories."""

    category_ids: tuple[str, ...]
    probabilities: tuple[float, ...]


class Lesson(Model):
    """A text whose category is known, beside the taxonomy's own examples."""

    text: str
    """Masked."""
    category_id: str
    origin: Literal["llm", "human"]
    """People outrank models: the learner weighs their lessons more."""
    at_random: bool = False
    """Drawn from all texts with the same chance: what confidence is best measured with."""


ENOUGH_LESSONS: Final = 40
"""From here on, texts without a label need not teach, and confidence is measured on lessons."""


class Encoded(Model):
    """What a ready-made encoder says of all that a model is fitted on."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    encoder_version: str
    texts: Vectors
    """Of the workspace's texts, in their order; no rows where these need not teach."""
    words: Vectors
    """Of each category's `words_of`, category after category."""
    lessons: Vectors
    """In the order of the lessons."""


class Encoder(Protocol):
    """A ready-made text encoder beside the workspace's own model; it may be another machine's."""

    @property
    def version(self) -> str:
        """Changes whenever any vector could change."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector; 0 for another machine's that has not answered yet."""
        ...

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """A unit vector per (masked) text, zeros where it has no words; raises `ModelError`s."""
        ...


OpenEncoder = Callable[[], Awaitable[Encoder | None]]
"""The present encoder, null for none; raises `ConfigurationError` if it cannot be had."""


def words_of(taxonomy: Taxonomy) -> list[tuple[str, ...]]:
    """What each category of a taxonomy says of itself, and its examples: what a model learns."""
    return [
        (category.name, category.definition, *category.includes, *category.examples)
        for category in taxonomy.categories
    ]


class TextModel(Protocol):
    """A fitted model. Its methods use the CPU: call them off the event loop.

    A model that was fitted beside an encoder needs that encoder's vectors of the same texts.
    """

    @property
    def version(self) -> str:
        """Changes whenever any answer could change."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""
        ...

    @property
    def encoder_version(self) -> str | None:
        """The encoder whose vectors `classify` and `embed` need; null for none."""
        ...

    @property
    def held_out(self) -> Sequence[Prediction]:
        """Of each lesson, what heads say that it did not teach; what confidence is judged by.

        Only after `fit`, and empty where there were too few lessons.
        """
        ...

    def classify(self, texts: Sequence[str], encoded: Vectors | None = None) -> list[Prediction]:
        """One prediction per text."""
        ...

    def embed(self, texts: Sequence[str], encoded: Vectors | None = None) -> Vectors:
        """One unit vector per text."""
        ...

    def dump(self) -> bytes:
        """The fitted model as bytes that hold data only, no code."""
        ...


class TextModels(Protocol):
    """Makes and reads fitted models."""

    @property
    def algorithm(self) -> str:
        """What every version of a model made here begins with; changes with the method."""
        ...

    def fit(
        self,
        texts: Sequence[str],
        taxonomy: Taxonomy,
        lessons: Sequence[Lesson] = (),
        encoded: Encoded | None = None,
    ) -> TextModel:
        """Learn from a workspace's own (masked) texts, the taxonomy's examples and the lessons."""
        ...

    def load(self, artefact: bytes) -> TextModel:
        """Read what `TextModel.dump` wrote; a damaged artefact raises `InvalidInput`."""
        ...


class Grouping(Model):
    """A partition of vectors, with what belongs to no group left out."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    labels: npt.NDArray[np.intp]
    """Shape (vectors,): the group of each, counted from 0; -1 for the remainder."""
    similarity: npt.NDArray[np.float32]
    """Shape (vectors,): cosine of each to its group's centroid; 0 in the remainder."""


class ThemeFinder(Protocol):
    """Finds groups among vectors. Its methods use the CPU: call them off the event loop."""

    def induce(self, vectors: Vectors, *, min_size: int) -> Grouping:
        """Groups of at least `min_size` that hold together; the rest stays in the remainder."""
        ...

    def assign(self, vectors: Vectors, centroids: Vectors) -> Grouping:
        """The known group that each vector clearly belongs to; `centroids` need not be of length 1.

        Labels are rows of `centroids`.
        """
        ...

    def rank(self, vectors: Vectors) -> list[int]:
        """The members of one group, most typical first and different from each other."""
        ...

    def distinctive_terms(self, groups: Sequence[Sequence[str]], *, most: int) -> list[list[str]]:
        """For each group of texts, the terms that set it apart from the others, strongest first."""
        ...


# ---------------------------------------------------------------- models that read


class Usage(Model):
    """What one call took, in tokens."""

    input_tokens: int = Field(ge=0)
    """The cached ones included."""
    cached_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(ge=0)
    requests: int = Field(default=1, ge=1)
    """Two where a repair was asked for."""


class EmbeddingCall(Model):
    """A request for vectors that another machine has answered."""

    model: str
    """Provider, colon, model."""
    usage: Usage
    cost_usd: Decimal


KeepEmbeddingCall = Callable[[EmbeddingCall], Awaitable[None]]
"""Writes down what a call cost."""


class Prompt(Model):
    """What a model is asked, in the order in which providers can cache its beginning."""

    name: str
    """Of the prompt file, such as `read_conversation`."""
    version: str
    """Hash of all that does not depend on the conversation; it goes on every result."""
    static: str
    """Rules, categories, areas, examples: the same for every conversation of a taxonomy version."""
    data: str
    """Masked messages as lines of JSON, and the numbered candidates."""
    reminder: str
    """What is said again after the data."""


T = TypeVar("T", bound=BaseModel)


class Answer(Model, Generic[T]):
    """A model's answer in the shape that was asked for; what it says is still to be verified."""

    value: T
    usage: Usage
    model: str
    """The name that the provider gives the model that answered."""
    repaired: bool = False
    """The first answer did not have the shape."""


class LanguageModel(Protocol):
    """A hosted or local model that reads a prompt and fills in a schema."""

    @property
    def name(self) -> str:
        """Provider and model, such as `openai:gpt-5-mini`; it goes on every result."""
        ...

    @property
    def most_output_tokens(self) -> int:
        """No answer is longer: what a reservation of money counts with."""
        ...

    async def extract(self, prompt: Prompt, schema: type[T]) -> Answer[T]:
        """Ask once, and once more if the answer does not have the shape.

        Raises `ModelUnavailable`, `ModelRejected` or `ModelAnswerUnusable`. Must not be called
        while a transaction is open.
        """
        ...

    def count_tokens(self, prompt: Prompt) -> int:
        """An upper estimate of the prompt's tokens, without the network."""
        ...


class BatchModel(Protocol):
    """A hosted model that answers many questions within a day, at a lower price."""

    @property
    def name(self) -> str:
        """As `LanguageModel.name`."""
        ...

    @property
    def most_requests(self) -> int:
        """No batch may have more."""
        ...

    async def submit(self, key: str, prompts: Sequence[Prompt], schema: type[BaseModel]) -> str:
        """Hand in questions; returns the provider's id of the batch. `key` goes with it.

        Raises `ModelRejected` if nothing was handed in, `ModelUnavailable` if that is not sure.
        """
        ...

    async def find(
        self, key: str, *, requests: int, since: datetime, known: Collection[str]
    ) -> str | None:
        """The id of a batch that was handed in with this key, after an interruption; null if none.

        `known` are the ids of other batches.
        """
        ...

    async def is_ended(self, batch_id: str) -> bool:
        """Whether there is nothing more to wait for."""
        ...

    async def results(
        self, batch_id: str, key: str, schema: type[T]
    ) -> dict[int, Answer[T] | ModelError] | None:
        """By the place of the question: its answer or why there is none. There is no repair.

        Places that are missing were not answered. Null if the batch is not the one of that key.
        """
        ...
