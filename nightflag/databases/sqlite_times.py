"""Event times in SQLite, which has no type for them: ISO 8601 text, read by its own functions.

Its functions know moments to the millisecond.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, cast, func, or_, types

AS_TEXT = "%Y-%m-%d %H:%M:%f000"
EPOCH, JULIAN_DAY_OF_EPOCH = datetime(1970, 1, 1), 2_440_587.5
MILLISECOND, MILLISECONDS_A_DAY = timedelta(milliseconds=1), 86_400_000


def event_time(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The moment as text in UTC, in one form for all; null for what is no moment."""
    return func.strftime(AS_TEXT, _dated(column), type_=types.DateTime)


def inside(
    column: ColumnElement[Any], start: datetime | None, end: datetime, *, undated: bool
) -> ColumnElement[bool]:
    """Whether the moment lies between the bounds, ``end`` not included.

    The bounds are naive, and so compare with times that name no zone as these stand; times that
    name one are taken to UTC. All are compared as numbers of days: to write them as text takes four
    times as long. With ``undated``, what is no moment is inside too.
    """
    day, last = func.julianday(_dated(column), type_=types.Double), day_before(end)
    # BETWEEN works the day out once a row, two comparisons twice.
    there = day < last if start is None else day.between(day_before(start), last)
    return or_(there, day.is_(None)) if undated else there


def day_before(moment: datetime) -> float:
    """The Julian day half a millisecond before the moment: none that SQLite knows lies on it."""
    milliseconds = -((EPOCH - moment) // MILLISECOND)
    return JULIAN_DAY_OF_EPOCH + (milliseconds - 0.5) / MILLISECONDS_A_DAY


def _dated(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column where a whole date begins it: 'now', '12:00' and '2024' are times to SQLite."""
    return case((cast(column, types.Text).like("____-__-__%"), column))
