"""What a fitted local model consists of, and its form as bytes: numbers and names, no code.

A mark, the SHA-256 of what follows, then NumPy's own archive of arrays (read without pickle) with
one entry of JSON for the rest.
"""

import hashlib
import io
import json
import zipfile
import zlib
from typing import Final, Self, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, ValidationError, model_validator

from earmark.db.models import Model
from earmark.errors import InvalidInput

ALGORITHM: Final = "lsa2-"
"""Begins the version of every model; the number changes with the method."""

HASH_BITS: Final = 22
BUCKETS: Final = 1 << HASH_BITS
"""N-grams are numbered from 0 to one less."""
MOST_COLUMNS: Final = 65_535

_MARK: Final = b"EARMARK LOCAL MODEL 2\n"
_DIGEST_BYTES: Final = 32
_NAMES: Final = "names"
_ARRAYS: Final = {
    "buckets": np.int32,
    "weights": np.float32,
    "directions": np.float16,
    "head": np.float16,
    "dense": np.float32,
    "bias": np.float32,
}
_FAULTS: Final = (
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    ValidationError,
    zipfile.BadZipFile,
    zlib.error,
)


_Kind = TypeVar("_Kind", bound=np.generic)


class FittedState(Model):
    """Everything that an answer depends on."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    category_ids: tuple[str, ...]
    encoder_version: str | None
    """The encoder that it was fitted beside; null for none."""
    temperature: float = Field(gt=0)
    """What log-odds are divided by, so that probabilities are as high as they are right."""
    buckets: npt.NDArray[np.int32]
    """Shape (columns,): the n-gram of each column; those that embed come first."""
    weights: npt.NDArray[np.float32]
    """Shape (columns,): inverse text frequency."""
    directions: npt.NDArray[np.float16]
    """Shape (columns that embed, dimensions)."""
    head: npt.NDArray[np.float16]
    """Shape (columns, categories): log-odds."""
    dense: npt.NDArray[np.float32]
    """Shape (the encoder's dimensions, categories): log-odds; no rows without one."""
    bias: npt.NDArray[np.float32]
    """Shape (categories,): log-odds; minus infinity for a category that nothing was learnt of."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        columns, categories = len(self.buckets), len(self.category_ids)
        shapes = (
            self.weights.shape == (columns,)
            and self.directions.ndim == 2
            and self.directions.shape[0] <= columns
            and self.directions.shape[1] >= 1
            and self.head.shape == (columns, categories)
            and self.dense.ndim == 2
            and self.dense.shape[1] == categories
            and bool(len(self.dense)) == (self.encoder_version is not None)
            and self.bias.shape == (categories,)
        )
        if not shapes:
            raise ValueError("the arrays do not fit together")
        known = self.buckets
        within = columns <= MOST_COLUMNS and bool(((known >= 0) & (known < BUCKETS)).all())
        if not within or len(np.unique(known)) != columns:
            raise ValueError("the n-grams are not distinct and within range")
        return self

    def fingerprint(self) -> str:
        """Hash of the content, whatever the archive around it looks like."""
        digest = hashlib.sha256(self._names())
        for name, kind in _ARRAYS.items():
            array: npt.NDArray[np.generic] = getattr(self, name)
            digest.update(f"{name}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array, dtype=kind).tobytes())
        return digest.hexdigest()

    def dump(self) -> bytes:
        """The artefact."""
        buffer = io.BytesIO()
        names = np.frombuffer(self._names(), dtype=np.uint8)
        arrays = {
            name: np.asarray(getattr(self, name), dtype=kind) for name, kind in _ARRAYS.items()
        }
        np.savez_compressed(buffer, allow_pickle=False, **arrays, **{_NAMES: names})
        body = buffer.getvalue()
        return _MARK + hashlib.sha256(body).digest() + body

    def _names(self) -> bytes:
        content = {
            "category_ids": self.category_ids,
            "encoder_version": self.encoder_version,
            "temperature": self.temperature,
        }
        return json.dumps(content, sort_keys=True).encode()


def read_state(artefact: bytes) -> FittedState:
    """Read what `FittedState.dump` wrote; `InvalidInput` for anything else."""
    body = artefact[len(_MARK) + _DIGEST_BYTES :]
    if not artefact.startswith(_MARK):
        raise _unreadable("It does not begin like a model that this version of Earmark wrote.")
    if hashlib.sha256(body).digest() != artefact[len(_MARK) :][:_DIGEST_BYTES]:
        raise _unreadable("Its checksum does not match: bytes were changed or lost.")
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            names = json.loads(archive[_NAMES].tobytes())
            return FittedState(
                category_ids=tuple(names["category_ids"]),
                encoder_version=names["encoder_version"],
                temperature=names["temperature"],
                buckets=_read(archive["buckets"], np.int32),
                weights=_read(archive["weights"], np.float32),
                directions=_read(archive["directions"], np.float16),
                head=_read(archive["head"], np.float16),
                dense=_read(archive["dense"], np.float32),
                bias=_read(archive["bias"], np.float32),
            )
    except _FAULTS as error:
        raise _unreadable(
            f"Its content is not that of a model ({type(error).__name__})."
        ) from error


def _read(array: npt.NDArray[np.generic], kind: type[_Kind]) -> npt.NDArray[_Kind]:
    if array.dtype != kind:
        raise ValueError(f"an array of {array.dtype} where {kind.__name__} belongs")
    return array.astype(kind, copy=False)


def _unreadable(why: str) -> InvalidInput:
    return InvalidInput(
        "The stored local model cannot be read.",
        why=why,
        fix="Start a run: a new model is fitted on the stored conversations.",
    )
