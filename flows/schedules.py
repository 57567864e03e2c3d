"""Schedules: the moments at which a monitor's nights are due, as Prefect itself reckons them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from prefect.client.schemas.schedules import CronSchedule
from prefect.server.schemas.schedules import CronSchedule as Reckoning
from pydantic import ValidationError

from nightflag.errors import MonitorError
from nightflag.monitors import Monitor
from nightflag.runs import Run
from nightflag.windows import evenly

DAY, WEEK, SECOND = timedelta(days=1), timedelta(days=7), timedelta(seconds=1)
MOST_MISSED = 7
AT_ONCE = 500


def schedule_of(monitor: Monitor) -> CronSchedule | None:
    """The monitor's schedule as Prefect's; MonitorError for a cron line that is none."""
    if monitor.schedule is None:
        return None
    try:
        return CronSchedule(cron=monitor.schedule.cron, timezone=monitor.schedule.time_zone)
    except ValidationError as error:
        raise MonitorError(
            f"{monitor.name}: Prefect does not understand the cron line {monitor.schedule.cron!r}.",
            expected='minute, hour, day of month, month and day of week, such as "30 2 * * *"',
            mend=f"correct `schedule` in the file of {monitor.name}",
        ) from error


def nights_between(
    monitor: Monitor, start: datetime, end: datetime, every: timedelta | None = None
) -> list[datetime]:
    """The logical dates from ``start`` up to and including ``end``, in UTC and in order.

    They are those of the monitor's schedule; without one, or with ``every``, they are so far
    apart, by default a day, and the first is ``start``. SettingsError where the end comes first.
    """
    schedule, steps = schedule_of(monitor), evenly(start, end, every or DAY)
    if every is not None or schedule is None:
        return steps
    found: list[datetime] = []
    while dates := _reckoned(schedule, start, end):
        found += dates
        start = dates[-1] + SECOND
    return found


def newest_due(monitor: Monitor, as_of: datetime, now: datetime) -> datetime:
    """The night that a run scheduled for ``as_of`` publishes: that one, in most cases.

    Where the monitor has missed nights folded, it is the newest one that is due by now. Its window
    begins where the last published night ended, so it takes up the records of those before it.
    """
    schedule = schedule_of(monitor)
    if monitor.schedule is None or schedule is None or monitor.schedule.missed == "in order":
        return as_of
    return max([as_of, *_reckoned(schedule, as_of, now)])


def missed_nights(monitor: Monitor, latest: Sequence[Run], as_of: datetime) -> list[datetime]:
    """The nights of the schedule since the newest published one that were never run to an end.

    At most seven, of the last seven days; a night that failed by itself is not one. None where
    missed nights are folded into the newest. ``latest`` are the monitor's latest runs.
    """
    published = [run.as_of for run in latest if run.is_published and run.as_of < as_of]
    if monitor.schedule is None or monitor.schedule.missed != "in order" or not published:
        return []
    begin, end = max(max(published), as_of - WEEK) + SECOND, as_of - SECOND
    dates = nights_between(monitor, begin, end) if begin <= end else []
    ended = {run.as_of for run in latest if run.status != "running"}
    return [date for date in dates if date not in ended][-MOST_MISSED:]


def _reckoned(schedule: CronSchedule, start: datetime, end: datetime) -> list[datetime]:
    if start > end:
        return []
    reckoning = Reckoning(cron=schedule.cron, timezone=schedule.timezone)
    dates = asyncio.run(reckoning.get_dates(AT_ONCE, start, end))
    return [datetime.fromtimestamp(date.timestamp(), UTC) for date in dates]  # Prefect's own kind
