"""Staging: what a partition found, kept apart until the night is published."""

from collections.abc import Iterable
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


def clear(results: Database, tables: MonitorTables, *, partition: int | None = None) -> None:
    """Empty the staging tables, or one partition of them, in a transaction of its own."""
    with results.writing() as connection:
        empty(connection, tables, partition=partition)


def empty(connection: Connection, tables: MonitorTables, *, partition: int | None = None) -> None:
    """Empty the staging tables, or one partition of them."""
    for table in tables.staging:
        rows = delete(table)
        if partition is not None:
            rows = rows.where(table.c.partition == partition)
        connection.execute(rows)


def stage(
    results: Database, tables: MonitorTables, findings: Iterable[Findings], *, partition: int
) -> Counts:
    """Stage what the partition found, in place of what it staged before; return the counts."""
    clear(results, tables, partition=partition)
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
                    append(table, _numbered(rows, partition))
            total += found.counts
            reached("staged a batch")
    return total


def drop_shadow(results: Database, tables: MonitorTables, *, partition: int) -> None:
    """Take back what the partition staged of a shadow that failed later."""
    staged = tables.staged_shadow
    with results.writing() as connection:
        connection.execute(delete(staged).where(staged.c.partition == partition))


def stage_gone(
    results: Database, tables: MonitorTables, fingerprints: np.ndarray, *, partition: int
) -> None:
    """Stage the fingerprints of records that the source no longer holds as published."""
    if len(fingerprints):
        rows = pa.record_batch({"fingerprint": pa.array(fingerprints)})
        with results.appending() as append:
            append(tables.staged_gone, _numbered(rows, partition))


def published_fingerprints(
    results: Database, tables: MonitorTables, window: Window, *, batch_size: int
) -> np.ndarray:
    """The fingerprints published for event times in ``window``, undated records included.

    Int64 of shape (n,); eight bytes for each record of the window.
    """
    columns = pa.schema([pa.field("fingerprint", pa.int64())])
    published = (tables.scores, tables.quarantine)
    statement = union_all(
        *(select(table.c.fingerprint).where(inside(table, window)) for table in published)
    ).subquery()
    batches = results.read(select(statement), columns=columns, batch_size=batch_size)
    found = [batch.column(0).to_numpy() for batch in batches]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def inside(table: Table, window: Window) -> ColumnElement[bool]:
    """The condition for published rows of the window, undated ones included."""
    dated = table.c.event_time < window.end
    if window.start is not None:
        dated &= table.c.event_time >= window.start
    return or_(dated, table.c.event_time.is_(None))


def _numbered(rows: pa.RecordBatch, partition: int) -> pa.RecordBatch:
    number = pa.array(np.full(rows.num_rows, partition, np.int32))
    return rows.append_column("partition", number)
