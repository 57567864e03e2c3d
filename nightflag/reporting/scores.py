"""The night's scores as the plots show them: a sample of points, and counts of p-values."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import ColumnElement, Connection, func, select

from nightflag.results.staging import inside
from nightflag.results.tables import MonitorTables
from nightflag.runs import Run

MOST_PASSED, MOST_FLAGGED = 5_000, 2_000
BINS = 20


@dataclass(frozen=True)
class Points:
    """Event times in UTC with their scores, of the flagged records and of those that passed."""

    flagged: tuple[tuple[datetime, float], ...]
    passed: tuple[tuple[datetime, float], ...]


def sample(connection: Connection, tables: MonitorTables, night: Run) -> Points:
    """The strongest flags of the night, and a uniform sample of the records that passed.

    The sample is the records with the smallest fingerprints: the same every time, in one pass.
    """
    scores = tables.scores
    points = select(scores.c.event_time, scores.c.score).where(of_night(tables, night))
    flagged = points.where(scores.c.is_anomaly).order_by(scores.c.p_value, scores.c.score.desc())
    passed = points.where(~scores.c.is_anomaly).order_by(scores.c.fingerprint)
    return Points(
        tuple((row[0], row[1]) for row in connection.execute(flagged.limit(MOST_FLAGGED))),
        tuple((row[0], row[1]) for row in connection.execute(passed.limit(MOST_PASSED))),
    )


def histogram(connection: Connection, tables: MonitorTables, night: Run) -> tuple[int, ...]:
    """How many p-values of the night lie in each of twenty bins of equal width, open on the left.

    Counted in the database, so that it takes no memory here.
    """
    p_value = tables.scores.c.p_value
    below = [func.count().filter(p_value <= bin_ / BINS) for bin_ in range(1, BINS + 1)]
    row = connection.execute(select(*below).where(of_night(tables, night))).one()
    return tuple(upper - lower for lower, upper in pairwise((0, *row)))


def of_night(tables: MonitorTables, night: Run) -> ColumnElement[bool]:
    """The condition for the scores that the night published, as they still stand."""
    return inside(tables.scores, night.window) & (tables.scores.c.run_id == night.run_id)
