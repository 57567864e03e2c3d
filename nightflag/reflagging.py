"""Reflagging: other alarm limits for nights that are published, from the scores they stored."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select, type_coerce

from nightflag import models, mutes, nights, runs, scoring
from nightflag.databases import Database
from nightflag.errors import ModelFileError, MonitorError
from nightflag.failpoints import reached
from nightflag.locks import Lock
from nightflag.monitors import Alarm
from nightflag.queries import UtcTimestamp
from nightflag.results.publication import insert_details
from nightflag.results.refusals import refuse_lost_lock
from nightflag.results.settling import Change, resettle
from nightflag.results.staging import clear, new_ticket, stage
from nightflag.results.tables import MonitorTables
from nightflag.windows import Window
from nightflag.workplace import Workplace

logger = logging.getLogger(__name__)


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


def anew(
    workplace: Workplace,
    given: Mapping[str, Any],
    *,
    since: datetime | None = None,
    why: str = "",
) -> list[str]:
    """Reflag under the night's lock, find the reasons that are missing, and tell in sentences.

    Limits ``given`` as None are left as the monitor has them.
    """
    limits = {name: value for name, value in given.items() if value is not None}
    with nights.only_run(workplace) as lock:
        done = reflag(workplace, lock, limits, since=since, why=why)
        without = explain(workplace, done.alarm) if done.without_reasons else 0
        cleaned = runs.without_cleaned(workplace.results, workplace.monitor.name, since)
    told = _sentences(workplace.monitor.name, done, limits, since, without)
    return [*told, cleaned] if cleaned else told


def _sentences(
    monitor: str,
    done: Reflagged,
    limits: Mapping[str, Any],
    since: datetime | None,
    without: int,
) -> list[str]:
    of_when = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    changed = f"{done.raised:,} flags raised and {done.withdrawn:,} withdrawn"
    nights_changed = f"in {len(done.changes)} nights; {monitor}_history says which."
    told = [f"{monitor}{of_when}: {changed} {nights_changed}"]
    if limits:
        kept = ", ".join(f"{name}: {value}" for name, value in limits.items())
        told.append(
            f"Nights to come do as the file says; to keep this, write there alarm: {{{kept}}}."
        )
    if without:
        told.append(
            f"{without:,} flags have no reasons: their records have changed since, or the files of "
            "the model that scored them are gone."
        )
    return told


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


def explain(workplace: Workplace, alarm: Alarm) -> int:
    """Find the reasons of flags that have none, and return how many are still without.

    A flag has none where its p-value lies above the rate its night was scored with. Each is
    explained by the model that scored it. Records that changed since, and those of a model whose
    files are gone, stay without. Under the night's lock: the staging tables are used.
    """
    results, tables = workplace.results, workplace.tables
    for version, first, last in _unexplained(results, tables):
        entry = models.of_version(results, tables.monitor, version)
        try:
            model = models.load(entry, folder=workplace.models)
        except ModelFileError as error:
            logger.warning("Flags of model %d stay without reasons: %s", version, error)
            continue
        window = Window(first, last + timedelta(microseconds=1))
        wanted = _fingerprints(workplace, version)
        clear(results, tables)
        found = scoring.explained(workplace, model, alarm, window, wanted)
        stage(results, tables, found, ticket=new_ticket())
        with results.writing() as connection:
            insert_details(connection, tables)
        clear(results, tables)
    with results.reading() as connection:
        return int(connection.execute(_without_reasons(tables)).scalar_one())


def _unexplained(results: Database, tables: MonitorTables) -> list[Row[Any]]:
    """The model versions of flags without reasons, each with their first and last event time."""
    scores = tables.scores
    span = func.min(scores.c.event_time), func.max(scores.c.event_time)
    moments = [type_coerce(one, UtcTimestamp) for one in span]
    statement = select(scores.c.model_version, *moments).where(_is_unexplained(tables))
    with results.reading() as connection:
        return list(connection.execute(statement.group_by(scores.c.model_version)))


def _fingerprints(workplace: Workplace, version: int) -> NDArray[np.int64]:
    scores = workplace.tables.scores
    of_model = and_(scores.c.model_version == version, _is_unexplained(workplace.tables))
    batches = workplace.results.read(
        select(scores.c.fingerprint).where(of_model),
        columns=pa.schema([pa.field("fingerprint", pa.int64())]),
        batch_size=workplace.monitor.execution.batch_size,
    )
    return np.concatenate([np.empty(0, np.int64), *(batch.column(0) for batch in batches)])


def _is_unexplained(tables: MonitorTables) -> ColumnElement[bool]:
    scores, reasons = tables.scores, tables.reasons
    same = and_(*(reasons.c[name] == scores.c[name] for name in tables.key))
    return and_(scores.c.is_anomaly, ~exists().where(same))


def _without_reasons(tables: MonitorTables) -> Select[tuple[int]]:
    return select(func.count()).select_from(tables.scores).where(_is_unexplained(tables))
