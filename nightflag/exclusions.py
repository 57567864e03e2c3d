"""Exclusions: known incidents, which no model is to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightflag.databases import Database
from nightflag.queries import run
from nightflag.windows import refuse_backwards
from nightflag.workplace import Workplace


@dataclass(frozen=True)
class Exclusion:
    """Event times from ``start`` up to, not including, ``end``."""

    start: datetime
    end: datetime
    why: str


def add(results: Database, monitor: str, exclusion: Exclusion, now: datetime) -> None:
    """Write the exclusion down, for every training to come.

    Raises :class:`SettingsError` for a stretch that ends before it begins.
    """
    refuse_backwards("incident", exclusion.start, exclusion.end)
    with results.writing() as connection:
        run(
            connection,
            "add_exclusion",
            monitor=monitor,
            excluded_from=exclusion.start,
            excluded_until=exclusion.end,
            why=exclusion.why,
            created_at=now,
        )


def of_monitor(workplace: Workplace) -> list[Exclusion]:
    """Every exclusion of the monitor that is known, the earliest written first."""
    with workplace.results.reading() as connection:
        rows = run(connection, "exclusions_of_monitor", monitor=workplace.monitor.name).all()
    return [
        Exclusion(row.excluded_from, row.excluded_until, row.why)
        for row in rows
        if workplace.moment is None or row.created_at <= workplace.moment
    ]


def outside(event_time: pa.Array, exclusions: Sequence[Exclusion]) -> NDArray[np.bool_]:
    """Which of the instants (n,) lie in none of the exclusions; a null lies in none."""
    kept = np.ones(len(event_time), dtype=bool)
    for one in exclusions:
        start, end = (pa.scalar(moment, event_time.type) for moment in (one.start, one.end))
        inside = pc.and_(pc.greater_equal(event_time, start), pc.less(event_time, end))
        kept &= ~pc.fill_null(inside, False).to_numpy(zero_copy_only=False)
    return kept
