"""Durations are written in words and mean the same when they are read back."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightflag.monitors.durations import LONGEST, PATTERN, parse, write


@pytest.mark.parametrize(
    ("words", "duration"),
    [
        ("2 days", timedelta(days=2)),
        ("36 hours", timedelta(hours=36)),
        ("90 minutes", timedelta(minutes=90)),
        ("1 day 12 hours", timedelta(days=1, hours=12)),
        ("2 Weeks", timedelta(days=14)),
        ("0", timedelta(0)),
        (0, timedelta(0)),
    ],
)
def test_words_mean_a_duration(words: object, duration: timedelta) -> None:
    assert parse(words) == duration


@given(st.integers(0, int(LONGEST.total_seconds())))
def test_a_written_duration_reads_back_the_same(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse(write(duration)) == duration
    assert re.search(PATTERN, write(duration))


def test_a_duration_is_written_in_the_largest_units() -> None:
    assert write(timedelta(hours=36)) == "1 day 12 hours"


@pytest.mark.parametrize(
    "words",
    ["", "7", 7, True, False, None, "2d", "-1 day", "1.5 days", "1 day 2 days", "two days"],
)
def test_anything_else_is_refused(words: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse(words)


def test_a_duration_longer_than_a_century_is_refused() -> None:
    with pytest.raises(ValueError, match="36500 days"):
        parse("9999999999 weeks")
