"""Reads the weights of a BERT from the safetensors format: a header of JSON, then plain numbers.

Nothing in it is code. Every size is checked against what is there before it is used.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from earmark.errors import InvalidInput
from earmark.llm.minilm_shape import BertShape

_LONGEST_HEADER: Final = 8_000_000
_LENGTH_BYTES: Final = 8
_KINDS: Final = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}
_PREFIX: Final = "bert."
"""Some files name the tensors of the encoder within a larger model."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    dtype: str
    shape: list[Annotated[int, Field(ge=0, le=2**31)]] = Field(max_length=8)
    data_offsets: tuple[int, int]


class BertConfig(BaseModel):
    """What is needed of a model's `config.json`."""

    model_config = ConfigDict(extra="ignore")

    model_type: str
    hidden_size: int = Field(ge=1, le=1024)
    num_hidden_layers: int = Field(ge=1, le=24)
    num_attention_heads: int = Field(ge=1, le=64)
    intermediate_size: int = Field(ge=1, le=8192)
    vocab_size: int = Field(ge=1, le=1_000_000)
    max_position_embeddings: int = Field(ge=4, le=8192)
    type_vocab_size: int = Field(ge=1, le=16)
    layer_norm_eps: float = Field(gt=0, lt=1)
    hidden_act: str
    position_embedding_type: str = "absolute"

    @property
    def shape(self) -> BertShape:
        """What the graph is built by."""
        return BertShape(
            layers=self.num_hidden_layers,
            heads=self.num_attention_heads,
            hidden=self.hidden_size,
            epsilon=self.layer_norm_eps,
        )


def read_config(raw: bytes) -> BertConfig:
    """A BERT with the parts that the graph has; raises `InvalidInput` for any other model."""
    try:
        config = BertConfig.model_validate_json(raw)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, item["loc"])) or "all" for item in error.errors())
        raise _unusable(
            f"Its config.json is not that of a BERT of usual size ({fields})."
        ) from error
    wanted = {
        "model_type": (config.model_type, "bert"),
        "hidden_act": (config.hidden_act, "gelu"),
        "position_embedding_type": (config.position_embedding_type, "absolute"),
    }
    for name, (given, expected) in wanted.items():
        if given != expected:
            raise _unusable(f"Its {name} is {given[:40]!r}; only {expected!r} is known here.")
    if config.hidden_size % config.num_attention_heads:
        raise _unusable("Its hidden size is not a multiple of its heads.")
    return config


def read_tensors(raw: bytes, config: BertConfig) -> dict[str, npt.NDArray[np.float32]]:
    """The tensors that the configuration calls for; raises `InvalidInput`."""
    entries, start = _read_header(raw)
    found: dict[str, npt.NDArray[np.float32]] = {}
    for name, shape in _expected_shapes(config).items():
        entry = entries.get(name) or entries.get(_PREFIX + name)
        if entry is None:
            raise _unusable(f"The tensor {name} is missing.")
        if tuple(entry.shape) != shape:
            raise _unusable(f"The tensor {name} has the shape {entry.shape}, not {list(shape)}.")
        found[name] = _read_tensor(raw, start, name, entry)
    return found


def _read_header(raw: bytes) -> tuple[Mapping[str, _Entry], int]:
    length = int.from_bytes(raw[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if len(raw) < _LENGTH_BYTES or length > _LONGEST_HEADER or start > len(raw):
        raise _unusable("It does not begin like a file of that kind, or its end is missing.")
    try:
        header = TypeAdapter(dict[str, JsonValue]).validate_python(
            json.loads(raw[_LENGTH_BYTES:start])
        )
        header.pop("__metadata__", None)
        return TypeAdapter(dict[str, _Entry]).validate_python(header), start
    except (ValueError, RecursionError) as error:
        raise _unusable("Its header cannot be read.") from error


def _read_tensor(raw: bytes, start: int, name: str, entry: _Entry) -> npt.NDArray[np.float32]:
    kind = _KINDS.get(entry.dtype)
    if kind is None:
        raise _unusable(f"The tensor {name} is of the kind {entry.dtype[:20]!r}.")
    begin, end = entry.data_offsets
    count = int(np.prod(entry.shape, dtype=np.int64))
    if not 0 <= begin <= end <= len(raw) - start or end - begin != count * kind.itemsize:
        raise _unusable(f"The tensor {name} does not lie within the file.")
    numbers = np.frombuffer(raw, dtype=kind, count=count, offset=start + begin)
    if entry.dtype == "BF16":
        numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
    values = numbers.astype(np.float32).reshape(entry.shape)
    if not np.isfinite(values).all():
        raise _unusable(f"The tensor {name} holds values that are no numbers.")
    return values


def _expected_shapes(config: BertConfig) -> dict[str, tuple[int, ...]]:
    hidden, wide = config.hidden_size, config.intermediate_size
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (config.vocab_size, hidden),
        "embeddings.position_embeddings.weight": (config.max_position_embeddings, hidden),
        "embeddings.token_type_embeddings.weight": (config.type_vocab_size, hidden),
        "embeddings.LayerNorm.weight": (hidden,),
        "embeddings.LayerNorm.bias": (hidden,),
    }
    matrices = {
        **{f"attention.self.{part}": (hidden, hidden) for part in ("query", "key", "value")},
        "attention.output.dense": (hidden, hidden),
        "intermediate.dense": (wide, hidden),
        "output.dense": (hidden, wide),
    }
    for layer in range(config.num_hidden_layers):
        place = f"encoder.layer.{layer}"
        for name, shape in matrices.items():
            shapes[f"{place}.{name}.weight"] = shape
            shapes[f"{place}.{name}.bias"] = shape[:1]
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"{place}.{name}.weight"] = (hidden,)
            shapes[f"{place}.{name}.bias"] = (hidden,)
    return shapes


def _unusable(why: str) -> InvalidInput:
    return InvalidInput(
        "The model cannot be used.",
        why=why,
        fix="Fetch it anew; docs/how-to/choose-a-model.md says which files are read.",
    )
