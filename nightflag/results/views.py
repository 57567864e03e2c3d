"""The views an analyst reads."""

from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    inspect,
    literal,
    literal_column,
    select,
    table,
    union_all,
)
from sqlalchemy.sql.expression import ColumnElement, CompoundSelect, SelectBase, column

from nightflag.databases.literal import statement, verbatim
from nightflag.results.tables import MonitorTables

ALL_FLAGS = "nightflag_flags"
FLAG_COLUMNS = [
    *("event_time", "score", "p_value", "extrapolated", "reasons"),
    *("model_version", "run_id", "scored_at"),
]


def create_views(connection: Connection, tables: MonitorTables) -> None:
    """Create ``<monitor>_flags``, and ``nightflag_flags`` over all monitors."""
    schema, flags = tables.scores.schema, f"{tables.monitor}_flags"
    for name in (ALL_FLAGS, flags):  # the first depends on the second
        _drop_view(connection, name, schema)
    _create_view(connection, flags, schema, _flags(tables))
    _create_view(connection, ALL_FLAGS, schema, _all_flags(connection, tables))


def _create_view(
    connection: Connection, name: str, schema: str | None, content: SelectBase
) -> None:
    definition = statement(content, connection.dialect)
    view = f"create view {_quoted(connection, name, schema)} as {definition}"
    connection.execute(verbatim(view))


def _drop_view(connection: Connection, name: str, schema: str | None) -> None:
    connection.exec_driver_sql(f"drop view if exists {_quoted(connection, name, schema)}")


def _quoted(connection: Connection, name: str, schema: str | None) -> str:
    quote = connection.dialect.identifier_preparer.quote_identifier
    return f"{quote(schema)}.{quote(name)}" if schema else quote(name)


def _flags(tables: MonitorTables) -> Select[Any]:
    scores = tables.scores
    return select(
        *(scores.c[name] for name in tables.key),
        scores.c.event_time,
        scores.c.score,
        scores.c.p_value,
        func.coalesce(scores.c.extrapolated, false()).label("extrapolated"),
        _reasons_in_words(tables).label("reasons"),
        scores.c.model_version,
        scores.c.run_id,
        scores.c.scored_at,
    ).where(scores.c.is_anomaly)


def _reasons_in_words(tables: MonitorTables) -> ColumnElement[str]:
    reasons, scores = tables.reasons, tables.scores
    words = (
        reasons.c.feature
        + literal(" = ")
        + func.coalesce(reasons.c.value, "missing")
        + literal(" (expected ")
        + func.coalesce(reasons.c.expected, "missing")
        + case(
            (reasons.c.records_back == 1, literal(") one record before")),
            (
                reasons.c.records_back > 1,
                literal(") ") + cast(reasons.c.records_back, Text) + literal(" records before"),
            ),
            else_=literal(")"),
        )
    )
    same_record = and_(*(reasons.c[name] == scores.c[name] for name in tables.key))
    ranked = select(words.label("words")).where(same_record).order_by(reasons.c.rank)
    listed = ranked.correlate(scores).subquery("ranked")
    separator: Any = literal_column("'; '")  # SQLAlchemy 2.0 would bind a text; views bind nothing
    return select(func.aggregate_strings(listed.c.words, separator)).scalar_subquery()


def _all_flags(connection: Connection, tables: MonitorTables) -> CompoundSelect[Any]:
    monitors = {tables.monitor: tables.key, **_other_monitors(connection, tables)}
    schema = tables.scores.schema
    return union_all(*(_with_text_key(name, key, schema) for name, key in sorted(monitors.items())))


def _other_monitors(connection: Connection, tables: MonitorTables) -> dict[str, tuple[str, ...]]:
    schema, found = tables.scores.schema, inspect(connection)
    views = [name for name in found.get_view_names(schema=schema) if name.endswith("_flags")]
    there = set(found.get_table_names(schema=schema))
    names = {view.removesuffix("_flags") for view in views} - {"nightflag"}
    watched = [name for name in names if {f"{name}_scores", f"{name}_staged_gone"} <= there]
    return {
        name: tuple(found.get_pk_constraint(f"{name}_scores", schema=schema)["constrained_columns"])
        for name in watched
    }


def _with_text_key(monitor: str, key: tuple[str, ...], schema: str | None) -> Select[Any]:
    first, *others = (cast(column(name), Text) for name in key)
    joined: ColumnElement[str] = first
    for other in others:
        joined = joined + literal(" | ") + other
    columns: list[ColumnElement[Any]] = [
        literal_column(f"'{monitor}'").label("monitor"),
        joined.label("key"),
        *(column(name) for name in FLAG_COLUMNS),
    ]
    return select(*columns).select_from(table(f"{monitor}_flags", schema=schema))
