"""Finds the parts of an encoder in what a user has: a folder, a file, or a wheel or zip.

Members of an archive are read by name into memory, with bounds; nothing is unpacked.
"""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from earmark.db.models import Model
from earmark.errors import InvalidInput

_LARGEST: Final = {
    "model.safetensors": 700_000_000,
    "model.onnx": 700_000_000,
    "tokenizer.json": 30_000_000,
    "config.json": 100_000,
    "sentence_bert_config.json": 10_000,
    "1_Pooling/config.json": 10_000,
    "modules.json": 10_000,
}
_MOST_MEMBERS: Final = 10_000


class Parts(Model):
    """What an encoder is made of, as bytes; `weights` are safetensors, `graph` is ONNX."""

    source: str
    weights: bytes | None
    graph: bytes | None
    tokenizer: bytes
    config: bytes | None
    limits: bytes | None
    """How many tokens it was trained with: sentence_bert_config.json."""
    pooling: bytes | None
    modules: bytes | None


class _Shelf(Protocol):
    """Files of one encoder, by their name relative to its folder."""

    def read(self, name: str) -> bytes | None: ...


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str) -> bytes | None:
        return read_file(self._root / name, _LARGEST[name])


class _Archive:
    def __init__(self, archive: zipfile.ZipFile, root: PurePosixPath) -> None:
        self._archive = archive
        self._root = root

    def read(self, name: str) -> bytes | None:
        wanted = str(self._root / name)
        if wanted not in self._archive.NameToInfo:
            return None
        with self._archive.open(wanted) as member:
            return _bounded(member.read(_LARGEST[name] + 1), _LARGEST[name], name)


def read_file(file: Path, most: int) -> bytes | None:
    """All of a file; null if there is none; raises `InvalidInput` beyond `most` bytes."""
    try:
        with file.open("rb") as opened:
            return _bounded(opened.read(most + 1), most, file.name)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidInput(
            f"{file} cannot be read.", why=error.strerror or type(error).__name__
        ) from error


def find_parts(path: Path) -> Parts:
    """The parts in a folder, or beside a file, or in a wheel or zip; raises `InvalidInput`."""
    if path.is_dir():
        return _collect(path.name, _Folder(path), None)
    if not path.is_file():
        raise InvalidInput(f"There is no file or folder {path}.", fix="Check the path.")
    if path.suffix in (".safetensors", ".onnx"):
        return _beside(path)
    if path.suffix in (".whl", ".zip"):
        return _in_archive(path)
    raise InvalidInput(
        f"{path.name} is of no kind that is read.",
        why="Its name ends neither in .safetensors nor in .onnx, .whl or .zip.",
        fix="Name such a file, or the folder that holds the model.",
    )


def _beside(file: Path) -> Parts:
    own = read_file(file, _LARGEST[f"model{file.suffix}"])
    folders = [file.parent]
    if not (file.parent / "tokenizer.json").is_file():
        # Hubs keep ONNX files in a folder of their own, below that of the tokenizer.
        folders.append(file.parent.parent)
    return _collect(file.name, _Folder(folders[-1]), (file.suffix, own or b""))


def _in_archive(file: Path) -> Parts:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS:
                raise _incomplete(file.name, f"It holds {len(members):,} files.")
            return _collect(file.name, _Archive(archive, _root_of(file.name, archive)), None)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _incomplete(
            file.name, f"It is not a sound archive ({type(error).__name__})."
        ) from error


def _root_of(name: str, archive: zipfile.ZipFile) -> PurePosixPath:
    """The one folder within that holds a model."""
    roots = {
        PurePosixPath(member).parent
        for member in archive.namelist()
        if PurePosixPath(member).name in ("model.safetensors", "model.onnx")
    }
    with_tokenizer = [
        root for root in sorted(roots) if str(root / "tokenizer.json") in archive.NameToInfo
    ]
    if len(with_tokenizer) != 1:
        found = f"{len(with_tokenizer)} folders" if with_tokenizer else "no folder"
        raise _incomplete(name, f"It has {found} with model.safetensors and tokenizer.json.")
    return with_tokenizer[0]


def _collect(source: str, shelf: _Shelf, own: tuple[str, bytes] | None) -> Parts:
    """`own` is the suffix and the content of the file that was named, if one was."""
    weights, graph = _weights_of(shelf, own)
    if weights is None and graph is None:
        raise _incomplete(source, "It has no model.safetensors and no model.onnx.")
    tokenizer = shelf.read("tokenizer.json")
    if tokenizer is None:
        raise _incomplete(source, "There is no tokenizer.json beside the model.")
    return Parts(
        source=source,
        weights=weights,
        graph=graph,
        tokenizer=tokenizer,
        config=shelf.read("config.json"),
        limits=shelf.read("sentence_bert_config.json"),
        pooling=shelf.read("1_Pooling/config.json"),
        modules=shelf.read("modules.json"),
    )


def _weights_of(shelf: _Shelf, own: tuple[str, bytes] | None) -> tuple[bytes | None, bytes | None]:
    if own is not None:
        suffix, raw = own
        return (raw, None) if suffix == ".safetensors" else (None, raw)
    weights = shelf.read("model.safetensors")
    return (weights, None) if weights is not None else (None, shelf.read("model.onnx"))


def _bounded(raw: bytes, most: int, name: str) -> bytes:
    if len(raw) > most:
        raise InvalidInput(
            f"{name} is too large.", why=f"It is larger than {most:,} bytes, as no such file is."
        )
    return raw


def names_of_parts() -> Sequence[str]:
    """What is looked for, as documentation names it."""
    return tuple(_LARGEST)


def _incomplete(source: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"{source} holds no usable encoder.",
        why=why,
        fix="docs/how-to/choose-a-model.md says which files are read, and where they come from.",
    )
