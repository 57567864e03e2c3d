"""The SQL an analyst runs to read a night's flags."""

from typing import Any

from sqlalchemy import (
    ColumnClause,
    FromClause,
    Select,
    and_,
    column,
    literal_column,
    select,
    table,
)

from nightflag.databases.literal import verbatim
from nightflag.monitors import Source
from nightflag.runs import Run
from nightflag.workplace import Workplace


def of_flags(workplace: Workplace, night: Run) -> str:
    """The statement in the dialect of the results, quoted as it must be, ready to paste.

    It joins the flags to their records where both live in one database.
    """
    together = workplace.source.url == workplace.results.url
    select_flags = _joined if together else _alone
    return workplace.results.statement(select_flags(workplace, night)) + ";"


def _joined(workplace: Workplace, night: Run) -> Select[Any]:
    source, flags = _records(workplace.monitor.source), _flags(workplace)
    same = and_(*(source.c[name] == flags.c[name] for name in workplace.layout.key))
    return (
        select(literal_column("source.*"), flags.c.p_value, flags.c.reasons)
        .select_from(source.join(flags, same))
        .where(flags.c.run_id == night.run_id)
        .order_by(flags.c.p_value)
    )


def _alone(workplace: Workplace, night: Run) -> Select[Any]:
    flags = _flags(workplace)
    rows: Select[Any] = select(literal_column("*")).select_from(flags)
    return rows.where(flags.c.run_id == night.run_id).order_by(flags.c.p_value)


def _records(source: Source) -> FromClause:
    key: list[ColumnClause[Any]] = [column(name) for name in source.key]
    if source.table is not None:
        return table(source.table, *key, schema=source.schema_name).alias("source")
    return verbatim(str(source.query)).columns(*key).subquery("source")


def _flags(workplace: Workplace) -> FromClause:
    names = [*workplace.layout.key, "p_value", "reasons", "run_id"]
    schema = workplace.tables.scores.schema
    view = f"{workplace.monitor.name}_flags"
    return table(view, *(column(name) for name in names), schema=schema).alias("flags")
