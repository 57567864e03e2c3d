"""The newest record of a source, by its event time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import column, func, select

from nightflag.databases import Database
from nightflag.monitors.source import Source
from nightflag.records.layout import relation


def newest(database: Database, source: Source) -> datetime | None:
    """The newest event time, in UTC; None where no record has one."""
    moment = func.max(database.event_time(column(source.time)))
    with database.reading() as connection:
        found = connection.execute(select(moment).select_from(relation(source))).scalar_one()
    if isinstance(found, date) and not isinstance(found, datetime):
        found = datetime.combine(found, time())
    if not isinstance(found, datetime):
        return None
    local = found.replace(tzinfo=ZoneInfo(source.time_zone)) if found.tzinfo is None else found
    return local.astimezone(UTC)


def night_after(moment: datetime) -> str:
    """The first midnight after ``moment``, as `--as-of` takes it."""
    return f"{moment.date() + timedelta(days=1):%Y-%m-%d}"
