"""Records counted where they lie, by SQL."""

from typing import Any

from sqlalchemy import ColumnElement, and_, column, func, not_, or_, select

from nightflag.records.layout import relation
from nightflag.records.pulling import condition
from nightflag.windows import Window
from nightflag.workplace import Workplace


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


def _count(workplace: Workplace, which: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(relation(workplace.layout.source))
    with workplace.source.reading() as connection:
        return int(connection.execute(statement.where(which)).scalar_one())


def _no_key(workplace: Workplace) -> ColumnElement[bool]:
    return or_(*(column(name).is_(None) for name in workplace.layout.key))


def _moment(workplace: Workplace) -> ColumnElement[Any]:
    return workplace.source.event_time(column(workplace.layout.source.time))


def _inside(workplace: Workplace, window: Window) -> ColumnElement[bool]:
    return condition(workplace.source, workplace.layout, window)
