"""Replaying: what other settings would have made of the nights of the past."""

from dataclasses import replace
from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.artifacts import show_rows, show_sentences
from flows.backfilling import Every
from flows.logical_dates import Moment, stretch_name
from flows.progress import Progress
from flows.schedules import DAY
from flows.workplaces import at_work_on
from nightflag import replaying, replays
from nightflag.monitors import overridden
from nightflag.windows import as_utc, evenly

Setting = Annotated[str, Field(max_length=500)]
Settings = Annotated[tuple[Setting, ...], Field(max_length=20)]


@flow(name="replay", flow_run_name=stretch_name)
def replay(
    monitor: str, start: Moment, end: Moment, every: Every = None, settings: Settings = ()
) -> list[str]:
    """Run a monitor's nights over history again, apart from all that is published.

    Args:
        monitor: The monitor's name, as its file says.
        start: The first night, UTC unless it names its zone.
        end: The last night, UTC unless it names its zone.
        every: How far apart the nights are, such as "1 day", which is the default.
        settings: Settings of the monitor to try, such as alarm.rate=0.001.
    """
    dates = evenly(as_utc(start), as_utc(end), every or DAY)
    progress = Progress(monitor, f"Replay of {monitor}: {len(dates)} nights", len(dates))
    with at_work_on(monitor) as real:
        changed = replace(real, monitor=overridden(real.monitor, settings))
        with replaying.apart(changed) as workplace:
            every_night = replaying.replay(workplace, dates, said_in=real.results)
            seen = [progress.after(night) for night in every_night]
    show_rows(monitor, "replay", [replays.row(night) for night in seen], replays.UNKNOWN)
    told = list(replays.summary(seen, changed.monitor.alarm.rate))
    show_sentences(monitor, "replay-summary", told)
    return told
