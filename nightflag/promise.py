"""Promises: whether the records that are to calibrate a model are like those before them.

A model flags the promised share of the records that calibrate it, whatever they are. Where half of
them are broken it takes broken ones for usual, and is silent in the nights that follow. So the
champion is asked, which other records calibrated: how many of these it would flag. As long as they
are like its own, that number has a beta-binomial distribution (the p-values of Vovk, Gammerman and
Shafer, 2005, given the calibration): no other assumption is made.
"""

from dataclasses import dataclass
from math import floor

from nightflag.calibration import Calibration
from nightflag.models.model import Scores

TIMES = 2.0
CHANCE = 0.01


@dataclass(frozen=True)
class Promise:
    """At which rate a model flags, and how many of so many new records it would have flagged.

    ``calibrated_on`` counts the records that it ranks them among.
    """

    rate: float
    flagged: int
    count: int
    calibrated_on: int

    @property
    def is_broken(self) -> bool:
        """Whether twice as many are flagged as promised, or half as many, and not by chance."""
        share = self.flagged / max(self.count, 1)
        if self.rate / TIMES <= share <= self.rate * TIMES:
            return False
        return self._chance(share > self.rate) < CHANCE

    def _chance(self, too_many: bool) -> float:
        """The probability that as many are flagged, or more; as few, or fewer."""
        from scipy.stats import betabinom

        ranks = max(floor(self.rate * (self.calibrated_on + 1)), 1)
        found = betabinom(self.count, ranks, self.calibrated_on + 1 - ranks)
        return float(found.sf(self.flagged - 1) if too_many else found.cdf(self.flagged))

    def __str__(self) -> str:
        """Both shares, in words."""
        return (
            f"the champion flags {self.flagged / max(self.count, 1):.1%} of the {self.count:,} "
            f"records that calibrate it, where {self.rate:.1%} was promised"
        )

    @classmethod
    def of(cls, calibration: Calibration, scores: Scores, rate: float) -> "Promise":
        """How the model of this calibration keeps its promise on records with these scores (n,).

        Below the rate of its first rank it is asked at that one: how many lie beyond every rank.
        """
        rate = max(rate, 1 / (len(calibration.scores) + 1))
        flagged = int((calibration.p_values(scores) <= rate).sum())
        return cls(rate, flagged, len(scores), len(calibration.scores))
