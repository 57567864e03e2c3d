"""``nightflag backfill``."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from cyclopts import Parameter

from nightflag.cli.failures import show
from nightflag.cli.nights import ready_for_prefect
from nightflag.cli.options import AsJson, Moment, Quiet, Verbose, duration
from nightflag.cli.output import print_json, say
from nightflag.cli.progress import each_night
from nightflag.errors import NightflagError
from nightflag.monitors import find
from nightflag.settings import Settings

KEPT = (
    "as_of",
    "run_id",
    "records_read",
    "records_scored",
    "records_quarantined",
    "records_flagged",
    "records_retracted",
    "model_version",
    "warnings",
)


def backfill(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    start: Annotated[Moment, Parameter(name="--from", help="The first night, such as 2026-01-31.")],
    end: Annotated[Moment, Parameter(name="--to", help="The last night.")],
    every: Annotated[
        timedelta | None,
        Parameter(
            converter=duration,
            n_tokens=1,
            help="How far apart nights are; by default as the schedule says, without one 1 day.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Only say which nights would be published.")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> int:
    """Publish the nights of a stretch of time that are not published yet, the earliest first."""
    find(Settings().monitors_folder, monitor)
    ready_for_prefect(verbose=verbose, quiet=quiet or as_json or dry_run)
    from flows import backfilling

    dates = backfilling.outstanding(monitor, start, end, every)
    if not quiet:
        say(f"{monitor}: {len(dates)} nights are not published yet.")
    if dry_run:
        rows: list[dict[str, Any]] = [{"as_of": as_of} for as_of in dates]
        code = 0
        if not as_json:
            print(*(f"{as_of:%Y-%m-%d %H:%M}" for as_of in dates), sep="\n")
    else:
        rows, code = _published(monitor, dates, shown=not (as_json or quiet), verbose=verbose)
    if as_json:
        print_json(rows)
    return code


def _published(
    monitor: str, dates: list[datetime], *, shown: bool, verbose: bool
) -> tuple[list[dict[str, Any]], int]:
    """A row for each published night, and the exit code: that of the night that failed, if any."""
    from flows import backfilling
    from nightflag.backfilling import sentence

    rows: list[dict[str, Any]] = []
    nights = (backfilling.publish(monitor, as_of) for as_of in dates)
    try:
        for night in each_night(nights, len(dates), quiet=not shown or verbose):
            rows.append({name: getattr(night, name) for name in KEPT})
            if shown:
                print(f"{len(rows)}/{len(dates)} {sentence(night)}", flush=True)
    except NightflagError as error:
        show(error, about=f"{monitor} {dates[len(rows)]:%Y-%m-%d %H:%M}")
        say(f"{len(rows)} of {len(dates)} nights are published; the same command goes on here.")
        return rows, error.exit_code
    return rows, 0
