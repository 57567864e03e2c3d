"""Publishing a night: everything staged becomes visible in one transaction, or nothing does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    case,
    delete,
    insert,
    literal,
    select,
)
from sqlalchemy.exc import IntegrityError

from nightflag.databases import Database
from nightflag.drift import Finding
from nightflag.drift.keeping import keep
from nightflag.errors import PublicationRefused
from nightflag.failpoints import reached
from nightflag.locks import Lock
from nightflag.monitors import Alarm
from nightflag.mutes import Mute, of_monitor
from nightflag.queries import UtcTimestamp, run
from nightflag.results import floods
from nightflag.results.deciding import muted as why_muted
from nightflag.results.deciding import within_rate
from nightflag.results.refusals import (
    refuse_lost_lock,
    refuse_newcomers,
    refuse_other_counts,
    refuse_repeated_keys,
    refuse_repeated_scores,
)
from nightflag.results.settling import settle
from nightflag.results.staging import Counts, inside, throw_away_others
from nightflag.results.superseding import (
    displaced,
    holds_rows,
    remove_gone,
    remove_scores,
)
from nightflag.results.tables import MonitorTables, exact
from nightflag.validation import Outcome
from nightflag.validation.outcome import keep as keep_expectations
from nightflag.windows import Window

Constants = Mapping[str, ColumnElement[Any]]


@dataclass(frozen=True)
class Publication:
    """What publishing needs to know of the night beside the staged rows.

    Of these it takes those under the ``tickets`` of its partitions.
    """

    run_id: int
    window: Window
    counts: Counts
    tickets: tuple[int, ...]
    model_version: int
    warnings: str | None
    alarm: Alarm
    lock: Lock
    now: datetime
    drift: tuple[Finding, ...] = ()
    expectations: tuple[Outcome, ...] = ()


def publish(results: Database, tables: MonitorTables, night: Publication) -> int:
    """Publish the staged night and return how many records were retracted.

    Raises :class:`PublicationRefused` when the run lost its lock, was published already, or the
    staged rows are not those that were counted, and :class:`SourceError` for keys that stand more
    than once. In every such case the published tables stay as they were.
    """
    with results.writing() as connection:
        results.expect_many(connection, tables.staging)
        refuse_lost_lock(connection, night.lock, night.now)
        throw_away_others(connection, tables, night.tickets)
        mutes = of_monitor(connection, tables.monitor)
        tide = floods.tide(connection, tables, night.alarm, mutes)
        refuse_other_counts(tide.records, night.counts)
        floods.refuse(tide, night.alarm)
        retracted = remove_gone(connection, tables, night.window, night.now)
        _insert_staged(connection, tables, night, mutes)
        refuse_repeated_keys(connection, tables, night.run_id)
        warnings = filter(None, [night.warnings, floods.warning(tide, night.alarm)])
        _close(connection, tables, night, retracted, "\n".join(warnings) or None)
        settle(
            connection,
            tables,
            night.alarm,
            tide,
            run_id=night.run_id,
            of_night=_scored_by(tables, night),
        )
        keep(
            connection,
            tables.monitor,
            night.run_id,
            night.drift,
            model_version=night.model_version,
            now=night.now,
        )
        keep_expectations(connection, tables.monitor, night.run_id, night.expectations)
        reached("before commit")
        refuse_newcomers(connection, tables, night.tickets)
    return retracted


def _scored_by(tables: MonitorTables, night: Publication) -> ColumnElement[bool]:
    return and_(inside(tables.scores, night.window), tables.scores.c.run_id == night.run_id)


def _insert_staged(
    connection: Connection, tables: MonitorTables, night: Publication, mutes: Sequence[Mute]
) -> None:
    run_id, now = literal(night.run_id), literal(night.now, UtcTimestamp)
    quarantined: Constants = {"run_id": run_id, "quarantined_at": now}
    staged = tables.staged_scores
    within, muted = within_rate(staged, night.alarm), why_muted(staged, mutes)
    scored: Constants = {
        "is_anomaly": and_(within, muted.is_(None)),
        "muted": case((within, muted)),
        "model_version": literal(night.model_version),
        "run_id": run_id,
        "scored_at": now,
    }
    _make_way_for_quarantine(connection, tables, night)
    _insert_scores(connection, tables, scored, night)
    insert_details(connection, tables)
    _insert(connection, tables.quarantine, tables.staged_quarantine, tables, quarantined)


def insert_details(connection: Connection, tables: MonitorTables) -> None:
    """Publish the staged reasons and heat maps, of scores that stand."""
    for published, staged in tables.details:
        _insert(connection, published, staged, tables, {})


def _make_way_for_quarantine(
    connection: Connection, tables: MonitorTables, night: Publication
) -> None:
    scores, quarantine, staged = tables.scores, tables.quarantine, tables.staged_quarantine
    window = night.window
    if holds_rows(connection, staged):
        remove_scores(connection, tables, displaced(scores, staged, tables, window), night.now)
    if not holds_rows(connection, quarantine):
        return
    for newer in (tables.staged_scores, staged):
        in_the_way = displaced(quarantine, newer, tables, window)
        connection.execute(delete(quarantine).where(in_the_way))
    # Records without a key are known by their fingerprint only.
    again = quarantine.c.fingerprint.in_(select(staged.c.fingerprint))
    connection.execute(delete(quarantine).where(again))


def _insert_scores(
    connection: Connection, tables: MonitorTables, scored: Constants, night: Publication
) -> None:
    """Insert the staged scores; only where one meets its own key is there anything to look up."""
    scores, staged = tables.scores, tables.staged_scores
    try:
        with connection.begin_nested():
            _insert(connection, scores, staged, tables, scored)
    except IntegrityError:
        in_the_way = displaced(scores, staged, tables, night.window)
        remove_scores(connection, tables, in_the_way, night.now)
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
    connection: Connection,
    tables: MonitorTables,
    night: Publication,
    retracted: int,
    warnings: str | None,
) -> None:
    closed = run(
        connection,
        "publish_run",
        monitor=tables.monitor,
        run_id=night.run_id,
        records_read=night.counts.read,
        records_scored=night.counts.scored,
        records_quarantined=night.counts.quarantined,
        records_retracted=retracted,
        model_version=night.model_version,
        warnings=warnings,
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
