"""The days of training records: to compare with each other, as nights are."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from nightflag.drift.reference import Days
from nightflag.features import History
from nightflag.monitors import Source
from nightflag.records.times import event_times


def days(records: pd.DataFrame | History, source: Source) -> Days:
    """The day in UTC (n,) of each record, counted from 1970."""
    return moments(records, source).astype("datetime64[D]").astype(np.int64)


def moments(records: pd.DataFrame | History, source: Source) -> NDArray[np.datetime64]:
    """The event time (n,) of each record, in UTC microseconds."""
    if isinstance(records, History):
        return records.moments[records.own]
    values = pa.Array.from_pandas(records[source.time])
    if pa.types.is_large_string(values.type):  # as pandas keeps text
        values = values.cast(pa.string())
    instants = event_times(values, time_zone=source.time_zone).cast(pa.int64())
    return np.asarray(instants.to_numpy(zero_copy_only=False).astype("datetime64[us]"))
