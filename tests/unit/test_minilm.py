"""The encoder that runs here: its graph against plain numpy, its vectors, its limits."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import ConfigurationError
from earmark.llm.minilm import MiniLm, MiniLmEncoder, open_minilm
from earmark.llm.minilm_graph import build_graph, quantize
from earmark.llm.minilm_import import import_parts
from earmark.llm.minilm_package import find_parts
from earmark.llm.minilm_shape import BertShape
from tests.fixtures import minilm

SHAPE = BertShape(layers=minilm.LAYERS, heads=minilm.HEADS, hidden=minilm.HIDDEN, epsilon=1e-12)
TEXTS = [
    "Where is my invoice?",
    "the app crashes when i open the settings",
    "refund",
    "Can I download a bill, please? I can not find my password.",
]


def ids_of(text: str) -> list[int]:
    """Token ids of a text whose words are all in the vocabulary."""
    words = text.lower().replace("?", " ?").replace(",", " ,").replace(".", " .").split()
    ids = [minilm.VOCABULARY.index(word) for word in words][: minilm.MOST_TOKENS - 2]
    return [2, *ids, 3]


@pytest.fixture
async def encoder(tmp_path: Path) -> AsyncGenerator[MiniLmEncoder]:
    """The random model, installed."""
    parts = find_parts(minilm.write_folder(tmp_path / "given"))
    import_parts(parts, tmp_path / "installed")
    opened = await open_minilm(tmp_path / "installed", threads=2)
    yield opened
    opened.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_graph_in_full_precision_equals_plain_numpy(seed: int) -> None:
    tensors = minilm.random_tensors(seed)
    graph = build_graph(tensors, SHAPE, "float32")
    model = MiniLm(graph, minilm.tokenizer(), minilm.MOST_TOKENS)
    for text in TEXTS:
        np.testing.assert_allclose(
            model.encode_one(text), minilm.forward(tensors, ids_of(text)), atol=2e-6
        )


def test_eight_bits_stay_near_full_precision() -> None:
    tensors = minilm.random_tensors()
    model = MiniLm(build_graph(tensors, SHAPE), minilm.tokenizer(), minilm.MOST_TOKENS)
    near = [model.encode_one(text) @ minilm.forward(tensors, ids_of(text)) for text in TEXTS]
    assert min(near) > 0.99


def test_eight_bits_never_overflow_sixteen() -> None:
    matrix = np.random.default_rng(1).standard_normal((64, 8)).astype(np.float32)
    small, scales = quantize(matrix)
    assert int(np.abs(small).max()) * 255 * 2 < 2**15
    assert np.abs(small * scales - matrix).max() <= scales.max() / 2 + 1e-6


def test_column_of_zeros_stays_zero() -> None:
    small, scales = quantize(np.zeros((4, 2), dtype=np.float32))
    assert not small.any()
    assert np.isfinite(scales).all()


async def test_vectors_are_of_length_one_and_in_order(encoder: MiniLmEncoder) -> None:
    vectors = await encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for row, text in zip(vectors, TEXTS, strict=True):
        assert row @ minilm.forward(minilm.random_tensors(), ids_of(text)) > 0.99


async def test_vector_does_not_depend_on_its_neighbours(encoder: MiniLmEncoder) -> None:
    alone = [(await encoder.encode([text]))[0] for text in TEXTS]
    together = await encoder.encode([*reversed(TEXTS), *TEXTS])
    np.testing.assert_array_equal(together[len(TEXTS) :], np.vstack(alone))


async def test_no_texts_and_empty_texts(encoder: MiniLmEncoder) -> None:
    assert (await encoder.encode([])).shape == (0, encoder.dimensions)
    assert not (await encoder.encode(["", " \n\t"])).any()


async def test_only_the_beginning_of_a_long_text_counts(encoder: MiniLmEncoder) -> None:
    beginning = "word " * minilm.MOST_TOKENS
    long, longer = await encoder.encode([beginning + "bill " * 9, beginning + "app " * 100_000])
    np.testing.assert_array_equal(long, longer)


async def test_many_callers_at_once(encoder: MiniLmEncoder) -> None:
    expected = await encoder.encode(TEXTS)
    found = await asyncio.gather(*(encoder.encode(TEXTS) for _ in range(8)))
    for vectors in found:
        np.testing.assert_array_equal(vectors, expected)


async def test_version_names_the_weights(tmp_path: Path) -> None:
    versions: list[str] = []
    for seed in (1, 1, 2):
        folder = tmp_path / f"given{len(versions)}"
        import_parts(find_parts(minilm.write_folder(folder, seed)), tmp_path / "installed")
        opened = await open_minilm(tmp_path / "installed")
        versions.append(opened.version)
        opened.close()
    assert versions[0] == versions[1] != versions[2]
    assert versions[0].startswith("minilm-")


async def test_nothing_installed_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="earmark models pull minilm"):
        await open_minilm(tmp_path)


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(), max_size=200))
def test_any_text_has_a_vector_of_length_one_or_zero(text: str) -> None:
    vector = _shared().encode_one(text)
    length = float(np.linalg.norm(vector))
    assert abs(length - 1) < 1e-5 or length == 0


_models: list[MiniLm] = []


def _shared() -> MiniLm:
    if not _models:
        graph = build_graph(minilm.random_tensors(), SHAPE)
        _models.append(MiniLm(graph, minilm.tokenizer(), minilm.MOST_TOKENS))
    return _models[0]
