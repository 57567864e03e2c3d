"""The tail of the calibration scores: how rare is a score that is above all of them?

Peaks over threshold: excesses above a high threshold follow a generalised Pareto distribution, its
share above x being (1 + b x) ** (-1 / shape), with b = shape / scale (Pickands, Annals of
Statistics 3, 1975; for detectors: Siffer et al., Anomaly Detection in Streams with Extreme Value
Theory, KDD 2017). A fitted curve promises too much far out, because its parameters are guessed
from few excesses. So the shares are averaged over what the parameters may be: given b, ln(1 + b x)
is exponential, and its mean is integrated out under the prior 1 / shape, which leaves
(1 + ln(1 + b x) / z) ** -k, z being the sum of ln(1 + b x) over the k excesses; b runs over a grid,
weighted by its marginal likelihood, as in Zhang and Stephens, Technometrics 51 (2009).
"""

from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST, SHARE = 20, 5
"""The fewest excesses, and of how many scores one is an excess."""

FEWEST_SCORES = FEWEST * SHARE
"""Of fewer scores there is no tail."""

RATES = np.geomspace(0.01, 30, 40)
"""The grid of b, times the median excess: about shapes .01 (exponential) to 5. No bounded tails: an
end of the scores, beyond which all is impossible, is never concluded from a sample."""


@dataclass(frozen=True, eq=False)
class Tail:
    """The share of normal records above a score, among those above the largest calibration score.

    A closed form of the calibration scores: the same scores give the same shares. ``rates`` are the
    b of the grid, ``logarithms`` their z and ``weights`` their posterior probabilities, each (m,).
    """

    threshold: float
    largest: float
    excesses: int
    rates: Floats
    logarithms: Floats
    weights: Floats

    def share(self, scores: Floats) -> Floats:
        """The share (n,) above each score: 1 at the largest calibration score, falling to 0."""
        return self._above_threshold(scores) / self._above_threshold(np.array([self.largest]))

    def _above_threshold(self, scores: Floats) -> Floats:
        with np.errstate(over="ignore"):
            excesses = self.rates * (scores - self.threshold)[:, None]
        shares = (1 + np.log1p(excesses) / self.logarithms) ** -self.excesses
        return np.asarray((self.weights * shares).sum(axis=1))


def tail_of(scores: Floats) -> Tail | None:
    """The tail of sorted scores (n,), from the n / 5 or 3 root n largest, whichever are fewer.

    None where nothing can be concluded: fewer than 20 of these, half of them tied, or scores too
    near the end of the floats.
    """
    count = min(scores.size // SHARE, isqrt(9 * scores.size))
    if count < FEWEST or np.unique(scores[-count - 1 :]).size <= count // 2 + 1:
        return None
    threshold = scores[-count - 1]
    with np.errstate(all="ignore"):
        excesses = scores[-count:] - threshold
        rates = RATES / np.median(excesses)
        logarithms = np.log1p(rates[:, None] * excesses).sum(axis=1)
        likelihoods = count * np.log(rates / logarithms) - logarithms
        weights = np.exp(likelihoods - likelihoods.max())
    if not np.isfinite([logarithms, weights]).all():
        return None
    normed = weights / weights.sum()
    return Tail(float(threshold), float(scores[-1]), count, rates, logarithms, normed)
