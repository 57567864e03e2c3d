"""Reflagging: other alarm limits for nights that are published, from the scores they stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import and_, exists, func, select

from nightflag import mutes
from nightflag.errors import MonitorError
from nightflag.failpoints import reached
from nightflag.locks import Lock
from nightflag.monitors import Alarm
from nightflag.results.refusals import refuse_lost_lock
from nightflag.results.settling import Change, resettle
from nightflag.results.tables import MonitorTables
from nightflag.workplace import Workplace


@dataclass(frozen=True)
class Reflagged:
    """What reflagging came to: the changes of each run, and how many flags have no reasons."""

    alarm: Alarm
    changes: tuple[Change, ...]
    without_reasons: int

    @property
    def raised(self) -> int:
        """How many flags are new."""
        return sum(change.raised for change in self.changes)

    @property
    def withdrawn(self) -> int:
        """How many flags are gone."""
        return sum(change.withdrawn for change in self.changes)


def reflag(
    workplace: Workplace,
    lock: Lock,
    limits: Mapping[str, Any],
    *,
    since: datetime | None = None,
    why: str = "",
) -> Reflagged:
    """Decide the flags of every published night since then anew, in one transaction.

    ``limits`` are keys of a monitor's ``alarm`` that take the place of the monitor's own. Scores
    stay as they are, and so does what of them counts: directions and minimum changes are looked
    at when a record is scored. What changes is told in ``<monitor>_history``.
    """
    alarm = overridden(workplace.monitor.alarm, limits)
    results, tables = workplace.results, workplace.tables
    told = why or f"reflagged with {json.dumps(dict(limits)) if limits else 'the monitor'}"
    with results.writing() as connection:
        now = workplace.now()
        refuse_lost_lock(connection, lock, now)
        known = mutes.of_monitor(connection, tables.monitor)
        changes = resettle(connection, tables, alarm, known, since=since, why=told, now=now)
        without = connection.execute(_without_reasons(tables)).scalar_one()
        reached("before commit")
    return Reflagged(alarm, tuple(changes), without)


def overridden(alarm: Alarm, limits: Mapping[str, Any]) -> Alarm:
    """The alarm with some of its keys replaced; :class:`MonitorError` for what it cannot be."""
    try:
        return Alarm.model_validate({**alarm.model_dump(), **limits})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise MonitorError(
            f"alarm.{where} cannot be {first['input']!r}: {first['msg']}",
            expected="a rate above 0 and up to 0.5, or a number of flags a night from 1",
            mend="give another value",
        ) from None


def _without_reasons(tables: MonitorTables) -> Any:
    scores, reasons = tables.scores, tables.reasons
    same = and_(*(reasons.c[name] == scores.c[name] for name in tables.key))
    told = exists().where(same)
    return select(func.count()).select_from(scores).where(scores.c.is_anomaly, ~told)
