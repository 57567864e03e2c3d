"""``nightflag reflag``."""

from typing import Annotated

from cyclopts import Parameter

from nightflag import reflagging
from nightflag.cli.options import Since
from nightflag.cli.output import say
from nightflag.cli.results import at_work_on


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
    with at_work_on(monitor) as workplace:
        for sentence in reflagging.anew(workplace, given, since=since, why=why):
            say(sentence)
