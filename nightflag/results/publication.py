"""Publishing a night: everything staged becomes visible in one transaction, or nothing does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Table,
    and_,
    delete,
    insert,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

from nightflag.databases import Database
from nightflag.errors import PublicationRefused
from nightflag.failpoints import reached
from nightflag.locks import Lock
from nightflag.queries import UtcTimestamp, run
from nightflag.results.refusals import (
    refuse_lost_lock,
    refuse_other_counts,
    refuse_repeated_keys,
)
from nightflag.results.staging import Counts, inside
from nightflag.results.tables import MonitorTables, exact
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
        refuse_lost_lock(connection, night.lock, night.now)
        refuse_repeated_keys(connection, tables, night.window)
        refuse_other_counts(connection, tables, night.counts)
        _supersede(connection, tables)
        _upsert_scores(connection, tables, night)
        _insert_others(connection, tables, night)
        retracted = _retract(connection, tables, night.window)
        _close(connection, tables, night, retracted)
        reached("before commit")
    return retracted


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
    # Records without a key are known by their fingerprint only.
    again = tables.quarantine.c.fingerprint.in_(select(quarantined.c.fingerprint))
    connection.execute(delete(tables.quarantine).where(again))


def _delete_matching(published: Table, staged: Table, tables: MonitorTables) -> Delete:
    # IN, not EXISTS: SQLite looks each key up in a tree of the staged ones.
    keys = select(*(exact(staged, name, tables) for name in tables.key))
    return delete(published).where(tuple_(*tables.keys_of(published)).in_(keys))


def _upsert_scores(connection: Connection, tables: MonitorTables, night: Publication) -> None:
    staged = tables.staged_scores
    columns = [column for column in staged.c if column.name not in {"partition", *tables.key}]
    values = {
        **{name: exact(staged, name, tables) for name in tables.key},
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
        *(exact(staged, name, tables) for name in tables.key),
        *(staged.c[name] for name in names),
        *constants.values(),
    ]
    columns = [*tables.key, *names, *constants]
    connection.execute(insert(published).from_select(columns, select(*values)))


def _retract(connection: Connection, tables: MonitorTables, window: Window) -> int:
    """Remove records that the source no longer holds; corrected ones carry a new fingerprint."""
    lost = select(*tables.keys_of(tables.scores)).where(_gone(tables.scores, tables, window))
    connection.execute(
        delete(tables.reasons).where(tuple_(*tables.keys_of(tables.reasons)).in_(lost))
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
