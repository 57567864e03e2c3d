"""The night's strongest flags, each with its reasons."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, Subquery, and_, select

from nightflag.reporting.scores import of_night
from nightflag.results.tables import MonitorTables
from nightflag.results.views import WORTH_A_WORD
from nightflag.runs import Run

MOST_FLAGS, MOST_PICTURES = 1_000, 100
REASON = ("feature", "value", "expected", "contribution", "words")


@dataclass(frozen=True)
class Reason:
    """A feature of a flagged record; ``share`` of the score in [0, 1], None where it has none.

    ``words`` say it in a sentence; None for reasons of an earlier version.
    """

    feature: str
    value: str | None
    expected: str | None
    share: float | None
    words: str | None

    @property
    def text(self) -> str:
        """The words, or else the column and its value."""
        return self.words or f"{self.feature} = {self.value}"


@dataclass(frozen=True)
class Flag:
    """A flagged record, its reasons best first; ``picture``: the heat map's PNG in base 64."""

    key: tuple[str, ...]
    event_time: datetime
    score: float
    p_value: float
    reasons: tuple[Reason, ...]
    picture: str | None = None

    @property
    def weighty(self) -> tuple[Reason, ...]:
        """The first reason, and those that made a twentieth of the score or an unknown part."""
        rest = (one for one in self.reasons[1:] if one.share is None or one.share >= WORTH_A_WORD)
        return (*self.reasons[:1], *rest)

    @property
    def others(self) -> tuple[Reason, ...]:
        """The reasons that weigh little."""
        return tuple(one for one in self.reasons if one not in self.weighty)


def strongest(connection: Connection, tables: MonitorTables, night: Run) -> tuple[Flag, ...]:
    """The night's flags with the smallest p-values, then the highest scores; 1,000 at most.

    The first hundred have a picture, where there are pictures.
    """
    rows = connection.execute(_with_reasons(tables, night)).all()
    width = len(tables.key)
    found = [(tuple(key), list(same)) for key, same in groupby(rows, lambda row: row[:width])]
    pictures = _pictures(connection, tables, night)
    return tuple(_flag(same, width, pictures.get(key)) for key, same in found)


def _pictures(
    connection: Connection, tables: MonitorTables, night: Run
) -> dict[tuple[object, ...], str]:
    """The heat maps of the strongest flags, by key."""
    if tables.heat_maps is None:
        return {}
    top, drawn = _top(tables, night, at_most=MOST_PICTURES), tables.heat_maps
    same = and_(*(drawn.c[name] == top.c[name] for name in tables.key))
    keys = [top.c[name] for name in tables.key]
    rows = connection.execute(select(*keys, drawn.c.picture).select_from(top.join(drawn, same)))
    return {tuple(row[:-1]): b64encode(row[-1]).decode("ascii") for row in rows}


def _with_reasons(tables: MonitorTables, night: Run) -> Select[Any]:
    top, reasons = _top(tables, night, at_most=MOST_FLAGS), tables.reasons
    keys = [top.c[name] for name in tables.key]
    same = and_(*(reasons.c[name] == top.c[name] for name in tables.key))
    return (
        select(*keys, *_measured(top.c), *(reasons.c[name] for name in REASON))
        .select_from(top.outerjoin(reasons, same))
        .order_by(top.c.p_value, top.c.score.desc(), *keys, reasons.c.rank)
    )


def _top(tables: MonitorTables, night: Run, *, at_most: int) -> Subquery:
    scores = tables.scores
    columns = [*(scores.c[name] for name in tables.key), *_measured(scores.c)]
    return (
        select(*columns)
        .where(of_night(tables, night), scores.c.is_anomaly)
        .order_by(scores.c.p_value, scores.c.score.desc(), *columns[: len(tables.key)])
        .limit(at_most)
        .subquery("top")
    )


def _measured(columns: Any) -> tuple[Any, Any, Any]:
    return columns.event_time, columns.score, columns.p_value


def _flag(rows: list[Row[Any]], width: int, picture: str | None) -> Flag:
    first = rows[0]
    reasons = tuple(_reason(row) for row in rows if row.feature is not None)
    measured = first.event_time, first.score, first.p_value
    return Flag(key_texts(first[:width]), *measured, reasons, picture)


def _reason(row: Row[Any]) -> Reason:
    share = min(1.0, max(0.0, row.contribution / row.score)) if row.score > 0 else None
    return Reason(row.feature, row.value, row.expected, share, row.words)


def key_texts(values: Iterable[object]) -> tuple[str, ...]:
    """A record's key values as text; bytes in hexadecimal, a missing one as ``null``."""
    return tuple(_text(value) for value in values)


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return f"0x{bytes(value).hex()}"
    return "null" if value is None else str(value)
