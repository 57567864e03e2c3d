"""The night's quarantine by rule, with a few examples of each."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from nightflag.reporting.flags import key_texts
from nightflag.results.tables import MonitorTables
from nightflag.runs import Run

EXAMPLES = 3


@dataclass(frozen=True)
class Example:
    """A quarantined record and the value that failed; None where it is missing."""

    key: tuple[str, ...]
    value: str | None


@dataclass(frozen=True)
class FailedRule:
    """A rule that failed on a column (None: on the whole record), and on how many records."""

    rule: str
    column: str | None
    records: int
    examples: tuple[Example, ...]


def failed_rules(
    connection: Connection, tables: MonitorTables, night: Run
) -> tuple[FailedRule, ...]:
    """Each rule that failed in the night, the most frequent first."""
    rows = connection.execute(_examples(tables, night)).all()
    grouped = groupby(rows, lambda row: (row.rule, row.column_name))
    return tuple(_failed_rule(list(same)) for _, same in grouped)


def _examples(tables: MonitorTables, night: Run) -> Select[Any]:
    quarantine = tables.quarantine
    rule = (quarantine.c.rule, quarantine.c.column_name)
    numbered = (
        select(
            *(quarantine.c[name] for name in tables.key),
            *rule,
            quarantine.c.value,
            func.count().over(partition_by=rule).label("records"),
            func.row_number()
            .over(partition_by=rule, order_by=quarantine.c.fingerprint)
            .label("number"),
        )
        .where(quarantine.c.run_id == night.run_id)
        .subquery("numbered")
    )
    order = (numbered.c.records.desc(), numbered.c.rule, numbered.c.column_name, numbered.c.number)
    return select(numbered).where(numbered.c.number <= EXAMPLES).order_by(*order)


def _failed_rule(rows: list[Row[Any]]) -> FailedRule:
    first = rows[0]
    width = len(first) - 5
    examples = tuple(Example(key_texts(row[:width]), row.value) for row in rows)
    return FailedRule(first.rule, first.column_name, first.records, examples)
