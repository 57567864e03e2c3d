"""Logical dates: which nights a monitor can have, by what it has published and by the clock."""

import socket
from collections.abc import Sequence
from datetime import datetime, timedelta

from nightflag.errors import SettingsError

AHEAD = timedelta(days=1)
"""How far ahead a night may be: wherever in the world its day is named, it has begun by then."""


def refuse_impossible(
    monitor: str, as_of: datetime, published: Sequence[datetime], now: datetime
) -> None:
    """Raise :class:`SettingsError` for a night far ahead, or before the monitor's first one.

    The ``published`` nights stand in their order; one of them is always possible. A night between
    them, or one that a clock that was set back names, looks at its own stretch of time once more.
    """
    if as_of not in published:
        _refuse_far_ahead(as_of, now)
        refuse_training_records(monitor, as_of, published)


def refuse_training_records(monitor: str, first: datetime, published: Sequence[datetime]) -> None:
    """Raise :class:`SettingsError` where the ``first`` night is before all published ones."""
    if published and first < published[0]:
        raise SettingsError(
            f"The night of {first:%Y-%m-%d %H:%M} UTC is before the first one of {monitor}.",
            expected=f"nights from {published[0]:%Y-%m-%d %H:%M} UTC on: the records before it "
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
