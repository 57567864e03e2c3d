"""Windows are half-open, on whatever kind of time column, and every record is in exactly one."""

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from nightflag import pace
from nightflag.databases import Database, connect
from nightflag.monitors import Source
from nightflag.records import Batch, describe, pull
from nightflag.windows import Window

BERLIN = ZoneInfo("Europe/Berlin")
MAY_DAY = Window(dt.datetime(2024, 5, 1, tzinfo=dt.UTC), dt.datetime(2024, 5, 2, tzinfo=dt.UTC))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = connect(database_url)
    yield made
    made.close()


@pytest.fixture
def sqlite(sqlite_url: str) -> Database:
    return connect(sqlite_url)


def fill(database: Database, declared: str, times: list[str | None]) -> None:
    with database.writing() as connection:
        connection.execute(text(f"create table readings (id integer, at {declared})"))
        rows = [{"id": number, "at": at} for number, at in enumerate(times)]
        insert = f"insert into readings values (:id, cast(:at as {declared}))"
        if database.dialect == "sqlite":
            insert = "insert into readings values (:id, :at)"
        connection.execute(text(insert), rows)


def pulled(
    database: Database, window: Window, *, zone: str = "UTC", undated: bool = False
) -> list[int]:
    return [
        record
        for batch in batches(database, window, zone=zone, undated=undated)
        for record in batch.records["id"].to_pylist()
    ]


def batches(database: Database, window: Window, *, zone: str, undated: bool = False) -> list[Batch]:
    source = Source(database="env:X", table="readings", key=("id",), time="at", time_zone=zone)
    layout = describe(database, source)
    return list(pull(database, layout, window, batch_size=7, undated=undated))


def test_whoever_watches_hears_how_many_came_of_about_how_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[int, int]] = []
    fill(database, "timestamp", [f"2024-05-01 {hour:02}:00:00" for hour in range(20)])
    with database.writing() as connection:
        connection.execute(text("analyze"))
    monkeypatch.setattr(pace, "listeners", [lambda *counts: heard.append(counts)])
    assert len(pulled(database, MAY_DAY)) == 20
    assert [come for come, _ in heard] == [7, 14, 20]
    assert all(come <= expected <= 25 for come, expected in heard), "an estimate, on PostgreSQL"


def test_nothing_is_counted_where_nobody_watches() -> None:
    def about() -> int:
        raise AssertionError("counted all the same")

    assert list(pace.told(iter([[1], [2, 3]]), about)) == [[1], [2, 3]]


def utc(day: int, hour: int = 0, minute: int = 0, *, month: int = 5) -> dt.datetime:
    return dt.datetime(2024, month, day, hour, minute, tzinfo=dt.UTC)


EDGES = [
    "2024-04-30 23:59:59.999999",
    "2024-05-01 00:00:00",
    "2024-05-01 23:59:59.999999",
    "2024-05-02 00:00:00",
    None,
]


@pytest.mark.parametrize("declared", ["timestamp", "timestamp with time zone"])
def test_a_window_holds_its_start_and_not_its_end(database: Database, declared: str) -> None:
    offset = "+00" if declared != "timestamp" and database.dialect == "postgresql" else ""
    fill(database, declared, [at and at + offset for at in EDGES])
    assert pulled(database, MAY_DAY) == [1, 2]
    assert pulled(database, MAY_DAY, undated=True) == [1, 2, 4]
    assert pulled(database, Window(None, MAY_DAY.end)) == [0, 1, 2]


def test_a_date_is_the_first_moment_of_its_day(database: Database) -> None:
    fill(database, "date", ["2024-04-30", "2024-05-01", "2024-05-02", None])
    assert pulled(database, MAY_DAY) == [1]
    assert pulled(database, MAY_DAY, zone="Europe/Berlin") == [2]  # 22:00 UTC the evening before
    assert pulled(database, MAY_DAY, undated=True) == [1, 3]
    morning = Window(MAY_DAY.start, MAY_DAY.start + dt.timedelta(hours=6))
    assert pulled(database, morning) == [1], "an edge within a day belongs to it"


