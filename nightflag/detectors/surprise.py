"""Surprise: 1 - ln p of a score, p the share of training rows that score as high.

Surprises of several scores can be added up (Fisher, 1932). Piecewise linear from 0 between
quantiles; beyond the 90 % quantile it goes on with the logarithm of the excess, a Pareto tail, so
that nothing ties and no single score drowns the others.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

KNOTS = 64
TAIL = 0.9
FINEST_GAP = 1e-2


class Surprise(NamedTuple):
    """Surprise(s) = rises . clip((s - starts) / gaps, 0, 1) + ln(1 + max(s - end, 0) / excess).

    Shapes (m,) for ``starts``, ``gaps`` and ``rises``: one ramp each, climbing by its rise.
    """

    starts: NDArray[np.float32]
    gaps: NDArray[np.float32]
    rises: NDArray[np.float32]
    end: float
    excess: float

    def of(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The surprise of each score (n,), none negative."""
        ramps = np.clip((scores[:, None] - self.starts) / self.gaps, 0, 1)
        return np.asarray(
            ramps @ self.rises + np.log1p(np.maximum(scores - self.end, 0) / self.excess)
        )


def fit(scores: NDArray[np.float64]) -> Surprise:
    """The surprise against these training scores (n,), none negative."""
    shares = np.linspace(0, TAIL, KNOTS)
    knots, heights = _apart(np.quantile(scores, shares), 1 - np.log1p(-shares))
    beyond = scores[scores > knots[-1]] - knots[-1]
    excess = float(beyond.mean()) if len(beyond) else 0.0
    return Surprise(
        starts=knots[:-1].astype(np.float32),
        gaps=np.diff(knots).astype(np.float32),
        rises=np.diff(heights).astype(np.float32),
        end=float(knots[-1]),
        excess=max(excess, float(FINEST_GAP * knots[-1]), 1e-12),
    )


def _apart(
    knots: NDArray[np.float64], heights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The knots from 0 on, leaving out any too near its predecessor for float32, and heights."""
    least = max(FINEST_GAP * float(knots[-1]), 1e-12)
    kept_knots, kept_heights = [0.0], [0.0]
    for knot, height in zip(knots, heights, strict=True):
        if knot - kept_knots[-1] > least:
            kept_knots.append(float(knot))
            kept_heights.append(float(height))
    return np.array(kept_knots), np.array(kept_heights)
