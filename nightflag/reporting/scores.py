"""The night's scores as the plots show them: a sample of points, and counts of p-values."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, func, select

from nightflag.calibration import LARGEST, Calibration
from nightflag.results.staging import inside
from nightflag.results.tables import MonitorTables
from nightflag.runs import Run

MOST_PASSED, MOST_FLAGGED = 5_000, 2_000
BINS, SCORE_BINS = 20, 40


@dataclass(frozen=True)
class Points:
    """Event times in UTC with their scores, of the flagged records and of those that passed."""

    flagged: tuple[tuple[datetime, float], ...]
    passed: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, eq=False)
class Distribution:
    """How many records of the night, and of the calibration, have scores between which edges.

    ``edges`` (41,) ascend, evenly on a logarithmic axis where all scores are above 0; ``night`` and
    ``calibrated`` have shape (40,). Scores that are not finite are left out.
    """

    edges: NDArray[np.float64]
    night: NDArray[np.int64]
    calibrated: NDArray[np.int64]

    @property
    def shares(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both as shares of their sum."""
        return self.night / self.night.sum(), self.calibrated / self.calibrated.sum()


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


def distribution(
    connection: Connection, tables: MonitorTables, night: Run, calibration: Calibration
) -> Distribution | None:
    """The night's scores beside the calibration's; None for a night without any.

    Counted in the database, like the p-values.
    """
    score = tables.scores.c.score
    finite = of_night(tables, night) & score.between(-LARGEST, LARGEST)
    ends = select(func.min(score), func.max(score)).where(finite)
    lowest, highest = connection.execute(ends).one()
    if lowest is None:
        return None
    known = calibration.scores
    edges = _edges(min(lowest, known[0]), max(highest, known[-1]))
    below = [func.count().filter(score <= float(edge)) for edge in edges[1:]]
    row = connection.execute(select(*below).where(finite)).one()
    counted = np.array([upper - lower for lower, upper in pairwise((0, *row))], np.int64)
    return Distribution(edges, counted, np.histogram(known, edges)[0])


def _edges(lowest: float, highest: float) -> NDArray[np.float64]:
    highest = max(highest, np.nextafter(lowest, np.inf))
    spread = np.geomspace if lowest > 0 else np.linspace
    return np.unique(spread(lowest, highest, SCORE_BINS + 1))


def of_night(tables: MonitorTables, night: Run) -> ColumnElement[bool]:
    """The condition for the scores that the night published, as they still stand."""
    return inside(tables.scores, night.window) & (tables.scores.c.run_id == night.run_id)
