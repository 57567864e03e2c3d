"""What if: how many flags other alarm rates would have raised, from the scores that stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Connection, Select, and_, func, select

from nightflag import mutes
from nightflag.monitors import Alarm
from nightflag.queries import run
from nightflag.results import deciding
from nightflag.results.settling import nights_of
from nightflag.results.tables import MonitorTables

LADDER = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True)
class Outlook:
    """What one alarm rate would have come to, night by night in the order of logical dates."""

    rate: float
    nights: tuple[datetime, ...]
    flags: tuple[int, ...]

    @property
    def total(self) -> int:
        """All flags together."""
        return sum(self.flags)

    @property
    def usual(self) -> float:
        """The median of the nights."""
        return float(median(self.flags)) if self.flags else 0.0

    @property
    def most(self) -> int:
        """The flags of the busiest night."""
        return max(self.flags, default=0)


def rates_around(alarm: Alarm) -> tuple[float, ...]:
    """A ladder of rates from one in ten thousand to one in ten, the monitor's own among them."""
    return tuple(sorted({*LADDER, alarm.rate}))


def outlooks(
    connection: Connection,
    tables: MonitorTables,
    alarm: Alarm,
    rates: Sequence[float],
    *,
    since: datetime | None = None,
) -> list[Outlook]:
    """What each rate would have come to in the nights since then.

    Everything else of the alarm holds: what was left out of account when the records were scored,
    mutes, and the most flags a night; but no rates of segments, and no false-discovery rate.
    """
    nights = _nights(connection, tables.monitor, since)
    rows = connection.execute(_counts(connection, tables, rates, since)).all()
    found = {row[0]: row[1:] for row in rows}
    by_night = [found.get(run_id, (0,) * len(rates)) for run_id in nights]
    return [
        Outlook(rate, tuple(nights.values()), _limited((one[place] for one in by_night), alarm))
        for place, rate in enumerate(rates)
    ]


def _nights(connection: Connection, monitor: str, since: datetime | None) -> dict[int, datetime]:
    rows = run(connection, "published_nights", monitor=monitor).all()
    return {row.run_id: row.as_of for row in rows if since is None or row.as_of >= since}


def _counts(
    connection: Connection,
    tables: MonitorTables,
    rates: Sequence[float],
    since: datetime | None,
) -> Select[tuple[int, ...]]:
    scores, nights = tables.scores, nights_of(tables.monitor, since)
    p_value = deciding.alarm_p_value(scores)
    silent = deciding.muted(scores, mutes.of_monitor(connection, tables.monitor))
    counts = [func.count().filter(p_value <= rate) for rate in rates]
    of_nights = scores.c.run_id.in_(select(nights.c.run_id))
    heard = and_(of_nights, p_value <= max(rates), silent.is_(None))
    return select(scores.c.run_id, *counts).where(heard).group_by(scores.c.run_id)


def _limited(counts: Iterable[int], alarm: Alarm) -> tuple[int, ...]:
    return tuple(min(count, alarm.at_most or count) for count in counts)
