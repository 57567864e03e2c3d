"""``nightflag retrain``."""

from typing import Annotated

from cyclopts import Parameter

from nightflag.cli.nights import ready_for_prefect
from nightflag.cli.options import AsOf, Quiet, Verbose
from nightflag.cli.output import say
from nightflag.cli.progress import steps
from nightflag.monitors import find
from nightflag.settings import Settings


def retrain(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    as_of: AsOf = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a new model on the records before a moment, and put it to use."""
    find(Settings().monitors_folder, monitor)
    ready_for_prefect(verbose=verbose, quiet=quiet)
    from flows.retraining import retrain as flow

    with steps(monitor, quiet=quiet or verbose):
        entry = flow(monitor, as_of=as_of)
    if quiet:
        return
    made = entry.training
    use = "is in use" if entry.is_champion else f"is {entry.status} and not in use"
    say(
        f"Model {entry.version} of {monitor} {use}: {made.training_records:,} records trained it, "
        f"{made.calibration_records:,} calibrated it. {entry.decision}."
    )
