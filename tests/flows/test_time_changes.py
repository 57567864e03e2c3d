"""Clocks that change and leap days: each record is of exactly one of the nights around them."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from flows.schedules import nights_between
from nightflag.databases import connect
from nightflag.monitors import Monitor
from nightflag.records import describe, pull
from nightflag.windows import Watermark, of_night

HOUR, STEP = timedelta(hours=1), timedelta(minutes=30)
CHANGES = {
    ("Europe/Berlin", "30 2 * * *"): ("2026-03-29", "2026-10-25"),
    ("America/New_York", "30 2 * * *"): ("2026-03-08", "2026-11-01"),
    ("America/Havana", "30 0 * * *"): ("2026-03-08", "2026-11-01"),  # at midnight
    ("Australia/Lord_Howe", "15 2 * * *"): ("2026-10-04", "2026-04-05"),  # by half an hour
    ("America/St_Johns", "30 2 * * *"): ("2026-03-08", "2026-11-01"),  # off by half an hour
    ("Pacific/Chatham", "15 3 * * *"): ("2026-09-27", "2026-04-05"),  # off by 45 minutes
    ("UTC", "30 2 * * *"): ("2028-02-29", "2100-03-01"),  # a leap day, and one that is left out
}
AROUND = [(*where, day) for where, days in CHANGES.items() for day in days]


def monitor(zone: str, cron: str) -> Monitor:
    source = {"database": "env:X", "table": "readings", "key": "id", "time": "at"}
    return Monitor.model_validate(
        {
            "monitor": "readings",
            "source": {**source, "time_zone": zone, "look_back": "0 seconds"},
            "schedule": {"cron": cron, "time_zone": zone},
        }
    )


def around(watched: Monitor, day: str) -> list[datetime]:
    """The logical dates from two days before to two days after."""
    noon = datetime.fromisoformat(f"{day}T12:00Z")
    return nights_between(watched, noon - timedelta(days=3), noon + timedelta(days=2, hours=12))


@pytest.mark.parametrize(("zone", "cron", "day"), AROUND)
def test_there_is_one_night_for_each_day(zone: str, cron: str, day: str) -> None:
    found = around(monitor(zone, cron), day)
    first, last = (one.astimezone(ZoneInfo(zone)).date() for one in (found[0], found[-1]))
    assert len(found) == (last - first).days + 1
    assert {(later - earlier) / HOUR for earlier, later in pairwise(found)} <= {
        23,
        23.5,
        24,
        24.5,
        25,
    }


@pytest.mark.parametrize(("zone", "cron", "day"), AROUND)
def test_each_record_is_of_exactly_one_night(
    database_url: str, zone: str, cron: str, day: str
) -> None:
    """Its time is that of the clock on the wall, with the hour that comes twice."""
    watched = monitor(zone, cron)
    nights = around(watched, day)
    instants = [nights[0] + STEP * step for step in range(int((nights[-1] - nights[0]) / STEP))]
    database = connect(database_url)
    with database.writing() as connection:
        connection.execute(text("create table readings (id integer, at timestamp)"))
        connection.execute(
            text("insert into readings values (:id, :at)"),
            [{"id": number, "at": wall(one, zone)} for number, one in enumerate(instants)],
        )
    layout = describe(database, watched.source)
    found: list[int] = []
    known = Watermark(nights[0], nights[0])
    for night in nights[1:]:
        window = of_night(night, known, look_back=timedelta(0), first_window=timedelta(days=1))
        for batch in pull(database, layout, window, batch_size=1_000):
            found += batch.records["id"].to_pylist()
        known = Watermark(known.scored_from, night)
    database.close()
    assert sorted(found) == list(range(len(instants)))


def wall(instant: datetime, zone: str) -> str:
    """What the clock on the wall says."""
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
