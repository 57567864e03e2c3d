"""Publishing a night: everything staged becomes visible in one transaction, or nothing does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Table,
    and_,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from nightflag.databases import Database
from nightflag.errors import PublicationRefused, SourceError
from nightflag.failpoints import reached
from nightflag.locks import Lock
from nightflag.queries import UtcTimestamp, run
from nightflag.results.staging import Counts, inside
from nightflag.results.tables import MonitorTables
from nightflag.windows import Window

UPSERTS: dict[str, Callable[[Table], Any]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


@dataclass(frozen=True)
class Publication:
    """What publishing needs to know of the night beside the staged rows."""

    run_id: int
    window: Window
    counts: Counts
    model_version: int
    warnings: str | None
    lock: Lock
    now: datetime


def publish(results: Database, tables: MonitorTables, night: Publication) -> int:
    """Publish the staged night and return how many records were retracted.

    Raises :class:`PublicationRefused` when the run lost its lock, was published already, or the
    staged rows are not those that were counted, and :class:`SourceError` for keys that stand more
    than once. In every such case the published tables stay as they were.
    """
    with results.writing() as connection:
        _refuse_lost_lock(connection, night)
        _refuse_repeated_keys(connection, tables)
        _refuse_other_counts(connection, tables, night.counts)
        _supersede(connection, tables)
        _upsert_scores(connection, tables, night)
        _insert_others(connection, tables, night)
        retracted = _retract(connection, tables, night.window)
        _close(connection, tables, night, retracted)
        reached("before commit")
    return retracted


def _refuse_lost_lock(connection: Connection, night: Publication) -> None:
    kept = run(
        connection, "renew_lock", name=night.lock.name, holder=night.lock.holder, now=night.now
    )
    if kept.rowcount != 1:
        raise PublicationRefused(
            f"This run lost its lock on the {night.lock.name} before it could publish.",
            expected="the lock to be held until the night is published",
            mend="another run took over; run the night again if that one did not publish it",
        )


def _refuse_repeated_keys(connection: Connection, tables: MonitorTables) -> None:
    scored, quarantined = tables.staged_scores, tables.staged_quarantine
    records = union_all(
        select(*_key(scored, tables)),
        select(*_key(quarantined, tables))
        .where(and_(*(column.is_not(None) for column in _key(quarantined, tables))))
        .group_by(*_key(quarantined, tables), quarantined.c.fingerprint),
    ).subquery()
    key = [records.c[name] for name in tables.key]
    repeated = select(*key, func.count()).group_by(*key).having(func.count() > 1).limit(3)
    rows = connection.execute(repeated).all()
    if rows:
        examples = ", ".join(f"{tuple(row[:-1])} {row[-1]} times" for row in rows)
        raise SourceError(
            f"The key ({', '.join(tables.key)}) does not identify a record: {examples}.",
            expected="a key that stands once in the source",
            mend="add a column to `source: {key: ...}`, or remove the repetitions in a `query`",
        )


def _refuse_other_counts(connection: Connection, tables: MonitorTables, counts: Counts) -> None:
    scored = connection.execute(select(func.count()).select_from(tables.staged_scores)).scalar_one()
    if scored != counts.scored or counts.read != counts.scored + counts.quarantined:
        raise PublicationRefused(
            f"{counts.read} records were read, {counts.scored} scored, {counts.quarantined} "
            f"quarantined, and {scored} scores are staged.",
            expected="read = scored + quarantined, and every score staged",
            mend="run the night again; nothing was published",
        )


def _supersede(connection: Connection, tables: MonitorTables) -> None:
    """Take away what was published of records that now have a newer finding."""
    scored, quarantined = tables.staged_scores, tables.staged_quarantine
    for published, staged in (
        (tables.reasons, scored),
        (tables.quarantine, scored),
        (tables.scores, quarantined),
        (tables.reasons, quarantined),
        (tables.quarantine, quarantined),
    ):
        connection.execute(_delete_matching(published, staged, tables))


def _delete_matching(published: Table, staged: Table, tables: MonitorTables) -> Delete:
    # IN, not EXISTS: SQLite looks each key up in a tree of the staged ones.
    keys = select(*(_exact(staged, name, tables) for name in tables.key))
    return delete(published).where(tuple_(*_key(published, tables)).in_(keys))


def _upsert_scores(connection: Connection, tables: MonitorTables, night: Publication) -> None:
    staged = tables.staged_scores
    columns = [column for column in staged.c if column.name not in {"partition", *tables.key}]
    values = {
        **{name: _exact(staged, name, tables) for name in tables.key},
        **{column.name: column for column in columns},
        "model_version": literal(night.model_version),
        "run_id": literal(night.run_id),
        "scored_at": literal(night.now, UtcTimestamp),
    }
    rows = select(*(value.label(name) for name, value in values.items())).where(true())
    upsert = UPSERTS[connection.dialect.name](tables.scores).from_select(list(values), rows)
    others = {name: upsert.excluded[name] for name in values if name not in tables.key}
    connection.execute(upsert.on_conflict_do_update(index_elements=list(tables.key), set_=others))


def _insert_others(connection: Connection, tables: MonitorTables, night: Publication) -> None:
    _insert(connection, tables.reasons, tables.staged_reasons, tables, {})
    by_night: dict[str, ColumnElement[Any]] = {
        "run_id": literal(night.run_id),
        "quarantined_at": literal(night.now, UtcTimestamp),
    }
    _insert(connection, tables.quarantine, tables.staged_quarantine, tables, by_night)


def _insert(
    connection: Connection,
    published: Table,
    staged: Table,
    tables: MonitorTables,
    constants: dict[str, ColumnElement[Any]],
) -> None:
    names = [
        column.name for column in staged.columns if column.name not in {"partition", *tables.key}
    ]
    values = [
        *(_exact(staged, name, tables) for name in tables.key),
        *(staged.c[name] for name in names),
        *constants.values(),
    ]
    columns = [*tables.key, *names, *constants]
    connection.execute(insert(published).from_select(columns, select(*values)))


def _retract(connection: Connection, tables: MonitorTables, window: Window) -> int:
    """Remove records that the source no longer holds; corrected ones carry a new fingerprint."""
    lost = select(*_key(tables.scores, tables)).where(_gone(tables.scores, tables, window))
    connection.execute(
        delete(tables.reasons).where(tuple_(*_key(tables.reasons, tables)).in_(lost))
    )
    published = (tables.scores, tables.quarantine)
    rows = [delete(table).where(_gone(table, tables, window)) for table in published]
    return sum(connection.execute(row).rowcount for row in rows)


def _gone(published: Table, tables: MonitorTables, window: Window) -> ColumnElement[bool]:
    gone = published.c.fingerprint.in_(select(tables.staged_gone.c.fingerprint))
    return and_(gone, inside(published, window))


def _close(
    connection: Connection, tables: MonitorTables, night: Publication, retracted: int
) -> None:
    closed = run(
        connection,
        "publish_run",
        monitor=tables.monitor,
        run_id=night.run_id,
        records_read=night.counts.read,
        records_scored=night.counts.scored,
        records_quarantined=night.counts.quarantined,
        records_flagged=night.counts.flagged,
        records_retracted=retracted,
        model_version=night.model_version,
        warnings=night.warnings,
        finished_at=night.now,
    )
    if closed.rowcount != 1:
        raise PublicationRefused(
            f"Run {night.run_id} of {tables.monitor} is not running any more.",
            expected="a run that is neither published nor failed",
            mend="look at `nightflag runs`; run the night again if it was not published",
        )
    run(
        connection,
        "move_watermark",
        monitor=tables.monitor,
        scored_from=night.window.start,
        scored_until=night.window.end,
    )


def _key(table: Table, tables: MonitorTables) -> list[Column[Any]]:
    return [table.c[name] for name in tables.key]


def _exact(staged: Table, name: str, tables: MonitorTables) -> ColumnElement[Any]:
    """The staged key column, cast back to the type the source has."""
    exact = tables.scores.c[name].type
    column = staged.c[name]
    return column if type(exact) is type(column.type) else cast(column, exact)
