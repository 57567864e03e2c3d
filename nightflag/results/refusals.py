"""What keeps a night from being published, looked for inside the publishing transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, func, select, tuple_, union_all
from sqlalchemy.sql.expression import Subquery

from nightflag.errors import PublicationRefused, SourceError
from nightflag.locks import Lock
from nightflag.queries import run
from nightflag.results.staging import Counts, inside
from nightflag.results.tables import MonitorTables, exact
from nightflag.windows import Window


def refuse_lost_lock(connection: Connection, lock: Lock, now: datetime) -> None:
    """Raise :class:`PublicationRefused` unless the lock is still held; it is renewed if so."""
    kept = run(connection, "renew_lock", name=lock.name, holder=lock.holder, now=now)
    if kept.rowcount != 1:
        raise PublicationRefused(
            f"This run lost its lock on the {lock.name} before it could publish.",
            expected="the lock to be held until the night is published",
            mend="another run took over; run the night again if that one did not publish it",
        )


def refuse_other_counts(connection: Connection, tables: MonitorTables, counts: Counts) -> None:
    """Raise :class:`PublicationRefused` unless what was counted is what is staged."""
    scored = connection.execute(select(func.count()).select_from(tables.staged_scores)).scalar_one()
    if scored != counts.scored or counts.read != counts.scored + counts.quarantined:
        raise PublicationRefused(
            f"{counts.read} records were read, {counts.scored} scored, {counts.quarantined} "
            f"quarantined, and {scored} scores are staged.",
            expected="read = scored + quarantined, and every score staged",
            mend="run the night again; nothing was published",
        )


def refuse_repeated_keys(connection: Connection, tables: MonitorTables, window: Window) -> None:
    """Raise :class:`SourceError` where two records of the source share a key.

    Both may be staged, or one be staged and the other stand published, unchanged, in the window.
    """
    staged = union_all(
        _staged(tables.staged_scores, tables), _distinct(tables.staged_quarantine, tables)
    ).subquery()
    records = union_all(
        select(staged),
        *(_standing(table, staged, tables, window) for table in (tables.scores, tables.quarantine)),
    ).subquery()
    key = [records.c[name] for name in tables.key]
    repeated = select(*key, func.count()).group_by(*key).having(func.count() > 1).limit(3)
    rows = connection.execute(repeated).all()
    if rows:
        examples = ", ".join(f"({', '.join(map(str, row[:-1]))}) {row[-1]} times" for row in rows)
        raise SourceError(
            f"The key ({', '.join(tables.key)}) does not identify a record: {examples}.",
            expected="a key that stands once in the source",
            mend="add a column to `source: {key: ...}`, or remove the repetitions in a `query`",
        )


def _staged(staged: Table, tables: MonitorTables) -> Select[Any]:
    keys = (exact(staged, name, tables).label(name) for name in tables.key)
    return select(*keys, staged.c.fingerprint)


def _distinct(quarantined: Table, tables: MonitorTables) -> Select[Any]:
    named = and_(*(column.is_not(None) for column in tables.keys_of(quarantined)))
    return _staged(quarantined, tables).where(named).distinct()


def _standing(
    published: Table, staged: Subquery, tables: MonitorTables, window: Window
) -> Select[Any]:
    """Published records that share a staged one's key although the source still holds them."""
    key, fingerprint = tables.keys_of(published), published.c.fingerprint
    return (
        select(*key, fingerprint)
        .where(
            tuple_(*key).in_(select(*(staged.c[name] for name in tables.key))),
            inside(published, window),
            fingerprint.not_in(select(tables.staged_gone.c.fingerprint)),
            fingerprint.not_in(select(staged.c.fingerprint)),
        )
        .distinct()
    )
