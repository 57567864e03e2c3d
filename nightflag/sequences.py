"""Sequences: what is decided in training of how records see their past, and their good rows."""

import math
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightflag import exclusions
from nightflag.candidates import kinds, too_few
from nightflag.features import History, View
from nightflag.features.numeric import numbers
from nightflag.features.period import window_length
from nightflag.monitors import Sequence
from nightflag.records import identity
from nightflag.records.following import newest, refuse_unknown_entity
from nightflag.records.pulling import inside_window, with_derived
from nightflag.records.timeline import SECOND, Timeline, joined
from nightflag.validation import RowSuite, split
from nightflag.verdicts import confirmed
from nightflag.windows import Window
from nightflag.workplace import Workplace

GAPS, USUAL_PAUSES = 10, 0.9
UNDECIDED = View(length=1)


def parted(workplace: Workplace, sequence: Sequence, window: Window) -> tuple[History, History]:
    """The newest records of the window with their past: to train on, and to calibrate with.

    Up to ``at_most`` records of all entities together; a sample of single records would tear the
    series apart. The newest share of them calibrates. Confirmed
    anomalies and excluded incidents are seen by none.
    """
    monitor = workplace.monitor
    refuse_unknown_entity(workplace.layout, sequence.entity)
    timeline = _newest(workplace, sequence, window)
    good = usable(timeline.rows, RowSuite(split(monitor.expectations)[0]), monitor.source.key)
    good &= exclusions.outside(timeline.event_time, exclusions.of_monitor(workplace))
    good &= ~confirmed.among(timeline.rows, monitor.source.key, confirmed.anomalies(workplace))
    own = np.flatnonzero(good & inside_window(timeline.event_time, window, undated=False))
    if len(own) < monitor.training.at_least:
        raise too_few(monitor, window, len(own))
    order = np.argsort(timeline.moments[own], kind="stable")
    held_out = math.ceil(len(own) * monitor.training.calibration)
    older, newer = (np.sort(own[part]) for part in (order[:-held_out], order[-held_out:]))
    view = decided(workplace, sequence, timeline, older)
    return timeline.history(view, older, good), timeline.history(view, newer, good)


def usable(rows: pa.RecordBatch, suite: RowSuite, key: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which rows (n,) may be seen by others: those that do not belong into quarantine."""
    good = np.ones(rows.num_rows, dtype=bool)
    good[suite.check(rows.to_pandas(split_blocks=True)).records["row"].to_numpy(np.int64)] = False
    for _, _, without in identity.broken(rows, key):
        good &= ~without
    return good


def decided(
    workplace: Workplace, sequence: Sequence, timeline: Timeline, older: NDArray[np.int64]
) -> View:
    """The view that the monitor asks for, what it leaves open decided by the ``older`` rows."""
    gap = sequence.gap.total_seconds() if sequence.gap else _usual_gap(timeline, older)
    departure = sequence.departure.total_seconds() if sequence.departure else None
    return View(
        entity=sequence.entity,
        length=sequence.length or _length(workplace, timeline, older),
        gap=gap,
        departure=departure,
        learning=sequence.learning,
    )


def _newest(workplace: Workplace, sequence: Sequence, window: Window) -> Timeline:
    source, layout, monitor = workplace.source, workplace.layout, workplace.monitor
    view = UNDECIDED.model_copy(update={"entity": sequence.entity})
    statement = newest(source, layout, window, view, at_most=monitor.training.at_most)
    read = source.read(statement, columns=layout.columns, batch_size=monitor.execution.batch_size)
    batches = [with_derived(records, layout) for records in read]
    dated = [one.keep(one.event_time.is_valid().to_numpy(zero_copy_only=False)) for one in batches]
    rows = pa.Table.from_batches([one.records for one in dated], layout.columns)
    times = pa.chunked_array([one.event_time for one in dated], pa.timestamp("us", "UTC"))
    marks = np.concatenate([np.empty(0, np.int64), *(one.fingerprint for one in dated)])
    [together] = rows.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], rows.schema)]
    return joined(None, together, times.combine_chunks(), marks, sequence.entity)


def _usual_gap(timeline: Timeline, older: NDArray[np.int64]) -> float | None:
    """Ten times what nine in ten pauses within an entity stay below, in seconds."""
    same = timeline.series[older][1:] == timeline.series[older][:-1]
    pauses = np.diff(timeline.moments[older])[same]
    usual = float(np.quantile(pauses, USUAL_PAUSES)) / SECOND if len(pauses) else 0.0
    return GAPS * usual or None


def _length(workplace: Workplace, timeline: Timeline, older: NDArray[np.int64]) -> int:
    frame = timeline.rows.to_pandas(split_blocks=True).iloc[older]
    numeric = [name for name, kind in kinds(workplace, frame).kinds.items() if kind == "numeric"]
    if not numeric:
        return 1
    values = np.column_stack([numbers(frame[name]) for name in numeric])
    return window_length(_parts(values, timeline.series[older]), len(numeric))


def _parts(values: NDArray[np.float64], series: NDArray[np.int64]) -> Iterator[NDArray[np.float64]]:
    """The values (n, columns) of each entity."""
    yield from np.split(values, np.flatnonzero(np.diff(series)) + 1)
