"""Logical dates: which nights a monitor can have, by what it has published and by the clock."""

import socket
from collections.abc import Sequence
from datetime import datetime, timedelta

from nightflag import models, runs
from nightflag.databases import Database
from nightflag.errors import SettingsError
from nightflag.results.reading import ALL_NIGHTS

AHEAD = timedelta(days=1)
"""How far ahead a night may be: wherever in the world its day is named, it has begun by then."""


def known(results: Database, monitor: str) -> list[datetime]:
    """The nights that are published or that a model was trained for, in order.

    What trained a model came before its night. So that one can be published even where a later
    one was first.
    """
    trained = models.latest(results, monitor, limit=ALL_NIGHTS)
    return sorted({*runs.published(results, monitor), *(one.training.as_of for one in trained)})


def refuse_impossible(
    monitor: str, as_of: datetime, nights: Sequence[datetime], now: datetime
) -> None:
    """Raise :class:`SettingsError` for a night far ahead, or before the monitor's first one.

    The known ``nights`` stand in their order; one of them is always possible. A night between
    them, or one that a clock that was set back names, looks at its own stretch of time once more.
    """
    if as_of not in nights:
        _refuse_far_ahead(as_of, now)
        refuse_training_records(monitor, as_of, nights)


def refuse_training_records(monitor: str, first: datetime, nights: Sequence[datetime]) -> None:
    """Raise :class:`SettingsError` where the ``first`` night is before all known ones."""
    if nights and first < nights[0]:
        raise SettingsError(
            f"The night of {first:%Y-%m-%d %H:%M} UTC is before the first one of {monitor}.",
            expected=f"nights from {nights[0]:%Y-%m-%d %H:%M} UTC on: the records before it "
            "trained the first model, and say nothing when it scores them",
            mend="name a later first night, or try the earlier ones with `nightflag replay`",
        )


def _refuse_far_ahead(as_of: datetime, now: datetime) -> None:
    if as_of > now + AHEAD:
        raise SettingsError(
            f"The night of {as_of:%Y-%m-%d %H:%M} UTC is still to come: the clock of "
            f"{socket.gethostname()} says {now:%Y-%m-%d %H:%M} UTC.",
            expected="a night at most a day ahead: published early, it would take the records that "
            "are still to come for late ones",
            mend="correct --as-of, or that machine's clock",
        )
