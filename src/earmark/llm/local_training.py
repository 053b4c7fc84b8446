"""Fits the local model on a workspace's own texts and the taxonomy's words.

Embedding: latent directions of the workspace's TF-IDF rows (latent semantic analysis), each
weighted by a power of its singular value. Head: see `local_head`. Every constant was chosen on the
development parts of public data.
"""

import json
import sys
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from earmark.db.models import Taxonomy
from earmark.llm.base import words_of
from earmark.llm.local_artefact import FittedState
from earmark.llm.local_grams import MOST_CHARACTERS, Vocabulary, count_texts, normalize
from earmark.llm.local_head import Head, Lessons, stack, teach
from earmark.llm.local_learners import decompose
from earmark.llm.local_model import LocalModel

_DIMENSIONS: Final = 256
_SAMPLE_CHARACTERS: Final = 4_000_000
"""Of all texts together, what is learnt from: bounds time and memory."""
_EMBEDDING_COLUMNS: Final = 20_000
_MOST_LESSON_COLUMNS: Final = 40_000
_LEAST_TEXTS: Final = 2
"""Texts that must hold an n-gram for it to become a column."""
_FEW_TEXTS: Final = 50
"""With fewer, directions are learnt from the taxonomy's examples as well."""
_DIRECTION_POWER: Final = 0.25
_FAINT: Final = 1e-4
"""Singular values below this share of the largest are rounding errors."""


def learn(texts: Sequence[str], taxonomy: Taxonomy) -> bytes:
    """The artefact of a model fitted on these; on one thread, which is quicker on a busy machine.

    More threads wait for each other, and round differently.
    """
    with threadpool_limits(limits=1):
        return fit(texts, taxonomy).dump()


def fit(texts: Sequence[str], taxonomy: Taxonomy) -> LocalModel:
    """Learn vocabulary, directions and head; see the module."""
    corpus = [text for text in map(normalize, _sample(texts)) if text]
    words = [[text for text in map(normalize, group) if text] for group in words_of(taxonomy)]
    taught = [text for group in words for text in group]
    vocabulary, width = _choose_vocabulary(corpus, taught)
    latent = corpus if len(corpus) >= _FEW_TEXTS else [*corpus, *taught]
    directions = _find_directions(vocabulary, width, latent)
    head = _teach_head(vocabulary, corpus, words)
    return LocalModel(
        FittedState(
            category_ids=tuple(item.id for item in taxonomy.categories),
            temperature=head.temperature,
            buckets=vocabulary.buckets,
            weights=vocabulary.weights,
            directions=directions,
            head=head.weights.astype(np.float16),
            bias=head.bias,
        )
    )


def _sample(texts: Sequence[str]) -> Sequence[str]:
    """All texts, or evenly spaced ones that together stay within the limit."""
    total = sum(min(len(text), MOST_CHARACTERS) for text in texts)
    if total <= _SAMPLE_CHARACTERS:
        return texts
    kept = max(int(len(texts) * _SAMPLE_CHARACTERS / total), 1)
    return [texts[index * len(texts) // kept] for index in range(kept)]


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


def _teach_head(
    vocabulary: Vocabulary, corpus: Sequence[str], words: Sequence[Sequence[str]]
) -> Head:
    labels = [number for number, group in enumerate(words) for _ in group]
    lessons = Lessons(
        rows=stack(vocabulary, [text for group in words for text in group], fading=True),
        labels=np.array(labels, dtype=np.intp),
        categories=len(words),
    )
    return teach(lessons, stack(vocabulary, corpus, fading=True))


def main() -> None:
    """Read texts and taxonomy as JSON from stdin, write the artefact to stdout."""
    request = json.load(sys.stdin.buffer)
    artefact = learn(request["texts"], Taxonomy.model_validate(request["taxonomy"]))
    sys.stdout.buffer.write(artefact)


if __name__ == "__main__":
    main()
