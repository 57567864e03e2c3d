"""Keeping what was measured where SQL reads it, and reading it back."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from nightflag.databases import Database
from nightflag.drift.measuring import Finding
from nightflag.queries import run
from nightflag.results.reading import Row, existing_tables

DRIFT = "nightflag_drift"
NIGHTS = 3
"""So many nights in a row a column must have drifted to call for another model."""


def keep(
    connection: Connection,
    monitor: str,
    run_id: int,
    findings: Iterable[Finding],
    *,
    model_version: int,
    now: datetime,
) -> None:
    """Write down what was measured of a run, in place of what an earlier attempt found."""
    run(connection, "forget_drift", monitor=monitor, run_id=run_id)
    place = {"monitor": monitor, "run_id": run_id, "model_version": model_version}
    for one in findings:
        values = {**place, **asdict(one), "drifted": one.drifted, "measured_at": now}
        run(connection, "keep_drift", **values)


def of_night(connection: Connection, monitor: str, run_id: int) -> list[Row]:
    """The rows of a night, what has drifted most first."""
    rows = run(connection, "drift_of_night", monitor=monitor, run_id=run_id).mappings()
    return [_row(dict(row)) for row in rows]


def of_monitor(results: Database, monitor: str, *, nights: int) -> list[Row]:
    """The rows of the newest nights that were measured, newest first, with their logical date."""
    if DRIFT not in existing_tables(results):
        return []
    with results.reading() as connection:
        rows = run(connection, "drift_of_monitor", monitor=monitor, nights=nights).mappings()
        return [_row(dict(row)) for row in rows]


def lasting(connection: Connection, monitor: str, *, since: datetime, before: datetime) -> str:
    """The columns that have drifted in the last three nights of that time, in words; '' for none.

    Those of an incident that was excluded do not count.
    """
    limits = {"since": since, "as_of": before, "nights": NIGHTS}
    rows = run(connection, "drifted_lately", monitor=monitor, **limits).all()
    nights: dict[str, list[str]] = {}
    for row in rows:
        nights.setdefault(row.feature, []).append(row.why)
    found = [f"{name} ({why[0]})" for name, why in nights.items() if len(why) == NIGHTS]
    return ", ".join(found)


def _row(row: Mapping[str, Any]) -> Row:
    return {**row, "drifted": bool(row["drifted"])}
