from typing import Any

import numpy as np
import pandas as pd
import pytest

from nightflag.monitors import Expectation
from nightflag.validation import RowSuite, check_settings, propose, split

SAMPLE = pd.DataFrame(
    {
        "id": range(100),
        "when": pd.date_range("2026-01-01", periods=100, freq="h"),
        "amount": np.linspace(10, 60, 100),
        "balance": np.linspace(-50, 50, 100),
        "visits": [1, 2, 3, 4] * 25,
        "session": range(1000, 1100),
        "constant": 5.0,
        "country": ["DE", "FR"] * 50,
        "remark": [f"remark {number}" for number in range(100)],
        "sometimes": [1.0, None] * 50,
        "never": pd.Series([None] * 100, dtype="float64"),
        "vip": [True, False] * 50,
    }
)


def proposed(column: str, name: str) -> dict[str, Any] | None:
    found = [
        one[name]
        for one in propose(SAMPLE, key=["id"], time="when")
        if name in one and one[name].get("column") == column
    ]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("column", "low", "high"),
    [("amount", 0, 110), ("balance", -150, 150), ("visits", 0, 7)],
)
def test_numbers_may_leave_their_range_by_its_width_but_not_turn_negative(
    column: str, low: float, high: float
) -> None:
    settings = proposed(column, "expect_column_values_to_be_between")
    assert settings == {
        "column": column,
        "min_value": low,
        "max_value": high,
        "severity": "warning",
    }


@pytest.mark.parametrize("column", ["id", "session", "constant", "never", "vip", "country"])
def test_identifiers_constants_and_what_is_no_number_get_no_range(column: str) -> None:
    assert proposed(column, "expect_column_values_to_be_between") is None


def test_a_text_of_few_levels_warns_of_new_ones() -> None:
    assert proposed("country", "expect_column_values_to_be_in_set") == {
        "column": "country",
        "value_set": ["DE", "FR"],
        "severity": "warning",
    }
    assert proposed("remark", "expect_column_values_to_be_in_set") is None


def test_key_and_time_must_not_be_null_and_what_never_was_warns() -> None:
    name = "expect_column_values_to_not_be_null"
    assert proposed("id", name) == {"column": "id"}
    assert proposed("when", name) == {"column": "when"}
    assert proposed("amount", name) == {"column": "amount", "severity": "warning"}
    assert proposed("sometimes", name) is None


def test_an_empty_sample_still_asks_for_keys_and_records() -> None:
    proposals = propose(SAMPLE.iloc[:0], key=["id"], time="when")
    assert [next(iter(one)) for one in proposals] == [
        "expect_table_row_count_to_be_between",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_not_be_null",
    ]


def test_the_sample_fulfils_what_is_proposed_for_it() -> None:
    proposals = propose(SAMPLE, key=["id"], time="when")
    expectations = [Expectation.model_validate(one) for one in proposals]
    check_settings(expectations)
    rows, table = split(expectations)
    assert [one.type for one in table] == ["expect_table_row_count_to_be_between"]
    assert all(count.failed == 0 for count in RowSuite(rows).check(SAMPLE).counts)
