"""``nightflag digest``."""

from typing import Annotated

from cyclopts import Parameter

from nightflag.cli.output import say
from nightflag.cli.results import at_work_on, read_secret


def digest(monitor: Annotated[str, Parameter(help="The monitor's name.")], /) -> None:
    """Send the digests of a monitor that are due and were not sent."""
    from nightflag import digests

    with at_work_on(monitor) as workplace:
        workplace.prepare()
        sent = digests.send(workplace, read_secret=read_secret)
    say(f"{monitor}: {sent} digests were sent; nightflag_digests says of which nights.")
