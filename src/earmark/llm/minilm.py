"""A sentence encoder of the MiniLM kind that runs here, through onnxruntime and without torch.

Vectors are the mean of a text's token vectors, brought to length 1. Of a text the first tokens are
read, up to what the model was trained with (256 for MiniLM: some 1,000 characters of English); the
rest is left out. Each text goes through the model by itself: on a CPU that is as quick as batches,
nothing is spent on padding, and a text's vector never depends on its neighbours.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from earmark.errors import ConfigurationError, InvalidInput
from earmark.llm.base import Vectors
from earmark.llm.minilm_store import Installed, read_files

_MOST_THREADS: Final = 4
_MOST_CHARACTERS_PER_TOKEN: Final = 40
"""Of longer texts the rest is not even split into tokens."""


class _Named(Protocol):
    name: str


class _Session(Protocol):
    """What is used of onnxruntime, whose own types are not complete."""

    def get_inputs(self) -> Sequence[_Named]: ...
    def run(
        self, output_names: None, input_feed: Mapping[str, npt.NDArray[np.int64]]
    ) -> Sequence[npt.NDArray[np.float32]]: ...


class _Tokens(Protocol):
    ids: list[int]
    special_tokens_mask: list[int]


class _Tokenizer(Protocol):
    """What is used of the library tokenizers."""

    def encode(self, sequence: str) -> _Tokens: ...


class MiniLm:
    """The model itself: texts in, vectors out, on the thread that calls."""

    def __init__(self, model: bytes, tokenizer: bytes, most_tokens: int) -> None:
        self._session = _open_session(model)
        self._tokenizer = _open_tokenizer(tokenizer, most_tokens)
        self._most_characters = most_tokens * _MOST_CHARACTERS_PER_TOKEN
        self._inputs = tuple(item.name for item in self._session.get_inputs())

    def encode_one(self, text: str) -> Vectors:
        """Shape (dimensions,); all zero for a text without tokens; raises `InvalidInput`."""
        known = text[: self._most_characters].encode("utf-8", "replace").decode()
        tokens = self._tokenizer.encode(known)
        ids = np.array([tokens.ids], dtype=np.int64)
        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        states = self._session.run(None, {name: given[name] for name in self._inputs})[0][0]
        vector = (states.mean(axis=0) if states.ndim == 2 else states).astype(np.float32)
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length == 0:
            raise InvalidInput("The model cannot be used.", why="Its answers are no numbers.")
        has_words = len(ids[0]) > sum(tokens.special_tokens_mask)
        return vector / length if has_words else np.zeros_like(vector)

    def encode(self, texts: Sequence[str]) -> list[Vectors]:
        """One after the other."""
        return [self.encode_one(text) for text in texts]


class MiniLmEncoder:
    """The `Encoder` port over an installed model: its work is done on a few threads of its own."""

    def __init__(self, installed: Installed, model: MiniLm, *, threads: int | None = None) -> None:
        self._installed = installed
        self._model = model
        self._threads = threads or min(os.cpu_count() or 1, _MOST_THREADS)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="minilm")

    @property
    def version(self) -> str:
        """By the files' content and by how they are used."""
        return self._installed.version

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._installed.dimensions

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """Shape (texts, dimensions), float32; rows of length 1, zero for a text without words."""
        loop = asyncio.get_running_loop()
        # Neighbours in length go to different threads, so that all end at about the same time.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        shares = [order[start :: self._threads] for start in range(self._threads)]
        work = [
            loop.run_in_executor(self._pool, self._model.encode, [texts[index] for index in share])
            for share in shares
        ]
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for share, rows in zip(shares, await asyncio.gather(*work), strict=True):
            for index, row in zip(share, rows, strict=True):
                vectors[index] = row
        return vectors

    def close(self) -> None:
        """End the threads once they are done with what they were given."""
        self._pool.shutdown(wait=False)


async def open_minilm(folder: Path, *, threads: int | None = None) -> MiniLmEncoder:
    """The encoder whose files lie in `folder`; raises `ConfigurationError` if there is none."""
    installed, model, tokenizer = await asyncio.to_thread(read_files, folder)
    loaded = await asyncio.to_thread(MiniLm, model, tokenizer, installed.most_tokens)
    return MiniLmEncoder(installed, loaded, threads=threads)


def _open_session(model: bytes) -> _Session:
    try:
        import onnxruntime  # noqa: PLC0415 - an extra; loads 30 MB
    except ImportError as error:
        raise packages_missing() from error
    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    # Our threads are enough: a model that is split over more waits more than it works.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its kinds of errors have no public parent
        raise InvalidInput(
            "The model cannot be used.",
            why=f"onnxruntime does not read it ({type(error).__name__}).",
            fix="Fetch it anew: `earmark models pull`, or `earmark models import PATH`.",
        ) from error


def _open_tokenizer(raw: bytes, most_tokens: int) -> _Tokenizer:
    try:
        import tokenizers  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise packages_missing() from error
    library: Any = tokenizers
    try:
        tokenizer = library.Tokenizer.from_str(raw.decode())
    except Exception as error:  # the library raises plain `Exception`
        raise InvalidInput(
            "The tokenizer cannot be used.",
            why="Its tokenizer.json is not one of the library `tokenizers`.",
            fix="Fetch it anew: `earmark models pull`, or `earmark models import PATH`.",
        ) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(most_tokens)
    return tokenizer


def packages_missing() -> ConfigurationError:
    """What to install."""
    return ConfigurationError(
        "The packages that run MiniLM are not installed.",
        why="onnx, onnxruntime and tokenizers come with an extra.",
        fix="Run `pip install 'earmark[minilm]'`.",
    )
