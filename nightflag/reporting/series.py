"""For sequences: the series of the entities with the strongest flags, as they were scored."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Join,
    Select,
    Subquery,
    and_,
    cast,
    column,
    select,
)

from nightflag.records.layout import relation
from nightflag.records.pulling import condition
from nightflag.reporting.flags import Flag, key_texts
from nightflag.reporting.plots import Points
from nightflag.reporting.scores import of_night
from nightflag.runs import Run
from nightflag.workplace import Workplace

MOST_ENTITIES, MOST_COLUMNS, MOST_POINTS = 3, 2, 2_000
LOOKED_AT = 200


@dataclass(frozen=True)
class Series:
    """A column of one entity over event time in UTC, and its flagged records."""

    entity: tuple[str, ...]
    column: str
    values: Points
    flagged: Points


def strongest(workplace: Workplace, night: Run, flags: Sequence[Flag]) -> tuple[Series, ...]:
    """The columns that weigh most in the flags, of the entities with the strongest ones.

    Up to three entities, two columns and 2,000 records of the night's window each. None for a
    monitor without a sequence, and where the results lie in another database than the source.
    """
    sequence, columns = workplace.monitor.sequence, _columns(workplace, flags)
    together = workplace.source.url == workplace.results.url
    if sequence is None or not columns or not together:
        return ()
    wanted = dict.fromkeys([*workplace.layout.key, *sequence.entity, *columns])
    records = _records(workplace, night, list(wanted))
    with workplace.source.reading() as connection:
        entities = _entities(connection, workplace, records, night, sequence.entity)
        return tuple(
            one
            for entity in entities
            for one in _series(connection, workplace, records, columns, entity)
        )


def _columns(workplace: Workplace, flags: Sequence[Flag]) -> list[str]:
    """The numeric columns that weigh most in all of the flags."""
    weights: dict[str, float] = defaultdict(float)
    for reason in (reason for flag in flags for reason in flag.reasons):
        weights[reason.feature] += reason.share or 0
    known = {field.name: field.type for field in workplace.layout.columns}
    numeric = [
        name
        for name in sorted(weights, key=weights.__getitem__, reverse=True)
        if _is_numeric(known.get(name))
    ]
    return numeric[:MOST_COLUMNS]


def _is_numeric(kind: pa.DataType | None) -> bool:
    return kind is not None and (
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _records(workplace: Workplace, night: Run, columns: list[str]) -> Subquery:
    """The records of the night's window, with these columns."""
    inside = condition(workplace.source, workplace.layout, night.window)
    chosen = select(*map(column, columns)).select_from(relation(workplace.monitor.source))
    return chosen.where(inside).subquery("records")


def _scored(workplace: Workplace, records: Subquery) -> Join:
    scores = workplace.tables.scores
    same = and_(*(scores.c[name] == records.c[name] for name in workplace.layout.key))
    return scores.join(records, same)


def _exact(workplace: Workplace, records: Subquery, name: str) -> ColumnElement[Any]:
    """The column of an entity, told apart by every character."""
    source, field = workplace.source, workplace.layout.columns.field(name)
    return source.exactly(source.readable(records.c[name], field), field)


def _entities(
    connection: Connection,
    workplace: Workplace,
    records: Subquery,
    night: Run,
    names: Sequence[str],
) -> list[dict[str, Any]]:
    """The entities of the strongest flags; one without a name where all are one series."""
    if not names:
        return [{}]
    scores = workplace.tables.scores
    statement = (
        select(*(_exact(workplace, records, name) for name in names))
        .select_from(_scored(workplace, records))
        .where(of_night(workplace.tables, night), scores.c.is_anomaly)
        .order_by(scores.c.p_value, scores.c.score.desc())
        .limit(LOOKED_AT)
    )
    found = dict.fromkeys(tuple(row) for row in connection.execute(statement))
    return [dict(zip(names, row, strict=True)) for row in list(found)[:MOST_ENTITIES]]


def _series(
    connection: Connection,
    workplace: Workplace,
    records: Subquery,
    columns: list[str],
    entity: dict[str, Any],
) -> list[Series]:
    statement = _of_entity(workplace, records, columns, entity)
    rows = connection.execute(statement).all()[::-1]
    found = []
    for at, name in enumerate(columns, start=2):
        values = tuple((row[0], row[at]) for row in rows if row[at] is not None)
        flagged = tuple((row[0], row[at]) for row in rows if row[at] is not None and row[1])
        if values:
            found.append(Series(key_texts(entity.values()), name, values, flagged))
    return found


def _of_entity(
    workplace: Workplace, records: Subquery, columns: list[str], entity: dict[str, Any]
) -> Select[Any]:
    """Event time, whether it is flagged, and the columns of the entity's newest scored records."""
    scores = workplace.tables.scores
    own = (
        _exact(workplace, records, name).is_not_distinct_from(value)
        for name, value in entity.items()
    )
    return (
        select(
            scores.c.event_time,
            scores.c.is_anomaly,
            *(cast(records.c[name], Double) for name in columns),
        )
        .select_from(_scored(workplace, records))
        .where(*own)
        .order_by(scores.c.event_time.desc())
        .limit(MOST_POINTS)
    )
