"""Housekeeping: what a monitor's ``keep`` lets go, listed or deleted.

Each room says what of it is outdated and removes it. Nights come first: what becomes of the other
rooms depends on them, and is reckoned as if they were cleaned already. Everything is counted back
from the newest published night, not from today: a monitor that rests loses nothing.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nightflag.errors import NightflagError
from nightflag.housekeeping import leftovers, models, reports, runs, scores
from nightflag.housekeeping.item import Item
from nightflag.results.reading import RUNS, existing_tables
from nightflag.workplace import Workplace

__all__ = ["Item", "clean", "failure_is_a_warning", "planned"]

logger = logging.getLogger(__name__)

Outdated = Callable[[Workplace], list[Item]]
Remove = Callable[[Workplace], None]
ROOMS: tuple[tuple[Outdated, Remove], ...] = (
    (scores.outdated, scores.remove),
    (runs.outdated, runs.remove),
    (reports.outdated, reports.remove),
    (models.outdated, models.remove),
    (leftovers.outdated, leftovers.remove),
)


def planned(workplace: Workplace) -> list[Item]:
    """What :func:`clean` would delete; nothing is."""
    if RUNS not in existing_tables(workplace.results):
        return []
    workplace.prepare()
    return [item for outdated, _ in ROOMS for item in outdated(workplace)]


def clean(workplace: Workplace) -> list[Item]:
    """Delete what is outdated, and return what it was.

    Killed in between, it leaves whole nights and models that can be loaded; called again it goes
    on. Raises :class:`MonitorBusy` while a night, or a training, goes on for too long.
    """
    workplace.prepare()
    gone: list[Item] = []
    for outdated, remove in ROOMS:
        if items := outdated(workplace):
            remove(workplace)
            gone += items
    return gone


@contextmanager
def failure_is_a_warning() -> Iterator[None]:
    """What goes wrong in cleaning up after a night is logged, and the night stays published."""
    try:
        yield
    except NightflagError as error:
        logger.warning("The night is published, but not all that is old was deleted: %s", error)
