"""Superseding: making way for what a night found instead of what stands published."""

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    tuple_,
    union,
)

from nightflag.results.settling import withdraw_or_raise
from nightflag.results.staging import inside
from nightflag.results.tables import MonitorTables, exact
from nightflag.windows import Window

SUPERSEDED = "changed or deleted in the source"


def remove_gone(
    connection: Connection, tables: MonitorTables, window: Window, now: datetime
) -> int:
    """Take away what the source no longer holds as published; count what it holds no more at all.

    A corrected record is gone with its old fingerprint, and staged again with its new one.
    """
    if not holds_rows(connection, tables.staged_gone):
        return 0
    published = tables.scores, tables.quarantine
    without = [
        select(table.c.fingerprint).where(_gone(table, tables, window), ~_staged(table, tables))
        for table in published
    ]
    lost = union(*without).subquery()
    retracted: int = connection.execute(select(func.count()).select_from(lost)).scalar_one()
    remove_scores(connection, tables, _gone(tables.scores, tables, window), now)
    connection.execute(delete(tables.quarantine).where(_gone(tables.quarantine, tables, window)))
    return retracted


def _gone(published: Table, tables: MonitorTables, window: Window) -> ColumnElement[bool]:
    gone = published.c.fingerprint.in_(select(tables.staged_gone.c.fingerprint))
    return and_(gone, inside(published, window))


def _staged(published: Table, tables: MonitorTables) -> ColumnElement[bool]:
    """Whether a record of that key is staged."""
    return or_(
        *(
            exists().where(
                *(exact(staged, name, tables) == published.c[name] for name in tables.key)
            )
            for staged in (tables.staged_scores, tables.staged_quarantine)
        )
    )


def remove_scores(
    connection: Connection, tables: MonitorTables, condition: ColumnElement[bool], now: datetime
) -> None:
    """Take away these scores and the details that stand with them; flags go into the history."""
    flagged = and_(condition, tables.scores.c.is_anomaly)
    withdraw_or_raise(connection, tables, flagged, why=SUPERSEDED, now=now)
    keys = select(*tables.keys_of(tables.scores)).where(condition)
    for detail, _ in tables.details:
        connection.execute(delete(detail).where(tuple_(*tables.keys_of(detail)).in_(keys)))
    connection.execute(delete(tables.scores).where(condition))


def holds_rows(connection: Connection, table: Table) -> bool:
    """Whether there is a row at all: if not, no other table need be looked at on its behalf."""
    found: bool = connection.execute(select(exists(select(table)))).scalar_one()
    return found


def displaced(
    published: Table, staged: Table, tables: MonitorTables, window: Window
) -> ColumnElement[bool]:
    """Published rows whose record is staged although it was not gone.

    Its event time moved into the window from outside, or the very same rows are published again.
    """
    # IN, not EXISTS: SQLite looks each key up in a tree of the staged ones.
    keys = select(*(exact(staged, name, tables) for name in tables.key))
    same = published.c.fingerprint.in_(select(staged.c.fingerprint))
    moved = not_(inside(published, window))
    return and_(tuple_(*tables.keys_of(published)).in_(keys), or_(same, moved))
