"""Split conformal calibration: turns a score into a p-value with a guaranteed false-alarm rate.

Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005); for outliers: Bates et
al., Testing for Outliers with Conformal p-values, Annals of Statistics 51 (2023). Beyond the
largest calibration score the ranks end, and the p-value goes on along the tail.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nightflag.errors import ModelFileError, TrainingRefused
from nightflag.tail import Tail, tail_of

LARGEST = float(np.finfo(np.float64).max)
LEAST_SHARE = 1e-300
"""Of the smallest p-value; keeps an infinite score's above 0."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """The scores of held-out normal records, against which new scores are ranked.

    ``scores`` is kept sorted and read-only, shape (n,), float64. The guarantee, P(p_value <= a) <=
    a for a normal record and a >= 1 / (n + 1), holds for records exchangeable with these, which the
    detector must not have been trained on; for lower a it is an estimate. No score, or one that is
    not finite, raises TrainingRefused.
    """

    scores: NDArray[np.float64]

    def __post_init__(self) -> None:
        scores = np.sort(np.array(self.scores, dtype=np.float64).ravel())
        _refuse_unusable(scores)
        scores.flags.writeable = False
        object.__setattr__(self, "scores", scores)

    @property
    def smallest_rate(self) -> float:
        """The smallest p-value that ranks alone can give, 1 / (n + 1)."""
        return 1 / (self.scores.size + 1)

    @cached_property
    def tail(self) -> Tail | None:
        """How p-values go on below ``smallest_rate``; None where nothing can be concluded."""
        return tail_of(self.scores)

    def p_values(self, scores: ArrayLike) -> NDArray[np.float64]:
        """The p-value of each score, (1 + #{calibration score >= s}) / (n + 1), in (0, 1].

        A tie counts against the record. A score above all calibration scores has the share of the
        smallest p-value that the tail gives it. A score that is NaN gets the smallest one whole: it
        is not like the calibration records, and must not pass unseen.
        """
        asked = np.asarray(scores, dtype=np.float64)
        below = np.searchsorted(self.scores, asked, side="left")
        p_values = np.asarray((1 + self.scores.size - below) / (self.scores.size + 1))
        beyond = self.extrapolated(asked)
        if self.tail is not None and beyond.any():
            p_values[beyond] *= np.maximum(self.tail.share(asked[beyond]), LEAST_SHARE)
        return p_values

    def extrapolated(self, scores: ArrayLike) -> NDArray[np.bool_]:
        """Whether the p-value of each score is an estimate from the tail, not a rank."""
        asked = np.asarray(scores, dtype=np.float64)
        return np.asarray((asked > self.scores[-1]) & (self.tail is not None))

    def threshold(self, rate: float) -> float:
        """The score a record must exceed for its p-value to be at most ``rate``.

        Infinite where no p-value is as low (nothing can be flagged), minus infinity where ``rate``
        is 1 or more (everything is).
        """
        if rate < self.smallest_rate:
            return self._beyond(rate)
        p_values = np.arange(1, self.scores.size + 2) / (self.scores.size + 1)
        allowed = int(np.searchsorted(p_values, rate, side="right")) - 1
        return float(np.r_[-np.inf, self.scores, np.inf][self.scores.size - allowed])

    def _beyond(self, rate: float) -> float:
        """The threshold above all calibration scores, by bisection down to neighbouring floats."""
        if self.tail is None or self.p_values([np.inf])[0] > rate:
            return np.inf
        low, step = float(self.scores[-1]), self.tail.largest - self.tail.threshold
        while self.p_values([high := min(low + step, LARGEST)])[0] > rate and high < LARGEST:
            step *= 2
        while low < (middle := low / 2 + high / 2) < high:
            low, high = (middle, high) if self.p_values([middle])[0] > rate else (low, middle)
        return low

    def to_array(self) -> NDArray[np.float64]:
        """The sorted scores, shape (n,): all there is to keep."""
        return self.scores

    @classmethod
    def from_array(cls, scores: NDArray[np.float64]) -> "Calibration":
        """The calibration that ``to_array`` gave out; anything else raises ModelFileError."""
        if scores.ndim != 1 or scores.dtype != np.float64 or np.any(scores[1:] < scores[:-1]):
            raise ModelFileError(
                f"The calibration is an array of {scores.dtype} of shape {scores.shape}.",
                expected="one row of float64 scores in ascending order",
                mend="Train a new version with `nightflag retrain MONITOR`.",
            )
        return cls(scores)


def _refuse_unusable(scores: NDArray[np.float64]) -> None:
    bad = int(np.count_nonzero(~np.isfinite(scores)))
    if scores.size and not bad:
        return
    raise TrainingRefused(
        f"{bad} of {scores.size} calibration scores are not finite."
        if bad
        else "There is no calibration score.",
        expected="a finite score for each of at least one held-out record",
        mend="Widen the training window, so that more records are held out.",
    )
