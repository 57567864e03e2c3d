"""Records counted where they lie, by SQL."""

from datetime import timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, and_, column, func, not_, or_, select, true

from nightflag.records.layout import relation
from nightflag.records.times import bound
from nightflag.windows import Window
from nightflag.workplace import Workplace

MILLISECOND = timedelta(milliseconds=1)


def dated(workplace: Workplace, window: Window) -> int:
    """How many records have an event time in the window."""
    return _count(workplace, _inside(workplace, window))


def undated(workplace: Workplace) -> int:
    """How many records have no readable event time."""
    return _count(workplace, _moment(workplace).is_(None))


def without_key(workplace: Workplace, window: Window) -> int:
    """How many records of the window have NULL in a key column."""
    return _count(workplace, and_(_inside(workplace, window), _no_key(workplace)))


def repeated_keys(workplace: Workplace, window: Window) -> int:
    """How many keys stand more than once among the records of the window."""
    key: list[ColumnElement[Any]] = [column(name) for name in workplace.layout.key]
    repeated = (
        select(*key)
        .select_from(relation(workplace.layout.source))
        .where(_inside(workplace, window), not_(_no_key(workplace)))
        .group_by(*key)
        .having(func.count() > 1)
    )
    with workplace.source.reading() as connection:
        counted = select(func.count()).select_from(repeated.subquery())
        return int(connection.execute(counted).scalar_one())


def _count(workplace: Workplace, condition: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(relation(workplace.layout.source))
    with workplace.source.reading() as connection:
        return int(connection.execute(statement.where(condition)).scalar_one())


def _no_key(workplace: Workplace) -> ColumnElement[bool]:
    return or_(*(column(name).is_(None) for name in workplace.layout.key))


def _moment(workplace: Workplace) -> ColumnElement[Any]:
    return workplace.source.event_time(column(workplace.layout.source.time))


def _inside(workplace: Workplace, window: Window) -> ColumnElement[bool]:
    source = workplace.layout.source
    kind = workplace.layout.columns.field(source.time).type
    # As text, 12:00:00.000 sorts before 12:00:00.000000: half-open to the millisecond.
    rounding = MILLISECOND if pa.types.is_string(kind) else timedelta(0)
    moment = _moment(workplace)
    since = (
        true()
        if window.start is None
        else moment >= bound(window.start - rounding, kind, time_zone=source.time_zone)
    )
    return and_(since, moment < bound(window.end - rounding, kind, time_zone=source.time_zone))
