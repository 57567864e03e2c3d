"""``nightflag recalibrate``."""

from datetime import timedelta
from typing import Annotated, Any

from cyclopts import Parameter

from nightflag import nights, recalibration
from nightflag.cli.output import say
from nightflag.cli.results import at_work_on
from nightflag.monitors import durations


def _duration(_type: Any, tokens: Any) -> timedelta:
    return durations.parse(tokens[0].value)


def recalibrate(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    window: Annotated[
        timedelta | None,
        Parameter(
            converter=_duration,
            n_tokens=1,
            help="How far back the scores reach, such as '30 days'; by default all of the model's.",
        ),
    ] = None,
) -> None:
    """Calibrate the model in use anew, on the scores it gave since it was trained."""
    with at_work_on(monitor) as workplace, nights.only_training(workplace) as lock:
        entry = recalibration.recalibrate(workplace, lock, window=window)
    say(
        f"Model {entry.version} of {monitor} is in use: {entry.training.reason}, on "
        f"{entry.training.calibration_records:,} scores."
    )
