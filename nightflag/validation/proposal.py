"""The expectations `nightflag init` proposes from a sample of records."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

MOST_LEVELS = 12
RECORDS_FOR_A_LEVEL = 10

Proposal = dict[str, dict[str, Any]]


def propose(frame: pd.DataFrame, *, key: Sequence[str], time: str) -> list[Proposal]:
    """Expectations in the monitor's short form, from a sample: ``[{name: settings}, ...]``.

    Keys and event time must not be null. Columns without a null in the sample should have none,
    numbers should stay within the sample's range, widened by its width on both sides, a text of few
    levels should stay among them. Those only warn: a null, an extreme or a new value is what the
    detector is there to flag, and a quarantined record is never scored. Identifiers, constants and
    free text get no range.
    """
    proposals: list[Proposal] = [
        {"expect_table_row_count_to_be_between": {"min_value": 1, "severity": "warning"}}
    ]
    for name in frame.columns:
        known = name in key or name == time
        proposals += _not_null(frame[name], known=known)
        if not known:
            proposals += [*_between(frame[name]), *_in_set(frame[name])]
    return proposals


def _not_null(column: pd.Series, *, known: bool) -> list[Proposal]:
    settings = {"column": column.name}
    if known:
        return [{"expect_column_values_to_not_be_null": settings}]
    if len(column) and column.notna().all():
        return [{"expect_column_values_to_not_be_null": {**settings, "severity": "warning"}}]
    return []


def _between(column: pd.Series) -> list[Proposal]:
    if not is_numeric_dtype(column) or is_bool_dtype(column):
        return []
    values = column.dropna().to_numpy(dtype="float64")
    values = values[np.isfinite(values)]
    if np.ptp(values) == 0 if len(values) else True:
        return []
    if is_integer_dtype(column) and column.is_unique:
        return []
    low, high = _widened(float(values.min()), float(values.max()))
    settings = {"column": column.name, "min_value": low, "max_value": high}
    return [{"expect_column_values_to_be_between": {**settings, "severity": "warning"}}]


def _widened(low: float, high: float) -> tuple[float, float]:
    """The range, once its width longer on both sides, in three significant digits."""
    width = high - low
    floor = 0.0 if low >= 0 else low - width
    return _short(max(floor, low - width)), _short(high + width)


def _short(number: float) -> float:
    short = float(f"{number:.3g}")
    return int(short) if short.is_integer() else short


def _in_set(column: pd.Series) -> list[Proposal]:
    levels = sorted({value for value in column.dropna() if isinstance(value, str)})
    few = 0 < len(levels) <= min(MOST_LEVELS, len(column) / RECORDS_FOR_A_LEVEL)
    if not few or is_numeric_dtype(column):
        return []
    settings = {"column": column.name, "value_set": levels, "severity": "warning"}
    return [{"expect_column_values_to_be_in_set": settings}]
