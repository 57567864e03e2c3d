"""What became of each expectation is kept as the night had it, and read back."""

from collections.abc import Iterator
from datetime import date

import pytest

from nightflag.databases import Database, connect
from nightflag.monitors import Expectation
from nightflag.results.setup import upgrade
from nightflag.validation import RuleCount, TableFinding, outcomes
from nightflag.validation.outcome import keep, of_night, warnings

NULLS = "expect_column_values_to_not_be_null"
ROWS = "expect_table_row_count_to_be_between"
BETWEEN = "expect_column_values_to_be_between"
EXPECTED = [
    Expectation(type=NULLS, settings={"column": "shop: a\nb"}),
    Expectation(type=ROWS, settings={"min_value": 5, "severity": "warning"}),
    Expectation(
        type=BETWEEN,
        settings={"column": "day", "min_value": date(2026, 1, 1), "severity": "warning"},
    ),
    Expectation(type=NULLS, settings={"column": "note", "severity": "info"}),
]
COUNTS = [
    RuleCount("shop", "critical", 9, 2),
    RuleCount("day", "warning", 9, 3),
    RuleCount("note", "info", 9, 9),
]


@pytest.fixture
def results(database_url: str) -> Iterator[Database]:
    database = connect(database_url)
    upgrade(database)
    yield database
    database.close()


def test_it_is_kept_in_place_of_an_earlier_attempt(results: Database) -> None:
    found = outcomes(EXPECTED, COUNTS, [TableFinding("rows", "warning", False, "3")])
    with results.writing() as connection:
        keep(connection, "shop", 7, found[:1])
        keep(connection, "shop", 8, ())
        keep(connection, "shop", 7, found)
    with results.reading() as connection:
        known = of_night(connection, "shop", 7)
        assert of_night(connection, "shop", 8) == ()
    assert [(one.severity, one.held, one.checked, one.failed) for one in known] == [
        ("critical", False, 9, 2),
        ("warning", False, 9, 3),
        ("info", False, 9, 9),
        ("warning", False, None, None),
    ]
    assert known[0] == found[0]
    assert known[1].settings["min_value"] == "2026-01-01"
    assert (known[3].type, known[3].observed) == (ROWS, "3")


def test_failed_warnings_are_told_and_nothing_else_is() -> None:
    found = outcomes(EXPECTED, COUNTS, [TableFinding("rows", "warning", False, "3")])
    assert list(warnings(found)) == [
        f"{BETWEEN}(column=day, min_value=2026-01-01): failed by 3 of 9 records, none held back"
        " for it",
        f"{ROWS}(min_value=5): observed 3",
    ]


def test_where_nothing_was_due_no_record_failed() -> None:
    found = outcomes(EXPECTED, (), [TableFinding("rows", "warning", True, "7")])
    assert [(one.held, one.checked) for one in found] == [(True, 0)] * 3 + [(True, None)]
    assert list(warnings(found)) == []
