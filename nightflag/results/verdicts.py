"""The table of verdicts, to select from and to join with what was scored."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, TableClause, and_, column, table

from nightflag.queries import UtcTimestamp
from nightflag.results.keys import as_text


def given(schema: str | None) -> TableClause:
    """``nightflag_verdicts`` of the results in that schema."""
    names: list[ColumnClause[Any]] = [column(name) for name in ("monitor", "key", "verdict")]
    moment: ColumnClause[Any] = column("given_at", UtcTimestamp())
    return table("nightflag_verdicts", *names, moment, schema=schema)


def on_record(
    verdicts: TableClause, monitor: str, key: Iterable[ColumnElement[Any]]
) -> ColumnElement[bool]:
    """The condition for the verdict on the monitor's record with these key columns."""
    return and_(verdicts.c.monitor == monitor, verdicts.c.key == as_text(key))
