"""Split conformal calibration: turns a score into a p-value with a guaranteed false-alarm rate.

Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005); for outliers: Bates et
al., Testing for Outliers with Conformal p-values, Annals of Statistics 51 (2023).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nightflag.errors import ModelFileError, TrainingRefused


@dataclass(frozen=True, eq=False)
class Calibration:
    """The scores of held-out normal records, against which new scores are ranked.

    ``scores`` is kept sorted and read-only, shape (n,), float64. The guarantee, P(p_value <= a) <=
    a for a normal record, holds for records exchangeable with these, which the detector must not
    have been trained on. No score, or one that is not finite, raises TrainingRefused.
    """

    scores: NDArray[np.float64]

    def __post_init__(self) -> None:
        scores = np.sort(np.array(self.scores, dtype=np.float64).ravel())
        _refuse_unusable(scores)
        scores.flags.writeable = False
        object.__setattr__(self, "scores", scores)

    @property
    def smallest_rate(self) -> float:
        """The smallest p-value these scores can give, 1 / (n + 1): no lower alarm rate can fire."""
        return 1 / (self.scores.size + 1)

    def p_values(self, scores: ArrayLike) -> NDArray[np.float64]:
        """The p-value of each score, (1 + #{calibration score >= s}) / (n + 1), in (0, 1].

        A tie counts against the record. A score that is NaN gets the smallest p-value: it is not
        like the calibration records, and must not pass unseen.
        """
        below = np.searchsorted(self.scores, np.asarray(scores, dtype=np.float64), side="left")
        return np.asarray((1 + self.scores.size - below) / (self.scores.size + 1))

    def threshold(self, rate: float) -> float:
        """The score a record must exceed for its p-value to be at most ``rate``.

        Infinite where ``rate`` is below ``smallest_rate`` (nothing can be flagged), minus infinity
        where it is 1 or more (everything is).
        """
        p_values = np.arange(1, self.scores.size + 2) / (self.scores.size + 1)
        allowed = int(np.searchsorted(p_values, rate, side="right")) - 1
        return float(np.r_[-np.inf, self.scores, np.inf][self.scores.size - allowed])

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
