"""A million conversations take little memory and are written one by one."""

import tracemalloc

import numpy as np
from sample_data import END

from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.spec import SampleSpec

MILLION = 1_000_000


def test_a_million_conversations_take_fifty_bytes_each() -> None:
    tracemalloc.start()
    try:
        sample = SampleDataset(SampleSpec(number=MILLION, end=END))
        kept, peak = tracemalloc.get_traced_memory()
        for index in range(0, MILLION, 20_011):
            assert sample.conversations.document(index)["id"] == sample.conversations.id_of(index)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 50 * MILLION
    assert peak < 60 * MILLION
    assert after < 55 * MILLION
    created = sample.conversations.instants("created_at")
    assert (np.diff(created) >= 0).all()
    assert (sample.conversations.instants("updated_at") >= created).all()
    assert sample.contacts.number > 0.6 * MILLION
