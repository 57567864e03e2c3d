import subprocess
import sys
from typing import Any

import pytest

from nightflag.errors import ExpectationError
from nightflag.monitors import Expectation
from nightflag.validation import check_settings, gx, split
from nightflag.validation.rule import OF_RECORDS


def expect(name: str, *, line: int | None = None, **settings: Any) -> Expectation:
    return Expectation(type=name, settings=settings, line=line)


@pytest.mark.parametrize(
    "expectation",
    [
        expect("expect_column_values_to_not_be_null", column="a"),
        expect("expect_column_value_lengths_to_equal", column="a", value=3),
        expect("expect_column_pair_values_to_be_equal", column_A="a", column_B="b"),
        expect("expect_multicolumn_sum_to_equal", column_list=["a", "b"], sum_total=1),
        expect("expect_column_values_to_not_be_null", column="a", mostly=1),
    ],
    ids=lambda expectation: expectation.type,
)
def test_what_judges_each_record_is_a_row_expectation(expectation: Expectation) -> None:
    assert split([expectation]) == ((expectation,), ())


@pytest.mark.parametrize(
    "expectation",
    [
        expect("expect_column_mean_to_be_between", column="a", min_value=0),
        expect("expect_table_row_count_to_be_between", min_value=1),
        expect("expect_column_to_exist", column="a"),
        expect("expect_column_values_to_be_unique", column="a"),
        expect("expect_compound_columns_to_be_unique", column_list=["a", "b"]),
        expect("expect_column_value_z_scores_to_be_less_than", column="a", threshold=3),
        expect("expect_column_values_to_not_be_null", column="a", mostly=0.9),
    ],
    ids=lambda expectation: expectation.type,
)
def test_what_needs_the_whole_window_is_a_table_expectation(expectation: Expectation) -> None:
    assert split([expectation]) == ((), (expectation,))


@pytest.mark.parametrize("mostly", [1, 0.9])
def test_the_usual_row_expectations_are_told_as_great_expectations_tells_them(
    mostly: float,
) -> None:
    expectations = [expect(name, mostly=mostly) for name in sorted(OF_RECORDS)]
    assert split(expectations)[mostly != 1] == tuple(expectations)
    assert all(gx.judges_records(one) is (mostly == 1) for one in expectations)


def test_an_unknown_expectation_is_answered_with_the_nearest_and_its_line() -> None:
    with pytest.raises(ExpectationError) as caught:
        split([expect("expect_column_values_to_be_btween", line=7, column="a")])
    assert "Line 7" in str(caught.value)
    assert "expect_column_values_to_be_between" in caught.value.mend


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"column": "a", "min": 0}, "takes no 'min'"),
        ({"min_value": 0}, "'column' is missing"),
        ({"column": "a", "min_value": 0, "mostly": 3}, "mostly=3"),
        ({"column": "a", "min_value": 0, "severity": "fatal"}, "severity='fatal'"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_accepted(
    settings: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ExpectationError) as caught:
        check_settings([expect("expect_column_values_to_be_between", line=3, **settings)])
    assert caught.value.what.startswith("Line 3: expect_column_values_to_be_between")
    assert complaint in caught.value.what
    assert "min_value" in caught.value.expected
    assert "\n" not in caught.value.what


def test_a_row_expectation_only_sql_can_judge_is_refused_before_the_night() -> None:
    like = expect("expect_column_values_to_match_like_pattern", column="a", like_pattern="x%")
    with pytest.raises(ExpectationError, match="cannot be judged record by record"):
        check_settings([like])


def test_right_settings_pass() -> None:
    check_settings(
        [
            expect("expect_column_values_to_be_between", column="a", min_value=0),
            expect("expect_column_values_to_be_in_set", column="a", value_set=["x"], mostly=0.9),
        ]
    )


def test_a_night_without_expectations_never_imports_great_expectations() -> None:
    night = """
import sys, pandas
from nightflag.validation import RowSuite, check_settings, check_table, split
check_settings([])
rows, table = split([])
RowSuite(rows).check(pandas.DataFrame({"a": [1.0]}))
check_table("sqlite:///none.db", "SELECT 1", table)
sys.exit("great_expectations" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", night], check=False).returncode == 0
