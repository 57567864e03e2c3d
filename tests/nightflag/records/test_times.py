"""Times without a zone become instants, as far as the calendar has them."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from nightflag.records.times import event_times, is_steady

LAST = datetime(9999, 12, 31, 23, 59)
USUAL = datetime(2024, 5, 1)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([LAST, USUAL, datetime(1, 1, 1)], pa.timestamp("us")),
        pa.array([-(2**60), int(USUAL.replace(tzinfo=UTC).timestamp() * 1e6), 2**60]).cast(
            pa.timestamp("us")
        ),
        pa.array([str(LAST), str(USUAL), "0001-01-01"]),
    ],
    ids=["at its ends", "beyond them", "text"],
)
def test_a_local_time_at_the_ends_of_the_calendar_is_unreadable(values: pa.Array) -> None:
    found = event_times(values, time_zone="America/New_York")
    assert found.to_pylist() == [None, datetime(2024, 5, 1, 4, tzinfo=UTC), None]


@pytest.mark.parametrize(
    ("moment", "zone", "steady"),
    [
        ("2024-05-01 00:00", "Europe/Berlin", True),
        ("2024-03-30 00:59", "Europe/Berlin", True),
        ("2024-03-30 01:01", "Europe/Berlin", False),
        ("2024-03-31 23:59", "Europe/Berlin", False),
        ("2024-04-01 01:01", "Europe/Berlin", True),
        ("2011-12-30 12:00", "Pacific/Apia", False),
        ("0001-01-01 12:00", "Europe/Berlin", False),
        ("9999-12-31 12:00", "Europe/Berlin", False),
    ],
)
def test_clocks_are_steady_more_than_a_day_from_their_change(
    moment: str, zone: str, steady: bool
) -> None:
    """Where that cannot be known, at the ends of the calendar, they are not."""
    assert is_steady(datetime.fromisoformat(moment).replace(tzinfo=UTC), zone) is steady
