"""Where the night's flags come from: by segment, and by the column that weighs most."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from nightflag.monitors import Alarm
from nightflag.reporting.scores import of_night
from nightflag.results.tables import MonitorTables
from nightflag.runs import Run

MOST_PARTS = 50


@dataclass(frozen=True)
class Segment:
    """The records of one value of the alarm's segment column, None where it is missing."""

    value: str | None
    rate: float
    scored: int
    flagged: int


def by_segment(
    connection: Connection, tables: MonitorTables, night: Run, alarm: Alarm
) -> tuple[Segment, ...]:
    """The night's segments with the most flags, 50 at most; none where the alarm has none."""
    if alarm.segments is None:
        return ()
    scores, rates = tables.scores, alarm.segments.rates
    value, flagged = scores.c.alarm_segment, func.count().filter(scores.c.is_anomaly)
    statement = (
        select(value, func.count(), flagged)
        .where(of_night(tables, night))
        .group_by(value)
        .order_by(flagged.desc(), func.count().desc(), value)
        .limit(MOST_PARTS)
    )
    rows = connection.execute(statement)
    return tuple(Segment(name, rates.get(name, alarm.rate), *counts) for name, *counts in rows)


def by_first_reason(
    connection: Connection, tables: MonitorTables, night: Run
) -> tuple[tuple[str, int], ...]:
    """Each column that weighs most in some flag of the night, and in how many; 50 at most."""
    scores, reasons = tables.scores, tables.reasons
    same = and_(*(reasons.c[name] == scores.c[name] for name in tables.key))
    statement = (
        select(reasons.c.feature, func.count())
        .select_from(scores.join(reasons, same))
        .where(of_night(tables, night), scores.c.is_anomaly, reasons.c.rank == 1)
        .group_by(reasons.c.feature)
        .order_by(func.count().desc(), reasons.c.feature)
        .limit(MOST_PARTS)
    )
    return tuple((feature, count) for feature, count in connection.execute(statement))
