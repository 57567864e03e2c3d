"""Which training rows to leave out where anomalies may be among them.

The rows are ranked by a broad random-feature head, too smooth to have learned any single row: a
network's own scores would spare just those anomalies that it memorised.
"""

import math

import numpy as np
from numpy.typing import NDArray

from nightflag.detectors import cosines, guards

BROAD = cosines.Recipe(breadth=0.5, ridge=0.1)


def to_drop(rows: int, share: float) -> int:
    """How many of so many rows the ``share`` comes to, leaving enough to train on."""
    return max(0, min(math.floor(share * rows), rows - guards.FEWEST_ROWS))


def best_fitting(rows: NDArray[np.float32], dropped: int, seed: int) -> NDArray[np.intp]:
    """The positions, ascending, of all rows (n, width) but the ``dropped`` worst-fitting."""
    return lowest(cosines.fit(rows, BROAD, seed).score(rows), dropped)


def lowest(scores: NDArray[np.float64], dropped: int) -> NDArray[np.intp]:
    """The positions, ascending, of all ``scores`` (n,) but the ``dropped`` highest."""
    worst_last = np.argsort(scores, kind="stable")
    return np.sort(worst_last[: len(scores) - dropped])
