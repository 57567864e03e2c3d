"""Publishing a night: everything staged becomes visible in one transaction, or nothing does."""

from collections.abc import Mapping
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
    func,
    insert,
    literal,
    select,
    tuple_,
    union,
)

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

Constants = Mapping[str, ColumnElement[Any]]


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
        results.expect_many(connection, tables.staging)
        refuse_lost_lock(connection, night.lock, night.now)
        refuse_repeated_keys(connection, tables, night.window)
        refuse_other_counts(connection, tables, night.counts)
        _supersede(connection, tables)
        _insert_staged(connection, tables, night)
        retracted = _retract(connection, tables, night.window)
        _close(connection, tables, night, retracted)
        reached("before commit")
    return retracted


def _supersede(connection: Connection, tables: MonitorTables) -> None:
    """Take away what was published of records that now have a newer finding."""
    scored, quarantined = tables.staged_scores, tables.staged_quarantine
    details = [published for published, _ in tables.details]
    for staged in (scored, quarantined):
        for published in (tables.scores, *details, tables.quarantine):
            connection.execute(_delete_matching(published, staged, tables))
    # Records without a key are known by their fingerprint only.
    again = tables.quarantine.c.fingerprint.in_(select(quarantined.c.fingerprint))
    connection.execute(delete(tables.quarantine).where(again))


def _delete_matching(published: Table, staged: Table, tables: MonitorTables) -> Delete:
    # IN, not EXISTS: SQLite looks each key up in a tree of the staged ones.
    keys = select(*(exact(staged, name, tables) for name in tables.key))
    return delete(published).where(tuple_(*tables.keys_of(published)).in_(keys))


def _insert_staged(connection: Connection, tables: MonitorTables, night: Publication) -> None:
    run_id, now = literal(night.run_id), literal(night.now, UtcTimestamp)
    quarantined: Constants = {"run_id": run_id, "quarantined_at": now}
    scored: Constants = {
        "model_version": literal(night.model_version),
        "run_id": run_id,
        "scored_at": now,
    }
    _insert(connection, tables.scores, tables.staged_scores, tables, scored)
    for published, staged in tables.details:
        _insert(connection, published, staged, tables, {})
    _insert(connection, tables.quarantine, tables.staged_quarantine, tables, quarantined)


def _insert(
    connection: Connection,
    published: Table,
    staged: Table,
    tables: MonitorTables,
    constants: Constants,
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
    published = (tables.scores, tables.quarantine)
    gone = union(
        *(select(table.c.fingerprint).where(_gone(table, tables, window)) for table in published)
    ).subquery()
    retracted: int = connection.execute(select(func.count()).select_from(gone)).scalar_one()
    lost = select(*tables.keys_of(tables.scores)).where(_gone(tables.scores, tables, window))
    for detail, _ in tables.details:
        connection.execute(delete(detail).where(tuple_(*tables.keys_of(detail)).in_(lost)))
    for table in published:
        connection.execute(delete(table).where(_gone(table, tables, window)))
    return retracted


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
