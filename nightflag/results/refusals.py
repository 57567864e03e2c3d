"""What keeps a night from being published, looked for inside the publishing transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    CompoundSelect,
    Connection,
    Select,
    Table,
    func,
    or_,
    select,
    tuple_,
    union_all,
)

from nightflag.errors import PublicationRefused, SourceError
from nightflag.locks import Lock, keep
from nightflag.results.staging import Counts, throw_away_others
from nightflag.results.tables import MonitorTables, exact


def refuse_lost_lock(connection: Connection, lock: Lock, now: datetime) -> None:
    """Raise :class:`PublicationRefused` unless the lock is still held; it is renewed if so."""
    if not keep(connection, lock, now):
        raise PublicationRefused(
            f"This run lost its lock on the {lock.name} before it could publish.",
            expected="the lock to be held until the night is published",
            mend="another run took over; run the night again if that one did not publish it",
        )


def refuse_other_counts(staged: int, counts: Counts) -> None:
    """Raise :class:`PublicationRefused` unless what was counted is what is ``staged``."""
    if staged != counts.scored or counts.read != counts.scored + counts.quarantined:
        raise PublicationRefused(
            f"{counts.read} records were read, {counts.scored} scored, {counts.quarantined} "
            f"quarantined, and {staged} scores are staged.",
            expected="read = scored + quarantined, and every score staged",
            mend="run the night again; nothing was published",
        )


def refuse_newcomers(
    connection: Connection, tables: MonitorTables, tickets: Collection[int]
) -> None:
    """Raise :class:`PublicationRefused` where rows of other tickets were staged in the meantime.

    Asked last, because each statement before may have seen them.
    """
    if throw_away_others(connection, tables, tickets):
        raise PublicationRefused(
            "A partition that had been given up staged its records while the night was published.",
            expected="only records of the partitions that make up the night",
            mend="run the night again; nothing was published",
        )


def refuse_repeated_scores(connection: Connection, tables: MonitorTables) -> None:
    """Raise :class:`SourceError` where a staged key is staged twice, or stands published.

    Asked when the table of scores refused the staged ones.
    """
    staged = select(*(exact(tables.staged_scores, name, tables).label(name) for name in tables.key))
    standing = _of_keys(tables.scores, staged, tables)
    _refuse_repetition(connection, tables, union_all(staged, standing))


def refuse_repeated_keys(connection: Connection, tables: MonitorTables, run_id: int) -> None:
    """Raise :class:`SourceError` where a key of this run stands for two records.

    Asked once the run's rows are inserted. That no key has two scores the table of scores sees to;
    here it is that none has two quarantined records, or one beside a score.
    """
    scores, quarantine = tables.scores, tables.quarantine
    staged = select(*(exact(tables.staged_scores, name, tables) for name in tables.key))
    key = tables.keys_of(quarantine)
    tonight = select(*key).where(or_(quarantine.c.run_id == run_id, tuple_(*key).in_(staged)))
    distinct = _of_keys(quarantine, tonight, tables, quarantine.c.fingerprint).distinct().subquery()
    records = select(*(distinct.c[name] for name in tables.key))
    _refuse_repetition(connection, tables, union_all(records, _of_keys(scores, tonight, tables)))


def _of_keys(
    published: Table, keys: Select[Any], tables: MonitorTables, *columns: Column[Any]
) -> Select[Any]:
    """The key of each published row that has one of these keys."""
    key = tables.keys_of(published)
    return select(*key, *columns).where(tuple_(*key).in_(keys))


def _refuse_repetition(
    connection: Connection, tables: MonitorTables, records: CompoundSelect[Any]
) -> None:
    found = records.subquery()
    key = [found.c[name] for name in tables.key]
    repeated = select(*key, func.count()).group_by(*key).having(func.count() > 1).limit(3)
    rows = connection.execute(repeated).all()
    if rows:
        examples = ", ".join(f"({', '.join(map(str, row[:-1]))}) {row[-1]} times" for row in rows)
        raise SourceError(
            f"The key ({', '.join(tables.key)}) does not identify a record: {examples}.",
            expected="a key that stands once in the source",
            mend="add a column to `source: {key: ...}`, or remove the repetitions in a `query`",
        )
