"""Fits the local model on a workspace's own texts, the taxonomy's words and lessons.

Embedding: latent directions of the workspace's TF-IDF rows (latent semantic analysis), each
weighted by a power of its singular value. Head: see `local_head`. Every constant was chosen on the
development parts of public data.
"""

import sys
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from earmark.db.models import Taxonomy
from earmark.llm.base import Encoded, Lesson, Vectors, words_of
from earmark.llm.local_artefact import FittedState
from earmark.llm.local_grams import MOST_CHARACTERS, Vocabulary, count_texts, normalize
from earmark.llm.local_head import Features, Mask, Taught, stack
from earmark.llm.local_learners import decompose
from earmark.llm.local_model import LocalModel, rank
from earmark.llm.local_parcel import Material, read_material, write_model
from earmark.llm.local_teaching import HUMAN_WEIGHT, teach

_DIMENSIONS: Final = 256
_SAMPLE_CHARACTERS: Final = 4_000_000
"""Of all texts together, what is learnt from: bounds time and memory."""
_LESSON_CHARACTERS: Final = 8_000_000
"""Of all lessons together: where there are many, the beginning of each must do."""
_EMBEDDING_COLUMNS: Final = 20_000
_MOST_LESSON_COLUMNS: Final = 40_000
_LEAST_TEXTS: Final = 2
"""Texts that must hold an n-gram for it to become a column."""
_FEW_TEXTS: Final = 50
"""With fewer, directions are learnt from the taxonomy's examples as well."""
_DIRECTION_POWER: Final = 0.25
_FAINT: Final = 1e-4
"""Singular values below this share of the largest are rounding errors."""


def fit(material: Material) -> LocalModel:
    """Learn vocabulary, directions and head; see the module.

    On one thread, which is quicker on a busy machine: more threads wait for each other, and round
    differently.
    """
    with threadpool_limits(limits=1):
        return _fit(material)


def _fit(material: Material) -> LocalModel:
    places = _sample(material.texts)
    kept: list[int] = places.tolist()
    corpus = [normalize(material.texts[place]) for place in kept]
    words = [normalize(text) for group in words_of(material.taxonomy) for text in group]
    told = _shortened(material.lessons)
    met = [text for text in corpus if text]
    # A lesson that is one of the workspace's texts is counted once.
    taught = sorted({*words, *told}.difference(met, [""]))
    vocabulary, width = _choose_vocabulary(met, taught)
    encoded = material.encoded
    school = teach(
        _examples(material.taxonomy, _features(vocabulary, words, encoded and encoded.words)),
        _lessons(material, _features(vocabulary, told, encoded and encoded.lessons)),
        material.lessons,
        _unlabelled(material, _features(vocabulary, corpus, _rows_at(encoded, places))),
    )
    ids = tuple(item.id for item in material.taxonomy.categories)
    latent = met if len(met) >= _FEW_TEXTS else [*met, *taught]
    state = FittedState(
        category_ids=ids,
        encoder_version=encoded.encoder_version if encoded else None,
        temperature=school.head.temperature,
        buckets=vocabulary.buckets,
        weights=vocabulary.weights,
        directions=_find_directions(vocabulary, width, latent),
        head=school.head.weights.astype(np.float16),
        dense=school.head.dense,
        bias=school.head.bias,
    )
    return LocalModel(state, rank(ids, school.held_out))


def _sample(texts: Sequence[str]) -> npt.NDArray[np.intp]:
    """Places of all texts, or of evenly spaced ones that together stay within the limit."""
    total = sum(min(len(text), MOST_CHARACTERS) for text in texts)
    kept = len(texts)
    if total > _SAMPLE_CHARACTERS:
        kept = max(int(len(texts) * _SAMPLE_CHARACTERS / total), 1)
    return np.arange(kept) * len(texts) // max(kept, 1)


