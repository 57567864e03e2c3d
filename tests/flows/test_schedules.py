"""Which night a late run publishes, and which nights lie in a stretch of time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flows.schedules import missed_nights, newest_due, nights_between
from nightflag.monitors import Monitor
from nightflag.runs import Run
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


def ran(as_of: datetime, status: str) -> Run:
    """A run of which only date and status matter."""
    empty = dict.fromkeys(Run.__dataclass_fields__)
    return Run(**{**empty, "as_of": as_of, "status": status})


def test_the_next_night_makes_up_for_those_that_were_killed_or_never_scheduled() -> None:
    day = timedelta(days=1)
    latest = [ran(DUE + 2 * day, "failed"), ran(DUE + day, "running"), ran(DUE, "published")]
    tonight = DUE + 4 * day
    assert missed_nights(monitor(), latest, tonight) == [DUE + day, DUE + 3 * day]
    assert missed_nights(monitor(missed="folded"), latest, tonight) == []
    assert missed_nights(monitor(), [], tonight) == []
    assert missed_nights(monitor(), latest, DUE + day) == []


def test_after_a_long_pause_it_makes_up_for_seven_nights_at_most() -> None:
    latest = [ran(DUE, "published")]
    tonight = DUE + timedelta(days=200)
    missed = missed_nights(monitor(), latest, tonight)
    assert missed == [tonight - timedelta(days=number) for number in range(6, 0, -1)]
    assert len(missed_nights(monitor(cron="0 * * * *"), latest, tonight)) == 7
