"""Intervals of what records say, from records drawn again (Efron, 1979)."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 400

Rows = NDArray[np.intp]


def interval(
    statistic: Callable[[Rows], float], strata: Sequence[Rows], seed: int, *, coverage: float = 0.95
) -> tuple[float, float]:
    """The central interval of the statistic over records drawn again, each stratum for itself.

    The statistic is asked for the positions that were drawn; the same seed draws the same.
    """
    random = np.random.default_rng(seed)
    drawn = [
        statistic(np.concatenate([random.choice(rows, len(rows)) for rows in strata]))
        for _ in range(RESAMPLES)
    ]
    beyond = (1 - coverage) / 2
    low, high = np.quantile(drawn, [beyond, 1 - beyond])
    return float(low), float(high)
