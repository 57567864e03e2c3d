"""``nightflag reflag``."""

from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from nightflag import nights, reflagging
from nightflag.cli.options import Since
from nightflag.cli.output import say
from nightflag.cli.results import at_work_on
from nightflag.reflagging import Reflagged


def reflag(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    rate: Annotated[float | None, Parameter(help="Another alarm rate, such as 0.0005.")] = None,
    at_most: Annotated[int | None, Parameter(help="Flag no more than so many a night.")] = None,
    false_discovery_rate: Annotated[
        float | None, Parameter(help="Another share of false alarms among a night's flags.")
    ] = None,
    since: Since = None,
    why: Annotated[str, Parameter(help="The reason, for the history.")] = "",
) -> None:
    """Decide published flags anew from their stored scores; without options as the file says."""
    given = {"rate": rate, "at_most": at_most, "false_discovery_rate": false_discovery_rate}
    limits = {name: value for name, value in given.items() if value is not None}
    with (
        at_work_on(monitor) as workplace,
        nights.only_run(workplace) as lock,
    ):
        done = reflagging.reflag(workplace, lock, limits, since=since, why=why)
        without = reflagging.explain(workplace, done.alarm) if done.without_reasons else 0
    say(_sentence(monitor, done, since))
    if limits:
        kept = ", ".join(f"{name}: {value}" for name, value in limits.items())
        say(f"Nights to come do as the file says; to keep this, write there alarm: {{{kept}}}.")
    if without:
        say(
            f"{without:,} flags have no reasons: their records have changed since, or the files of "
            "the model that scored them are gone."
        )


def _sentence(monitor: str, done: Reflagged, since: datetime | None) -> str:
    of_when = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    changed = f"{done.raised:,} flags raised and {done.withdrawn:,} withdrawn"
    return (
        f"{monitor}{of_when}: {changed} in {len(done.changes)} nights; "
        f"{monitor}_history says which."
    )
