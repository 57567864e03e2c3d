"""How much a first night scores, so that it shows something and leaves enough to train on."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from nightflag.databases import Database
from nightflag.monitors import durations
from nightflag.records import Layout
from nightflag.records.layout import relation
from nightflag.records.pulling import condition
from nightflag.records.recency import midnight_after, newest
from nightflag.windows import Window

USUAL = tuple(timedelta(days=days) for days in (1, 7, 30))
AT_LEAST, QUARTER = 20, 0.25
PLAIN = "The first night scores this much; all records before it train."


def guess(database: Database, layout: Layout, last: datetime | None) -> tuple[timedelta, str]:
    """A length for ``first_window``, counted back from the midnight after the newest record.

    It is the shortest usual one with at least 20 records and at most a quarter of them all, or
    else what the newest quarter of the records takes. ``last`` is the newest event time; what lies
    in the future does not count.
    """
    if last is None:
        return USUAL[0], PLAIN
    night = midnight_after(min(last, datetime.now(UTC)))
    every, *inside = _counts(database, layout, night)
    for length, count in zip(USUAL, inside, strict=True):
        if AT_LEAST <= count <= QUARTER * every:
            return length, PLAIN
    begins = newest(database, layout.source, but=int(QUARTER * every))
    if begins is None or begins >= night:
        return USUAL[0], PLAIN
    told = f"{inside[0]:,} of the {every:,} records are of the last day"
    length = min(_rounded(night - begins), durations.LONGEST)
    return length, f"{told}: the first night scores the newest quarter of them."


def _counts(database: Database, layout: Layout, night: datetime) -> list[int]:
    """How many records have an event time before ``night``, and how many in each usual window."""
    windows = [Window(None, night), *(Window(night - length, night) for length in USUAL)]
    counts = [func.count().filter(condition(database, layout, window)) for window in windows]
    with database.reading() as connection:
        return [*connection.execute(select(*counts).select_from(relation(layout.source))).one()]


def _rounded(length: timedelta) -> timedelta:
    """In whole days, hours or minutes, the coarsest that tells it within a tenth; never 0."""
    for unit in (timedelta(days=1), timedelta(hours=1)):
        if length >= 10 * unit:
            return round(length / unit) * unit
    return max(round(length / timedelta(minutes=1)), 1) * timedelta(minutes=1)
