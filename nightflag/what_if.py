"""What if: how many flags other alarm rates would have raised, from the scores that stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Connection, Row, Select, and_, func, select

from nightflag import mutes
from nightflag.monitors import Alarm
from nightflag.queries import run
from nightflag.results import deciding
from nightflag.results.settling import nights_of
from nightflag.results.tables import MonitorTables
from nightflag.results.verdicts import given, on_record
from nightflag.verdicts.giving import ANOMALY

LADDER = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True)
class Judged:
    """Of the records with a verdict: the anomalies, those flagged, and anomalies among these."""

    anomalies: int
    flagged: int
    caught: int

    @property
    def precision(self) -> float | None:
        """The share of anomalies among the judged flags; None where there is none."""
        return self.caught / self.flagged if self.flagged else None

    @property
    def recall(self) -> float | None:
        """The share of the confirmed anomalies that are flagged; None where there is none."""
        return self.caught / self.anomalies if self.anomalies else None


@dataclass(frozen=True)
class Outlook:
    """What one alarm rate would have come to, night by night in the order of logical dates."""

    rate: float
    nights: tuple[datetime, ...]
    flags: tuple[int, ...]
    judged: Judged

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
    mutes, and the most flags a night; but no rates of segments, and no false-discovery rate. What
    was judged counts without the limit on a night.
    """
    nights = _nights(connection, tables.monitor, since)
    rows = connection.execute(_counts(connection, tables, rates, since)).all()
    found = {row[0]: row[1:] for row in rows}
    verdicts = connection.execute(_verdicts(tables, since)).all()
    by_night = [found.get(run_id, (0,) * len(rates)) for run_id in nights]
    return [
        Outlook(
            rate,
            tuple(nights.values()),
            _limited((one[place] for one in by_night), alarm),
            _judged(verdicts, rate),
        )
        for place, rate in enumerate(rates)
    ]


def _nights(connection: Connection, monitor: str, since: datetime | None) -> dict[int, datetime]:
    rows = run(connection, "published_nights", monitor=monitor).all()
    there = [row for row in rows if row.cleaned_at is None]
    return {row.run_id: row.as_of for row in there if since is None or row.as_of >= since}


def _counts(
    connection: Connection,
    tables: MonitorTables,
    rates: Sequence[float],
    since: datetime | None,
) -> Select[tuple[int, ...]]:
    scores, nights = tables.scores, nights_of(tables, since)
    p_value = deciding.alarm_p_value(scores)
    silent = deciding.muted(scores, mutes.of_monitor(connection, tables.monitor))
    counts = [func.count().filter(p_value <= rate) for rate in rates]
    of_nights = scores.c.run_id.in_(select(nights.c.run_id))
    heard = and_(of_nights, p_value <= max(rates), silent.is_(None))
    return select(scores.c.run_id, *counts).where(heard).group_by(scores.c.run_id)


def _verdicts(tables: MonitorTables, since: datetime | None) -> Select[tuple[float, str]]:
    """The p-value and the verdict of each judged record."""
    scores, nights = tables.scores, nights_of(tables, since)
    said = given(scores.schema)
    same = on_record(said, tables.monitor, tables.keys_of(scores))
    return (
        select(deciding.alarm_p_value(scores).label("p_value"), said.c.verdict)
        .select_from(scores.join(said, same))
        .where(scores.c.run_id.in_(select(nights.c.run_id)))
    )


def _judged(verdicts: Sequence[Row[tuple[float, str]]], rate: float) -> Judged:
    flagged = [row.verdict for row in verdicts if row.p_value <= rate]
    anomalies = sum(row.verdict == ANOMALY for row in verdicts)
    return Judged(anomalies, len(flagged), sum(verdict == ANOMALY for verdict in flagged))


def _limited(counts: Iterable[int], alarm: Alarm) -> tuple[int, ...]:
    return tuple(min(count, alarm.at_most or count) for count in counts)
