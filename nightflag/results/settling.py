"""Settling which records of a night are flags: when it is published, and when it is reflagged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Row,
    Subquery,
    Table,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    insert,
    literal,
    not_,
    select,
    table,
    true,
    update,
)

from nightflag.monitors import Alarm
from nightflag.mutes import Mute
from nightflag.queries import UtcTimestamp, run
from nightflag.results import deciding
from nightflag.results.floods import Tide
from nightflag.results.tables import MonitorTables

RAISED, WITHDRAWN = "raised", "withdrawn"
TOLD = ("event_time", "score", "p_value", "model_version", "run_id")


@dataclass(frozen=True)
class Change:
    """How many flags of a run were raised and withdrawn."""

    run_id: int
    raised: int
    withdrawn: int


def settle(
    connection: Connection,
    tables: MonitorTables,
    alarm: Alarm,
    tide: Tide,
    *,
    run_id: int,
    of_night: ColumnElement[bool],
) -> None:
    """Hold the flags of a night just inserted to the limits on a night, and count them.

    ``of_night`` is the condition for its scores, which were counted in ``tide`` as they came.
    """
    flagged, count = tables.scores.c.is_anomaly, tide.unusual - tide.muted
    night = select(literal(run_id).label("run_id"), literal(tide.records).label("records_scored"))
    limits = deciding.within_limits(
        tables.scores, alarm, and_(of_night, flagged), night.subquery("nights")
    )
    if limits and count:
        beyond = and_(of_night, flagged, not_(and_(*limits)))
        lowered = update(tables.scores).where(beyond).values(is_anomaly=False)
        count -= connection.execute(lowered).rowcount
    run(
        connection,
        "record_alarms",
        monitor=tables.monitor,
        run_id=run_id,
        records_flagged=count,
        records_muted=tide.muted,
        realised_rate=tide.realised_rate,
        **_promised(alarm),
    )


def resettle(
    connection: Connection,
    tables: MonitorTables,
    alarm: Alarm,
    mutes: Sequence[Mute],
    *,
    since: datetime | None,
    why: str,
    now: datetime,
) -> list[Change]:
    """Decide the flags of published nights anew, from the scores that stand.

    Nights of logical dates before ``since``, or cleaned away, stay as they are. What changes is
    written into the monitor's history with the reason ``why``; so are the counts of the runs.
    """
    scores = tables.scores
    nights = nights_of(tables, since)
    decided = _of_nights(connection, scores, nights)
    within, why_not = deciding.within_rate(scores, alarm), deciding.muted(scores, mutes)
    loud = and_(decided, within, why_not.is_(None))
    flagged = and_(loud, *deciding.within_limits(scores, alarm, loud, nights))
    changed = and_(decided, scores.c.is_anomaly != flagged)
    withdraw_or_raise(connection, tables, changed, why=why, now=now)
    connection.execute(update(scores).where(changed).values(is_anomaly=not_(scores.c.is_anomaly)))
    muted = case((within, why_not))
    remuted = and_(decided, scores.c.muted.is_distinct_from(muted))
    connection.execute(update(scores).where(remuted).values(muted=muted))
    _record(connection, tables, alarm, decided)
    return _changes(connection, tables, now)


def _of_nights(connection: Connection, scores: Table, nights: Subquery) -> ColumnElement[bool]:
    """The condition for the scores of these nights.

    It holds for every row where there are no others: so the planner has nothing to misjudge.
    """
    inside = scores.c.run_id.in_(select(nights.c.run_id))
    has_others = connection.execute(select(exists().where(not_(inside)))).scalar_one()
    return inside if has_others else true()


def withdraw_or_raise(
    connection: Connection,
    tables: MonitorTables,
    condition: ColumnElement[bool],
    *,
    why: str,
    now: datetime,
) -> None:
    """Write into the history that these scores' flags are about to turn into their opposite."""
    scores = tables.scores
    change = case((scores.c.is_anomaly, WITHDRAWN), else_=RAISED)
    written = {
        **{name: scores.c[name] for name in (*tables.key, *TOLD)},
        "change": change,
        "why": literal(why),
        "changed_at": literal(now, UtcTimestamp),
    }
    rows = select(*written.values()).where(condition)
    connection.execute(insert(tables.history).from_select(list(written), rows))


def nights_of(tables: MonitorTables, since: datetime | None) -> Subquery:
    """The published nights of logical dates since then: ``run_id`` and ``records_scored``.

    Those that were cleaned away are not among them: of their scores only judged ones stand.
    """
    names = ("monitor", "run_id", "as_of", "status", "records_scored", "cleaned_at")
    runs = table("nightflag_runs", *map(column, names), schema=tables.scores.schema)
    of_monitor = and_(
        runs.c.monitor == tables.monitor, runs.c.status == "published", runs.c.cleaned_at.is_(None)
    )
    if since is not None:
        of_monitor &= runs.c.as_of >= literal(since, UtcTimestamp)
    return select(runs.c.run_id, runs.c.records_scored).where(of_monitor).subquery("nights")


def _record(
    connection: Connection, tables: MonitorTables, alarm: Alarm, decided: ColumnElement[bool]
) -> None:
    """Write into each run's row what was promised and what came of it."""
    scores = tables.scores
    unusual = scores.c.p_value <= deciding.accepted(scores, alarm)
    counts = (
        select(
            scores.c.run_id,
            func.count().filter(scores.c.is_anomaly).label("records_flagged"),
            func.count(scores.c.muted).label("records_muted"),
            (cast(func.count().filter(unusual), Double) / func.count()).label("realised_rate"),
        )
        .where(decided)
        .group_by(scores.c.run_id)
    )
    for row in connection.execute(counts).all():
        found = dict(row._mapping)
        run(connection, "record_alarms", monitor=tables.monitor, **found, **_promised(alarm))


def _promised(alarm: Alarm) -> dict[str, Any]:
    return {"alarm_rate": alarm.rate, "alarm": alarm.model_dump_json(exclude_defaults=True)}


def _changes(connection: Connection, tables: MonitorTables, now: datetime) -> list[Change]:
    history = tables.history
    counts = (
        select(
            history.c.run_id,
            func.count().filter(history.c.change == RAISED).label("raised"),
            func.count().filter(history.c.change == WITHDRAWN).label("withdrawn"),
        )
        .where(history.c.changed_at == literal(now, UtcTimestamp))
        .group_by(history.c.run_id)
        .order_by(history.c.run_id)
    )
    rows: Sequence[Row[Any]] = connection.execute(counts).all()
    return [Change(*row) for row in rows]
