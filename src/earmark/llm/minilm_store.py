"""Where an installed encoder lies on disk, and what is known of it.

`about.json` names the other files by their hash; replacing it is what makes a new model the present
one, so a crash at any moment leaves the old or the new, never half of each.
"""

import contextlib
import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from earmark.db.models import Model
from earmark.errors import ConfigurationError, InvalidInput

ABOUT: Final = "about.json"
_LONGEST_ABOUT: Final = 100_000
_LARGEST_FILE: Final = 700_000_000
_RULES: Final = "1"
"""Changes with the way in which a text is given to the model, or its vector made."""


class Installed(Model):
    """An encoder on disk."""

    name: str = "minilm"
    source: str
    """The file or address that it was made from."""
    source_sha256: str
    """Of the weights as they came."""
    is_published: bool
    """The weights are the published ones of all-MiniLM-L6-v2."""
    precision: str
    """`int8`, or `as imported` for an ONNX file."""
    dimensions: int
    most_tokens: int
    model_sha256: str
    tokenizer_sha256: str
    size_bytes: int
    installed_at: datetime

    @property
    def version(self) -> str:
        """Changes whenever any vector could change."""
        parts = (_RULES, self.model_sha256, self.tokenizer_sha256, str(self.most_tokens))
        return f"{self.name}-{hashlib.sha256(':'.join(parts).encode()).hexdigest()[:12]}"


def sha256(raw: bytes) -> str:
    """As hexadecimal digits."""
    return hashlib.sha256(raw).hexdigest()


def find(folder: Path) -> Installed | None:
    """What is installed in `folder`; null for nothing; raises `InvalidInput` if it is damaged."""
    try:
        raw = _read(folder / ABOUT, _LONGEST_ABOUT)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(folder, f"{ABOUT} cannot be read ({type(error).__name__})") from error
    try:
        return Installed.model_validate_json(raw)
    except ValidationError as error:
        raise _damaged(folder, f"{ABOUT} has another form") from error


def read_files(folder: Path) -> tuple[Installed, bytes, bytes]:
    """What is installed, its model and its tokenizer, each checked against its hash.

    Raises `ConfigurationError` if nothing is installed, `InvalidInput` if it is damaged.
    """
    installed = find(folder)
    if installed is None:
        raise ConfigurationError(
            "The encoder minilm is not installed.",
            why=f"EARMARK_ENCODER is minilm, and {folder} holds none.",
            fix="Run `earmark models pull minilm`, or `earmark models import PATH` for a file that"
            " is here already.",
        )
    model = _read_checked(folder, _model_file(installed.model_sha256), installed.model_sha256)
    tokenizer = _read_checked(
        folder, _tokenizer_file(installed.tokenizer_sha256), installed.tokenizer_sha256
    )
    return installed, model, tokenizer


def install(folder: Path, installed: Installed, model: bytes, tokenizer: bytes) -> None:
    """Make this the encoder in `folder`; the one before goes once the new one is whole."""
    names = (_model_file(installed.model_sha256), _tokenizer_file(installed.tokenizer_sha256))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, raw in zip(names, (model, tokenizer), strict=True):
            _write(folder / name, raw)
        _write(folder / ABOUT, installed.model_dump_json(indent=1).encode())
    except OSError as error:
        raise InvalidInput(
            "The model cannot be stored.",
            why=f"{folder}: {error.strerror or type(error).__name__}.",
            fix="Make room or grant the right to write there, or set EARMARK_DATA_DIR.",
        ) from error
    for file in (*folder.glob("model-*.onnx"), *folder.glob("tokenizer-*.json")):
        if file.name not in names:
            with contextlib.suppress(OSError):  # it hinders nothing
                file.unlink()


def _model_file(digest: str) -> str:
    return f"model-{digest[:16]}.onnx"


def _tokenizer_file(digest: str) -> str:
    return f"tokenizer-{digest[:16]}.json"


def _read(file: Path, most: int) -> bytes:
    with file.open("rb") as opened:
        raw = opened.read(most + 1)
    if len(raw) > most:
        raise _damaged(file.parent, f"{file.name} is larger than any such file")
    return raw


def _read_checked(folder: Path, name: str, digest: str) -> bytes:
    try:
        raw = _read(folder / name, _LARGEST_FILE)
    except OSError as error:
        raise _damaged(folder, f"{name} cannot be read ({type(error).__name__})") from error
    if sha256(raw) != digest:
        raise _damaged(folder, f"{name} is not as it was written")
    return raw


def _write(file: Path, raw: bytes) -> None:
    """Whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(raw)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _damaged(folder: Path, why: str) -> InvalidInput:
    return InvalidInput(
        "The installed encoder is damaged.",
        why=f"In {folder}, {why}.",
        fix="Install it again: `earmark models pull minilm`, or `earmark models import PATH`.",
    )
