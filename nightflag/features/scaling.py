"""Scales that keep every feature within LIMIT and what is rare or new far from the rest."""

import math

import numpy as np
from numpy.typing import NDArray

LIMIT = 20.0
TAIL = 3.0


def tame(scaled: NDArray[np.floating], start: float = TAIL) -> None:
    """Nothing; in place, |z| above the start t becomes sign(z) (t + ln(1 + |z| - t)).

    NaN stays, inf stays.
    """
    size = np.abs(scaled)
    tail = np.flatnonzero(size > start)
    if tail.size:
        scaled[tail] = np.copysign(start + np.log1p(size[tail] - start), scaled[tail])


def untame(tamed: NDArray[np.float64], start: float = TAIL) -> NDArray[np.float64]:
    """The z-scores that ``tame`` made these of."""
    size = np.abs(tamed)
    stretched = start + np.expm1(np.maximum(size - start, 0.0))
    return np.copysign(np.where(size > start, stretched, size), tamed)


def switch(share: float, rows: int, *, weight: float = 1.0) -> tuple[float, float]:
    """What a yes/no feature is when off and when on, after ``share`` of ``rows`` were on.

    Standardised with the deviation sqrt(share (1 - share)), at least 1 / sqrt(rows + 1) so that
    what never happened stands out by min(20, sqrt(rows + 1)), times ``weight``.
    """
    deviation = weight * max(math.sqrt(share * (1 - share)), 1 / math.sqrt(rows + 1))
    return max(-share / deviation, -LIMIT), min((1 - share) / deviation, LIMIT)
