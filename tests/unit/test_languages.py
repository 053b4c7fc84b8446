"""Topics in each of several languages."""

import numpy as np

from earmark.db.theme_storage import Centroids, LanguageMeans
from earmark.llm.clustering import GraphThemeFinder
from earmark.pipeline.languages import Origins

_WIDTH = 24


def _texts(language: int, topics: int, each: int) -> np.ndarray:
    """Rows that are mostly their language, a little their topic, and some noise."""
    noise = np.random.default_rng(language).normal(0, 0.05, (topics * each, _WIDTH))
    rows = noise.astype(np.float32)
    rows[:, language] += 2.0
    for topic in range(topics):
        rows[topic * each : (topic + 1) * each, 4 + 5 * language + topic] += 0.9
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _means(vectors: np.ndarray, languages: list[str]) -> LanguageMeans:
    known = sorted(set(languages), key=lambda name: (-languages.count(name), name))
    rows = [vectors[[spoken == name for spoken in languages]] for name in known]
    return LanguageMeans(
        languages=tuple(known),
        sizes=tuple(len(part) for part in rows),
        vectors=np.vstack([part.mean(axis=0) for part in rows]),
    )


def test_smaller_language_falls_into_topics_and_the_largest_stays_as_it_is() -> None:
    vectors = np.vstack([_texts(0, 4, 40), _texts(1, 4, 10)]).astype(np.float32)
    languages = ["en"] * 160 + ["de"] * 40
    origins = Origins(_means(vectors, languages))
    shifted = origins.shift(vectors, languages)
    assert np.array_equal(shifted[:160], vectors[:160])
    assert np.allclose(np.linalg.norm(shifted, axis=1), 1, atol=1e-5)
    finder = GraphThemeFinder()
    before = finder.induce(vectors[160:], min_size=3).labels
    after = finder.induce(shifted[160:], min_size=3).labels
    assert len(set(before.tolist())) == 1
    assert len(set(after.tolist())) == 4


def test_centroids_of_a_theme_in_two_languages_are_one() -> None:
    means = LanguageMeans(
        languages=("en", "de"), sizes=(100, 50), vectors=np.eye(2, dtype=np.float32)
    )
    centroids = Centroids(
        theme_ids=(7, 7, 9),
        languages=("en", "de", None),
        sizes=(3, 1, 2),
        vectors=np.array([[1, 0], [0, 2], [0.5, 0.5]], dtype=np.float32),
    )
    ids, vectors = Origins(means).join(centroids)
    assert ids == (7, 9)
    assert np.allclose(vectors, [[3, 1], [1, 1]])


def test_rare_language_keeps_its_place() -> None:
    vectors = np.eye(3, dtype=np.float32)
    means = LanguageMeans(languages=("en", "fr"), sizes=(90, 3), vectors=vectors[:2])
    assert np.array_equal(Origins(means).shift(vectors, ["en", "fr", None]), vectors)
