"""Publishing a night: everything staged becomes visible in one transaction, or nothing does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.exc import IntegrityError

from nightflag.databases import Database
from nightflag.errors import PublicationRefused
from nightflag.failpoints import reached
from nightflag.locks import Lock
from nightflag.queries import UtcTimestamp, run
from nightflag.results.refusals import (
    refuse_lost_lock,
    refuse_other_counts,
    refuse_repeated_keys,
    refuse_repeated_scores,
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
        refuse_other_counts(connection, tables, night.counts)
        retracted = _remove_gone(connection, tables, night.window)
        _insert_staged(connection, tables, night)
        refuse_repeated_keys(connection, tables, night.run_id)
        _close(connection, tables, night, retracted)
        reached("before commit")
    return retracted


def _remove_gone(connection: Connection, tables: MonitorTables, window: Window) -> int:
    """Take away what the source no longer holds as published; count what it holds no more at all.

    A corrected record is gone with its old fingerprint, and staged again with its new one.
    """
    published = tables.scores, tables.quarantine
    without = [
        select(table.c.fingerprint).where(_gone(table, tables, window), ~_staged(table, tables))
        for table in published
    ]
    lost = union(*without).subquery()
    retracted: int = connection.execute(select(func.count()).select_from(lost)).scalar_one()
    _remove_scores(connection, tables, _gone(tables.scores, tables, window))
    connection.execute(delete(tables.quarantine).where(_gone(tables.quarantine, tables, window)))
    return retracted


def _gone(published: Table, tables: MonitorTables, window: Window) -> ColumnElement[bool]:
    gone = published.c.fingerprint.in_(select(tables.staged_gone.c.fingerprint))
    return and_(gone, inside(published, window))


def _staged(published: Table, tables: MonitorTables) -> ColumnElement[bool]:
    """Whether a record of that key is staged."""
    return or_(
        *(
            exists().where(
                *(exact(staged, name, tables) == published.c[name] for name in tables.key)
            )
            for staged in (tables.staged_scores, tables.staged_quarantine)
        )
    )


def _remove_scores(
    connection: Connection, tables: MonitorTables, condition: ColumnElement[bool]
) -> None:
    """Take away these scores, and the details that stand with them."""
    keys = select(*tables.keys_of(tables.scores)).where(condition)
    for detail, _ in tables.details:
        connection.execute(delete(detail).where(tuple_(*tables.keys_of(detail)).in_(keys)))
    connection.execute(delete(tables.scores).where(condition))


def _displaced(
    published: Table, staged: Table, tables: MonitorTables, window: Window
) -> ColumnElement[bool]:
    """Published rows whose record is staged although it was not gone.

    Its event time moved into the window from outside, or the very same rows are published again.
    """
    # IN, not EXISTS: SQLite looks each key up in a tree of the staged ones.
    keys = select(*(exact(staged, name, tables) for name in tables.key))
    same = published.c.fingerprint.in_(select(staged.c.fingerprint))
    moved = not_(inside(published, window))
    return and_(tuple_(*tables.keys_of(published)).in_(keys), or_(same, moved))


def _insert_staged(connection: Connection, tables: MonitorTables, night: Publication) -> None:
    run_id, now = literal(night.run_id), literal(night.now, UtcTimestamp)
    quarantined: Constants = {"run_id": run_id, "quarantined_at": now}
    scored: Constants = {
        "model_version": literal(night.model_version),
        "run_id": run_id,
        "scored_at": now,
    }
    _make_way_for_quarantine(connection, tables, night.window)
    _insert_scores(connection, tables, scored, night.window)
    for published, staged in tables.details:
        _insert(connection, published, staged, tables, {})
    _insert(connection, tables.quarantine, tables.staged_quarantine, tables, quarantined)


def _make_way_for_quarantine(connection: Connection, tables: MonitorTables, window: Window) -> None:
    scores, quarantine, staged = tables.scores, tables.quarantine, tables.staged_quarantine
    _remove_scores(connection, tables, _displaced(scores, staged, tables, window))
    for newer in (tables.staged_scores, staged):
        displaced = _displaced(quarantine, newer, tables, window)
        connection.execute(delete(quarantine).where(displaced))
    # Records without a key are known by their fingerprint only.
    again = quarantine.c.fingerprint.in_(select(staged.c.fingerprint))
    connection.execute(delete(quarantine).where(again))


def _insert_scores(
    connection: Connection, tables: MonitorTables, scored: Constants, window: Window
) -> None:
    """Insert the staged scores; only where one meets its own key is there anything to look up."""
    scores, staged = tables.scores, tables.staged_scores
    try:
        with connection.begin_nested():
            _insert(connection, scores, staged, tables, scored)
    except IntegrityError:
        _remove_scores(connection, tables, _displaced(scores, staged, tables, window))
        refuse_repeated_scores(connection, tables)
        _insert(connection, scores, staged, tables, scored)


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
