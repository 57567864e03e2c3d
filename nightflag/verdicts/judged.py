"""Judged records, as the source holds them now."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nightflag import exclusions, sequences
from nightflag.features import Pipeline, SequencePipeline
from nightflag.models.model import Records
from nightflag.records import pull_seen
from nightflag.validation import RowSuite, split
from nightflag.verdicts.confirmed import Confirmed, among
from nightflag.windows import Window
from nightflag.workplace import Workplace


def records(
    workplace: Workplace,
    window: Window,
    confirmed: Confirmed,
    features: Pipeline | SequencePipeline,
) -> Iterator[tuple[Records, NDArray[np.bool_]]]:
    """The good records of the window that were judged, as these features see them.

    A batch (n,) at a time, each with which of its records are anomalies. Those of known incidents
    are not among them.
    """
    monitor, key = workplace.monitor, workplace.layout.key
    suite = RowSuite(split(monitor.expectations)[0])
    incidents = exclusions.of_monitor(workplace)
    size, view = monitor.execution.batch_size, features.view
    for batch in pull_seen(workplace.source, workplace.layout, window, view, batch_size=size):
        chosen = batch.keep(among(batch.records, key, confirmed.keys))
        chosen = chosen.keep(exclusions.outside(chosen.event_time, incidents))
        frame, good = _good(chosen.frame(), suite, features)
        if not good.any():
            continue
        kept = chosen.keep(good)
        anomalous = confirmed.of(kept.records.select(list(key))) == 1
        if kept.past is None:
            yield frame[good], anomalous
        else:
            usable = sequences.usable(kept.past.timeline.rows, suite, key)
            yield kept.past.history(usable), anomalous


def _good(
    frame: pd.DataFrame, suite: RowSuite, features: Pipeline | SequencePipeline
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """The records with their values read, and which of them (n,) belong into no quarantine."""
    failures = suite.check(frame).records
    read, unreadable = features.prepare(frame)
    good = np.ones(len(frame), dtype=bool)
    for failed in (failures, unreadable):
        good[failed["row"].to_numpy(dtype=np.int64)] = False
    return read, good
