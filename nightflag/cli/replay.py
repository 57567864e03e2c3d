"""``nightflag replay``."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from nightflag import replays
from nightflag.cli.options import AsJson, Moment, duration
from nightflag.cli.output import print_json, say
from nightflag.cli.progress import each_night
from nightflag.cli.results import at_work_on
from nightflag.monitors import overridden
from nightflag.windows import evenly
from nightflag.workplace import Workplace

if TYPE_CHECKING:
    from nightflag.replaying import Night


def replay(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    start: Annotated[Moment, Parameter(name="--from", help="The first night, such as 2026-01-31.")],
    end: Annotated[Moment, Parameter(name="--to", help="The last night.")],
    every: Annotated[
        timedelta,
        Parameter(
            converter=duration, n_tokens=1, help="How far apart nights are; by default 1 day"
        ),
    ] = timedelta(days=1),
    settings: Annotated[
        tuple[str, ...],
        Parameter(
            name="--set",
            negative="",
            help="A setting to try, such as alarm.rate=0.001; may be given again.",
        ),
    ] = (),
    keep: Annotated[
        Path | None, Parameter(help="Keep the results in this new SQLite file, models beside it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a monitor's nights over history again, apart from all that is published."""
    dates = evenly(start, end, every)
    logging.getLogger("nightflag").addHandler(logging.NullHandler())  # warnings are shown
    with at_work_on(monitor) as real:
        changed = replace(real, monitor=overridden(real.monitor, settings))
        say(f"Replaying {len(dates)} nights of {monitor}; nothing published is touched.")
        say(replays.UNKNOWN)
        seen = []
        if not as_json:
            print(replays.HEADING)
        nights = _nights(real, changed, dates, keep)
        for night in each_night(nights, len(dates), quiet=as_json):
            seen.append(night)
            if not as_json:
                print(*replays.lines(night), sep="\n", flush=True)
    if as_json:
        print_json([replays.row(night) for night in seen])
    else:
        print("", *replays.summary(seen, changed.monitor.alarm.rate), sep="\n")


def _nights(
    real: Workplace, changed: Workplace, dates: Sequence[datetime], keep: Path | None
) -> Iterator["Night"]:
    from nightflag.replaying import apart, replay

    with apart(changed, keep) as workplace:
        yield from replay(workplace, dates, said_in=real.results)
