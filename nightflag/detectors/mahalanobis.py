"""The Mahalanobis distance as frozen weights of a network, and its parts shared among features.

With v the coordinates of a record and S their Ledoit-Wolf covariance (2004), the squared distance
(v - m)' S^-1 (v - m) is a sum of squares of w = W (v - m), W = P^-1/2 V^-1/2, P the correlations
and V the variances. The symmetric root keeps each w_i as close to its own coordinate as whitening
can (Kessy, Lewin and Strimmer, 2018), so w_i^2 is that coordinate's contribution to the distance
(Garthwaite and Koch, 2016).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

FINEST_DEVIATION = 1e-2
SMALLEST_EIGENVALUE = 1e-4


class Whitening(NamedTuple):
    """Weights for w = v @ kernel + bias, of shapes (m, m) and (m,), float32."""

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]

    def distance(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """The squared Mahalanobis distance of ``rows`` (n, m), shape (n,)."""
        white = rows.astype(np.float64) @ self.kernel + self.bias
        return np.asarray((white**2).sum(axis=1))


class ReadOut(NamedTuple):
    """Weights for w = v @ kernel + bias, and contributions = w^2 @ shares.

    Shapes (m, m), (m,) and (m, width), float32. Each row of ``shares`` adds up to 1, so that the
    contributions add up to the score.
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    shares: NDArray[np.float32]


def fit(
    residual: NDArray[np.float32],
    code: NDArray[np.float32],
    x: NDArray[np.float32],
    *,
    smallest: float = SMALLEST_EIGENVALUE,
) -> ReadOut:
    """The read-out of ``residual`` (n, width) and ``code`` (n, k), both of the records ``x``.

    A residual belongs to its own feature; a code coordinate is shared among the features by their
    squared correlation with it. Deviations below a hundredth of a feature's own and correlations'
    eigenvalues below the ``smallest`` count as that much, so that rounding noise is never magnified
    into evidence.
    """
    white = whitening(np.concatenate([residual, code], axis=1), smallest=smallest)
    shares = np.vstack([np.eye(x.shape[1]), _squared_correlations(code, x)])
    return ReadOut(*white, shares.astype(np.float32))


def whitening(rows: NDArray[np.float32], *, smallest: float = SMALLEST_EIGENVALUE) -> Whitening:
    """What makes these ``rows`` (n, m) uncorrelated, each of variance 1; limits as in ``fit``."""
    exact = rows.astype(np.float64)
    mean = exact.mean(axis=0)
    deviation = np.maximum(exact.std(axis=0), FINEST_DEVIATION)
    covariance, _ = ledoit_wolf((exact - mean) / deviation, assume_centered=True)
    kernel = symmetric_root(covariance, smallest) / deviation[:, None]
    return Whitening(kernel.astype(np.float32), (-mean @ kernel).astype(np.float32))


def symmetric_root(
    covariance: NDArray[np.float64], smallest: float = SMALLEST_EIGENVALUE
) -> NDArray[np.float64]:
    """The transpose of P^-1/2 V^-1/2 for this covariance, shape (m, m)."""
    deviation = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(deviation, deviation))
    root = (vectors / np.sqrt(np.maximum(values, smallest))) @ vectors.T
    return np.asarray(root / deviation[:, None])


def _squared_correlations(code: NDArray[np.float32], x: NDArray[np.float32]) -> NDArray[np.float64]:
    """The share of each feature in each code coordinate, shape (k, width), rows adding up to 1."""
    squares = (_standardised(code).T @ _standardised(x)) ** 2 + 1e-12
    return np.asarray(squares / squares.sum(axis=1, keepdims=True))


def _standardised(columns: NDArray[np.float32]) -> NDArray[np.float64]:
    centred = columns - columns.mean(axis=0, dtype=np.float64)
    return np.asarray(centred / np.maximum(np.sqrt((centred**2).mean(axis=0)), 1e-9))
