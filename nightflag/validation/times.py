"""Dates in an expectation's settings, made comparable with a column of timestamps."""

from collections.abc import Mapping
from datetime import tzinfo

import pandas as pd
from pandas.api.types import is_datetime64_any_dtype

from nightflag.errors import ExpectationError
from nightflag.validation.rule import Expectation, readable

TIMES = ("min_value", "max_value", "value_set")


def comparable_times(expectation: Expectation, frame: pd.DataFrame) -> Mapping[str, object]:
    """The settings that hold dates, by name, as timestamps in the column's time zone.

    Empty unless the column holds timestamps. A date without a zone is taken to be in the column's;
    a column without a zone is taken to be UTC. Raises :class:`ExpectationError` for a text that is
    no date.
    """
    settings = expectation.settings
    column = settings.get("column")
    if column is None or not is_datetime64_any_dtype(frame[column].dtype):
        return {}
    zone = frame[column].dt.tz
    return {
        name: _timestamps(settings[name], zone, expectation)
        for name in TIMES
        if settings.get(name) is not None
    }


def _timestamps(value: object, zone: tzinfo | None, expectation: Expectation) -> object:
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_timestamp(one, zone, expectation) for one in value]
    return _timestamp(value, zone, expectation)


def _timestamp(value: object, zone: tzinfo | None, expectation: Expectation) -> pd.Timestamp:
    try:
        time = pd.Timestamp(value)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise ExpectationError(
            f"{readable(expectation)} compares timestamps with {value!r}.",
            expected="a date or time such as 2026-01-31 or 2026-01-31 14:30",
            mend="correct the expectation in the monitor's file",
        ) from None
    if time.tzinfo is None:
        return time.tz_localize(zone)
    return time if zone else time.tz_convert("UTC").tz_localize(None)
