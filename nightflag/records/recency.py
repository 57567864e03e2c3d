"""The newest records of a source, by their event times."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import column, select

from nightflag.databases import Database
from nightflag.monitors.source import Source
from nightflag.records.layout import relation

A_DAY = timedelta(days=1)


def newest(database: Database, source: Source, *, but: int = 0) -> datetime | None:
    """The newest event time, or the one that so many are newer than, in UTC; None without any."""
    moment = database.event_time(column(source.time))
    dated = select(moment).select_from(relation(source)).where(moment.is_not(None))
    ordered = dated.order_by(moment.desc()).offset(but).limit(1)
    with database.reading() as connection:
        found = connection.execute(ordered).scalar_one_or_none()
    if isinstance(found, date) and not isinstance(found, datetime):
        found = datetime.combine(found, time())
    if not isinstance(found, datetime):
        return None
    local = found.replace(tzinfo=ZoneInfo(source.time_zone)) if found.tzinfo is None else found
    return local.astimezone(UTC)


def midnight_after(moment: datetime) -> datetime:
    """The first midnight after ``moment``, both in UTC; the last there is on the last day."""
    day = min(moment.date(), date.max - A_DAY) + A_DAY
    return datetime.combine(day, time(), UTC)


def night_after(moment: datetime) -> str:
    """The first midnight after ``moment``, as `--as-of` takes it."""
    return f"{midnight_after(moment):%Y-%m-%d}"
