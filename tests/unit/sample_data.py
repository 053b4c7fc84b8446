"""Samples that several tests look at; made once, as they cannot change."""

from datetime import UTC, datetime
from functools import cache

from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.markup import to_plain
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.spec import SampleSpec
from earmark.sources.simulator.truth import Truth

END = datetime(2026, 11, 23, tzinfo=UTC)


@cache
def make_sample(number: int = 2000, seed: int = 7) -> SampleDataset:
    """A sample of 26 weeks up to `END`."""
    return SampleDataset(SampleSpec(seed=seed, number=number, end=END))


@cache
def write_all(number: int = 2000, seed: int = 7) -> tuple[JsonObject, ...]:
    """All conversations of a sample."""
    conversations = make_sample(number, seed).conversations
    return tuple(conversations.document(index) for index in range(number))


@cache
def tell_all(number: int = 2000, seed: int = 7) -> tuple[Truth, ...]:
    """The truth of all conversations of a sample."""
    return tuple(make_sample(number, seed).truth(index) for index in range(number))


def list_messages(document: JsonObject) -> list[tuple[str, JsonObject]]:
    """Plain text and object of each message with a body, in the order of reading."""
    parts = document["conversation_parts"]["conversation_parts"]
    return [
        (to_plain(message["body"]), message)
        for message in (document["source"], *parts)
        if message["body"] is not None
    ]
