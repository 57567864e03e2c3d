"""A night is cut into slices that follow on one another and miss nothing."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nightflag.slices import cut, whole
from nightflag.windows import Window

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@given(
    minutes=st.integers(1, 10_000),
    pieces=st.integers(1, 300),
    start=st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_slices_follow_on_one_another_from_the_start_of_the_night_to_its_end(
    minutes: int, pieces: int, start: datetime
) -> None:
    night = Window(start, start + timedelta(minutes=minutes))
    slices = cut(night, pieces)
    assert len(slices) == pieces
    ends = [piece.window.end for piece in slices]
    assert [piece.window.start for piece in slices] == [start, *ends[:-1]]
    assert ends[-1] == night.end
    assert ends == sorted(set(ends))


def test_the_first_slice_alone_takes_the_records_without_an_event_time() -> None:
    night = Window(MARCH, MARCH + timedelta(days=2))
    assert [piece.undated for piece in cut(night, 3)] == [True, False, False]
    assert whole(night).undated


def test_a_window_without_a_beginning_is_not_cut() -> None:
    endless = Window(None, MARCH)
    assert cut(endless, 4) == (whole(endless),)


def test_a_slice_says_which_one_it_is() -> None:
    pieces = cut(Window(MARCH, MARCH + timedelta(days=2)), 8)
    assert str(pieces[2]) == "partition 3 of 8, 2026-03-01 12:00 to 2026-03-01 18:00"
