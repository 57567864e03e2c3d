"""Weighing: what verdicts on similar flags make of a candidate's p-value.

The weight of a candidate is how much likelier than before it is an anomaly, judged by the verdicts
on flags like it: the likeness to the fourth power is how much of a verdict counts, each side
divided by its share of all verdicts, and half a verdict on both sides stands for what is not known
yet. Its p-value is divided by that weight (weighted p-values: Genovese, Roeder and Wasserman,
False discovery control with p-value weighting, Biometrika 93, 2006). ``make bench-verdicts`` says
what the figures in this file are worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightflag.verdicts.giving import ANOMALY
from nightflag.verdicts.profiles import Likeness, Profiles, Reasons

SHARPNESS = 4
UNKNOWN = 0.5
THE_SAME = 0.95
"""So like a flag judged normal, and less like any anomaly, is that false alarm again."""


@dataclass(frozen=True)
class Weighed:
    """The p-values (n,) to decide by, and why those that were raised were; None for the others."""

    p_value: NDArray[np.float64]
    withheld: list[str | None]


@dataclass(frozen=True, eq=False)
class Precedents:
    """Judged flags with their profiles: ``keys`` and what was said of each, ``anomalous`` (n,)."""

    keys: tuple[str, ...]
    anomalous: NDArray[np.bool_]
    profiles: Profiles

    @classmethod
    def of(cls, keys: Sequence[str], verdicts: Sequence[str], reasons: Reasons) -> "Precedents":
        """The judged flags of these keys; ``reasons.row`` numbers them."""
        anomalous = np.array([one == ANOMALY for one in verdicts], dtype=bool)
        return cls(tuple(keys), anomalous, Profiles.of(reasons, len(keys)))

    def weigh(self, p_value: NDArray[np.float64], reasons: Reasons) -> Weighed:
        """The p-values (n,) by which candidates with these reasons are to be decided.

        One that is the same as a flag judged normal gets 1: it is not flagged.
        """
        if not self.keys:
            return Weighed(p_value, [None] * len(p_value))
        blocks = [self._beside(one) for one in self.profiles.likeness(reasons, len(p_value))]
        factor, nearest = (np.concatenate(part) for part in zip(*blocks, strict=True))
        decided = np.minimum(1, p_value * factor)
        return Weighed(
            decided,
            [
                f"resembles {self.keys[at]}, judged normal" if raised else None
                for at, raised in zip(nearest, decided > p_value, strict=True)
            ],
        )

    def _beside(self, likeness: Likeness) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """By what the p-values of k records rise or fall, and the nearest normal flag of each."""
        factor = np.where(self._same_as_normal(likeness), np.inf, 1 / self._weights(likeness))
        return factor, np.where(self.anomalous, -np.inf, likeness).argmax(axis=1)

    def _weights(self, likeness: Likeness) -> NDArray[np.float64]:
        counts = np.maximum(likeness, 0) ** SHARPNESS
        share = (self.anomalous.sum() + 1) / (len(self.keys) + 2)
        anomalies = counts[:, self.anomalous].sum(axis=1) / share
        normals = counts[:, ~self.anomalous].sum(axis=1) / (1 - share)
        return np.asarray((anomalies + UNKNOWN) / (normals + UNKNOWN))

    def _same_as_normal(self, likeness: Likeness) -> NDArray[np.bool_]:
        normal = likeness[:, ~self.anomalous].max(axis=1, initial=-1)
        anomaly = likeness[:, self.anomalous].max(axis=1, initial=-1)
        return np.asarray((normal >= THE_SAME) & (normal > anomaly))
