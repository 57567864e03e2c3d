"""Moments: the hour of the day and the day of the week, on circles."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from nightflag.features.kind import Column, Kind, Mask, Matrix, wrong_values
from nightflag.features.missing import Missing
from nightflag.features.scaling import LIMIT
from nightflag.features.wording import Expected, percent

Circles = tuple[float, float, float, float]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY = 86_400_000_000
WEEK = 168
EPOCH_WEEKDAY = 3
RARE = 0.5
NEVER_SEEN = "never seen in training"
SMALLEST_DEVIATION = 0.1
ISO_DATE = r"\d{4}-\d\d-\d\d"


class Timestamp(Kind):
    """A moment as four standardised features: sine and cosine of time of day and day of week.

    In UTC where the zone is known, as it stands where it is not. Text is read as ISO 8601. The
    moment itself, as opposed to its place in the week, is no feature. A cycle that training has
    not seen twice is not learned, its features are 0: else the first Sunday would be an anomaly.
    """

    learned: tuple[bool, bool] = Field(description="whether two days, and two weeks, were seen")

    centers: Circles = Field(description="means of the training sines and cosines")
    deviations: Circles = Field(description="their deviations, at least 0.1")
    missing: Missing
    hours: tuple[int, ...] = Field((), description="training rows in each hour of the day")
    days: tuple[int, ...] = Field((), description="training rows on each day of the week")

    @classmethod
    def claims(cls, values: Column) -> bool:
        """Whether values are dates, datetimes or text that parses as such."""
        held = pd.api.types.infer_dtype(values)
        if held != "string":
            return held in {"datetime64", "datetime", "date"}
        if not values.str.match(ISO_DATE).all():
            return False
        return bool(
            pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce").notna().all()
        )

    @classmethod
    def fit(cls, column: Column) -> Self:
        """Means and deviations on the circles; 0 and 1 where all values are NULL."""
        circles, missing = _circles(column)
        minutes = _minutes(column)[0][~missing]
        present = circles.T[~missing] if not missing.all() else np.array([[-1.0] * 4, [1.0] * 4])
        centers, deviations = present.mean(axis=0), present.std(axis=0)
        return cls(
            learned=_seen_twice(column),
            centers=tuple(centers.tolist()),
            deviations=tuple(np.maximum(deviations, SMALLEST_DEVIATION).tolist()),
            missing=Missing.fit(missing),
            hours=_counted(minutes // 60 % 24, 24),
            days=_counted((minutes // 1440 + EPOCH_WEEKDAY) % 7, 7),
        )

    def names(self, column: str) -> tuple[str, ...]:
        """Four names, and the indicator of missing values."""
        circles = ("hour sine", "hour cosine", "weekday sine", "weekday cosine")
        return (*(f"{column} {circle}" for circle in circles), *self.missing.names(column))

    def transform(self, column: Column) -> Matrix:
        """Features (n, 4), or (n, 5) with the indicator."""
        circles, missing = _circles(column)
        scales = np.array([self.centers, self.deviations, np.repeat(self.learned, 2)])
        centers, deviations, learned = scales[..., None]
        scaled = (circles - centers) / deviations * learned
        return self.missing.mark(scaled.clip(-LIMIT, LIMIT).astype(np.float32).T, missing)

    def expected(self, features: Matrix) -> NDArray[Any]:
        """The nearest hour of the week in words (n,), such as "Tue 03:00"; None for NULL.

        Without the day where the week is not learned, and None where neither is.
        """
        sine_hour, cosine_hour, sine_day, cosine_day = (
            features[:, :4].astype(np.float64) * self.deviations + self.centers
        ).T
        hours = np.rint(np.arctan2(sine_hour, cosine_hour) / (2 * np.pi) % 1 * 24).astype(int)
        days = np.rint(np.arctan2(sine_day, cosine_day) / (2 * np.pi) * 7).astype(int)
        days = (days + hours // 24) % 7
        hour_known, day_known = self.learned
        words = [
            (f"{DAYS[day]} " if day_known else "") + f"{hour:02}:00" if hour_known else None
            for day, hour in zip(days, hours % 24, strict=True)
        ]
        return self.missing.erase(np.array(words, dtype=object), features)

    def words(self, column: Column, expected: Expected) -> list[str]:
        """Such as: Sun 03:12, hour 03 seen in 0.4 % of the training records, 14:00 was expected."""
        minutes, missing = _minutes(column)
        hours = minutes // 60 % WEEK
        rare = {hour: self._rare(hour) for hour in np.unique(hours).tolist()}
        shown = {hour: f"{_day(hour)} {hour % 24:02}:" for hour in rare}
        rows = zip(hours.tolist(), minutes.tolist(), missing, expected.value, strict=True)
        return [
            self._missing(other)
            if null
            else f"{shown[hour]}{minute % 60:02}{rare[hour]}{self._instead(other)}"
            for hour, minute, null, other in rows
        ]

    def _missing(self, expected: str | None) -> str:
        return self.missing.words if expected is None else f"missing where {expected} was expected"

    def _instead(self, expected: str | None) -> str:
        if not any(self.learned):
            return ""
        return f", {expected or 'nothing'} was expected"

    def _rare(self, hour: int) -> str:
        """That training held few records in this hour of the day, or on this weekday, if so."""
        of_day, weekday = hour % 24, (hour // 24 + EPOCH_WEEKDAY) % 7
        counts = (self.hours, of_day, f"hour {of_day:02}"), (self.days, weekday, DAYS[weekday])
        found = [
            (held[at] * len(held), sum(held), held[at], name)
            for known, (held, at, name) in zip(self.learned, counts, strict=True)
            if known and any(held)
        ]
        evenly, rows, count, name = min(found, default=(1, 1, 0, ""))
        if evenly >= RARE * rows:
            return ""
        seen = f"seen in {percent(count, rows)} of the training records" if count else NEVER_SEEN
        return f", {name} {seen}"


def _circles(column: Column) -> tuple[NDArray[np.float64], Mask]:
    """Sines and cosines (4, n), and which values are NULL."""
    moments = _moments(column)
    microseconds = moments.astype(np.int64)
    day = microseconds // DAY
    hour_angle = (microseconds - day * DAY) * (2 * np.pi / DAY)
    weekday, day_angles = (day + EPOCH_WEEKDAY) % 7, np.arange(7) * (2 * np.pi / 7)
    of_hour = np.sin(hour_angle), np.cos(hour_angle)
    of_day = np.sin(day_angles)[weekday], np.cos(day_angles)[weekday]
    return np.array([*of_hour, *of_day]), np.isnat(moments)


def _minutes(column: Column) -> tuple[NDArray[np.int64], Mask]:
    """Minutes since 1970 (n,), 0 for NULL, and which values are NULL."""
    moments = _moments(column)
    missing = np.isnat(moments)
    return np.where(missing, 0, moments.astype(np.int64)) // (DAY // 1440), missing


def _counted(places: NDArray[np.int64], count: int) -> tuple[int, ...]:
    return tuple(np.bincount(places, minlength=count).tolist())


def _day(hour: int) -> str:
    """The weekday of an hour of the week that 1970 began with."""
    return DAYS[(hour // 24 + EPOCH_WEEKDAY) % 7]


def _seen_twice(column: Column) -> tuple[bool, bool]:
    """Whether the moments span two days, and two weeks."""
    moments = _moments(column)
    present = moments[~np.isnat(moments)].astype(np.int64) // DAY
    days = int(np.ptp(present)) + 1 if present.size else 0
    return days >= 2, days >= 14


def _moments(column: Column) -> NDArray[np.datetime64]:
    """The values as UTC microseconds, NULL as NaT."""
    expected = "timestamps, dates, ISO 8601 text such as 2024-01-31T03:00:00, or NULL"
    if column.dtype.kind in "biufcm" and column.notna().any():
        raise wrong_values(column, expected=expected)
    try:
        moments = pd.to_datetime(column, format="ISO8601", utc=True)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong_values(column, expected=expected) from error
    return moments.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
