"""Columns a table needs and its file lacks: a number for each record, and a clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightflag.errors import SettingsError
from nightflag.loading.table_file import TableFile

TIME = pa.timestamp("us")


@dataclass(frozen=True)
class Clock:
    """A made-up event time: records in the file's order, ``every`` so far apart, up to ``end``."""

    name: str
    every: timedelta
    end: datetime


def with_added(
    columns: pa.Schema, *, number: str | None = None, clock: Clock | None = None
) -> pa.Schema:
    """The columns with those that are made up in front of them; SettingsError for a taken name."""
    fields = [pa.field(number, pa.int64())] if number else []
    fields += [pa.field(clock.name, TIME)] if clock else []
    for field in fields:
        if field.name in columns.names:
            raise SettingsError(
                f"The file has a column {field.name!r} already.",
                expected="a new name for a column that is made up",
                mend="give another name to --number or --clock, or do without",
            )
    return pa.schema([*fields, *columns])


def add(
    file: TableFile, columns: pa.Schema, *, number: str | None, clock: Clock | None
) -> Iterator[pa.RecordBatch]:
    """The file's batches with exactly ``columns``: numbers from 1, times up to the clock's end."""
    done = 0
    for batch in file.batches():
        numbers = np.arange(done + 1, done + batch.num_rows + 1)
        made = [pa.array(numbers)] if number else []
        made += [_times(clock, file.records - numbers)] if clock else []
        yield pa.record_batch([*made, *batch.columns], schema=columns)
        done += batch.num_rows


def _times(clock: Clock, steps_left: NDArray[np.int64]) -> pa.Array:
    end = np.datetime64(clock.end.replace(tzinfo=None), "us")
    return pa.array(end - (steps_left + 1) * np.timedelta64(clock.every), TIME)
