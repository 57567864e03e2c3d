"""Pulling the records of a window together with the past they are seen with.

The rows come ordered by entity, time and key. Before the window's start they are only as many of
each entity, and only of entities that have records in it, as its records can be seen with.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Select, Subquery, and_, case, column, false, func, or_, select

from nightflag.databases import Database
from nightflag.errors import SourceError
from nightflag.features.history import View
from nightflag.pace import told
from nightflag.records.layout import Layout, relation
from nightflag.records.pulling import (
    Batch,
    Past,
    about,
    inside_window,
    margin_of,
    pull,
    selection,
    with_derived,
)
from nightflag.records.timeline import Timeline, joined
from nightflag.records.times import bound
from nightflag.windows import Window

# Not to be confused with a column of the source.
MOMENT, BACK, AWAKE = "nightflag moment", "nightflag back", "nightflag awake"


def pull_seen(
    database: Database,
    layout: Layout,
    window: Window,
    view: View | None,
    *,
    batch_size: int,
    undated: bool = False,
    known_from: datetime | None = None,
) -> Iterator[Batch]:
    """The records of the window as the view sees them: alone, or each with its past.

    ``known_from`` is the start of the longer window of which this one is a slice: a record then
    sees the same past as if all of that were read.
    """
    if view is None:
        return pull(database, layout, window, batch_size=batch_size, undated=undated)
    return follow(
        database,
        layout,
        window,
        view,
        batch_size=batch_size,
        undated=undated,
        known_from=known_from,
    )


def follow(
    database: Database,
    layout: Layout,
    window: Window,
    view: View,
    *,
    batch_size: int,
    undated: bool = False,
    known_from: datetime | None = None,
) -> Iterator[Batch]:
    """The records whose event time lies in ``window``, each with its past, entity by entity.

    One statement reads them all. In memory there are at most ``batch_size`` rows and what the next
    one can be seen with. With ``undated``, records without a readable event time come along; they
    have no past and are no one's.
    """
    refuse_unknown_entity(layout, view.entity)
    batches = _followed(
        database,
        layout,
        window,
        view,
        batch_size=batch_size,
        undated=undated,
        known_from=known_from,
    )
    alone = selection(database, layout, window, undated=undated)
    return told(batches, partial(about, database, alone))


def _followed(
    database: Database,
    layout: Layout,
    window: Window,
    view: View,
    *,
    batch_size: int,
    undated: bool,
    known_from: datetime | None,
) -> Iterator[Batch]:
    statement = context(database, layout, window, view, undated=undated, known_from=known_from)
    before: Timeline | None = None
    for records in database.read(statement, columns=layout.columns, batch_size=batch_size):
        batch = with_derived(records, layout)
        dated = batch.event_time.is_valid().to_numpy(zero_copy_only=False)
        if undated and not dated.all():
            yield batch.keep(~dated)
        rows = batch.keep(dated)
        if len(rows):
            timeline = joined(before, rows.records, rows.event_time, rows.fingerprint, view.entity)
            yield _inside(timeline, len(timeline) - len(rows), window, view)
            before = timeline.tail(view)


def _inside(timeline: Timeline, earlier: int, window: Window, view: View) -> Batch:
    """The rows after the ``earlier`` ones that lie in the window."""
    inside = inside_window(timeline.event_time, window, undated=False)
    inside[:earlier] = False
    everyone = Past(timeline, view, np.arange(len(timeline)))
    return Batch(timeline.rows, timeline.event_time, timeline.fingerprints(view), everyone).keep(
        inside
    )


def refuse_unknown_entity(layout: Layout, entity: tuple[str, ...]) -> None:
    """Nothing, or SourceError naming the entity's columns that the source does not have."""
    missing = [name for name in entity if name not in layout.columns.names]
    if missing:
        raise SourceError(
            f"The source has no column {', '.join(map(repr, missing))} for the entity.",
            expected=f"one of its columns: {', '.join(layout.columns.names)}",
            mend="correct `sequence: {entity: ...}` in the monitor",
        )


