"""Event times as UTC instants, whatever the source keeps them in."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

INSTANT = pa.timestamp("us", "UTC")
LOCAL_TEXT = r"\d{4}-\d\d-\d\d(?:[T ]\d\d(?::?\d\d(?::?\d\d(?:\.\d+)?)?)?)?"
LOCAL_YEARS = 2, 9998
"""Years whose local times are instants of the calendar in every zone."""
ZONED_TEXT = LOCAL_TEXT + r" ?(?:Z|[+-]\d\d(?::?\d\d)?)"


def event_times(values: pa.Array, *, time_zone: str) -> pa.Array:
    """The instants of ``values``: timestamps, dates or ISO 8601 text; null where unreadable.

    Text begins with the whole date, such as 2024-05-01: shorter forms are unreadable.
    Times without a zone are taken to be in ``time_zone``; of an hour that a clock change repeats
    the first is taken, and an hour that it skips moves forward.
    """
    if values.type == INSTANT:
        return values
    if pa.types.is_string(values.type):
        return pa.array(_parsed(values, time_zone).dt.as_unit("us"), INSTANT, from_pandas=True)
    naive = pd.Series(values.cast(pa.timestamp("us")).to_pandas())
    return pa.array(_localised(naive, time_zone).dt.as_unit("us"), INSTANT, from_pandas=True)


def bound(moment: datetime, column_type: pa.DataType, *, time_zone: str) -> datetime:
    """``moment`` in the form that compares with a time column of that type."""
    if pa.types.is_timestamp(column_type) and column_type.tz is not None:
        return moment.astimezone(UTC)
    return moment.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)


def is_steady(moment: datetime, zone: str) -> bool:
    """Whether the zone's clocks do not change within a day of the moment, as far as is known."""
    around = (moment + timedelta(days=days) for days in (-1, 0, 1))
    try:
        return len({one.astimezone(ZoneInfo(zone)).utcoffset() for one in around}) == 1
    except OverflowError:
        return False


def _parsed(values: pa.Array, time_zone: str) -> "pd.Series[pd.Timestamp]":
    text = values.to_pandas()
    local = text.str.fullmatch(LOCAL_TEXT, na=False)
    naive = pd.to_datetime(text.where(local), format="ISO8601", errors="coerce")
    times = _localised(naive, time_zone)
    if not local.all():
        zoned = text.str.fullmatch(ZONED_TEXT, na=False)
        instants = pd.to_datetime(text.where(zoned), utc=True, format="ISO8601", errors="coerce")
        times = instants.where(zoned, times)
    return times


def _localised(naive: "pd.Series[pd.Timestamp]", time_zone: str) -> "pd.Series[pd.Timestamp]":
    if time_zone == "UTC":
        return naive.dt.tz_localize("UTC")
    first = pd.Series(True, index=naive.index).to_numpy()
    held = naive.where(naive.dt.year.between(*LOCAL_YEARS))
    local = held.dt.tz_localize(time_zone, ambiguous=first, nonexistent="shift_forward")
    return local.dt.tz_convert("UTC")