def _shortened(lessons: Sequence[Lesson]) -> list[str]:
    most = min(MOST_CHARACTERS, _LESSON_CHARACTERS // max(len(lessons), 1))
    return [normalize(lesson.text[:most]) for lesson in lessons]


def _rows_at(encoded: Encoded | None, places: npt.NDArray[np.intp]) -> Vectors | None:
    if encoded is None:
        return None
    if len(encoded.texts) == 0:
        return np.zeros((len(places), encoded.texts.shape[1]), dtype=np.float32)
    return encoded.texts[places]


def _features(
    vocabulary: Vocabulary, normalized: Sequence[str], vectors: Vectors | None
) -> Features:
    if vectors is None:
        vectors = np.zeros((len(normalized), 0), dtype=np.float32)
    return Features(rows=stack(vocabulary, normalized, fading=True), dense=vectors)


def _examples(taxonomy: Taxonomy, features: Features) -> Taught:
    groups = words_of(taxonomy)
    owners = [number for number, group in enumerate(groups) for _ in group]
    taught = Taught(
        features=features,
        labels=np.array(owners, dtype=np.intp),
        importance=np.ones(len(owners)),
        categories=len(groups),
    )
    return taught[_says_something(features)]


def _lessons(material: Material, features: Features) -> Taught:
    ids = [category.id for category in material.taxonomy.categories]
    numbers = {category: number for number, category in enumerate(ids)}
    weights = [HUMAN_WEIGHT if lesson.origin == "human" else 1.0 for lesson in material.lessons]
    labels = [numbers[lesson.category_id] for lesson in material.lessons]
    return Taught(
        features=features,
        labels=np.array(labels, dtype=np.intp),
        importance=np.array(weights, dtype=np.float64),
        categories=len(ids),
    )


def _unlabelled(material: Material, features: Features) -> Features:
    """None of them where there is an encoder that did not see them."""
    encoded = material.encoded
    if encoded is not None and len(encoded.texts) == 0:
        return features[:0]
    return features[_says_something(features)]


def _says_something(features: Features) -> Mask:
    """Those with any n-gram that is known."""
    return np.diff(features.rows.indptr) > 0


def _choose_vocabulary(corpus: Sequence[str], taught: Sequence[str]) -> tuple[Vocabulary, int]:
    """Columns and how many of them embed: the workspace's most frequent n-grams come first."""
    own = count_texts(corpus)
    lessons = count_texts(taught)
    together = own + lessons
    latent = own if len(corpus) >= _FEW_TEXTS else together
    embedding = _most_frequent(latent, np.flatnonzero(latent >= _LEAST_TEXTS), _EMBEDDING_COLUMNS)
    rest = np.setdiff1d(np.flatnonzero((lessons > 0) & (together >= _LEAST_TEXTS)), embedding)
    rest = _most_frequent(together, rest, _MOST_LESSON_COLUMNS)
    buckets = np.concatenate([embedding, rest]).astype(np.int32)
    texts = len(corpus) + len(taught)
    rarity = np.log((1 + texts) / (1 + together[buckets])) + 1
    return Vocabulary(buckets, rarity.astype(np.float32)), len(embedding)


def _most_frequent(
    counts: npt.NDArray[np.int32], candidates: npt.NDArray[np.intp], most: int
) -> npt.NDArray[np.intp]:
    order = np.argsort(-counts[candidates], kind="stable")
    return np.sort(candidates[order[:most]])


def _find_directions(
    vocabulary: Vocabulary, width: int, normalized: Sequence[str]
) -> npt.NDArray[np.float16]:
    """Shape (width, dimensions); a single direction of zeros where there is nothing to learn."""
    rows = stack(vocabulary, normalized, fading=False)[:, :width]
    dimensions = min(_DIMENSIONS, *rows.shape)
    if rows.nnz == 0 or dimensions < 2:
        return np.zeros((width, 1), dtype=np.float16)
    strengths, right = decompose(rows, dimensions)
    kept = strengths > _FAINT * strengths[0]
    directions = right[kept].T * strengths[kept] ** _DIRECTION_POWER
    # Half precision has 11 bits at any size above 6e-5: bring the largest number to 1.
    return (directions / np.abs(directions).max()).astype(np.float16)


def main() -> None:
    """Read what `write_material` wrote from stdin, write a model to stdout."""
    model = fit(read_material(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(write_model(model))


if __name__ == "__main__":
    main()
