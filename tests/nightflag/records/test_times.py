"""Times without a zone become instants, as far as the calendar has them."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from nightflag.records.times import event_times

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
