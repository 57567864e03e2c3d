"""The views an analyst reads."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    DateTime,
    Double,
    Integer,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    inspect,
    literal,
    literal_column,
    null,
    or_,
    select,
    table,
    union_all,
)
from sqlalchemy.sql.expression import ColumnElement, CompoundSelect, SelectBase, column
from sqlalchemy.types import TypeEngine

from nightflag.results.definitions import marks
from nightflag.results.keys import as_text
from nightflag.results.reading import spelt
from nightflag.results.tables import MonitorTables
from nightflag.results.treatment import Treatment, treatment_names
from nightflag.results.verdicts import given, on_record

ALL_FLAGS, NIGHTS = "nightflag_flags", "nightflag_nights"
WORTH_A_WORD = 0.05
FLAG_COLUMNS: dict[str, TypeEngine[Any]] = {
    "event_time": DateTime(timezone=True),
    "score": Double(),
    "p_value": Double(),
    "extrapolated": Boolean(),
    "reasons": Text(),
    "model_version": Integer(),
    "run_id": BigInteger(),
    "scored_at": DateTime(timezone=True),
    "verdict": Text(),
}


NIGHT_COLUMNS = (
    *("monitor", "run_id", "as_of", "window_start", "window_end"),
    *("records_read", "records_scored", "records_quarantined", "records_flagged"),
    *("records_retracted", "records_muted", "alarm_rate", "realised_rate", "model_version"),
    *("warnings", "finished_at", "cleaned_at"),
)


def names_of(monitor: str) -> tuple[str, ...]:
    """The names of one monitor's views."""
    return f"{monitor}_flags", *treatment_names(monitor)


def views(
    connection: Connection, tables: MonitorTables, treatment: Treatment | None
) -> tuple[dict[str, SelectBase], tuple[str, ...]]:
    """The views that are to stand, by name, and the names of those that are not to.

    ``<monitor>_flags``, ``nightflag_flags`` and ``nightflag_nights`` over all monitors, and of the
    treatment's those whose names are not taken.
    """
    treated = treatment_names(tables.monitor)
    taken = taken_names(connection, tables)
    treating = treatment.views() if treatment else {}
    wanted: dict[str, SelectBase] = {
        f"{tables.monitor}_flags": _flags(tables),
        ALL_FLAGS: _all_flags(connection, tables),
        NIGHTS: _nights(tables.scores.schema),
        **{name: content for name, content in treating.items() if name not in taken},
    }
    return wanted, tuple(name for name in treated if name not in wanted and name not in taken)


def taken_names(connection: Connection, tables: MonitorTables) -> set[str]:
    """Which of the treatment's views have a name that is a table's, or a view's of someone else."""
    schema = tables.scores.schema
    there = {*inspect(connection).get_table_names(schema=schema)}
    there |= {name for name, mark in marks(connection, schema).items() if not mark}
    return spelt(there, connection).keys() & {*treatment_names(tables.monitor)}


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
        _verdict(tables).label("verdict"),
    ).where(scores.c.is_anomaly)


def _verdict(tables: MonitorTables) -> ColumnElement[str]:
    """What was said of the record, NULL where nothing was."""
    said = given(tables.scores.schema)
    same = on_record(said, tables.monitor, tables.keys_of(tables.scores))
    return select(said.c.verdict).where(same).correlate(tables.scores).scalar_subquery()


def _reasons_in_words(tables: MonitorTables) -> ColumnElement[str]:
    """The first reason and those that made a twentieth of the score, best first."""
    reasons, scores = tables.reasons, tables.scores
    words = func.coalesce(reasons.c.words, _without_words(reasons))
    same_record = and_(*(reasons.c[name] == scores.c[name] for name in tables.key))
    weighty = or_(
        reasons.c.rank == 1,
        reasons.c.contribution >= scores.c.score * WORTH_A_WORD,
        reasons.c.words.is_(None),
    )
    ranked = select(words.label("words")).where(same_record, weighty).order_by(reasons.c.rank)
    listed = ranked.correlate(scores).subquery("ranked")
    separator: Any = literal_column("'; '")  # SQLAlchemy 2.0 would bind a text; views bind nothing
    return select(func.aggregate_strings(listed.c.words, separator)).scalar_subquery()


def _without_words(reasons: Table) -> ColumnElement[str]:
    """What is said of a reason that was staged before reasons had words."""
    back = reasons.c.records_back
    return (
        reasons.c.feature
        + literal(" = ")
        + func.coalesce(reasons.c.value, "missing")
        + literal(" (expected ")
        + func.coalesce(reasons.c.expected, "missing")
        + case(
            (back == 1, literal(") one record before")),
            (back > 1, literal(") ") + cast(back, Text) + literal(" records before")),
            else_=literal(")"),
        )
    )


def _nights(schema: str | None) -> Select[Any]:
    """The published nights of all monitors."""
    runs = table("nightflag_runs", *map(column, (*NIGHT_COLUMNS, "status")), schema=schema)
    return select(*(runs.c[name] for name in NIGHT_COLUMNS)).where(runs.c.status == "published")


def _all_flags(connection: Connection, tables: MonitorTables) -> CompoundSelect[Any]:
    schema = tables.scores.schema
    monitors = {
        tables.monitor: _with_text_key(tables.monitor, tables.key, FLAG_COLUMNS, schema),
        **_other_monitors(connection, tables),
    }
    return union_all(*(monitors[name] for name in sorted(monitors)))


def _other_monitors(connection: Connection, tables: MonitorTables) -> dict[str, Select[Any]]:
    schema, found = tables.scores.schema, inspect(connection)
    views = [name for name in found.get_view_names(schema=schema) if name.endswith("_flags")]
    there = set(found.get_table_names(schema=schema))
    names = {view.removesuffix("_flags") for view in views} - {"nightflag", tables.monitor}
    watched = [name for name in names if {f"{name}_scores", f"{name}_staged_gone"} <= there]
    return {
        name: _with_text_key(
            name,
            found.get_pk_constraint(f"{name}_scores", schema=schema)["constrained_columns"],
            {one["name"] for one in found.get_columns(f"{name}_flags", schema=schema)},
            schema,
        )
        for name in watched
    }


def _with_text_key(
    monitor: str, key: Iterable[str], there: Collection[str], schema: str | None
) -> Select[Any]:
    """The monitor's flags; NULL for what an earlier version's view does not have yet."""
    columns: list[ColumnElement[Any]] = [
        literal_column(f"'{monitor}'").label("monitor"),
        as_text(column(name) for name in key).label("key"),
        *(
            column(name) if name in there else cast(null(), kind).label(name)
            for name, kind in FLAG_COLUMNS.items()
        ),
    ]
    return select(*columns).select_from(table(f"{monitor}_flags", schema=schema))
