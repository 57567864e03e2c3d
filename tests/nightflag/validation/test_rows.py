import datetime
import gc
import socket
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightflag.errors import ExpectationError
from nightflag.monitors import Expectation
from nightflag.validation import RowSuite, total


def expect(name: str, **settings: Any) -> Expectation:
    return Expectation(type=name, settings=settings)


def between(column: str, **settings: Any) -> Expectation:
    return expect("expect_column_values_to_be_between", column=column, **settings)


def not_null(column: str, **settings: Any) -> Expectation:
    return expect("expect_column_values_to_not_be_null", column=column, **settings)


def failures(frame: pd.DataFrame, *expectations: Expectation) -> list[tuple[Any, ...]]:
    records = RowSuite(expectations).check(frame).records
    return list(records[["row", "column", "value"]].itertuples(index=False, name=None))


def test_every_one_of_25_000_failing_records_is_reported() -> None:
    frame = pd.DataFrame({"amount": np.tile([1.0, -1.0], 25_000)})
    checked = RowSuite([between("amount", min_value=0)]).check(frame)
    assert checked.records["row"].tolist() == list(range(1, 50_000, 2))
    assert checked.counts[0].failed == 25_000


def test_a_record_that_fails_two_rules_has_a_line_for_each() -> None:
    frame = pd.DataFrame({"amount": [5.0, -3.0], "country": ["DE", "??"]})
    suite = RowSuite(
        [
            between("amount", min_value=0),
            expect("expect_column_values_to_match_regex", column="country", regex="^[A-Z]{2}$"),
        ]
    )
    assert suite.check(frame).records.to_dict("records") == [
        {
            "row": 1,
            "rule": "expect_column_values_to_be_between(column=amount, min_value=0)",
            "column": "amount",
            "value": "-3.0",
        },
        {
            "row": 1,
            "rule": "expect_column_values_to_match_regex(column=country, regex=^[A-Z]{2}$)",
            "column": "country",
            "value": "??",
        },
    ]


def test_nulls_fail_only_the_rules_about_nulls() -> None:
    frame = pd.DataFrame({"amount": [np.nan, 2.0], "country": [None, "DE"]})
    assert failures(frame, between("amount", min_value=0)) == []
    assert failures(frame, not_null("country"), not_null("amount")) == [
        (0, "country", None),
        (0, "amount", None),
    ]


def test_a_column_that_is_null_throughout_is_within_any_range() -> None:
    assert failures(pd.DataFrame({"amount": [None, None]}), between("amount", min_value=0)) == []


def test_rows_are_positions_whatever_the_index_says() -> None:
    frame = pd.DataFrame({"amount": [1.0, -1.0]}, index=[70, 80])
    assert failures(frame, between("amount", min_value=0)) == [(1, "amount", "-1.0")]


def test_a_warning_is_counted_but_fails_no_record() -> None:
    checked = RowSuite(
        [between("amount", min_value=0, severity="warning"), between("amount", max_value=9)]
    ).check(pd.DataFrame({"amount": [-1.0, -2.0, 3.0, 10.0]}))
    assert checked.records["row"].tolist() == [3]
    assert [(one.severity, one.checked, one.failed) for one in checked.counts] == [
        ("warning", 4, 2),
        ("critical", 4, 1),
    ]


def test_an_empty_batch_fails_nothing_and_has_the_same_columns() -> None:
    full = pd.DataFrame({"amount": [-1.0]})
    suite = RowSuite([between("amount", min_value=0)])
    empty = suite.check(full.iloc[:0])
    assert empty.counts[0].failed == 0
    assert empty.records.empty
    assert list(empty.records.dtypes) == list(suite.check(full).records.dtypes)


@pytest.mark.parametrize("rows", [0, 2])
def test_a_missing_column_is_an_error_that_names_it_and_the_rule(rows: int) -> None:
    frame = pd.DataFrame({"amount": [1.0] * rows})
    with pytest.raises(ExpectationError) as caught:
        RowSuite([between("amuont", min_value=0)]).check(frame)
    assert "'amuont'" in caught.value.what
    assert "expect_column_values_to_be_between" in caught.value.what
    assert "amount" in caught.value.expected