def test_times_without_a_zone_are_read_in_the_zone_of_the_source(database: Database) -> None:
    fill(database, "timestamp", ["2024-05-01 01:59:59", "2024-05-01 02:00:00", "2024-05-02 01:00"])
    assert pulled(database, MAY_DAY, zone="Europe/Berlin") == [1, 2]


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2024-03-31 01:59", utc(31, 0, 59, month=3)),
        ("2024-03-31 02:30", utc(31, 1, 0, month=3)),  # skipped: moved forward to 03:00
        ("2024-03-31 03:00", utc(31, 1, 0, month=3)),
        ("2024-10-27 01:59", utc(26, 23, 59, month=10)),
        ("2024-10-27 02:30", utc(27, 0, 30, month=10)),  # comes twice: the first is taken
        ("2024-10-27 03:00", utc(27, 2, 0, month=10)),
    ],
)
def test_clock_changes_have_one_reading(
    database: Database, local: str, instant: dt.datetime
) -> None:
    fill(database, "timestamp", [local])
    minute = dt.timedelta(minutes=1)
    assert pulled(database, Window(instant, instant + minute), zone="Europe/Berlin") == [0]
    assert pulled(database, Window(instant - minute, instant), zone="Europe/Berlin") == []


@pytest.mark.parametrize("month", [3, 10])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_every_record_is_in_exactly_one_night(database: Database, month: int, zone: str) -> None:
    first = dt.datetime(2024, month, 26)
    quarters = [first + dt.timedelta(minutes=15 * step) for step in range(6 * 24 * 4)]
    fill(database, "timestamp", [moment.isoformat(" ") for moment in quarters])
    start = dt.datetime(2024, month, 25, 2, 30, tzinfo=BERLIN)
    dates = [(start + dt.timedelta(days=day)).astimezone(dt.UTC) for day in range(9)]
    nights = [pulled(database, Window(*pair), zone=zone) for pair in pairwise(dates)]
    assert sorted(record for night in nights for record in night) == list(range(len(quarters)))


ISO_TEXTS = [
    "2024-05-01 12:00:00",
    "2024-05-01T12:00:00",
    "2024-05-01T12:00",
    "2024-05-01T12:00:00Z",
    "2024-05-01T12:00:00.000Z",
    "2024-05-01T14:00:00+02:00",
    "2024-05-01 14:00:00+02",
    "2024-05-01T14:00:00 +0200",
    "2024-05-01T09:30:00-02:30",
    "2024-05-01 12:00:00.000000",
]


@pytest.mark.parametrize("written", ISO_TEXTS)
def test_text_in_any_iso_form_is_the_same_instant(sqlite: Database, written: str) -> None:
    fill(sqlite, "text", [written])
    noon, second = utc(1, 12), dt.timedelta(seconds=1)
    # A form that only pandas reads comes with the undated ones and is dated then.
    assert pulled(sqlite, Window(noon, noon + second), undated=True) == [0]
    assert pulled(sqlite, Window(noon - second, noon), undated=True) == []


def test_fractions_of_a_second_in_text_decide(sqlite: Database) -> None:
    fill(sqlite, "text", ["2024-05-01 11:59:59.9996", "2024-05-01 12:00:00.0004"])
    noon = utc(1, 12)
    assert pulled(sqlite, Window(None, noon)) == [0]
    assert pulled(sqlite, Window(noon, noon + dt.timedelta(seconds=1))) == [1]


UNREADABLE = ["soon", "", "now", "today", "12:00", "2024", "20240501", "01.05.2024", "2460431.5"]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_unreadable_text_is_undated_whatever_the_window(sqlite: Database, zone: str) -> None:
    fill(sqlite, "text", [*UNREADABLE, "2024-05-01 12:00"])
    everyone = list(range(len(UNREADABLE)))
    for window in (MAY_DAY, Window(utc(3), utc(4)), Window(None, dt.datetime.now(dt.UTC))):
        assert set(pulled(sqlite, window, zone=zone)) <= {len(UNREADABLE)}
        assert pulled(sqlite, window, zone=zone, undated=True)[: len(everyone)] == everyone


def test_a_date_that_no_calendar_has_is_quarantined_in_some_night(sqlite: Database) -> None:
    fill(sqlite, "text", ["2023-02-30 10:00"])
    around = Window(dt.datetime(2023, 2, 1, tzinfo=dt.UTC), dt.datetime(2023, 4, 1, tzinfo=dt.UTC))
    (batch,) = batches(sqlite, around, zone="UTC", undated=True)
    assert batch.event_time.to_pylist() == [None]
    assert pulled(sqlite, around) == []


def test_every_batch_carries_its_instants_in_utc(database: Database) -> None:
    fill(database, "timestamp", ["2024-05-01 12:00:00.25"])
    (batch,) = batches(database, MAY_DAY, zone="Europe/Berlin")
    assert batch.event_time.to_pylist() == [dt.datetime(2024, 5, 1, 10, 0, 0, 250_000, dt.UTC)]
