"""``nightflag retrain``."""

from typing import Annotated

from cyclopts import Parameter

from nightflag.cli.nights import ready_for_prefect
from nightflag.cli.options import AsOf, Verbose
from nightflag.cli.output import say
from nightflag.monitors import find
from nightflag.settings import Settings


def retrain(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    as_of: AsOf = None,
    verbose: Verbose = False,
) -> None:
    """Train a new model on the records before a moment, and put it to use."""
    find(Settings().monitors_folder, monitor)
    ready_for_prefect(verbose=verbose)
    from flows.retraining import retrain as flow

    entry = flow(monitor, as_of=as_of)
    made = entry.training
    say(
        f"Model {entry.version} of {monitor} is in use: {made.training_records:,} records trained "
        f"it, {made.calibration_records:,} calibrated it."
    )
