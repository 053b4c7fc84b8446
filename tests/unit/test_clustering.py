"""Groups among vectors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.evaluation.clustering_metrics import score_clustering
from earmark.llm.base import Vectors
from earmark.llm.clustering import GraphThemeFinder

DIMENSIONS = 32
finder = GraphThemeFinder()


def scatter(centre: Vectors, count: int, *, spread: float, seed: int) -> Vectors:
    """Unit vectors around a direction."""
    noise = np.random.default_rng(seed).normal(size=(count, len(centre)))
    points = centre + spread * noise / np.sqrt(len(centre))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def axis(number: int) -> Vectors:
    return np.eye(DIMENSIONS, dtype=np.float32)[number]


def make_groups(sizes: list[int], *, spread: float = 0.5, seed: int = 0) -> Vectors:
    """Groups around orthogonal directions, one after the other."""
    parts = [
        scatter(axis(number), size, spread=spread, seed=seed + number)
        for number, size in enumerate(sizes)
    ]
    return np.concatenate(parts)


def noise(count: int, *, seed: int = 9) -> Vectors:
    """Vectors that are like nothing else."""
    points = np.random.default_rng(seed).normal(size=(count, 4 * DIMENSIONS))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


# ---------------------------------------------------------------- induce


def test_planted_groups_are_found_whatever_their_size() -> None:
    sizes = [400, 120, 30, 8, 3]
    grouping = finder.induce(make_groups(sizes), min_size=3)
    truth = [number for number, size in enumerate(sizes) for _ in range(size)]
    assert score_clustering(truth, grouping.labels.tolist()).adjusted_rand > 0.99
    assert sorted(np.bincount(grouping.labels), reverse=True) == sizes


def test_what_is_like_nothing_stays_in_the_remainder() -> None:
    grouping = finder.induce(noise(300), min_size=3)
    assert set(grouping.labels.tolist()) == {-1}
    assert not grouping.similarity.any()


def test_remainder_is_left_beside_groups() -> None:
    padded = np.zeros((60, 4 * DIMENSIONS), dtype=np.float32)
    padded[:, :DIMENSIONS] = make_groups([30, 30])
    grouping = finder.induce(np.concatenate([padded, noise(100)]), min_size=3)
    assert (grouping.labels[:60] >= 0).all()
    assert (grouping.labels[60:] == -1).mean() > 0.95


def test_groups_below_the_least_size_are_none() -> None:
    vectors = make_groups([10, 4])
    assert set(finder.induce(vectors, min_size=5).labels[10:].tolist()) == {-1}
    assert set(finder.induce(vectors, min_size=4).labels[10:].tolist()) == {1}


def test_chain_of_neighbours_is_no_group() -> None:
    """Each is like the next (cosine 0.6), and nothing like the one after."""
    turn = np.arccos(0.6)
    chain = np.stack(
        [np.cos(step) * axis(0) + np.sin(step) * axis(1) for step in (0, turn, 2 * turn)]
    )
    assert set(finder.induce(chain.astype(np.float32), min_size=3).labels.tolist()) == {-1}


def test_vectors_of_zeros_belong_nowhere() -> None:
    vectors = np.concatenate([np.zeros((20, DIMENSIONS), dtype=np.float32), make_groups([10])])
    labels = finder.induce(vectors, min_size=3).labels
    assert set(labels[:20].tolist()) == {-1}
    assert set(labels[20:].tolist()) == {0}


def test_equal_vectors_are_one_group() -> None:
    grouping = finder.induce(np.tile(axis(3), (500, 1)), min_size=3)
    assert set(grouping.labels.tolist()) == {0}
    assert grouping.similarity == pytest.approx(np.ones(500))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_vectors_are_no_group(count: int) -> None:
    grouping = finder.induce(np.tile(axis(0), (count, 1)), min_size=3)
    assert grouping.labels.tolist() == [-1] * count


def test_same_vectors_give_the_same_groups() -> None:
    vectors = make_groups([50, 40, 30], spread=0.9)
    one, other = (finder.induce(vectors, min_size=3) for _ in range(2))
    assert np.array_equal(one.labels, other.labels)
    assert np.array_equal(one.similarity, other.similarity)


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 25), min_size=1, max_size=6),
    st.floats(0.1, 2.0),
    st.integers(1, 6),
    st.integers(0, 1_000),
)
def test_groups_keep_their_promises(sizes: list[int], spread: float, least: int, seed: int) -> None:
    vectors = make_groups(sizes, spread=spread, seed=seed)
    grouping = finder.induce(vectors, min_size=least)
    labels, similarity = grouping.labels, grouping.similarity
    assert labels.shape == similarity.shape == (len(vectors),)
    groups = np.unique(labels[labels >= 0])
    assert groups.tolist() == list(range(len(groups)))
    assert not similarity[labels < 0].any()
    for group in groups:
        members = vectors[labels == group]
        centroid = members.sum(axis=0) / np.linalg.norm(members.sum(axis=0))
        assert len(members) >= least
        assert similarity[labels == group] == pytest.approx(members @ centroid, abs=1e-4)
        if len(members) > 1:
            cosines = members @ members.T
            assert cosines[~np.eye(len(members), dtype=np.bool_)].mean() >= 0.35 - 1e-4


# ---------------------------------------------------------------- assign


def test_newcomer_joins_the_group_it_is_like() -> None:
    centroids = np.stack([axis(0), axis(1)]) * np.float32(7)
    newcomers = make_groups([5, 5], spread=0.4, seed=50)
    grouping = finder.assign(newcomers, centroids)
    assert grouping.labels.tolist() == [0] * 5 + [1] * 5
    assert grouping.similarity == pytest.approx(newcomers.max(axis=1), abs=1e-5)


def test_newcomer_between_two_groups_joins_none() -> None:
    between = (axis(0) + axis(1))[None] / np.float32(np.sqrt(2))
    grouping = finder.assign(between, np.stack([axis(0), axis(1)]))
    assert (grouping.labels.tolist(), grouping.similarity.tolist()) == ([-1], [0.0])
    assert finder.assign(between, axis(0)[None]).labels.tolist() == [0]


def test_newcomer_far_from_all_joins_none() -> None:
    strangers = np.stack([axis(5), np.zeros(DIMENSIONS, dtype=np.float32)])
    assert finder.assign(strangers, np.stack([axis(0), axis(1)])).labels.tolist() == [-1, -1]


def test_without_groups_or_newcomers_nobody_joins() -> None:
    none = np.zeros((0, DIMENSIONS), dtype=np.float32)
    assert finder.assign(make_groups([3]), none).labels.tolist() == [-1] * 3
    assert finder.assign(none, axis(0)[None]).labels.tolist() == []
    assert finder.assign(axis(0)[None], np.zeros((1, DIMENSIONS), np.float32)).labels[0] == -1


def test_members_join_the_group_that_they_founded() -> None:
    vectors = make_groups([60, 40, 20], spread=0.6)
    induced = finder.induce(vectors, min_size=3)
    sums = np.stack([vectors[induced.labels == group].sum(axis=0) for group in range(3)])
    assert np.array_equal(finder.assign(vectors, sums).labels, induced.labels)


# ---------------------------------------------------------------- rank


def test_most_typical_member_comes_first() -> None:
    members = np.concatenate([scatter(axis(0), 20, spread=1.2, seed=4), axis(0)[None]])
    assert finder.rank(members)[0] == 20


def test_second_is_not_a_copy_of_the_first() -> None:
    middle = (axis(0) + axis(1))[None] / np.float32(np.sqrt(2))
    members = np.concatenate([np.tile(middle, (5, 1)), axis(0)[None], axis(1)[None]])
    assert finder.rank(members) == [0, 5, 6, 1, 2, 3, 4]


@given(st.integers(0, 80), st.integers(0, 100))
def test_everyone_is_ranked_once(count: int, seed: int) -> None:
    members = scatter(axis(0), count, spread=1.0, seed=seed)
    assert sorted(finder.rank(members)) == list(range(count))
