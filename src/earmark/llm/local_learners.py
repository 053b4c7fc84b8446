"""The two algorithms that scikit-learn does for the local model, with their types.

The library is not annotated: what is used of it is written down here once, as protocols.
"""

import warnings
from typing import Final, Protocol, cast

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from earmark.llm.base import Vectors
from earmark.llm.local_grams import Rows

_INVERSE_PENALTY: Final = 30.0
_INVERSE_PENALTY_TOGETHER: Final = 20.0
_INVERSE_PENALTY_DENSE: Final = 5.0
_SEED: Final = 0

Numbers = npt.NDArray[np.float64]


class _Regression(Protocol):
    coef_: Numbers
    intercept_: Numbers

    def fit(
        self,
        X: Rows | Vectors,  # noqa: N803
        y: npt.NDArray[np.generic],
        sample_weight: Numbers,
    ) -> object: ...


class _Decomposition(Protocol):
    components_: npt.NDArray[np.float32]
    singular_values_: npt.NDArray[np.float32]

    def fit(self, X: Rows) -> object: ...  # noqa: N803


def regress(
    rows: Rows, inside: npt.NDArray[np.bool_], importance: Numbers
) -> tuple[Numbers, float]:
    """One category against the rest: coefficients, shape (columns,), and intercept of log-odds."""
    coefficients, intercepts = _fit_regression(rows, inside, importance, _INVERSE_PENALTY)
    return coefficients[0], float(intercepts[0])


def regress_dense(
    vectors: Vectors, inside: npt.NDArray[np.bool_], importance: Numbers
) -> tuple[Numbers, float]:
    """One category against the rest, by an encoder's numbers alone."""
    coefficients, intercepts = _fit_regression(vectors, inside, importance, _INVERSE_PENALTY_DENSE)
    return coefficients[0], float(intercepts[0])


def regress_together(
    rows: Rows | Vectors, labels: npt.NDArray[np.intp], importance: Numbers
) -> tuple[Numbers, Numbers]:
    """Three labels or more: coefficients, shape (labels that occur, columns), and intercepts."""
    return _fit_regression(rows, labels, importance, _INVERSE_PENALTY_TOGETHER)


def _fit_regression(
    rows: Rows | Vectors,
    target: npt.NDArray[np.generic],
    importance: Numbers,
    inverse_penalty: float,
) -> tuple[Numbers, Numbers]:
    regression = cast(_Regression, LogisticRegression(C=inverse_penalty, max_iter=200, tol=1e-3))
    with warnings.catch_warnings():
        # An optimum that is not quite reached still separates what can be separated.
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(rows, target, importance)
    return regression.coef_, regression.intercept_


def decompose(
    rows: Rows, dimensions: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The largest singular values and their right vectors, shape (dimensions, columns).

    At least two columns. Randomized (Halko, Martinsson, Tropp 2011) with a fixed seed.
    """
    decomposition = cast(
        _Decomposition,
        TruncatedSVD(dimensions, n_iter=2, power_iteration_normalizer="QR", random_state=_SEED),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        # The library also computes shares of the variance, of which equal rows have none.
        decomposition.fit(rows)
    return decomposition.singular_values_, decomposition.components_
