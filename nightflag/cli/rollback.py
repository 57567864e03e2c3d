"""``nightflag rollback``."""

from typing import Annotated

from cyclopts import Parameter

from nightflag import nights, succession
from nightflag.cli.output import say
from nightflag.cli.results import at_work_on


def rollback(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    why: Annotated[str, Parameter(help="The reason, for the registry.")] = "rolled back by hand",
) -> None:
    """Make the model champion that was in use before the present one, calibration and all."""
    with at_work_on(monitor) as workplace, nights.only_training(workplace):
        entry = succession.rollback(workplace, why=why)
    say(f"Model {entry.version} of {monitor} is in use again, from the next night on.")
