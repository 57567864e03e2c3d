"""``nightflag exclude``."""

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from nightflag import exclusions
from nightflag.cli.options import Moment
from nightflag.cli.output import say
from nightflag.cli.results import at_work_on
from nightflag.exclusions import Exclusion


def exclude(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    start: Annotated[Moment, Parameter(name="--from", help="The first event time left out.")],
    end: Annotated[Moment, Parameter(name="--to", help="The first event time not left out.")],
    *,
    why: Annotated[str, Parameter(help="What happened then.")],
) -> None:
    """Keep the records of an incident out of all training and calibration to come."""
    with at_work_on(monitor) as workplace:
        workplace.prepare()
        incident = Exclusion(start, end, why)
        exclusions.add(workplace.results, monitor, incident, datetime.now(UTC))
    say(
        f"Records of {monitor} from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC train no "
        f"more models. To be rid of what is learned already: nightflag retrain {monitor}"
    )
