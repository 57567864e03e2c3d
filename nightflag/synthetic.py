"""Synthetic anomalies: held-out records spoilt on purpose, to see that a detector works at all.

They say nothing about which detector is better: over 43 labelled sets, how well detectors told them
apart went along with how well they found the true anomalies by a rank correlation of -0.18 to 0.14.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from nightflag.errors import TrainingRefused

AT_MOST = 2_000
LIMIT = 20.0
CHANCE = 0.5

Rows = NDArray[np.float32]
Scores = NDArray[np.float64]


def shuffled(rows: Rows, random: np.random.Generator) -> Rows:
    """Each feature from another record: every value is usual, no combination is."""
    return random.permuted(rows, axis=0)


def shifted(rows: Rows, random: np.random.Generator) -> Rows:
    """A tenth of each record's features, at least one, three deviations up or down."""
    count = max(1, rows.shape[1] // 10)
    chosen = random.random(rows.shape).argsort(axis=1) < count
    steps = random.choice([-3.0, 3.0], rows.shape).astype(np.float32)
    return np.asarray(rows + chosen * steps * _spread(rows))


def noisy(rows: Rows, random: np.random.Generator) -> Rows:
    """Noise of one deviation on every feature."""
    noise = random.normal(size=rows.shape).astype(np.float32)
    return np.asarray(rows + noise * _spread(rows))


def scaled(rows: Rows, _: np.random.Generator) -> Rows:
    """Every feature three times as far from its mean."""
    return np.asarray(3 * rows)


KINDS: Mapping[str, Callable[[Rows, np.random.Generator], Rows]] = {
    "shuffled": shuffled,
    "shifted": shifted,
    "noisy": noisy,
    "scaled": scaled,
}


def told_apart(score: Callable[[Rows], Scores], rows: Rows, *, seed: int) -> dict[str, float]:
    """For each kind, the chance that a spoilt record outscores a true one: 1 is best, 0.5 chance.

    ``rows`` (n, width) are features of held-out records, at least one; up to 2,000 of them are
    scored.
    """
    random = np.random.default_rng(seed)
    kept = rows[np.sort(random.permutation(len(rows))[:AT_MOST])]
    true = np.sort(score(kept))
    found = {}
    for name, spoil in KINDS.items():
        spoilt = np.clip(spoil(kept, random), -LIMIT, LIMIT).astype(np.float32)
        found[name] = round(_outscored(true, score(spoilt)), 4)
    return found


def check(found: Mapping[str, float]) -> None:
    """Nothing, if any kind of spoilt record is told apart better than by chance."""
    if max(found.values()) > CHANCE:
        return
    raise TrainingRefused(
        "The trained detector cannot tell held-out records from the same records spoilt: "
        + ", ".join(f"{name} {value:.2f}" for name, value in found.items()),
        expected=f"more than {CHANCE} for at least one of them, 1 being perfect",
        mend="Look at the features: they may carry nothing; or name another detector.",
    )


def _outscored(true: Scores, spoilt: Scores) -> float:
    """The share of pairs in which the spoilt one scores higher, ties counting half."""
    below = np.searchsorted(true, spoilt, side="left") + np.searchsorted(true, spoilt, side="right")
    return float(below.mean() / (2 * len(true)))


def _spread(rows: Rows) -> Rows:
    return np.asarray(np.maximum(rows.std(axis=0), np.float32(1e-3)))
