"""A record's key as one text: the key columns as the database writes them, joined by `` | ``."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, column, literal, select, table
from sqlalchemy import inspect as inspected

BETWEEN = " | "


def as_text(columns: Iterable[ColumnElement[Any]]) -> ColumnElement[str]:
    """The text key of these key columns, as ``nightflag_flags`` shows it."""
    first, *others = (cast(one, Text) for one in columns)
    joined: ColumnElement[str] = first
    for other in others:
        joined = joined + literal(BETWEEN) + other
    return joined


def key_columns(connection: Connection, monitor: str, schema: str | None) -> tuple[str, ...]:
    """The key columns with which the monitor's scores are published."""
    constraint = inspected(connection).get_pk_constraint(f"{monitor}_scores", schema=schema)
    return tuple(constraint["constrained_columns"])


def scored_keys(connection: Connection, monitor: str, schema: str | None) -> Select[Any]:
    """The text keys of every record of the monitor that has a score."""
    names = key_columns(connection, monitor, schema)
    scores = table(f"{monitor}_scores", schema=schema)
    return select(as_text(column(name) for name in names).label("key")).select_from(scores)
