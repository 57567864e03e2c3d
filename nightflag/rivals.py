"""Rivals: whether a network is worth more than the references beside it, where labels can tell.

What any library does as well or better needs no network. So held-out records with a label are asked
whether one of the references ranks the anomalies higher. Of those on which people gave a verdict
the verdict counts, but verdicts alone are not asked: people judge what the network had flagged, its
mistakes are there because they are its mistakes, and any other method looks better on them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nightflag import precision
from nightflag.answers import Answers
from nightflag.precision import Values, is_enough
from nightflag.references import Compared

KEY = "rivals"

DOUBT = 0.01
"""Of networks as good as each reference, so many are to be called behind one.

The best of four is a hard rival: 2 to 3 in 100 were with 40 anomalies or more, 7 with twelve.
"""


@dataclass(frozen=True)
class Rivalry:
    """The network's average precision beside that of the best reference.

    ``low`` and ``high`` hold what the network gains over it.
    """

    anomalies: int
    network: float
    reference: str
    precision: float
    low: float
    high: float

    @property
    def is_behind(self) -> bool:
        """Whether the reference is better beyond noise."""
        return self.high < 0

    def __str__(self) -> str:
        """Both figures, in words."""
        how = "behind" if self.is_behind else "not behind"
        return (
            f"{how} the reference {self.reference}: average precision {self.network:.3f}, the "
            f"reference's {self.precision:.3f}, on {self.anomalies} labelled anomalies "
            f"(difference {self.low:+.3f} to {self.high:+.3f})"
        )

    def to_json(self) -> dict[str, Any]:
        """What a model keeps of it."""
        return asdict(self)


DEFAULT = "auto"
MORE = (
    "train on more records, or see that the training records are as clean as `training_rows` says"
)


def mend(detector: str) -> str:
    """What may help a network that is behind a reference."""
    return MORE if detector == DEFAULT else f"use `detector: {DEFAULT}`, {MORE}"


def among(answers: Answers, scores: Values, compared: Compared, *, seed: int) -> Rivalry | None:
    """How the network's scores (n,) fare beside the references, of records with answers (n,).

    None where fewer than ten anomalies or normal records are known. The best of the references is
    found on the same records, so chance has as many tries as there are: the interval allows for it
    (Bonferroni).
    """
    at = compared.positions
    known = ~np.isnan(answers[at])
    anomalous = answers[at][known] == 1
    if not is_enough(anomalous):
        return None
    known_ranks = {name: ranks[known] for name, ranks in compared.ranks.items()}
    name = max(known_ranks, key=lambda one: precision.of(known_ranks[one], anomalous))
    coverage = 1 - DOUBT / len(known_ranks)
    found = precision.difference(
        known_ranks[name], scores[at][known], anomalous, seed, coverage=coverage
    )
    return Rivalry(int(anomalous.sum()), found.after, name, found.before, found.low, found.high)


def of(about: Mapping[str, Any]) -> Rivalry | None:
    """The rivalry that a model keeps in its ``about``; None where nothing is known."""
    kept = about.get(KEY)
    return None if kept is None else Rivalry(**kept)
