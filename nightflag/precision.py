"""Average precision of two scores of the same known records, and how sure their difference is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightflag.evaluation.bootstrap import Rows, interval
from nightflag.references import rank

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_OF_EACH = 10
"""Known anomalies and known normals, from which on they are asked."""


@dataclass(frozen=True)
class Difference:
    """The average precision of one score and of another, and the interval of what is gained."""

    before: float
    after: float
    low: float
    high: float


def is_enough(anomalous: Mask) -> bool:
    """Whether there are anomalies and normals enough to ask them."""
    anomalies = int(anomalous.sum())
    return min(anomalies, len(anomalous) - anomalies) >= FEWEST_OF_EACH


def of(scores: Values, anomalous: Mask) -> float:
    """The mean precision at the rank of each anomaly, by the scores (n,); ties count together.

    It is what scikit-learn's ``average_precision_score`` is, asked here some hundred times over.
    """
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.flatnonzero(np.diff(scores[order], append=np.inf))
    found = np.cumsum(anomalous[order])[last_of_tie]
    return float(found / (last_of_tie + 1) @ np.diff(found, prepend=0) / found[-1])


def difference(
    before: Values, after: Values, anomalous: Mask, seed: int, *, coverage: float = 0.95
) -> Difference:
    """What the scores ``after`` gain over those ``before``, all (n,), of the same records.

    Both are asked of the same records drawn again, as many anomalies and normals as there are.
    """
    ranks = rank(before), rank(after)

    def gain(rows: Rows) -> float:
        lower, higher = (of(one[rows], anomalous[rows]) for one in ranks)
        return higher - lower

    strata = [np.flatnonzero(anomalous == one) for one in (False, True)]
    low, high = interval(gain, strata, seed, coverage=coverage)
    lower, higher = (of(one, anomalous) for one in ranks)
    return Difference(lower, higher, low, high)
