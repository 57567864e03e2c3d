"""``nightflag promote``."""

from typing import Annotated

from cyclopts import Parameter

from nightflag import nights, succession
from nightflag.cli.output import say
from nightflag.cli.results import at_work_on


def promote(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    version: Annotated[int, Parameter(help="The model, as `nightflag models` lists it.")],
    /,
    *,
    why: Annotated[str, Parameter(help="The reason, for the registry.")] = "promoted by hand",
) -> None:
    """Make a model champion: one that waits, was refused, or was champion before."""
    with at_work_on(monitor) as workplace, nights.only_training(workplace):
        entry = succession.promote(workplace, version, why=why)
    say(f"Model {entry.version} of {monitor} is in use, from the next night on.")
