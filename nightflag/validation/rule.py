"""One expectation: what it is called, how bad its failure is, and which columns it looks at."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

UNSPOKEN = frozenset({"severity", "meta", "notes", "description"})
LONGEST_SETTING = 80
OF_RECORDS = frozenset(
    {
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_equal",
        "expect_column_pair_values_to_be_in_set",
        "expect_column_value_lengths_to_be_between",
        "expect_column_value_lengths_to_equal",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_be_null",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_not_match_regex",
        "expect_multicolumn_sum_to_equal",
    }
)
"""The usual row expectations: a night that has only these and no record due imports no more."""


class Expectation(Protocol):
    """What this room needs of ``nightflag.monitors.Expectation``."""

    @property
    def type(self) -> str:
        """The expectation's snake-case name."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its keyword arguments, ``severity`` and ``mostly`` among them."""

    @property
    def line(self) -> int | None:
        """The line of the monitor file it stands on, where known."""


def split(
    expectations: Sequence[Expectation],
) -> tuple[tuple[Expectation, ...], tuple[Expectation, ...]]:
    """The row expectations and the table expectations, each in the order given.

    A row expectation says of every single record whether it may be scored. What says something of
    many records together is a table expectation: aggregates and shapes, uniqueness, distance from
    the column's mean, and anything with ``mostly`` below 1, because a share has a meaning for the
    whole window but not for a batch. Raises :class:`ExpectationError` for an unknown name.
    """
    judges = [_judges_records(expectation) for expectation in expectations]
    pairs = list(zip(expectations, judges, strict=True))
    return tuple(one for one, row in pairs if row), tuple(one for one, row in pairs if not row)


def _judges_records(expectation: Expectation) -> bool:
    if expectation.type in OF_RECORDS:
        return bool(expectation.settings.get("mostly", 1) == 1)
    from nightflag.validation import gx

    return gx.judges_records(expectation)


def check_settings(expectations: Sequence[Expectation]) -> None:
    """Nothing, where every expectation exists and accepts its settings.

    Raises :class:`ExpectationError` that names the first wrong expectation and setting.
    """
    if not expectations:
        return
    from nightflag.validation import gx

    for number, expectation in enumerate(expectations):
        gx.configuration(expectation, number)
        gx.check_supported(expectation)


def readable(expectation: Expectation) -> str:
    """The expectation as one line, such as ``expect_column_values_to_not_be_null(column=a1)``."""
    settings = (
        f"{name}={_shortened(value)}"
        for name, value in expectation.settings.items()
        if name not in UNSPOKEN and value is not None
    )
    return f"{expectation.type}({', '.join(settings)})"


def severity(expectation: Expectation) -> str:
    """``critical`` unless the settings say ``warning`` or ``info``."""
    return str(expectation.settings.get("severity", "critical"))


def columns(expectation: Expectation) -> tuple[str, ...]:
    """The columns whose values the expectation looks at; none for one on the whole table."""
    settings = expectation.settings
    single = (settings.get(name) for name in ("column", "column_A", "column_B"))
    return (*(name for name in single if name is not None), *settings.get("column_list", ()))


def _shortened(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_SETTING else f"{text[:LONGEST_SETTING]}…"