def context(
    database: Database,
    layout: Layout,
    window: Window,
    view: View,
    *,
    undated: bool,
    known_from: datetime | None = None,
) -> Select[Any]:
    """The statement that reads the window and, before it, what its records are seen with.

    How many earlier records of its entity a record knows of is counted as far back as the view
    reaches before ``known_from``, by default the window's own start.
    """
    margin = margin_of(layout, window)
    if window.start is None:
        rows = _rows(database, layout, None, window, margin, undated=undated)
        return _ordered(database, layout, select(*_columns(rows, layout)), rows, view)
    start = window.start - margin
    counted_from = min(start, known_from - margin) if known_from else start
    earliest = None if view.reach is None else counted_from - timedelta(seconds=view.reach)
    rows = _rows(database, layout, earliest, window, margin, undated=undated)
    ranked = _ranked(database, rows, layout, view, _bound(start, layout))
    kept = _kept(ranked, layout, view, start)
    return _ordered(database, layout, select(*_columns(ranked, layout)).where(kept), ranked, view)


def newest(
    database: Database, layout: Layout, window: Window, view: View, *, at_most: int
) -> Select[Any]:
    """The statement that reads the window's newest records, at most so many."""
    rows = _rows(database, layout, window.start, window, margin_of(layout, window), undated=False)
    moment, keys = rows.c[MOMENT], _exact(database, layout, rows, layout.key)
    latest = (
        select(rows).order_by(moment.desc(), *(key.desc() for key in keys)).limit(at_most)
    ).subquery()
    return _ordered(database, layout, select(*_columns(latest, layout)), latest, view)


def _rows(
    database: Database,
    layout: Layout,
    earliest: Any,
    window: Window,
    margin: timedelta,
    *,
    undated: bool,
) -> Subquery:
    """All columns and the moment, from ``earliest`` (None: ever) to the window's end."""
    moment = database.event_time(column(layout.source.time))
    columns = [
        database.readable(column(field.name), field).label(field.name) for field in layout.columns
    ]
    start = earliest and _bound(earliest - margin, layout)
    end = _bound(window.end + margin, layout)
    there = database.inside(column(layout.source.time), start, end, undated=undated)
    return (
        select(*columns, moment.label(MOMENT)).select_from(relation(layout.source)).where(there)
    ).subquery("there")


def _ranked(database: Database, rows: Subquery, layout: Layout, view: View, start: Any) -> Subquery:
    """With each row's rank among those before the start, and whether its entity has later ones."""
    entity = _exact(database, layout, rows, view.entity)
    moment = rows.c[MOMENT]
    before = case((moment < start, 1), else_=0)
    latest = [moment.desc(), *(key.desc() for key in _exact(database, layout, rows, layout.key))]
    back = func.row_number().over(partition_by=[*entity, before], order_by=latest)
    awake = func.min(before).over(partition_by=entity or None)
    return select(rows, back.label(BACK), awake.label(AWAKE)).subquery("ranked")


def _kept(ranked: Subquery, layout: Layout, view: View, start: Any) -> ColumnElement[bool]:
    """In the window, undated, or before it among what the window's records are seen with."""
    moment = ranked.c[MOMENT]
    recent = false()
    if view.departure is not None:
        since = _bound(start - timedelta(seconds=view.departure), layout)
        recent = moment >= since
    seen = and_(ranked.c[AWAKE] == 0, or_(ranked.c[BACK] <= view.earlier, recent))
    return or_(moment >= _bound(start, layout), moment.is_(None), seen)


def _columns(rows: Subquery, layout: Layout) -> list[ColumnElement[Any]]:
    return [rows.c[name] for name in layout.columns.names]


def _ordered(
    database: Database, layout: Layout, statement: Select[Any], rows: Subquery, view: View
) -> Select[Any]:
    entity, keys = (_exact(database, layout, rows, names) for names in (view.entity, layout.key))
    return statement.order_by(*entity, rows.c[MOMENT], *keys)


def _exact(
    database: Database, layout: Layout, rows: Subquery, names: Iterable[str]
) -> list[ColumnElement[Any]]:
    """These columns, told apart by every character: a collation may tear entities or mix them."""
    return [database.exactly(rows.c[name], layout.columns.field(name)) for name in names]


def _bound(moment: Any, layout: Layout) -> Any:
    time_type = layout.columns.field(layout.source.time).type
    return bound(moment, time_type, time_zone=layout.source.time_zone)
