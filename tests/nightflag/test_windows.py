from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightflag.errors import SettingsError
from nightflag.windows import Watermark, Window, as_utc, of_night

DAY = timedelta(days=1)


def may(day: float) -> datetime:
    return datetime(2024, 5, 1, tzinfo=UTC) + DAY * (day - 1)


# Scored from and until which day, as of which day, look-back, first window: from day to day.
CASES = [
    ("the first night", None, 10, 1, 1, (9, 10)),
    ("a first night over a week", None, 10, 1, 7, (3, 10)),
    ("the next night looks back a day", (9, 10), 11, 1, 1, (9, 11)),
    ("without looking back it starts where the last ended", (9, 10), 11, 0, 1, (10, 11)),
    ("nights that were missed are caught up", (9, 10), 15, 1, 1, (9, 15)),
    ("a look-back reaches no further than the first night", (9, 10), 11, 7, 1, (9, 11)),
    ("a look-back in full", (1, 10), 11, 7, 1, (3, 11)),
    ("the same date again", (9, 10), 10, 1, 1, (9, 10)),
    ("an earlier night has its own stretch and look-back", (1, 10), 6, 1, 1, (4, 6)),
    ("an earlier night within the first stays inside it", (1, 10), 2, 3, 1, (1, 2)),
    ("a night before the first looks at its own stretch only", (9, 10), 5, 3, 1, (4, 5)),
    ("two nights a day", (9, 10), 10.5, 1, 1, (9, 10.5)),
]


@pytest.mark.parametrize(
    ("scored", "as_of", "look_back", "first", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_the_window_of(
    scored: tuple[float, float] | None,
    as_of: float,
    look_back: int,
    first: int,
    expected: tuple[float, float],
) -> None:
    watermark = Watermark(*map(may, scored)) if scored else None
    found = of_night(may(as_of), watermark, look_back=DAY * look_back, first_window=DAY * first)
    assert found == Window(*map(may, expected))


@given(
    steps=st.lists(st.integers(1, 40), min_size=1, max_size=10),
    look_back=st.integers(0, 50),
    first=st.integers(1, 50),
)
def test_nights_in_order_leave_no_gap_and_never_reach_into_the_training_history(
    steps: list[int], look_back: int, first: int
) -> None:
    hour = timedelta(hours=1)
    as_of, watermark = may(10), None
    for step in steps:
        window = of_night(as_of, watermark, look_back=hour * look_back, first_window=hour * first)
        assert window.start is not None
        assert window.end == as_of
        if watermark is not None:
            assert watermark.scored_from <= window.start <= watermark.scored_until
        start = watermark.scored_from if watermark else window.start
        watermark = Watermark(start, as_of)
        as_of += hour * step


def test_a_moment_without_a_zone_is_in_utc_already() -> None:
    noon = datetime(2024, 5, 1, 12)
    assert as_utc(noon) == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert as_utc(noon.replace(tzinfo=ZoneInfo("Europe/Berlin"))).hour == 10


def test_a_night_at_the_beginning_of_the_calendar_is_refused() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    with pytest.raises(SettingsError, match="beyond the first year"):
        of_night(first, None, look_back=DAY, first_window=DAY)
