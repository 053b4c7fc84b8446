"""What goes to the process that learns, and what comes back: arrays and JSON, no code."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.db.models import Taxonomy
from earmark.llm.base import Encoded, Lesson, Prediction
from earmark.llm.local_model import LocalModel


@dataclass(frozen=True, slots=True)
class Material:
    """What a model is fitted on."""

    texts: Sequence[str]
    taxonomy: Taxonomy
    lessons: Sequence[Lesson] = ()
    encoded: Encoded | None = None


def write_material(material: Material) -> bytes:
    """The inverse of `read_material`."""
    encoded = material.encoded
    content = {
        "texts": list(material.texts),
        "taxonomy": material.taxonomy.model_dump(mode="json"),
        "lessons": [lesson.model_dump(mode="json") for lesson in material.lessons],
        "encoder_version": encoded.encoder_version if encoded else None,
    }
    if encoded is None:
        return _pack(content)
    return _pack(content, texts=encoded.texts, words=encoded.words, lessons=encoded.lessons)


def read_material(parcel: bytes) -> Material:
    """What `write_material` wrote."""
    with np.load(io.BytesIO(parcel), allow_pickle=False) as archive:
        content = json.loads(archive["content"].tobytes())
        encoded = None
        if content["encoder_version"] is not None:
            encoded = Encoded(
                encoder_version=content["encoder_version"],
                texts=archive["texts"],
                words=archive["words"],
                lessons=archive["lessons"],
            )
    return Material(
        texts=content["texts"],
        taxonomy=Taxonomy.model_validate(content["taxonomy"]),
        lessons=[Lesson.model_validate(lesson) for lesson in content["lessons"]],
        encoded=encoded,
    )


def write_model(model: LocalModel) -> bytes:
    """The inverse of `read_model`."""
    held_out = [one.model_dump(mode="json") for one in model.held_out]
    return _pack({"held_out": held_out}, artefact=np.frombuffer(model.dump(), dtype=np.uint8))


def read_model(parcel: bytes) -> LocalModel:
    """A fitted model, with what it says of its lessons."""
    with np.load(io.BytesIO(parcel), allow_pickle=False) as archive:
        content = json.loads(archive["content"].tobytes())
        artefact = archive["artefact"].tobytes()
    held_out = [Prediction.model_validate(one) for one in content["held_out"]]
    return LocalModel.load(artefact, held_out)


def _pack(content: object, **arrays: npt.NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    written = np.frombuffer(json.dumps(content).encode(), dtype=np.uint8)
    np.savez(buffer, allow_pickle=False, content=written, **arrays)
    return buffer.getvalue()
