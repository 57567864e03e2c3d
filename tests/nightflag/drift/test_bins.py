"""Every value has a place, whatever it is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightflag import features
from nightflag.drift.bins import Ranges, Values, bins_of, bins_of_numbers

ANY_NUMBERS = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=200)


def column(values: object) -> "pd.Series[float]":
    return pd.Series(values, name="x")


@given(ANY_NUMBERS, ANY_NUMBERS)
def test_any_number_has_a_place(known: list[float], asked: list[float]) -> None:
    bins = bins_of_numbers(np.array(known))
    places = bins.places(column(asked))
    assert ((places >= 0) & (places <= bins.size + 1)).all()
    assert (places == bins.size + 1).tolist() == np.isnan(asked).tolist()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=30, max_size=200))
def test_ranges_survive_being_written_and_hold_the_known_numbers(known: list[float]) -> None:
    bins = bins_of_numbers(np.array(known))
    assert type(bins).model_validate_json(bins.model_dump_json()) == bins
    if len(known) < 500:
        assert (bins.places(column(known)) < bins.size).mean() > 0.9


def test_ranges_of_many_numbers_hold_about_as_many_each_and_end_beyond_them() -> None:
    known = np.random.default_rng(0).normal(size=10_000)
    bins = bins_of_numbers(known)
    assert isinstance(bins, Ranges)
    counts = np.bincount(bins.places(column(known)), minlength=22)
    assert counts[:20].min() > 490
    assert counts[20:].tolist() == [0, 0]
    assert bins.places(column([-1e9, 1e9, np.inf, np.nan])).tolist() == [20, 20, 20, 21]


def test_a_broken_record_in_training_does_not_widen_what_is_usual() -> None:
    known = np.r_[np.random.default_rng(0).normal(size=10_000), 1e9]
    assert bins_of_numbers(known).places(column([1e6])).tolist() == [20]


def test_a_few_numbers_are_places_of_their_own_and_others_are_new() -> None:
    bins = bins_of_numbers(np.array([0.0, 3, 1, 3, np.nan]))
    assert bins == Values(values=(0.0, 1.0, 3.0))
    assert bins.places(column([3, 0, 2, None, -1, 9])).tolist() == [2, 0, 3, 4, 3, 3]


def test_a_column_of_nulls_only_calls_every_value_new() -> None:
    assert bins_of_numbers(np.array([np.nan])).places(column([1.0, np.nan])).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("kind", "known", "asked", "places"),
    [
        ("categorical", ["a", "b", "a"], ["b", "c", None, "a"], [1, 2, 3, 0]),
        ("boolean", [True, False, None], [False, None, True], [0, 3, 1]),
        ("timestamp", ["2026-01-01", None], ["2027-05-01", None], [0, 2]),
        ("numeric", [1, 2, 2], [2, 5, None], [1, 2, 3]),
    ],
)
def test_each_kind_counts_what_can_drift_in_it(
    kind: str, known: list[object], asked: list[object], places: list[int]
) -> None:
    made = features.KINDS[kind].fit(column(known))
    assert bins_of(made, column(known)).places(column(asked)).tolist() == places
