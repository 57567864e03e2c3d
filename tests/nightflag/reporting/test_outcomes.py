"""What became of each expectation."""

from nightflag.monitors import Expectation
from nightflag.reporting.outcomes import outcomes

AMOUNT = "expect_column_values_to_not_be_null"
EXPECTED = [
    Expectation(type=AMOUNT, settings={"column": "amount"}),
    Expectation(type=AMOUNT, settings={"column": "shop"}),
    Expectation(type=AMOUNT, settings={"column": "place", "severity": "warning"}),
    Expectation(type="expect_table_row_count_to_be_between", settings={"min_value": 5}),
    Expectation(type=AMOUNT, settings={"column": "note", "severity": "info"}),
]


def test_each_expectation_held_or_says_what_failed():
    failed = {f"{AMOUNT}(column=shop)": 7, "event_time_is_readable": 2}
    warnings = ("freshness", f"{AMOUNT}(column=place): failed by 3 of 9 records")
    found = outcomes(EXPECTED, failed, warnings)
    assert [one.held for one in found] == [True, False, False, True]
    assert [one.records for one in found] == [0, 7, 0, 0]
    assert found[2].warning == "failed by 3 of 9 records"
    assert [one.severity for one in found] == ["critical", "critical", "warning", "critical"]
