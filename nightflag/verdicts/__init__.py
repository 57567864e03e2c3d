"""Verdicts: what people say of flags, and what follows from it.

A verdict is a row of ``nightflag_verdicts``: a monitor, the text key of a record, and the word
``anomaly`` or ``normal``. They are read afresh each night and never become part of a model.

- Training and calibration do without confirmed anomalies (:mod:`.confirmed`).
- A candidate is compared with the judged flags, reasons with reasons (:mod:`.profiles`). One that
  resembles those judged normal has to be stranger to be flagged, or is not flagged at all; one that
  resembles those judged anomalies comes first (:mod:`.weighing`).
- :mod:`nightflag.evaluation` measures the flags by them.
"""

from nightflag.verdicts.giving import Verdict, give

__all__ = ["Verdict", "give"]
