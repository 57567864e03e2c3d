"""Backfilling: the nights of a stretch of time that were not published, one after the other.

Never two at once: each night's window begins where the one before it ended, and a night may train
the model of the next.
"""

from datetime import datetime, timedelta
from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.logical_dates import Moment, stretch_name
from flows.nightly import nightly
from flows.progress import Progress
from flows.schedules import nights_between
from flows.workplaces import at_work_on
from nightflag import backfilling
from nightflag.monitors.durations import Duration
from nightflag.runs import Run
from nightflag.windows import as_utc

Every = Annotated[Duration, Field(gt=timedelta(0))] | None


@flow(name="backfill", flow_run_name=stretch_name)
def backfill(monitor: str, start: Moment, end: Moment, every: Every = None) -> list[Run]:
    """Publish the nights of a stretch of time that are not published yet, the earliest first.

    A night that fails ends the backfill; the same one asked for again goes on there.

    Args:
        monitor: The monitor's name, as its file says.
        start: The first night, UTC unless it names its zone.
        end: The last night, UTC unless it names its zone.
        every: How far apart the nights are, such as "1 day"; by default as scheduled.
    """
    dates = outstanding(monitor, start, end, every)
    progress = Progress(monitor, f"Backfill of {monitor}: {len(dates)} nights", len(dates))
    return [progress.after(publish(monitor, as_of)) for as_of in dates]


def outstanding(
    monitor: str, start: datetime, end: datetime, every: timedelta | None
) -> list[datetime]:
    """The logical dates of the stretch that are not published, in order."""
    with at_work_on(monitor) as workplace:
        dates = nights_between(workplace.monitor, as_utc(start), as_utc(end), every)
        return backfilling.outstanding(workplace, dates)


def publish(monitor: str, as_of: datetime) -> Run:
    """The published night of one logical date."""
    return nightly(monitor, as_of=as_of)
