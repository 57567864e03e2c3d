"""Nearest neighbours as a frozen layer: how far a row lies from the training rows nearest to it.

Two readings of the same distances. ``nearest``: the distance to the nearest row, which a single
known row like it makes small (Ramaswamy, Rastogi and Shim, 2000). ``relative``: the mean distance
d(x) to the nearest rows x_1..x_k over the root of what is usual there, d(x) / sqrt(gm d(x_i)), gm
the geometric mean. That is half way between a distance, which takes rows to lie equally dense
everywhere, and the local outlier factor (Breunig et al., 2000), which is blind to how dense.

The rows remembered are distinct, and so many at most, drawn at random, that a network's size and
speed do not grow with the table (subsampling: Sugiyama and Borgwardt, 2013).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NEAREST = 5
REMEMBERED = 4_096
REMEMBERED_VALUES = 2**20
FEWEST = 256
ROWS_AT_ONCE = 1_024
SAME = 1e-9
SMALLEST_USUAL = 1e-3

Rows = NDArray[np.float32]
Scores = NDArray[np.float64]


class Memory(NamedTuple):
    """The rows remembered, distinct, shape (m, width), and how many nearest ones count.

    ``rarity`` (m,) is 1 / sqrt of the distance usual around each, as its logarithm.
    """

    rows: Rows
    nearest: int
    rarity: Rows

    def held_out(self, rows: Rows) -> tuple[Scores, Scores]:
        """``nearest``, squared, and ``relative`` (n,) of rows, themselves not counted as known."""
        squares, places = nearest_rows(self.rows, rows, self.nearest)
        rarity = self.rarity[places].mean(axis=1, dtype=np.float64)
        return squares[:, 0], np.sqrt(squares).mean(axis=1) * np.exp(rarity)


def fit(distinct: Rows, seed: int) -> Memory:
    """The memory of these ``distinct`` training rows (n, width), at least two of them."""
    count = min(len(distinct), REMEMBERED, max(FEWEST, REMEMBERED_VALUES // distinct.shape[1]))
    drawn = np.random.default_rng(seed).choice(len(distinct), count, replace=False)
    known, nearest = distinct[np.sort(drawn)], min(NEAREST, count - 1)
    usual = np.sqrt(nearest_rows(known, known, nearest)[0]).mean(axis=1)
    rarity = -0.5 * np.log(usual + SMALLEST_USUAL * np.median(usual))
    return Memory(known, nearest, rarity.astype(np.float32))


def nearest_rows(known: Rows, rows: Rows, count: int) -> tuple[Scores, NDArray[np.intp]]:
    """Squared distances (n, count), ascending, to the nearest ``known`` rows, and their places.

    A known row that is the row itself does not count.
    """
    blocks = range(0, len(rows), ROWS_AT_ONCE)
    parts = [_block(known, rows[i : i + ROWS_AT_ONCE], count) for i in blocks]
    squares, places = zip(*parts, strict=True)
    return np.concatenate(squares), np.concatenate(places)


def _block(known: Rows, rows: Rows, count: int) -> tuple[Scores, NDArray[np.intp]]:
    one, other = rows.astype(np.float64), known.astype(np.float64)
    squares = (one**2).sum(axis=1)[:, None] - 2 * one @ other.T + (other**2).sum(axis=1)
    squares[squares < SAME] = np.inf
    places = np.argpartition(squares, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(squares, places, axis=1)
    order = np.argsort(found, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(places, order, axis=1)
