"""From the parts of an encoder to an installed one: checked, made small, tried, stored."""

import math
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from earmark.db.models import Model
from earmark.errors import InvalidInput
from earmark.llm.minilm import MiniLm, packages_missing
from earmark.llm.minilm_package import Parts
from earmark.llm.minilm_store import Installed, install, sha256
from earmark.llm.minilm_weights import read_config, read_tensors

# pragma: allowlist nextline secret
PUBLISHED_WEIGHTS: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of model.safetensors of sentence-transformers/all-MiniLM-L6-v2."""
_USUAL_TOKENS: Final = 256
_INPUTS: Final = frozenset({"input_ids", "attention_mask", "token_type_ids"})
_PROBES: Final = (
    "Where can I download my invoice?",
    "The app crashes whenever I open the settings.",
    "word " * 2000,
)


class _Limits(BaseModel):
    model_config = ConfigDict(extra="ignore")

    max_seq_length: int = Field(default=_USUAL_TOKENS, ge=8, le=8192)


class _Pooling(BaseModel):
    model_config = ConfigDict(extra="ignore")

    pooling_mode_mean_tokens: bool = True


class _Made(Model):
    """A model before it is stored."""

    model: bytes
    precision: str
    most_tokens: int


def require_packages() -> None:
    """Raises `ConfigurationError` where the extra is not installed."""
    if any(find_spec(name) is None for name in ("onnx", "onnxruntime", "tokenizers")):
        raise packages_missing()


def import_parts(parts: Parts, folder: Path) -> Installed:
    """Make the parts the encoder in `folder`; raises `InvalidInput` for what cannot be used.

    Needs the packages of the extra, some seconds of CPU, and memory of about three times the
    weights. Safetensors become an ONNX graph in 8 bits; an ONNX file stays as it is.
    """
    _check_pooling(parts)
    made = _from_weights(parts) if parts.weights is not None else _from_graph(parts)
    dimensions = _try(MiniLm(made.model, parts.tokenizer, made.most_tokens))
    given = parts.weights or parts.graph or b""
    installed = Installed(
        source=parts.source,
        source_sha256=sha256(given),
        is_published=sha256(given) == PUBLISHED_WEIGHTS,
        precision=made.precision,
        dimensions=dimensions,
        most_tokens=made.most_tokens,
        model_sha256=sha256(made.model),
        tokenizer_sha256=sha256(parts.tokenizer),
        size_bytes=len(made.model) + len(parts.tokenizer),
        installed_at=datetime.now(UTC),
    )
    install(folder, installed, made.model, parts.tokenizer)
    return installed


def _from_weights(parts: Parts) -> _Made:
    if parts.config is None:
        raise _unusable("There is no config.json beside its weights.")
    config = read_config(parts.config)
    try:
        from earmark.llm.minilm_graph import build_graph  # noqa: PLC0415 - loads onnx, an extra
    except ImportError as error:
        raise packages_missing() from error
    tensors = read_tensors(parts.weights or b"", config)
    return _Made(
        model=build_graph(tensors, config.shape),
        precision="int8",
        most_tokens=min(_read_limit(parts), config.max_position_embeddings),
    )


def _from_graph(parts: Parts) -> _Made:
    try:
        import onnx  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise packages_missing() from error
    try:
        graph = onnx.load_model_from_string(parts.graph or b"").graph
    except Exception as error:  # protobuf's own kind of error
        raise _unusable("Its ONNX file cannot be read.") from error
    if any(tensor.external_data for tensor in graph.initializer):
        raise _unusable("Its ONNX file keeps its weights in other files.")
    inputs = {item.name for item in graph.input} - {item.name for item in graph.initializer}
    if "input_ids" not in inputs or not inputs <= _INPUTS:
        raise _unusable("Its ONNX file asks for other inputs than those of a BERT.")
    return _Made(model=parts.graph or b"", precision="as imported", most_tokens=_read_limit(parts))


def _read_limit(parts: Parts) -> int:
    if parts.limits is None:
        return _USUAL_TOKENS
    try:
        return _Limits.model_validate_json(parts.limits).max_seq_length
    except ValidationError as error:
        raise _unusable("Its sentence_bert_config.json cannot be read.") from error


def _check_pooling(parts: Parts) -> None:
    """Only the mean of tokens is known here; another way would give vectors that mean nothing."""
    try:
        pooling = _Pooling.model_validate_json(parts.pooling or b"{}")
    except ValidationError as error:
        raise _unusable("Its 1_Pooling/config.json cannot be read.") from error
    if not pooling.pooling_mode_mean_tokens:
        raise _unusable("Its vectors are not the mean of its tokens' vectors.")
    if b".models.Dense" in (parts.modules or b""):
        raise _unusable("It has a layer after the mean, which is not known here.")


def _try(model: MiniLm) -> int:
    """Encode a little: what fails here would fail in the middle of a run. Returns dimensions."""
    try:
        vectors = np.vstack(model.encode(_PROBES))
    except InvalidInput:
        raise
    except Exception as error:  # onnxruntime's kinds of errors have no public parent
        raise _unusable(f"It does not run ({type(error).__name__}).") from error
    lengths = np.linalg.norm(vectors, axis=1)
    alike = float(vectors[0] @ vectors[1])
    if not np.allclose(lengths, 1, atol=1e-3) or math.isclose(alike, 1, abs_tol=1e-4):
        raise _unusable("Its vectors of different texts do not differ.")
    return int(vectors.shape[1])


def _unusable(why: str) -> InvalidInput:
    return InvalidInput(
        "The model cannot be used.",
        why=why,
        fix="Fetch it anew; docs/how-to/choose-a-model.md says which files are read.",
    )
