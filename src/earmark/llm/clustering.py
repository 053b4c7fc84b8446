"""Groups of similar vectors: nearest neighbours, communities among them, and what holds together.

A graph joins each vector to its nearest neighbours; Leiden (Traag, Waltman, van Eck 2019) finds its
communities under the constant Potts model, whose groups need a certain density of edges instead of
a certain share of the graph: a rare trouble is found beside a frequent one. Then every vector goes
to the nearest centroid, if that is near enough, and a group that does not hold together dissolves.

The constants were chosen on labelled public data for the embeddings of the local model; another
embedding has other similarities and needs others. There, the similarity of a member to its centroid
was near the share of members that were about what most of their group was about: 52, 68, 80 and 89
in a hundred at 0.6, 0.7, 0.8 and 0.9. It is a cosine all the same, not a calibrated probability.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol, cast

import graspologic_native
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from earmark.llm.base import Grouping, Vectors
from earmark.llm.local_terms import find_distinctive_terms

_NEIGHBOURS: Final = 50
_EDGE_FLOOR: Final = 0.55
"""Cosine from which on two vectors are neighbours."""
_DENSITY: Final = 0.01
"""Resolution of the constant Potts model: the mean edge weight below which a group falls apart."""
_MEMBER_FLOOR: Final = 0.45
_JOIN_FLOOR: Final = 0.5
_JOIN_MARGIN: Final = 0.03
"""By how much a known group must be nearer than the next for a newcomer to join it."""
_COHESION_FLOOR: Final = 0.35
"""Mean cosine of two members below which a group is none."""
_BLOCK_VALUES: Final = 4_000_000
_RANKED_APART: Final = 30
_REPEATS: Final = 0.9
"""Cosine from which on two texts say the same in nearly the same words."""
_SEED: Final = 0

_Labels = npt.NDArray[np.intp]


class _Leiden(Protocol):
    """`graspologic_native.leiden_csr`: returns the quality and the community of each node."""

    def __call__(
        self,
        indptr: npt.NDArray[np.int64],
        indices: npt.NDArray[np.int32],
        data: npt.NDArray[np.float64],
        n_nodes: int,
        **settings: float | bool,
    ) -> tuple[float, dict[int, int]]: ...


_leiden = cast(
    _Leiden,
    graspologic_native.leiden_csr,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - compiled, no stubs
)


class GraphThemeFinder:
    """Finds themes among embeddings; the same vectors always give the same groups."""

    def induce(self, vectors: Vectors, *, min_size: int) -> Grouping:
        """Groups of at least `min_size` that hold together; the rest stays in the remainder.

        Memory grows with the number of vectors, not with its square; time grows with the square:
        20,000 take some seconds. Vectors of zeros belong to no group.
        """
        graph = _join_neighbours(vectors)
        labels = _find_communities(graph)
        labels = _drop_groups(labels, _sizes(labels) < min_size)
        labels, _ = _nearest(vectors, _centroids(vectors, labels), floor=_MEMBER_FLOOR, margin=0)
        labels = _drop_groups(labels, _sizes(labels) < min_size)
        labels = _drop_groups(labels, _cohesion(vectors, labels) < _COHESION_FLOOR)
        return Grouping(labels=labels, similarity=_similarity(vectors, labels))

    def assign(self, vectors: Vectors, centroids: Vectors) -> Grouping:
        """The known group that each vector clearly belongs to; `centroids` need not be of length 1.

        Labels are rows of `centroids`; -1 where none is near, or two are about equally near.
        """
        labels, similarity = _nearest(
            vectors, _to_unit(centroids), floor=_JOIN_FLOOR, margin=_JOIN_MARGIN
        )
        return Grouping(labels=labels, similarity=similarity)

    def rank(self, vectors: Vectors) -> list[int]:
        """The members of one group, most typical first and different from each other.

        Among the first thirty, a member that nearly repeats an earlier one steps back.
        """
        typicality = vectors @ _to_unit(vectors.sum(axis=0, keepdims=True))[0]
        order = np.argsort(-typicality, kind="stable")
        fresh = np.ones(len(vectors), dtype=np.bool_)
        first: list[int] = []
        while len(first) < _RANKED_APART and fresh.any():
            chosen = int(order[np.argmax(fresh[order])])
            first.append(chosen)
            fresh &= vectors @ vectors[chosen] < _REPEATS
            fresh[chosen] = False
        return first + order[~np.isin(order, first)].tolist()

    def distinctive_terms(self, groups: Sequence[Sequence[str]], *, most: int) -> list[list[str]]:
        """For each group of texts, the terms that set it apart from the others, strongest first."""
        return find_distinctive_terms(groups, most=most)


# ---------------------------------------------------------------- the graph and its communities


def _join_neighbours(vectors: Vectors) -> csr_array[np.float64]:
    """Symmetric: an edge where either is among the nearest of the other; weighs the cosine."""
    count = len(vectors)
    most = min(_NEIGHBOURS, count - 1)
    if most < 1:
        return csr_array((count, count), dtype=np.float64)
    edges = [_nearest_of_block(vectors, rows, most) for rows in _blocks(count, count)]
    begin, end, weight = (np.concatenate(part) for part in zip(*edges, strict=True))
    one_way = csr_array((weight.astype(np.float64), (begin, end)), shape=(count, count))
    return csr_array(one_way.maximum(one_way.T))


def _nearest_of_block(
    vectors: Vectors, rows: npt.NDArray[np.intp], most: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    cosines = vectors[rows] @ vectors.T
    cosines[np.arange(len(rows)), rows] = -1.0
    nearest = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
    values = np.take_along_axis(cosines, nearest, axis=1)
    kept = values >= _EDGE_FLOOR
    begin = np.broadcast_to(rows[:, None], nearest.shape)
    return begin[kept].astype(np.int32), nearest[kept].astype(np.int32), values[kept]


def _find_communities(graph: csr_array[np.float64]) -> _Labels:
    if graph.nnz == 0:
        return np.arange(graph.shape[0], dtype=np.intp)
    graph.sort_indices()
    _, communities = _leiden(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data,
        graph.shape[0],
        resolution=_DENSITY,
        iterations=2,
        use_modularity=False,
        seed=_SEED,
    )
    return np.array([communities[node] for node in range(graph.shape[0])], dtype=np.intp)


# ---------------------------------------------------------------- groups and their centroids


def _nearest(
    vectors: Vectors, centroids: Vectors, *, floor: float, margin: float
) -> tuple[_Labels, npt.NDArray[np.float32]]:
    """The nearest centroid of each vector and its cosine; -1 and 0 where it is not clear."""
    labels = np.full(len(vectors), -1, dtype=np.intp)
    similarity = np.zeros(len(vectors), dtype=np.float32)
    if len(centroids) == 0:
        return labels, similarity
    for rows in _blocks(len(vectors), len(centroids)):
        cosines = vectors[rows] @ centroids.T
        best = cosines.argmax(axis=1)
        values = np.take_along_axis(cosines, best[:, None], axis=1)[:, 0]
        np.put_along_axis(cosines, best[:, None], -1.0, axis=1)
        clear = (values >= floor) & (values - cosines.max(axis=1) >= margin)
        labels[rows[clear]] = best[clear]
        similarity[rows[clear]] = values[clear]
    return labels, similarity


def _blocks(count: int, width: int) -> Iterator[npt.NDArray[np.intp]]:
    """Row numbers in runs short enough for a block of `width` columns."""
    size = max(_BLOCK_VALUES // max(width, 1), 1)
    for begin in range(0, count, size):
        yield np.arange(begin, min(begin + size, count))


def _drop_groups(labels: _Labels, dropped: npt.NDArray[np.bool_]) -> _Labels:
    """Send the members of the dropped groups to the remainder and number the others anew."""
    numbers = np.where(dropped, -1, np.cumsum(~dropped) - 1)
    kept = labels.copy()
    inside = labels >= 0
    kept[inside] = numbers[labels[inside]]
    return kept


def _sizes(labels: _Labels) -> npt.NDArray[np.intp]:
    return np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=-1)) + 1)


def _centroids(vectors: Vectors, labels: _Labels) -> Vectors:
    return _to_unit(_sum_groups(vectors, labels))


def _sum_groups(vectors: Vectors, labels: _Labels) -> Vectors:
    inside = np.flatnonzero(labels >= 0)
    membership = csr_array(
        (np.ones(len(inside), dtype=np.float32), (labels[inside], inside)),
        shape=(int(labels.max(initial=-1)) + 1, len(vectors)),
    )
    return membership @ vectors


def _similarity(vectors: Vectors, labels: _Labels) -> npt.NDArray[np.float32]:
    similarity = np.zeros(len(vectors), dtype=np.float32)
    inside = np.flatnonzero(labels >= 0)
    centroids = _centroids(vectors, labels)
    for part in np.array_split(inside, len(inside) * vectors.shape[1] // _BLOCK_VALUES + 1):
        similarity[part] = np.einsum("ij,ij->i", vectors[part], centroids[labels[part]])
    return similarity


def _cohesion(vectors: Vectors, labels: _Labels) -> npt.NDArray[np.float64]:
    """Shape (groups,): mean cosine of two different members; a single member is alike enough.

    Not that to the centroid: of three vectors that have nothing in common, each is at 0.58 to it.
    """
    sizes = _sizes(labels).astype(np.float64)
    sums = _sum_groups(vectors, labels).astype(np.float64)
    between = np.einsum("ij,ij->i", sums, sums) - sizes
    pairs = sizes * (sizes - 1)
    return np.divide(between, pairs, out=np.ones_like(sizes), where=pairs > 0)


def _to_unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
