"""What is said of values, kind by kind."""

import numpy as np
import pandas as pd
import pytest

from nightflag.features.boolean import Boolean
from nightflag.features.categorical import Categorical
from nightflag.features.numeric import Numeric
from nightflag.features.timestamp import Timestamp
from nightflag.features.wording import Expected, percent

NAN = np.nan


def number(value, low, high, *, dtype=None):
    kind = Numeric.fit(pd.Series([1.0, 2.0, NAN, 4.0], name="amount"))
    ends = np.array([low]), np.array([high])
    expected = Expected(np.array([(low + high) / 2]), *ends)
    (words,) = kind.words(pd.Series([value], name="amount", dtype=dtype), expected)
    return words


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (4210.0, 35.2, 60.4, "4,210 where 35 to 60 was expected"),
        (60.7, 35.2, 60.4, "60.7 where 35.2 to 60.4 was expected"),
        (50.0, 35.2, 60.4, "50, within the expected 35 to 60"),
        (0.5, 0.0101, 0.0125, "0.50 where 0.0101 to 0.0125 was expected"),
        (1e6, 1.41, 8.59, "1,000,000 where 1.4 to 8.6 was expected"),
        (-3.0, -1.2, 0.0, "-3.0 where -1.2 to 0.0 was expected"),
        (1234567.0, 0.0, 1000.0, "1,234,567 where 0 to 1,000 was expected"),
        (2.5e20, 35.0, 60.0, "2.5e+20 where 35 to 60 was expected"),
        (3e-14, 1e-14, 2e-14, "3e-14 where 1e-14 to 2e-14 was expected"),
        (np.inf, 35.0, 60.0, "inf where 35 to 60 was expected"),
        (7.0, 5.0, 5.0, "7.0 where 5.0 was expected"),
        (5.0, 5.0, 5.0, "5.0, as expected"),
        (NAN, 11.0, 13.0, "missing where 11.0 to 13.0 was expected"),
        (12.0, NAN, NAN, "12 where nothing was expected"),
        (NAN, NAN, NAN, "missing, as in 25 % of the training records"),
    ],
)
def test_a_number_is_told_beside_its_range(value, low, high, words):
    assert number(value, low, high) == words


def test_whole_numbers_have_no_decimals():
    assert number(9, 1.8, 3.1, dtype="int64") == "9 where 2 to 3 was expected"


def test_as_many_sentences_as_numbers_at_once():
    kind = Numeric.fit(pd.Series([1.0, 2.0], name="amount"))
    ends = np.full(50_000, 0.0), np.full(50_000, 2.0)
    column = pd.Series(np.linspace(0, 9, 50_000), name="amount")
    assert len(kind.words(column, Expected(ends[1], *ends))) == 50_000


def told(kind, values, expected):
    unknown = np.full(len(values), NAN)
    other = Expected(np.array(expected, dtype=object), unknown, unknown)
    return kind.words(pd.Series(values, name="any", dtype=object), other)


def test_a_level_is_told_by_how_rare_it_is():
    kind = Categorical.fit(pd.Series(["north"] * 396 + ["south"] + [None] * 3, name="shop"))
    assert told(
        kind,
        ["south", "north", "west", None, "north", None],
        ["north", "north", "south", "north", None, None],
    ) == [
        "'south' seen in 0.25 % of the training records, 'north' was expected",
        "'north' seen in 99 % of the training records",
        "'west' never seen in training, 'south' was expected",
        "missing in 0.75 % of the training records, 'north' was expected",
        "'north' seen in 99 % of the training records, nothing was expected",
        "missing in 0.75 % of the training records",
    ]


def test_a_level_that_training_held_too_many_of_is_among_the_rare_ones():
    kind = Categorical.fit(pd.Series([f"{at}" for at in range(60) for _ in range(60 - at // 2)]))
    (words,) = told(kind, ["59"], ["other"])
    assert words == "'59' not among the 50 usual in training"
    (words,) = told(kind, ["0"], ["other"])
    assert words.endswith(", a rare one was expected")


def test_a_truth_is_told_by_how_rare_it_is():
    kind = Boolean.fit(pd.Series([True] * 3 + [False] * 997, name="any"))
    assert told(kind, [True, False, None], [False, False, True]) == [
        "true as in 0.3 % of the training records, false was expected",
        "false as in 100 % of the training records",
        "missing where true was expected",
    ]


def test_a_moment_is_told_by_its_rare_hour_or_weekday():
    working = pd.date_range("2024-01-01", periods=24 * 28, freq="h")
    working = working[(working.hour > 7) & (working.hour < 20) & (working.weekday < 5)]
    kind = Timestamp.fit(pd.Series([*working, pd.Timestamp("2024-01-02 03:10")], name="at"))
    at = pd.to_datetime(["2024-02-06 03:12", "2024-02-11 12:30", "2024-02-06 12:30", None])
    assert told(kind, list(at), ["Tue 14:00"] * 4) == [
        "Tue 03:12, hour 03 seen in 0.41 % of the training records, Tue 14:00 was expected",
        "Sun 12:30, Sun never seen in training, Tue 14:00 was expected",
        "Tue 12:30, Tue 14:00 was expected",
        "missing where Tue 14:00 was expected",
    ]


def test_the_counts_of_hours_and_days_are_kept():
    kind = Timestamp.fit(pd.Series(pd.date_range("2024-01-01", periods=24 * 14, freq="h")))
    assert Timestamp.model_validate_json(kind.model_dump_json()) == kind
    assert (kind.hours, kind.days) == ((14,) * 24, (48,) * 7)


def test_shares_have_two_digits():
    assert [percent(one, 1_000) for one in (2, 25, 123, 1_000)] == [
        "0.2 %",
        "2.5 %",
        "12 %",
        "100 %",
    ]
