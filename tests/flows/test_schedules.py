"""Which night a late run publishes, and which nights lie in a stretch of time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flows.schedules import newest_due, nights_between
from nightflag.monitors import Monitor
from tests.flows.conftest import READINGS

DUE = datetime(2026, 3, 1, 2, tzinfo=UTC)


def monitor(**schedule: Any) -> Monitor:
    return Monitor.model_validate(
        {"monitor": "readings", **READINGS, "schedule": {"cron": "0 2 * * *", **schedule}}
    )


def test_missed_nights_run_one_by_one_unless_they_are_to_be_folded() -> None:
    three_days_later = DUE + timedelta(days=3, hours=1)
    assert newest_due(monitor(), DUE, three_days_later) == DUE
    folded = newest_due(monitor(missed="folded"), DUE, three_days_later)
    assert folded == DUE + timedelta(days=3)
    assert newest_due(monitor(missed="folded"), DUE, DUE + timedelta(hours=23)) == DUE


def test_a_run_at_no_moment_of_the_schedule_stands_for_its_own() -> None:
    by_hand = DUE + timedelta(hours=5)
    assert newest_due(monitor(missed="folded"), by_hand, by_hand + timedelta(seconds=9)) == by_hand


def test_a_long_stretch_is_whole() -> None:
    hourly = nights_between(monitor(cron="0 * * * *"), DUE, DUE + timedelta(days=90))
    assert hourly == [DUE + timedelta(hours=number) for number in range(90 * 24 + 1)]
