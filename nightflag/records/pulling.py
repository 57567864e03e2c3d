"""Pulling the records of a window, in Arrow record batches."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Select, column, func, select

from nightflag.databases import Database
from nightflag.features.history import History, View
from nightflag.pace import told
from nightflag.records.layout import Layout, relation
from nightflag.records.timeline import Timeline
from nightflag.records.times import bound, event_times, is_steady
from nightflag.windows import Window

A_DAY = timedelta(days=1)
ROUNDING = timedelta(milliseconds=1)
"""A text time compares to the millisecond."""

# What holds a column whether or not the batch has nulls in it: a fingerprint must not change
# with the company a record is read in.
HASHED_TYPES = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


@dataclass(frozen=True, eq=False)
class Past:
    """What the records of a batch are seen with, and which rows of it they are, shape (n,)."""

    timeline: Timeline
    view: View
    own: np.ndarray

    def keep(self, mask: np.ndarray) -> "Past":
        """The same rows for the records where ``mask`` holds."""
        return replace(self, own=self.own[mask])

    def history(self, usable: np.ndarray) -> History:
        """The records with all they see of the ``usable`` rows."""
        return self.timeline.history(self.view, self.own, usable)


@dataclass(frozen=True)
class Batch:
    """Records as they were read, with what the job derives of each.

    ``event_time`` holds UTC instants (null where missing or unreadable), ``fingerprint`` a signed
    64-bit hash of every column but the label, which changes when the record does. Records of a
    monitor with a sequence have a ``past``, and their fingerprint covers what they see of it.
    """

    records: pa.RecordBatch
    event_time: pa.Array
    fingerprint: np.ndarray
    past: Past | None = None

    def __len__(self) -> int:
        return int(self.records.num_rows)

    def keep(self, mask: np.ndarray) -> "Batch":
        """The records where ``mask`` holds; the batch itself where it holds everywhere."""
        if mask.all():
            return self
        chosen = pa.array(mask)
        return Batch(
            self.records.filter(chosen),
            self.event_time.filter(chosen),
            self.fingerprint[mask],
            None if self.past is None else self.past.keep(mask),
        )

    def frame(self) -> pd.DataFrame:
        """The records as pandas sees them, numbered from 0; numbers are shared, not copied."""
        frame: pd.DataFrame = self.records.to_pandas(split_blocks=True)
        return frame


def pull(
    database: Database,
    layout: Layout,
    window: Window,
    *,
    batch_size: int,
    undated: bool = False,
) -> Iterator[Batch]:
    """The records whose event time lies in ``window``, at most ``batch_size`` at a time.

    One statement reads them all, so that they come from one snapshot. With ``undated``, records
    without a readable event time come along.
    """
    statement = selection(
        database, layout, window, undated=undated, margin=margin_of(layout, window)
    )

    def pulled() -> Iterator[Batch]:
        for records in database.read(statement, columns=layout.columns, batch_size=batch_size):
            batch = with_derived(records, layout)
            yield batch.keep(inside_window(batch.event_time, window, undated=undated))

    return told(pulled(), partial(about, database, statement))


def about(database: Database, statement: Select[Any]) -> int:
    """How many records the statement reads: by the database's own estimate, or else counted."""
    if plan := database.plan(statement):
        return plan.records
    counted = select(func.count()).select_from(statement.subquery("counted"))
    with database.reading() as connection:
        return int(connection.execute(counted).scalar_one())


def selection(
    database: Database,
    layout: Layout,
    window: Window,
    *,
    undated: bool,
    margin: timedelta = timedelta(0),
) -> Select[Any]:
    """The statement that reads the window, and what lies up to ``margin`` beyond its edges."""
    columns = [
        database.readable(column(field.name), field).label(field.name) for field in layout.columns
    ]
    return (
        select(*columns)
        .select_from(relation(layout.source))
        .where(condition(database, layout, window, undated=undated, margin=margin))
    )


def condition(
    database: Database,
    layout: Layout,
    window: Window,
    *,
    undated: bool = False,
    margin: timedelta = timedelta(0),
) -> ColumnElement[bool]:
    """The SQL condition for the window, widened by ``margin`` on both sides.

    Without a margin it is exact but for hours that a change of clocks repeats or skips, and for
    fractions of a millisecond in text.
    """
    time_type = layout.columns.field(layout.source.time).type
    zone = layout.source.time_zone
    start = window.start and bound(window.start - margin, time_type, time_zone=zone)
    end = bound(window.end + margin, time_type, time_zone=zone)
    return database.inside(column(layout.source.time), start, end, undated=undated)


def margin_of(layout: Layout, window: Window) -> timedelta:
    """Wide enough for every reading of a time without a zone; what lies outside is dropped.

    Text may name zones of its own, and PostgreSQL compares a date with the day of the window's
    edge. Other times are read in one zone, where only a change of its clocks lets an instant stand
    at another time than the edge says.
    """
    time_type, zone = layout.columns.field(layout.source.time).type, layout.source.time_zone
    if pa.types.is_string(time_type):
        return ROUNDING if zone == "UTC" else A_DAY
    if pa.types.is_date(time_type):
        return A_DAY
    if time_type.tz is not None or zone == "UTC":
        return timedelta(0)
    edges = [edge for edge in (window.start, window.end) if edge is not None]
    return timedelta(0) if all(is_steady(edge, zone) for edge in edges) else A_DAY


def with_derived(records: pa.RecordBatch, layout: Layout) -> Batch:
    """The records with their instants and fingerprints."""
    times = event_times(records.column(layout.source.time), time_zone=layout.source.time_zone)
    return Batch(records, times, fingerprints(records.select(list(layout.inputs))))


def fingerprints(records: pa.RecordBatch) -> np.ndarray:
    """A signed 64-bit hash of each record, the same whatever else the batch holds."""
    frame = records.to_pandas(
        split_blocks=True, date_as_object=False, types_mapper=HASHED_TYPES.get
    )
    return pd.util.hash_pandas_object(frame, index=False).to_numpy().view(np.int64)


def inside_window(times: pa.Array, window: Window, *, undated: bool) -> np.ndarray:
    """True for each instant inside the window; for a null as ``undated`` says."""
    inside = pc.less(times, pa.scalar(window.end, times.type))
    if window.start is not None:
        inside = pc.and_(inside, pc.greater_equal(times, pa.scalar(window.start, times.type)))
    mask: np.ndarray = pc.fill_null(inside, undated).to_numpy(zero_copy_only=False)
    return mask
