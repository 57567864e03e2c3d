"""Drift: whether the records of a night, and their scores, are still like those of the training.

- A model keeps a **reference**: how its training and held-out records spread over the **bins** of
  each column, and its held-out scores over bins of their own.
- While a night is scored, a **tally** counts an even sample of its records into the same bins.
- ``measured`` compares the two: how far apart they are, and whether that can be chance.
- What comes out is kept in ``nightflag_drift`` by the transaction that publishes the night.

A column has drifted only where the difference is both too large to be of no matter and too unlikely
to be chance: on large nights every trifle is significant, on small ones every index is large. Tests
take records for independent, and those of a machine are not: one day is unlike the next. So
the days of the training records are compared with each other, and a night has to differ by more.
"""

from nightflag.drift.measuring import Finding, measured
from nightflag.drift.reference import Reference
from nightflag.drift.tally import Tally

__all__ = ["Finding", "Reference", "Tally", "measured"]
