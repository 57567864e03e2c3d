"""Runs: one row for each monitor and logical date, from its start to its publication."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from nightflag.databases import Database
from nightflag.monitors import Monitor
from nightflag.queries import run
from nightflag.windows import Watermark, Window, of_night


@dataclass(frozen=True)
class Run:
    """A row of ``nightflag_runs``; counts are None until it is published."""

    monitor: str
    run_id: int
    as_of: datetime
    window: Window
    status: str
    attempt: int
    records_read: int | None
    records_scored: int | None
    records_quarantined: int | None
    records_flagged: int | None
    records_retracted: int | None
    model_version: int | None
    warnings: str | None
    error: str | None
    started_at: datetime
    finished_at: datetime | None
    alarm_rate: float | None
    realised_rate: float | None
    records_muted: int | None
    cleaned_at: datetime | None = None

    @property
    def is_published(self) -> bool:
        """Whether the flags of this logical date are there to be read."""
        return self.status == "published"

    @property
    def seconds(self) -> float | None:
        """How long the last attempt took."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None


def open_run(results: Database, monitor: Monitor, as_of: datetime, now: datetime) -> Run:
    """The run of this logical date, marked as running; one that is published is left as it is."""
    with results.writing() as connection:
        earlier = _of_date(connection, monitor.name, as_of)
        if earlier is not None and earlier.is_published:
            return earlier
        window = of_night(
            as_of,
            _watermark(connection, monitor.name),
            look_back=monitor.source.look_back,
            first_window=monitor.source.first_window,
        )
        run(
            connection,
            "open_run",
            monitor=monitor.name,
            as_of=as_of,
            window_start=window.start,
            window_end=window.end,
            alarm_rate=monitor.alarm.rate,
            config_hash=monitor.config_hash(),
            started_at=now,
        ).all()
        row = run(connection, "run_of_date", monitor=monitor.name, as_of=as_of).one()
    return of_row(row._mapping)


def fail(results: Database, night: Run, error: str, now: datetime) -> None:
    """Mark the run as failed, with the error; a published run is left as it is."""
    with results.writing() as connection:
        run(
            connection,
            "fail_run",
            monitor=night.monitor,
            run_id=night.run_id,
            error=error,
            finished_at=now,
        )


def of_date(results: Database, monitor: str, as_of: datetime) -> Run | None:
    """The run of this logical date, if there is one."""
    with results.reading() as connection:
        return _of_date(connection, monitor, as_of)


def _of_date(connection: Connection, monitor: str, as_of: datetime) -> Run | None:
    row = run(connection, "run_of_date", monitor=monitor, as_of=as_of).one_or_none()
    return None if row is None else of_row(row._mapping)


def latest(results: Database, monitor: str, *, limit: int) -> list[Run]:
    """The runs of the newest logical dates, newest first."""
    with results.reading() as connection:
        rows = run(connection, "runs_of_monitor", monitor=monitor, limit=limit).all()
    return [of_row(row._mapping) for row in rows]


def published(results: Database, monitor: str) -> list[datetime]:
    """The logical dates that are published, in order."""
    with results.reading() as connection:
        rows = run(connection, "published_nights", monitor=monitor).all()
    return [row.as_of for row in rows]


def newest_published(results: Database, monitor: str) -> datetime | None:
    """The newest logical date that is published, if any is."""
    with results.reading() as connection:
        found: datetime | None = run(
            connection, "newest_published_night", monitor=monitor
        ).scalar_one_or_none()
    return found


def without_cleaned(results: Database, monitor: str, since: datetime | None = None) -> str:
    """The sentence that nights since then are left out, as their scores are gone; '' for none."""
    known = watermark(results, monitor)
    until = known.cleaned_until if known else None
    if until is None or (since is not None and since > until):
        return ""
    return f"Nights up to {until:%Y-%m-%d %H:%M} UTC are left out: their scores were cleaned away."


def watermark(results: Database, monitor: str) -> Watermark | None:
    """How far the monitor's records are published, if any are."""
    with results.reading() as connection:
        return _watermark(connection, monitor)


def _watermark(connection: Connection, monitor: str) -> Watermark | None:
    row = run(connection, "watermark", monitor=monitor).one_or_none()
    if row is None:
        return None
    return Watermark(row.scored_from, row.scored_until, row._mapping.get("cleaned_until"))


def of_row(row: Any) -> Run:
    """The run in a row of ``nightflag_runs``, a mapping."""
    names = set(Run.__dataclass_fields__) - {"window"}
    window = Window(row["window_start"], row["window_end"])
    return Run(window=window, **{name: row.get(name) for name in names})
