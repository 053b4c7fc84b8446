"""The fitted model as bytes."""

import hashlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.db.models import Category, Taxonomy
from earmark.errors import InvalidInput
from earmark.llm.base import TextModel
from earmark.llm.local import LocalModels

TEXTS = tuple(
    f"{who} {what} number {number}"
    for who in ("my", "our")
    for what in ("invoice is wrong", "report crashes", "wish for a calendar")
    for number in range(12)
)
TAXONOMY = Taxonomy(
    version=3,
    categories=(
        Category(id="money", name="Money", definition="", examples=("invoice wrong", "my invoice")),
        Category(id="größe", name="Bug", definition="", examples=("report crashes", "it crashes")),
        Category(id="empty", name="", definition=""),
    ),
)
HEAD = len(b"EARMARK LOCAL MODEL 2\n") + 32


@pytest.fixture(scope="module")
def model() -> TextModel:
    return LocalModels().fit(TEXTS, TAXONOMY)


@pytest.fixture(scope="module")
def artefact(model: TextModel) -> bytes:
    return model.dump()


def sign(body: bytes) -> bytes:
    """An artefact whose checksum is right whatever it holds."""
    return b"EARMARK LOCAL MODEL 2\n" + hashlib.sha256(body).digest() + body


def rewrite(artefact: bytes, **changes: np.ndarray | None) -> bytes:
    """The artefact with some of its arrays replaced or left out."""
    with np.load(io.BytesIO(artefact[HEAD:]), allow_pickle=False) as archive:
        arrays = {**{name: archive[name] for name in archive.files}, **changes}
    buffer = io.BytesIO()
    kept = {name: array for name, array in arrays.items() if array is not None}
    np.savez(buffer, allow_pickle=True, **kept)
    return sign(buffer.getvalue())


def test_loaded_model_answers_bit_for_bit_alike(model: TextModel, artefact: bytes) -> None:
    loaded = LocalModels().load(artefact)
    texts = [*TEXTS, "", "something else entirely", "invoice " * 500]
    assert loaded.version == model.version
    assert loaded.dimensions == model.dimensions
    assert loaded.classify(texts) == model.classify(texts)
    assert np.array_equal(loaded.embed(texts), model.embed(texts))


def test_loaded_model_dumps_what_it_was_loaded_from(artefact: bytes) -> None:
    assert LocalModels().load(artefact).dump() == artefact


def test_artefact_holds_no_word_of_a_customer(artefact: bytes) -> None:
    with np.load(io.BytesIO(artefact[HEAD:]), allow_pickle=False) as archive:
        content = b"".join(archive[name].tobytes() for name in archive.files)
    assert b"invoice" not in content
    assert b"money" in content  # the categories' own ids are there


def test_rewritten_artefact_without_change_is_read(artefact: bytes) -> None:
    assert LocalModels().load(rewrite(artefact)).dump() == artefact


@given(st.data())
def test_changed_byte_is_noticed(artefact: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(artefact) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != artefact[place]))
    with pytest.raises(InvalidInput, match="cannot be read"):
        LocalModels().load(artefact[:place] + bytes([value]) + artefact[place + 1 :])


@given(st.data())
def test_cut_off_artefact_is_noticed(artefact: bytes, data: st.DataObject) -> None:
    with pytest.raises(InvalidInput):
        LocalModels().load(artefact[: data.draw(st.integers(0, len(artefact) - 1))])


@given(st.binary(max_size=200))
def test_signed_rubbish_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        LocalModels().load(sign(body))


@pytest.mark.parametrize(
    "changes",
    [
        {"head": None},
        {"names": np.frombuffer(b"not JSON", dtype=np.uint8)},
        {"names": np.frombuffer(b"[]", dtype=np.uint8)},
        {
            "names": np.frombuffer(
                b'{"category_ids": ["a"], "encoder_version": null, "temperature": 1}',
                dtype=np.uint8,
            )
        },
        {
            "names": np.frombuffer(
                b'{"category_ids": 3, "encoder_version": null, "temperature": 0}', dtype=np.uint8
            )
        },
        {"bias": np.zeros(3, dtype=np.float64)},
        {"bias": np.zeros(4, dtype=np.float32)},
        {"bias": np.array([None, None, None], dtype=np.object_)},
        {"directions": np.zeros((100_000, 8), dtype=np.float16)},
        {"buckets": np.zeros(5, dtype=np.int32)},
    ],
)
def test_content_that_is_no_model_is_refused(
    artefact: bytes, changes: dict[str, np.ndarray | None]
) -> None:
    with pytest.raises(InvalidInput):
        LocalModels().load(rewrite(artefact, **changes))


@pytest.mark.parametrize("shift", [-(1 << 22), 1 << 22])
def test_n_grams_out_of_range_are_refused(artefact: bytes, shift: int) -> None:
    with np.load(io.BytesIO(artefact[HEAD:]), allow_pickle=False) as archive:
        buckets = archive["buckets"] + np.int32(shift)
    with pytest.raises(InvalidInput):
        LocalModels().load(rewrite(artefact, buckets=buckets))
