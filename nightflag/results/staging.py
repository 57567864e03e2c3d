"""Staging: what the partitions of a night found, kept apart until it is published.

Every time a partition is worked on it draws a ticket, which all its rows bear. Publishing takes the
rows of the tickets that were handed in: what a partition left that was killed, hung or is worked on
twice at the same time is thrown away.
"""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Table, delete, or_, select, union_all

from nightflag.databases import Database
from nightflag.failpoints import reached
from nightflag.results.tables import MonitorTables
from nightflag.windows import Window


@dataclass(frozen=True)
class Counts:
    """How many records went where: read = scored + quarantined."""

    read: int = 0
    scored: int = 0
    quarantined: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            *(getattr(self, field.name) + getattr(other, field.name) for field in fields(self))
        )


@dataclass(frozen=True)
class Findings:
    """What came out of one batch, as rows of the staging tables."""

    scores: pa.RecordBatch
    reasons: pa.RecordBatch
    quarantine: pa.RecordBatch
    counts: Counts
    heat_maps: pa.RecordBatch | None = None
    shadow: pa.RecordBatch | None = None


def new_ticket() -> int:
    """A number that hardly any other partition draws: two billion in stock.

    Where one that was given up has drawn the same, the night's counts are not met, and it is
    refused.
    """
    return secrets.randbits(31)


def clear(results: Database, tables: MonitorTables) -> None:
    """Empty the staging tables, in a transaction of its own."""
    with results.writing() as connection:
        empty(connection, tables)


def empty(connection: Connection, tables: MonitorTables) -> None:
    """Empty the staging tables."""
    for table in tables.staging:
        connection.execute(delete(table))


def stage(
    results: Database, tables: MonitorTables, findings: Iterable[Findings], *, ticket: int
) -> Counts:
    """Stage what a partition found under its ticket; return the counts."""
    total = Counts()
    with results.appending() as append:
        for found in findings:
            for table, rows in (
                (tables.staged_scores, found.scores),
                (tables.staged_reasons, found.reasons),
                (tables.staged_heat_maps, found.heat_maps),
                (tables.staged_shadow, found.shadow),
                (tables.staged_quarantine, found.quarantine),
            ):
                if table is not None and rows is not None and rows.num_rows:
                    append(table, _with_ticket(rows, ticket))
            total += found.counts
            reached("staged a batch")
    return total


def drop_shadow(results: Database, tables: MonitorTables) -> None:
    """Take back what was staged of a shadow that failed later: half of it compares nothing."""
    with results.writing() as connection:
        connection.execute(delete(tables.staged_shadow))


def stage_gone(
    results: Database, tables: MonitorTables, fingerprints: np.ndarray, *, ticket: int
) -> None:
    """Stage the fingerprints of records that the source no longer holds as published."""
    if len(fingerprints):
        rows = pa.record_batch({"fingerprint": pa.array(fingerprints)})
        with results.appending() as append:
            append(tables.staged_gone, _with_ticket(rows, ticket))


def throw_away_others(
    connection: Connection, tables: MonitorTables, tickets: Collection[int]
) -> int:
    """Take away what is staged under other tickets than these; return how many rows that were."""
    strange = (delete(table).where(table.c.partition.not_in(tickets)) for table in tables.staging)
    return sum(connection.execute(rows).rowcount for rows in strange)


def published_fingerprints(
    results: Database,
    tables: MonitorTables,
    window: Window,
    *,
    batch_size: int,
    undated: bool = True,
) -> np.ndarray:
    """The fingerprints published for event times in ``window``; ``undated``: and for none.

    Int64 of shape (n,), those of quarantined records once for each rule; eight bytes for each.
    """
    columns = pa.schema([pa.field("fingerprint", pa.int64())])
    published = (tables.scores, tables.quarantine)
    statement = union_all(
        *(
            select(table.c.fingerprint).where(inside(table, window, undated=undated))
            for table in published
        )
    ).subquery()
    batches = results.read(select(statement), columns=columns, batch_size=batch_size)
    found = [batch.column(0).to_numpy() for batch in batches]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def inside(table: Table, window: Window, *, undated: bool = True) -> ColumnElement[bool]:
    """The condition for published rows of the window, those without an event time included."""
    dated = table.c.event_time < window.end
    if window.start is not None:
        dated &= table.c.event_time >= window.start
    return or_(dated, table.c.event_time.is_(None)) if undated else dated


def _with_ticket(rows: pa.RecordBatch, ticket: int) -> pa.RecordBatch:
    return rows.append_column("partition", pa.array(np.full(rows.num_rows, ticket, np.int32)))
