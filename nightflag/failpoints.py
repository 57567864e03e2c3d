"""Named places of the night, for those who listen.

Every step reports the place it has reached. A test stops the job there, to prove that nothing
half-done stays; the command line tells what comes next. In production nobody listens.
"""

from collections.abc import Callable
from typing import Literal, get_args

Place = Literal[
    "connected",
    "prepared",
    "locked",
    "opened",
    "checked",
    "sampled",
    "trained",
    "model written",
    "promoted",
    "model registered",
    "recalibrated",
    "loaded",
    "snapshot taken",
    "pulled a batch",
    "validated a batch",
    "set aside a batch",
    "made features",
    "scored a batch",
    "staged a batch",
    "staged",
    "before publishing",
    "before commit",
    "published",
    "tidied",
    "evaluated",
    "reported",
    "digest claimed",
    "digest delivered",
    "night cleaned",
    "model struck off",
]
PLACES: tuple[Place, ...] = get_args(Place)
"""All there are, in the order of a night.

A batch is "set aside" into quarantine; "tidied" says that nothing is staged any more.
"""

listeners: list[Callable[[Place], None]] = []


def reached(place: Place) -> None:
    """Tell whoever listens that the job has come to ``place``."""
    for listener in listeners:
        listener(place)
