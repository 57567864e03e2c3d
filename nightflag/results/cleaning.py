"""Cleaning: what a published night left in the monitor's tables, counted or deleted.

Records with a verdict keep their score and reasons: verdicts weigh later flags by them. Records in
quarantine without an event time stay, since every night reads them again.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, func, select, tuple_

from nightflag.results.staging import inside
from nightflag.results.tables import MonitorTables
from nightflag.results.verdicts import given, on_record
from nightflag.runs import Run


def count(connection: Connection, tables: MonitorTables, night: Run) -> int:
    """How many rows :func:`delete_rows` would delete."""
    counts = [select(func.count()).where(condition) for _, condition in _rows(tables, night)]
    return sum(connection.execute(one).scalar_one() for one in counts)


def delete_rows(connection: Connection, tables: MonitorTables, night: Run) -> int:
    """Delete what the night left, and return how many rows that were."""
    deletions = [delete(table).where(condition) for table, condition in _rows(tables, night)]
    return sum(connection.execute(one).rowcount for one in deletions)


def _rows(tables: MonitorTables, night: Run) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Each table with the condition for its rows; details come before the scores they tell of."""
    scores = and_(_dated(tables.scores, night), ~_judged(tables, tables.scores))
    keys = select(*tables.keys_of(tables.scores)).where(scores)
    for detail, _ in tables.details:
        yield detail, tuple_(*tables.keys_of(detail)).in_(keys)
    yield tables.history, and_(_dated(tables.history, night), ~_judged(tables, tables.history))
    yield tables.quarantine, _dated(tables.quarantine, night)
    yield tables.scores, scores


def _dated(table: Table, night: Run) -> ColumnElement[bool]:
    """The night's rows with an event time; the window lets an index find them."""
    in_window = and_(inside(table, night.window), table.c.event_time.is_not(None))
    return and_(table.c.run_id == night.run_id, in_window)


def _judged(tables: MonitorTables, table: Table) -> ColumnElement[bool]:
    said = given(table.schema)
    return exists().where(on_record(said, tables.monitor, tables.keys_of(table)))
