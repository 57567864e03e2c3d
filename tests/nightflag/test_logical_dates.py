"""Which nights a monitor can have: none before its first, none more than a day ahead."""

import socket
from datetime import UTC, datetime, timedelta

import pytest

from nightflag.errors import SettingsError
from nightflag.logical_dates import refuse_impossible

NOW = datetime(2024, 5, 10, 2, 30, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
PUBLISHED = [NOW - 3 * DAY, NOW - 2 * DAY, NOW]


@pytest.mark.parametrize("published", [[], PUBLISHED])
def test_a_night_may_be_a_day_ahead_and_no_more(published):
    refuse_impossible("shop", NOW + DAY, published, NOW)
    with pytest.raises(SettingsError) as refused:
        refuse_impossible("shop", NOW + DAY + MINUTE, published, NOW)
    clock = f"the clock of {socket.gethostname()} says 2024-05-10 02:30 UTC"
    assert clock in refused.value.what
    assert "clock" in refused.value.mend


def test_a_night_before_the_first_one_is_refused_with_what_to_do_instead():
    with pytest.raises(SettingsError, match="before the first one of shop") as refused:
        refuse_impossible("shop", PUBLISHED[0] - MINUTE, PUBLISHED, NOW)
    assert "nights from 2024-05-07 02:30 UTC on" in refused.value.expected
    assert "nightflag replay" in refused.value.mend


@pytest.mark.parametrize("as_of", [*PUBLISHED, NOW - DAY, NOW - 2 * DAY + MINUTE])
def test_a_published_night_and_one_between_them_are_possible(as_of):
    refuse_impossible("shop", as_of, PUBLISHED, NOW)


def test_a_published_night_stays_possible_when_the_clock_was_set_back():
    refuse_impossible("shop", NOW, PUBLISHED, NOW - 30 * DAY)


def test_the_first_night_may_be_any_that_has_begun():
    refuse_impossible("shop", NOW - 10_000 * DAY, [], NOW)
