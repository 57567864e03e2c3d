"""Row expectations: every failing record of a batch, with rule, column and value."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nightflag.errors import ExpectationError
from nightflag.validation.rule import Expectation, columns, readable, severity
from nightflag.validation.times import comparable_times

if TYPE_CHECKING:
    from nightflag.validation.gx import Judgement


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many records of a batch, a partition or a night failed one rule."""

    rule: str
    severity: str
    checked: int
    failed: int


@dataclass(frozen=True, slots=True)
class Failures:
    """What a batch did not fulfil.

    ``records`` has one line for each record and critical rule it failed, ordered by row and then by
    rule: ``row`` (int, position in the batch), ``rule``, ``column`` and ``value`` (text, or None
    for a null). ``counts`` has every rule, whatever its severity, in the order of the monitor.
    """

    records: pd.DataFrame
    counts: tuple[RuleCount, ...]


def total(counts: Iterable[Sequence[RuleCount]]) -> tuple[RuleCount, ...]:
    """The counts of several batches of one suite, added up rule by rule."""
    return tuple(
        replace(
            same[0],
            checked=sum(one.checked for one in same),
            failed=sum(one.failed for one in same),
        )
        for same in zip(*counts, strict=True)
    )


class RowSuite:
    """The row expectations of a monitor, prepared once and then checked on many batches."""

    def __init__(self, expectations: Sequence[Expectation]) -> None:
        """Raises :class:`ExpectationError` for an unknown name or a wrong setting."""
        self._expectations = tuple(expectations)
        if self._expectations:
            from nightflag.validation import gx

            self._prepared = [gx.configuration(one, at) for at, one in enumerate(expectations)]

    def check(self, frame: pd.DataFrame) -> Failures:
        """Every failing record of ``frame``, none cut off; an empty frame fails nothing.

        Nulls fail nothing but the rules about nulls. Dates in the settings are read in the time
        zone of the column. Raises :class:`ExpectationError` for a missing column, and for a rule
        that cannot be judged on a column's type.
        """
        self._check_columns(frame)
        if frame.empty or not self._expectations:
            failed: list[list[int]] = [[] for _ in self._expectations]
        else:
            failed = self._failed_rows(frame.reset_index(drop=True))
        return Failures(self._records(frame, failed), self._counts(len(frame), failed))

    def _check_columns(self, frame: pd.DataFrame) -> None:
        for expectation in self._expectations:
            missing = [name for name in columns(expectation) if name not in frame.columns]
            if missing:
                raise missing_column(missing[0], expectation, list(frame.columns))

    def _failed_rows(self, frame: pd.DataFrame) -> list[list[int]]:
        from nightflag.validation import gx

        configurations = [
            gx.configuration(expectation, number, times=times) if times else self._prepared[number]
            for number, expectation in enumerate(self._expectations)
            for times in [comparable_times(expectation, frame)]
        ]
        judgements = gx.judged_frame(frame, configurations)
        return list(map(_failed, self._expectations, judgements))

    def _records(self, frame: pd.DataFrame, failed: Sequence[list[int]]) -> pd.DataFrame:
        parts = [
            _rule_records(frame, expectation, rows)
            for expectation, rows in zip(self._expectations, failed, strict=True)
            if rows and severity(expectation) == "critical"
        ]
        if not parts:
            return _frame([], "", "", [])
        return pd.concat(parts, ignore_index=True).sort_values(
            "row", kind="stable", ignore_index=True
        )

    def _counts(self, checked: int, failed: Sequence[list[int]]) -> tuple[RuleCount, ...]:
        return tuple(
            RuleCount(readable(expectation), severity(expectation), checked, len(rows))
            for expectation, rows in zip(self._expectations, failed, strict=True)
        )


def missing_column(
    column: str, expectation: Expectation, available: Sequence[str]
) -> ExpectationError:
    """The error for an expectation on a column that is not among tonight's."""
    return ExpectationError(
        f"{readable(expectation)} looks at column {column!r}, which is not there.",
        expected=f"one of the columns {', '.join(map(str, available))}",
        mend="correct the column's name in the monitor, or bring the column back",
    )


def _failed(expectation: Expectation, judgement: "Judgement") -> list[int]:
    if judgement.trouble is not None:
        raise _unjudged(expectation, judgement.trouble)
    if judgement.success:
        return []
    if "unexpected_index_list" not in judgement.result:
        observed = judgement.result.get("observed_value")
        raise _unjudged(expectation, f"the column as a whole is {observed}")
    return list(judgement.result["unexpected_index_list"])


def _unjudged(expectation: Expectation, reason: str) -> ExpectationError:
    return ExpectationError(
        f"{readable(expectation)} could not be judged: {reason}",
        expected="settings of the same type as the column's values",
        mend="correct the settings, or let the monitor's query cast the column",
    )


def _rule_records(frame: pd.DataFrame, expectation: Expectation, rows: list[int]) -> pd.DataFrame:
    names = columns(expectation)
    texts = [_texts(frame[name].iloc[rows]) for name in names]
    if len(names) == 1:
        return _frame(rows, readable(expectation), names[0], texts[0])
    values = [
        ", ".join(f"{name}={text}" for name, text in zip(names, row, strict=True))
        for row in zip(*texts, strict=True)
    ]
    return _frame(rows, readable(expectation), ", ".join(names), values)


def _frame(
    rows: Sequence[int], rule: str, column: str, values: Sequence[str | None]
) -> pd.DataFrame:
    texts = pd.DataFrame({"rule": rule, "column": column, "value": list(values)}, dtype="object")
    texts.insert(0, "row", np.array(rows, dtype="int64"))
    return texts


def _texts(values: pd.Series) -> list[str | None]:
    """The values as text that every database can hold; None for a null."""
    return [
        None if null else str(value).replace("\0", "\\0")
        for value, null in zip(values, values.isna(), strict=True)
    ]
