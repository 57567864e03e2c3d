"""Measuring a night: its tally beside the reference, one finding for each column."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nightflag.drift.distance import Change, Counts, chances, change, holm, shares
from nightflag.drift.reference import ENOUGH, Spread
from nightflag.drift.tally import Tally

LIKELY = 0.01
"""Nights in which chance alone may make any column significant, were records independent."""

LEAST = Change(psi=0.2, missing=0.05, unseen=0.05)
"""Smaller changes are of no matter. An index of .2 is a significant shift by convention."""

UNUSUAL = 2.0
"""And it must be so many times as large as changes between the training's days usually are."""


@dataclass(frozen=True)
class Finding:
    """What became of a column in a night; a row of ``nightflag_drift``.

    ``psi`` is what is left of the stability index once what chance gives it is taken off, and
    ``psi_bar`` what it has to reach. ``p_value`` is the smallest of the column's three tests,
    adjusted for all tests of the night. ``why`` says what has drifted, None where nothing has.
    """

    feature: str
    records: int
    psi: float
    psi_bar: float
    p_value: float
    missing: float
    missing_before: float
    unseen: float
    unseen_before: float
    why: str | None

    @property
    def drifted(self) -> bool:
        """Whether the column is no longer what it was."""
        return self.why is not None


def measured(tallies: Iterable[Tally | None]) -> tuple[Finding, ...]:
    """What the night's partitions say together; nothing of a night of fewer than 100 records.

    Nor of one that was scored by a model without a reference.
    """
    found = [one for one in tallies if one is not None]
    if not found:
        return ()
    tally = found[0].together(found[1:])
    return _findings(tally) if len(tally) >= ENOUGH else ()


def _findings(tally: Tally) -> tuple[Finding, ...]:
    spreads, counts = tally.reference.spreads(), tally.counts()
    p_values = np.array([chances(spread.before, counts[name]) for name, spread in spreads.items()])
    adjusted = holm(p_values.ravel()).reshape(p_values.shape)
    return tuple(
        _finding(name, spread, counts[name], Change(*row.tolist()))
        for (name, spread), row in zip(spreads.items(), adjusted, strict=True)
    )


def _finding(name: str, spread: Spread, now: Counts, p_values: Change) -> Finding:
    found = change(spread.before, now)
    bars = [max(one, UNUSUAL * usual) for one, usual in zip(LEAST, spread.usual, strict=True)]
    unseen_before, missing_before = shares(spread.before)[-2:].tolist()
    unseen, missing = shares(now)[-2:].tolist()
    words = (
        f"PSI {found.psi:.2g}",
        f"missing in {missing:.1%}, was {missing_before:.1%}",
        f"beyond the training values in {unseen:.1%}, was {unseen_before:.1%}",
    )
    told = [
        word
        for word, one, bar, p_value in zip(words, found, bars, p_values, strict=True)
        if one >= bar and p_value <= LIKELY
    ]
    return Finding(
        feature=name,
        records=int(now.sum()),
        psi=found.psi,
        psi_bar=bars[0],
        p_value=min(p_values),
        missing=missing,
        missing_before=missing_before,
        unseen=unseen,
        unseen_before=unseen_before,
        why="; ".join(told) or None,
    )
