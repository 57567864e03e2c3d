"""Judged flags and other flags, read with their reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Select, and_, select, table
from sqlalchemy.sql.expression import column

from nightflag.results.keys import as_text, key_columns
from nightflag.results.verdicts import given
from nightflag.verdicts.profiles import Profiles, Reasons
from nightflag.verdicts.weighing import Precedents

NEWEST_VERDICTS = 2_000
NEWEST_FLAGS = 10_000
REASON = ("feature", "contribution", "value", "expected")
ALIKE = 0.5


@dataclass(frozen=True)
class Similar:
    """A flag that is like another one, and what was said of it, if anything."""

    key: str
    likeness: float
    verdict: str | None
    p_value: float
    reasons: str


def read(connection: Connection, monitor: str, schema: str | None) -> Precedents:
    """The flags of the monitor with the 2,000 newest verdicts, those that have reasons."""
    said = given(schema)
    newest = (
        select(said.c.key, said.c.verdict)
        .where(said.c.monitor == monitor)
        .order_by(said.c.given_at.desc(), said.c.key)
        .limit(NEWEST_VERDICTS)
    )
    verdicts = {row.key: row.verdict for row in connection.execute(newest)}
    rows = connection.execute(_with_key_in(connection, monitor, schema, newest)).all()
    keys = list(dict.fromkeys(row.key for row in rows))
    return Precedents.of(keys, [verdicts[key] for key in keys], _reasons(rows, keys))


def _with_key_in(
    connection: Connection, monitor: str, schema: str | None, newest: Select[Any]
) -> Select[Any]:
    """The reasons of these keys; IN, not a join: SQLite looks each key up in a tree of them."""
    reasons, key = _of_monitor(connection, monitor, "reasons", schema)
    wanted = key.in_(select(newest.subquery("newest").c.key))
    return (
        select(key, *(reasons.c[name] for name in REASON))
        .where(wanted)
        .order_by(key, reasons.c.rank)
    )


def similar(
    connection: Connection, monitor: str, schema: str | None, key: str, *, limit: int
) -> list[Similar]:
    """Up to ``limit`` of the newest 10,000 flags that are most like the record of this key."""
    rows = connection.execute(_of_record(connection, monitor, schema, key)).all()
    flags = connection.execute(_newest_flags(connection, monitor, schema)).all()
    keys = list(dict.fromkeys(row.key for row in flags if row.key != key))
    others = [row for row in flags if row.key != key]
    [[likeness]] = Profiles.of(_reasons(others, keys), len(keys)).likeness(_reasons(rows, [key]), 1)
    order = np.argsort(-likeness, kind="stable")[:limit]
    nearest = {keys[at]: float(likeness[at]) for at in order if likeness[at] >= ALIKE}
    found = {row.key: row for row in connection.execute(_shown(monitor, schema, list(nearest)))}
    return [
        Similar(one, value, found[one].verdict, found[one].p_value, found[one].reasons)
        for one, value in nearest.items()
    ]


def _of_monitor(connection: Connection, monitor: str, kind: str, schema: str | None) -> Any:
    """The monitor's table of that kind, and the text key of its rows."""
    key = key_columns(connection, monitor, schema)
    names = dict.fromkeys((*key, *REASON, "rank", "is_anomaly", "scored_at"))
    found = table(f"{monitor}_{kind}", *map(column, names), schema=schema)
    return found, as_text(found.c[name] for name in key).label("key")


def _of_record(
    connection: Connection, monitor: str, schema: str | None, wanted: str
) -> Select[Any]:
    reasons, key = _of_monitor(connection, monitor, "reasons", schema)
    return select(key, *(reasons.c[name] for name in REASON)).where(key == wanted)


def _newest_flags(connection: Connection, monitor: str, schema: str | None) -> Select[Any]:
    scores, _ = _of_monitor(connection, monitor, "scores", schema)
    reasons, key = _of_monitor(connection, monitor, "reasons", schema)
    names = key_columns(connection, monitor, schema)
    newest = (
        select(*(scores.c[name] for name in names))
        .where(scores.c.is_anomaly)
        .order_by(scores.c.scored_at.desc())
        .limit(NEWEST_FLAGS)
        .subquery("newest")
    )
    same = and_(*(newest.c[name] == reasons.c[name] for name in names))
    return select(key, *(reasons.c[name] for name in REASON)).select_from(
        reasons.join(newest, same)
    )


def _shown(monitor: str, schema: str | None, keys: Sequence[str]) -> Select[Any]:
    names = ("monitor", "key", "p_value", "reasons", "verdict")
    flags = table("nightflag_flags", *map(column, names), schema=schema)
    return select(flags).where(flags.c.monitor == monitor, flags.c.key.in_(keys))


def _reasons(rows: Sequence[Row[Any]], keys: Sequence[str]) -> Reasons:
    number = {key: at for at, key in enumerate(keys)}
    return Reasons(
        np.array([number[row.key] for row in rows], dtype=np.intp),
        [row.feature for row in rows],
        np.array([row.contribution for row in rows], dtype=np.float64),
        [row.value for row in rows],
        [row.expected for row in rows],
    )
