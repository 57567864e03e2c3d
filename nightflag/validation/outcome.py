"""What became of a night's expectations, kept by the transaction that publishes it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

from sqlalchemy import Connection

from nightflag.queries import run
from nightflag.validation.rows import RuleCount
from nightflag.validation.rule import Expectation, readable, severity, split
from nightflag.validation.table import TableFinding


@dataclass(frozen=True, slots=True)
class Outcome:
    """One expectation as the night had it, and what became of it.

    A row expectation has counts of records, one on the table what was ``observed``.
    """

    rule: str
    type: str
    settings: Mapping[str, Any]
    severity: str
    held: bool
    checked: int | None = None
    failed: int | None = None
    observed: str | None = None


def outcomes(
    expectations: Sequence[Expectation],
    counts: Sequence[RuleCount],
    findings: Sequence[TableFinding],
) -> tuple[Outcome, ...]:
    """Those on records by their ``counts``, and then those on the table by the ``findings``.

    Where nothing was due there are no counts: no record failed.
    """
    of_records, of_table = split(expectations)
    none_due = [RuleCount(readable(one), severity(one), 0, 0) for one in of_records]
    by_count = map(_of_records, of_records, counts or none_due)
    return (*by_count, *map(_of_table, of_table, findings))


def keep(connection: Connection, monitor: str, run_id: int, found: Iterable[Outcome]) -> None:
    """Write down what became of the expectations, in place of what an earlier attempt found."""
    run(connection, "forget_expectations", monitor=monitor, run_id=run_id)
    for number, one in zip(count(1), found):
        settings = json.dumps(dict(one.settings), default=str, ensure_ascii=False)
        place = {"monitor": monitor, "run_id": run_id, "number": number}
        run(connection, "keep_expectation", **{**place, **asdict(one), "settings": settings})


def of_night(connection: Connection, monitor: str, run_id: int) -> tuple[Outcome, ...]:
    """What became of each expectation of the night; nothing of nights that did not keep it."""
    rows = run(connection, "expectations_of_night", monitor=monitor, run_id=run_id).mappings()
    return tuple(_of_row(dict(row)) for row in rows)


def warnings(found: Iterable[Outcome]) -> Iterator[str]:
    """A sentence for each expectation of severity ``warning`` that did not hold."""
    for one in found:
        if one.severity == "warning" and not one.held:
            yield f"{one.rule}: {_failure(one)}"


def _failure(one: Outcome) -> str:
    if one.failed is None:
        return f"observed {one.observed}"
    return f"failed by {one.failed:,} of {one.checked:,} records, none held back for it"


def _of_records(expectation: Expectation, found: RuleCount) -> Outcome:
    return _outcome(expectation, held=not found.failed, checked=found.checked, failed=found.failed)


def _of_table(expectation: Expectation, found: TableFinding) -> Outcome:
    return _outcome(expectation, held=found.success, observed=found.observed)


def _outcome(expectation: Expectation, **found: Any) -> Outcome:
    rule, kind = readable(expectation), expectation.type
    return Outcome(rule, kind, expectation.settings, severity(expectation), **found)


def _of_row(row: Mapping[str, Any]) -> Outcome:
    names = ("rule", "type", "severity", "checked", "failed", "observed")
    known = {name: row[name] for name in names}
    return Outcome(**known, settings=json.loads(row["settings"]), held=bool(row["held"]))