def test_a_rule_on_two_columns_shows_both_values() -> None:
    frame = pd.DataFrame({"ends": [3, 1], "starts": [1, 2]})
    later = expect(
        "expect_column_pair_values_a_to_be_greater_than_b", column_A="ends", column_B="starts"
    )
    assert failures(frame, later) == [(1, "ends, starts", "ends=1, starts=2")]


@pytest.mark.parametrize("name", ["order", 'Tab "le"', "a%b:c", "{brace}"])
def test_columns_may_have_any_name(name: str) -> None:
    frame = pd.DataFrame({name: [1.0, None, -1.0]})
    assert failures(frame, between(name, min_value=0), not_null(name)) == [
        (1, name, None),
        (2, name, "-1.0"),
    ]


@pytest.mark.parametrize(
    "since", ["2026-01-02", datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2)]
)
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_dates_of_every_kind_compare_with_timestamps(since: object, zone: str | None) -> None:
    days = pd.to_datetime(["2026-01-01", "2026-01-02", None]).tz_localize(zone)
    early = failures(pd.DataFrame({"when": days}), between("when", min_value=since))
    assert [row for row, _, _ in early] == [0]


def test_dates_in_a_set_compare_with_timestamps() -> None:
    frame = pd.DataFrame({"when": pd.to_datetime(["2026-01-01", "2026-01-02"])})
    in_set = expect("expect_column_values_to_be_in_set", column="when", value_set=["2026-01-01"])
    assert [row for row, _, _ in failures(frame, in_set)] == [1]


def test_a_date_that_is_none_is_an_error() -> None:
    frame = pd.DataFrame({"when": pd.to_datetime(["2026-01-01"])})
    with pytest.raises(ExpectationError, match="'last Tuesday'"):
        RowSuite([between("when", min_value="last Tuesday")]).check(frame)


def test_a_rule_that_does_not_fit_the_type_of_its_column_is_one_clear_error() -> None:
    frame = pd.DataFrame({"country": ["DE"]})
    with pytest.raises(ExpectationError) as caught:
        RowSuite([between("country", min_value=0)]).check(frame)
    assert "column=country" in caught.value.what
    assert "Traceback" not in str(caught.value)


def test_a_value_with_a_nul_byte_becomes_text_a_database_can_hold() -> None:
    frame = pd.DataFrame({"country": ["D\0E"]})
    in_set = expect("expect_column_values_to_be_in_set", column="country", value_set=["DE"])
    assert failures(frame, in_set) == [(0, "country", "D\\0E")]


@settings(max_examples=10, deadline=None)
@given(
    amounts=st.lists(st.none() | st.floats(-2, 2), min_size=1, max_size=30),
    size=st.integers(1, 30),
)
def test_batches_of_any_size_fail_the_same_records(amounts: list[float | None], size: int) -> None:
    frame = pd.DataFrame({"amount": pd.Series(amounts, dtype="float64")})
    suite = RowSuite([between("amount", min_value=0), not_null("amount", severity="info")])
    whole = suite.check(frame)
    starts = range(0, len(frame), size)
    parts = [suite.check(frame.iloc[start : start + size]) for start in starts]
    rows = [
        row + start
        for start, part in zip(starts, parts, strict=True)
        for row in part.records["row"]
    ]
    assert rows == whole.records["row"].tolist()
    assert total(part.counts for part in parts) == whole.counts


def test_partitions_can_be_checked_at_the_same_time() -> None:
    suite = RowSuite([between("amount", min_value=0), not_null("amount")])
    frames = [pd.DataFrame({"amount": [1.0, -1.0, None] * times}) for times in (1, 2, 3, 4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(suite.check, frames))
    assert [len(one.records) for one in together] == [2, 4, 6, 8]


def test_a_checked_batch_is_let_go_so_that_memory_does_not_grow_with_the_table() -> None:
    suite = RowSuite([between("amount", min_value=0), not_null("amount")])
    suite.check(pd.DataFrame({"amount": [1.0, -1.0]}))
    gc.collect()
    gc.disable()
    try:
        amounts = np.array([1.0, -1.0, np.nan])
        held = weakref.ref(amounts)
        suite.check(pd.DataFrame({"amount": pd.Series(amounts, copy=False)}, copy=False))
        del amounts
        assert held() is None
    finally:
        gc.enable()


def test_checking_says_nothing_and_sends_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("validation opened a connection to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    failures(pd.DataFrame({"amount": [-1.0]}), between("amount", min_value=0))
    assert capfd.readouterr() == ("", "")
