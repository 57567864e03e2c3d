"""``nightflag mute``."""

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from nightflag import mutes
from nightflag.cli.options import Moment
from nightflag.cli.output import say
from nightflag.cli.results import at_work_on
from nightflag.mutes import Mute


def mute(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    start: Annotated[Moment, Parameter(name="--from", help="The first event time it is silent.")],
    end: Annotated[Moment, Parameter(name="--to", help="The first event time it is not any more.")],
    *,
    why: Annotated[str, Parameter(help="The reason, which stands beside each muted record.")],
    segment: Annotated[str | None, Parameter(help="Only this segment of `alarm`.")] = None,
) -> None:
    """Let a monitor score the records of a stretch of time without raising alarms."""
    with at_work_on(monitor) as workplace:
        workplace.prepare()
        mutes.add(workplace.results, monitor, Mute(start, end, why, segment), datetime.now(UTC))
    say(
        f"{monitor} is mute from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC. What is "
        f"published already changes with: nightflag reflag {monitor}"
    )
