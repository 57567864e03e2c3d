"""The contest: whether a freshly trained model takes the champion's place.

Both score the same records, which the challenger was not trained on. It is fresher, so it takes
over unless something says beyond noise that it is worse. Where enough records are known to be
anomalous or normal, average precision says so. Where labels know them, nothing else counts. Where
people do, they mostly judged what the champion had flagged, and of such records any other model
looks better than it is: that one is worse is to be believed, that it is not is no proof. So the
held-out records that nobody judged are asked as well. Nothing measured on them tells a better
model from a good one; but spoilt ones depart from what well-known detectors agree on, or no longer
find striking what the champion does (``make bench-contests``). A model that does so while it agrees
better with those detectors is not spoilt: the champion may be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nightflag import precision
from nightflag.evaluation.bootstrap import interval
from nightflag.promise import Promise
from nightflag.references import correlation, rank

MARGIN = 0.05
TOP, FEWEST_ON_TOP = 0.05, 10
LEAST_FOUND = 0.97

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Known:
    """What both models make of records of which it is known what they are, each of shape (n,).

    ``judged`` are those that a person judged; a label tells of all others.
    """

    champion: Values
    challenger: Values
    anomalous: Mask
    judged: Mask

    @property
    def is_enough(self) -> bool:
        """Whether there are anomalies and normals enough to ask them."""
        return precision.is_enough(self.anomalous)

    @property
    def unjudged(self) -> "Known":
        """Those of which only a label tells."""
        return self.at(~self.judged)

    def at(self, rows: Mask | Rows) -> "Known":
        """Those of these rows."""
        scores = self.champion[rows], self.challenger[rows]
        return Known(*scores, self.anomalous[rows], self.judged[rows])

    @classmethod
    def labelled(
        cls, champion: Values, challenger: Values, labels: Values, chosen: Rows
    ) -> "Known":
        """Those of the ``chosen`` records that a label (n,) calls anomalous, 1, or normal, 0."""
        at = chosen[~np.isnan(labels[chosen])]
        return cls(champion[at], challenger[at], labels[at] == 1, np.zeros(len(at), dtype=bool))

    @classmethod
    def together(cls, parts: Sequence["Known"]) -> "Known":
        """The records of all parts."""
        return cls(
            np.concatenate([one.champion for one in parts]),
            np.concatenate([one.challenger for one in parts]),
            np.concatenate([one.anomalous for one in parts]),
            np.concatenate([one.judged for one in parts]),
        )


@dataclass(frozen=True, eq=False)
class Evidence:
    """What both models make of held-out records that nobody judged, (n,), and of ``known`` ones.

    ``consensus`` (n,) is the mean rank that well-known detectors give each held-out record;
    ``promise`` says how the champion kept its own on all of them. Where the records ``drifted`` for
    good, what strikes the champion most may be just that, and nobody need find it again.
    """

    champion: Values
    challenger: Values
    consensus: Values
    known: Known
    seed: int = 0
    promise: Promise | None = None
    drifted: bool = False


@dataclass(frozen=True)
class Decision:
    """Whether the challenger takes over, and why; and whether the champion cannot go on.

    ``spoilt`` says what is wrong with the records that calibrate the challenger, if anything is.
    """

    takes_over: bool
    why: str
    gives_way: bool = False
    spoilt: str = ""


def decide(evidence: Evidence) -> Decision:
    """The decision on this evidence, which is the same however often it is taken."""
    if not np.isfinite(evidence.champion).all() or not np.ptp(evidence.champion):
        why = "the champion's scores are not finite, or all alike"
        return Decision(True, why, gives_way=True)
    if not evidence.known.is_enough:
        return _without_truth(evidence)
    found = _by_truth(evidence.known, evidence.seed)
    if not found.takes_over or evidence.known.unjudged.is_enough:
        return found
    unjudged = _without_truth(evidence)
    return replace(unjudged, why=f"{unjudged.why}; by verdicts {found.why}")


def _by_truth(known: Known, seed: int) -> Decision:
    """Not worse, where the difference of average precision may be zero or more (95 %)."""
    found = precision.difference(known.champion, known.challenger, known.anomalous, seed)
    why = (
        f"average precision {found.after:.3f}, the champion's {found.before:.3f}, on "
        f"{known.anomalous.sum()} known anomalies (difference {found.low:+.3f} to "
        f"{found.high:+.3f})"
    )
    return Decision(found.high >= 0, f"{'not worse' if found.high >= 0 else 'worse'}: {why}")


def _without_truth(evidence: Evidence) -> Decision:
    count = len(evidence.consensus)
    if count < FEWEST_ON_TOP:
        return Decision(True, f"fresher; {count} held-out records that nobody judged are too few")
    low, high = _agreement_gained(evidence)
    if high < -MARGIN:
        return Decision(
            False, f"worse: it agrees less with the references ({low:+.2f} to {high:+.2f})"
        )
    if evidence.drifted or TOP * count < FEWEST_ON_TOP:
        return Decision(True, "fresher, and agrees with the references like the champion")
    again = found_again(evidence.champion, evidence.challenger, evidence.seed)
    if again.high < LEAST_FOUND and low <= 0:
        return Decision(False, f"worse: it finds {again}")
    return Decision(True, f"fresher, and like the champion (it finds {again})")


def _agreement_gained(evidence: Evidence) -> tuple[float, float]:
    """By how much more than the champion's the challenger's ranks are like the references'."""
    champion, challenger, consensus = (
        rank(scores) for scores in (evidence.champion, evidence.challenger, evidence.consensus)
    )

    def gain(rows: Rows) -> float:
        own, before = (
            correlation(ranks[rows], consensus[rows]) or 0.0 for ranks in (challenger, champion)
        )
        return own - before

    return interval(gain, [np.arange(len(consensus))], evidence.seed)


@dataclass(frozen=True)
class FoundAgain:
    """How precisely a model finds the ``count`` records that struck another most."""

    count: int
    precision: float
    high: float

    def __str__(self) -> str:
        """The precision, in words."""
        return (
            f"the champion's {self.count} strongest records again with average precision "
            f"{self.precision:.2f}"
        )


def found_again(champion: Values, challenger: Values, seed: int) -> FoundAgain:
    """How precisely the challenger's scores (n,) find the champion's strongest 5 % of records.

    They are taken as if they were known to be anomalous; ``high`` is the upper end of the interval.
    Those that the challenger ranks among the ordinary cost most.
    """
    count = round(TOP * len(champion))
    strongest = np.zeros(len(champion), dtype=bool)
    strongest[np.argsort(-champion, kind="stable")[:count]] = True
    strata = [np.flatnonzero(strongest == one) for one in (False, True)]
    _, high = interval(lambda rows: precision.of(challenger[rows], strongest[rows]), strata, seed)
    return FoundAgain(count, precision.of(challenger, strongest), high)
