"""Scales that keep every feature within LIMIT and what is rare or new far from the rest."""

import math

import numpy as np
from numpy.typing import NDArray

LIMIT = 20.0
TAIL = 3.0


def tame(scaled: NDArray[np.floating]) -> None:
    """Nothing; in place, |z| > 3 becomes sign(z) (3 + ln(1 + |z| - 3)). NaN stays, inf stays."""
    size = np.abs(scaled)
    tail = np.flatnonzero(size > TAIL)
    if tail.size:
        scaled[tail] = np.copysign(TAIL + np.log1p(size[tail] - TAIL), scaled[tail])


def untame(tamed: NDArray[np.float64]) -> NDArray[np.float64]:
    """The z-scores that ``tame`` made these of."""
    size = np.abs(tamed)
    stretched = TAIL + np.expm1(np.maximum(size - TAIL, 0.0))
    return np.copysign(np.where(size > TAIL, stretched, size), tamed)


def switch(share: float, rows: int, *, weight: float = 1.0) -> tuple[float, float]:
    """What a yes/no feature is when off and when on, after ``share`` of ``rows`` were on.

    Standardised with the deviation sqrt(share (1 - share)), at least 1 / sqrt(rows + 1) so that
    what never happened stands out by min(20, sqrt(rows + 1)), times ``weight``.
    """
    deviation = weight * max(math.sqrt(share * (1 - share)), 1 / math.sqrt(rows + 1))
    return max(-share / deviation, -LIMIT), min((1 - share) / deviation, LIMIT)
