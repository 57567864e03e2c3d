"""Trailing values of a series: medians of the past, and lagged windows."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nightflag.features.history import History, Positions

Values = NDArray[np.float64]


def medians(history: History, values: Values, seconds: float) -> Values:
    """The median (n, columns) of ``values`` (rows, columns) so long before each record.

    The record itself and those of the same moment are left out, NaN is not known.
    """
    frame = pd.DataFrame(values, index=pd.DatetimeIndex(history.moments))
    span = pd.Timedelta(seconds=seconds)
    rolled = frame.groupby(history.series).rolling(span, closed="left", min_periods=1).median()
    return np.asarray(rolled.to_numpy()[history.own])


def lags(history: History, steps: int) -> Positions:
    """The rows (n, steps) of each record's window, the latest last.

    Where the window is shorter, its first row stands for those that are missing.
    """
    earlier = np.arange(steps - 1, -1, -1)
    return np.asarray(np.maximum(history.own[:, None] - earlier, history.first[:, None]))


def bridged(column: Values, at: Positions) -> Values:
    """The values of one column (rows,) in windows ``at`` (n, steps), gaps bridged.

    What is not known is the value before it in the window, or else the one after it; NaN where the
    window has none.
    """
    known, rows = np.isfinite(column), np.arange(len(column))
    before = np.maximum.accumulate(np.where(known, rows, -1))[at]
    after = np.minimum.accumulate(np.where(known, rows, len(column))[::-1])[::-1][at]
    first, last = at[:, :1], at[:, -1:]
    padded = np.append(column, np.nan)
    later = np.where(after <= last, padded[after], np.nan)
    return np.where(before >= first, column[before], later)
