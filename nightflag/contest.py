"""The contest: whether a freshly trained model takes the champion's place.

Both score the same held-out records, which neither was trained on. The challenger is fresher, so
it takes over unless something says beyond noise that it is worse. Where enough records are known to
be anomalous or normal these decide, by average precision. Where they are not, nothing measured
tells a better model from a good one; but spoilt ones depart from what well-known detectors agree
on, or no longer find striking what the champion does (``make bench-contests``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nightflag.evaluation.intervals import wilson
from nightflag.references import rank

FEWEST_OF_EACH = 10
"""Known anomalies and known normals, from which on they decide."""

RESAMPLES = 400
MARGIN = 0.05
TOP, FEWEST_ON_TOP = 0.02, 10
LEAST_KEPT = 0.85

Values = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What both models make of the same held-out records, each of shape (n,).

    ``consensus`` is the mean rank that well-known detectors give each record, and ``truth`` 1 for a
    known anomaly, 0 for a known normal and NaN for all others.
    """

    champion: Values
    challenger: Values
    consensus: Values
    truth: Values
    seed: int = 0


@dataclass(frozen=True)
class Decision:
    """Whether the challenger takes over, why, and the figures behind it."""

    takes_over: bool
    why: str
    figures: dict[str, float] = field(default_factory=dict)


def decide(evidence: Evidence) -> Decision:
    """The decision on this evidence, which is the same however often it is taken."""
    known = [np.flatnonzero(evidence.truth == value) for value in (0, 1)]
    if min(map(len, known)) >= FEWEST_OF_EACH:
        return _by_truth(evidence, known)
    return _without_truth(evidence)


def _by_truth(evidence: Evidence, known: Sequence[Rows]) -> Decision:
    """Not worse, where the difference of average precision may be zero or more (95 %)."""
    from sklearn.metrics import average_precision_score

    def precision(scores: Values, rows: Rows) -> float:
        return float(average_precision_score(evidence.truth[rows], scores[rows]))

    def gain(rows: Rows) -> float:
        return precision(evidence.challenger, rows) - precision(evidence.champion, rows)

    rows = np.concatenate(known)
    champion, challenger = (
        precision(scores, rows) for scores in (evidence.champion, evidence.challenger)
    )
    low, high = _interval(gain, known, evidence.seed)
    why = (
        f"average precision {challenger:.3f}, the champion's {champion:.3f}, on {len(known[1])} "
        f"known anomalies (difference {low:+.3f} to {high:+.3f})"
    )
    figures = {"champion_precision": champion, "challenger_precision": challenger}
    figures |= {"gain_low": low, "gain_high": high}
    return Decision(high >= 0, f"{'not worse' if high >= 0 else 'worse'}: {why}", figures)


def _without_truth(evidence: Evidence) -> Decision:
    champion, challenger, consensus = (
        rank(scores) for scores in (evidence.champion, evidence.challenger, evidence.consensus)
    )

    def gain(rows: Rows) -> float:
        own = _correlation(challenger[rows], consensus[rows])
        return own - _correlation(champion[rows], consensus[rows])

    low, high = _interval(gain, [np.arange(len(consensus))], evidence.seed)
    kept, count = kept_on_top(champion, challenger)
    objections = []
    if high < -MARGIN:
        objections.append(f"it agrees less with the references ({low:+.2f} to {high:+.2f})")
    if wilson(kept, count)[1] < LEAST_KEPT:
        objections.append(f"it keeps only {kept:.0%} of the champion's {count} strongest records")
    figures = {"agreement_low": low, "agreement_high": high, "kept_on_top": kept}
    if objections:
        return Decision(False, f"worse: {', '.join(objections)}", figures)
    return Decision(
        True, f"fresher, and like the champion ({kept:.0%} of its {count} strongest)", figures
    )


def kept_on_top(champion: Values, challenger: Values) -> tuple[float, int]:
    """Of the champion's strongest 2 % of records (n,), the share in the challenger's top 4 %.

    At least ten are taken; the second number says how many.
    """
    count = max(FEWEST_ON_TOP, round(TOP * len(champion)))
    own = set(np.argsort(-champion, kind="stable")[:count])
    return len(own & set(np.argsort(-challenger, kind="stable")[: 2 * count])) / count, count


def _interval(
    statistic: Callable[[Rows], float], strata: Sequence[Rows], seed: int
) -> tuple[float, float]:
    """The central 95 % of the statistic over records drawn again, each stratum for itself."""
    random = np.random.default_rng(seed)
    drawn = [
        statistic(np.concatenate([random.choice(rows, len(rows)) for rows in strata]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _correlation(one: Values, other: Values) -> float:
    if not np.ptp(one) or not np.ptp(other):
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
