"""What each value should be, given the row's other values, as frozen weights of a network.

With P the inverse of the rows' Ledoit-Wolf covariance (2004), a Gaussian expects x_j - r_j,
r_j = (P (x - m))_j / P_jj, and z_j = r_j sqrt(P_jj) is how many conditional deviations x_j is off:
z_j^2 is how much the squared Mahalanobis distance falls when x_j alone is put right. Detectors that
have no parts of their own share their score among the features by z_j^2.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

SMALLEST_VARIANCE = 1e-4


class Conditional(NamedTuple):
    """Weights for z = x @ kernel + bias and expected = x @ others + level.

    Shapes (width, width) and (width,), float32.
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    others: NDArray[np.float32]
    level: NDArray[np.float32]


def fit(rows: NDArray[np.float32]) -> Conditional:
    """The conditional means and deviations of these training rows (n, width).

    No direction varies by less than a hundredth, so that a constant feature that changes stands
    out, and no more than it should.
    """
    exact = rows.astype(np.float64)
    mean = exact.mean(axis=0)
    covariance, _ = ledoit_wolf(exact - mean, assume_centered=True)
    precision = np.linalg.inv(covariance + SMALLEST_VARIANCE * np.eye(len(mean)))
    own = np.diag(precision)
    kernel, residual = precision / np.sqrt(own), precision / own
    others = np.eye(len(mean)) - residual
    parts = (kernel, -mean @ kernel, others, mean @ residual)
    return Conditional(*(part.astype(np.float32) for part in parts))
