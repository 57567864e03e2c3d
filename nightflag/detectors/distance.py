"""How far a record's coordinates lie from those of training, by the Mahalanobis distance.

The covariance is Ledoit and Wolf's (2004), which also holds with fewer records than coordinates.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from nightflag.detectors.mahalanobis import FINEST_DEVIATION, symmetric_root

CLIP = 20.0

Coordinates = NDArray[np.float32]


class Distance(NamedTuple):
    """Weights for w = clip((v - mean) / deviation) @ kernel; the squared distance is |w|^2.

    Shapes (m,), (m,) and (m, m). ``leverage`` times a training record's squared distance is the
    share of itself in the covariance that it is measured by.
    """

    mean: Coordinates
    deviation: Coordinates
    kernel: Coordinates
    leverage: float

    def standardised(self, coordinates: Coordinates) -> Coordinates:
        """The z-scores (n, m) of ``coordinates`` (n, m), clipped at 20."""
        scores = (coordinates - self.mean) / self.deviation
        return np.asarray(np.clip(scores, -CLIP, CLIP), np.float32)

    def of(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """The squared distance of each record (n, m), shape (n,)."""
        white = self.standardised(coordinates) @ self.kernel
        return np.asarray(np.square(white, dtype=np.float64).sum(axis=1))

    def held_out(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """The squared distance (n,) of each training record, as if it had been left out.

        By the formula of Sherman and Morrison (1950), with mean, scale and shrinkage as they are.
        """
        squared = self.of(coordinates)
        return squared / np.maximum(1 - self.leverage * squared, 1e-3)


def fit(coordinates: Coordinates) -> Distance:
    """The distance from these training records (n, m)."""
    exact = coordinates.astype(np.float64)
    mean, deviation = exact.mean(axis=0), np.maximum(exact.std(axis=0), FINEST_DEVIATION)
    scores = np.clip((exact - mean) / deviation, -CLIP, CLIP)
    covariance, shrinkage = ledoit_wolf(scores, assume_centered=True)
    return Distance(
        mean.astype(np.float32),
        deviation.astype(np.float32),
        symmetric_root(covariance).astype(np.float32),
        float((1 - shrinkage) / len(exact)),
    )
