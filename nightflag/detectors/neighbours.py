"""Nearest neighbours as a frozen layer: how far a row lies from the training rows nearest to it.

The rows remembered are distinct, and at most ``REMEMBERED`` drawn at random, so that a network's
size and speed do not grow with the table (Ramaswamy, Rastogi and Shim, 2000; subsampling: Sugiyama
and Borgwardt, 2013).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NEAREST = 5
REMEMBERED = 4_096
ROWS_AT_ONCE = 1_024

Rows = NDArray[np.float32]


class Memory(NamedTuple):
    """The rows remembered, distinct, shape (m, width), and how many nearest ones count."""

    rows: Rows
    nearest: int

    def held_out(self, rows: Rows) -> NDArray[np.float64]:
        """Mean squared distance (n,) to the nearest remembered rows, other than the row itself."""
        blocks = range(0, len(rows), ROWS_AT_ONCE)
        return np.concatenate([self._block(rows[i : i + ROWS_AT_ONCE]) for i in blocks])

    def _block(self, rows: Rows) -> NDArray[np.float64]:
        exact, known = rows.astype(np.float64), self.rows.astype(np.float64)
        squared = (exact**2).sum(axis=1)[:, None] - 2 * exact @ known.T + (known**2).sum(axis=1)
        squared[squared < 1e-9] = np.inf
        nearest = np.partition(squared, self.nearest - 1)[:, : self.nearest]
        return np.asarray(nearest.mean(axis=1))


def fit(distinct: Rows, seed: int) -> Memory:
    """The memory of these ``distinct`` training rows (n, width), at least two of them."""
    count = min(len(distinct), REMEMBERED)
    drawn = np.random.default_rng(seed).choice(len(distinct), count, replace=False)
    return Memory(distinct[np.sort(drawn)], min(NEAREST, count - 1))
