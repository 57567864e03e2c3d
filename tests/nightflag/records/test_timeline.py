"""What a row is seen with: no other entity's rows, none over a gap, no more than the view says."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightflag.features import View
from nightflag.records.timeline import joined
from tests.nightflag.records.series import MINUTE, continued, rows, timeline


def view(length=3, gap=10.0, departure=None, learning=0):
    seconds = None if departure is None else departure * MINUTE
    return View(
        entity=("entity",), length=length, gap=gap * MINUTE, departure=seconds, learning=learning
    )


def test_a_window_is_no_longer_than_the_view():
    found = timeline(["a"] * 5, [0, 1, 2, 3, 4])
    assert found.windows(view(length=3)).tolist() == [0, 0, 0, 1, 2]


def test_a_window_does_not_reach_into_another_entity():
    found = timeline(["a", "a", "b", "b", None, None], [0, 1, 0, 1, 0, 1])
    assert found.windows(view()).tolist() == [0, 0, 2, 2, 4, 4]
    assert found.entities == ("a", "b", "\0")


def test_a_window_starts_anew_after_a_gap_and_not_before_it():
    found = timeline(["a"] * 4, [0, 1, 11, 21.1])
    assert found.windows(view(gap=10.0)).tolist() == [0, 0, 0, 3]


def test_as_many_earlier_rows_are_known_as_the_view_counts():
    found = timeline(["a", "a", "a", "b"], [0, 60, 120, 0])
    assert found.known(view(learning=1)).tolist() == [0, 1, 1, 0]
    assert found.known(view(learning=9)).tolist() == [0, 1, 2, 0]


def changed(*, at, **how):
    """Which fingerprints of eight rows, two entities, change with the value at one place."""
    entities, minutes = ["a"] * 6 + ["b"] * 2, [0, 1, 2, 3, 4, 5, 0, 1]
    values = [1.0] * 8
    before = timeline(entities, minutes, values).fingerprints(view(**how))
    values[at] = 2.0
    after = timeline(entities, minutes, values).fingerprints(view(**how))
    return np.flatnonzero(before != after).tolist()


def test_a_fingerprint_covers_the_rows_of_the_window_and_no_others():
    assert changed(at=1, length=3) == [1, 2, 3]
    assert changed(at=1, length=1) == [1]
    assert changed(at=5, length=3) == [5]
    assert changed(at=6, length=3) == [6, 7]


def test_a_fingerprint_covers_the_rows_of_the_departure():
    assert changed(at=0, length=1, departure=3) == [0, 1, 2, 3]


def test_a_fingerprint_covers_how_many_rows_are_known_and_not_what_they_hold():
    assert changed(at=0, length=1, learning=4) == [0]
    late, early = (timeline(["a"] * 2, [minute, 9]) for minute in (8, 7))
    alone = timeline(["a"], [9])
    seen = view(length=1, learning=2)
    assert late.fingerprints(seen)[1] != alone.fingerprints(seen)[0]
    assert early.known(seen)[1] == late.known(seen)[1] == 1


SERIES = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.floats(-9, 9)), min_size=1, max_size=40
)
VIEWS = st.builds(
    view,
    length=st.integers(1, 6),
    gap=st.sampled_from([1.5, 5.0, 100.0]),
    departure=st.none() | st.integers(1, 12),
    learning=st.integers(0, 4),
)


@settings(deadline=None)
@given(SERIES, VIEWS, st.integers(1, 10))
def test_what_is_carried_over_is_all_that_later_rows_need(series, seen, size):
    """Windows, knowledge and fingerprints are the same in batches of any size."""
    series = sorted(series, key=lambda row: row[:2])
    batch = rows(*map(list, zip(*series, strict=True)))
    whole = continued(None, batch)
    before, parts = None, []
    for start in range(0, len(series), size):
        part = batch.slice(start, size)
        both = continued(before, part)
        new = slice(len(both) - part.num_rows, None)
        behind = np.arange(len(both)) - both.windows(seen)
        parts.append((behind[new], both.known(seen)[new], both.fingerprints(seen)[new]))
        before = both.tail(seen)
        assert len(before) <= max(seen.earlier, 40 if seen.departure else 0)
    behind, known, marks = map(np.concatenate, zip(*parts, strict=True))
    np.testing.assert_array_equal(behind, np.arange(len(whole)) - whole.windows(seen))
    np.testing.assert_array_equal(known, whole.known(seen))
    np.testing.assert_array_equal(marks, whole.fingerprints(seen))


@pytest.mark.parametrize("minutes", [[0, 5, 4, 6], [3, 3, 3, 3]])
def test_times_that_fall_or_tie_keep_their_order(minutes):
    found = timeline(["a"] * 4, minutes)
    assert (np.diff(found.moments) >= 0).all()
    assert found.windows(view(length=2)).tolist() == [0, 0, 1, 2]


PARTS = st.one_of(st.none(), st.text(alphabet="a\0\x1b\x1fen", max_size=3))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(PARTS, PARTS), max_size=30))
def test_entities_of_other_parts_are_other_entities(pairs):
    """Whatever their parts hold: no text stands for NULL, nor for the end of another."""
    batch = pa.record_batch(
        {
            name: pa.array(column, pa.string())
            for name, column in zip("xy", transposed(pairs), strict=True)
        }
    )
    times = pa.array([0] * len(pairs), pa.timestamp("us", "UTC"))
    found = joined(None, batch, times, np.zeros(len(pairs), np.int64), ("x", "y"))
    names = [found.entities[at] for at in found.series]
    assert len({*zip(pairs, names, strict=True)}) == len({*pairs}) == len({*names})


def transposed(pairs):
    return [list(column) for column in zip(*pairs, strict=True)] or [[], []]


def test_the_entities_that_models_know_keep_their_names():
    assert timeline(["a b|c\\", "é", ""], [0, 0, 0]).entities == ("a b|c\\", "é", "")
