"""Mutes: stretches of time in which a monitor scores its records but raises no alarm."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nightflag.databases import Database
from nightflag.queries import run
from nightflag.windows import refuse_backwards


@dataclass(frozen=True)
class Mute:
    """Event times from ``start`` up to, not including, ``end``: of one segment, or of all."""

    start: datetime
    end: datetime
    why: str
    segment: str | None = None


def add(results: Database, monitor: str, mute: Mute, now: datetime) -> None:
    """Write the mute down; it holds for nights to come, and for a reflag of earlier ones.

    Raises :class:`SettingsError` for a stretch that ends before it begins.
    """
    refuse_backwards("mute", mute.start, mute.end)
    with results.writing() as connection:
        run(
            connection,
            "add_mute",
            monitor=monitor,
            muted_from=mute.start,
            muted_until=mute.end,
            segment=mute.segment,
            why=mute.why,
            created_at=now,
        )


def of_monitor(connection: Connection, monitor: str) -> list[Mute]:
    """Every mute of the monitor, the earliest written first."""
    rows = run(connection, "mutes_of_monitor", monitor=monitor)
    return [Mute(row.muted_from, row.muted_until, row.why, row.segment) for row in rows]
