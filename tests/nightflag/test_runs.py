from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from nightflag import runs
from nightflag.databases import Database, connect
from nightflag.errors import DatabaseRefused
from nightflag.monitors import Monitor
from nightflag.queries import run
from nightflag.results.setup import upgrade
from nightflag.windows import Watermark, Window

NIGHT = datetime(2024, 5, 2, 2, 30, tzinfo=UTC)
DAY = timedelta(days=1)
SHOP = Monitor.model_validate(
    {"monitor": "shop", "source": {"database": "env:X", "table": "sales", "key": "id", "time": "t"}}
)


@pytest.fixture
def results(database_url: str) -> Iterator[Database]:
    made = connect(database_url, schema="nightflag")
    upgrade(made)
    yield made
    made.close()


def opened(results: Database, as_of: datetime = NIGHT, minutes: int = 0) -> runs.Run:
    return runs.open_run(results, SHOP, as_of, NIGHT + timedelta(minutes=minutes))


def publish(results: Database, night: runs.Run) -> None:
    counts = ("read", "scored", "quarantined", "flagged", "retracted")
    with results.writing() as connection:
        run(
            connection,
            "publish_run",
            monitor="shop",
            run_id=night.run_id,
            **{f"records_{name}": 7 for name in counts},
            model_version=1,
            warnings=None,
            finished_at=night.started_at + timedelta(seconds=90),
        )
        start, end = night.window.start, night.window.end
        run(connection, "move_watermark", monitor="shop", scored_from=start, scored_until=end)


def test_a_run_that_opens_is_running_with_its_window(results: Database) -> None:
    night = opened(results)
    assert (night.run_id, night.status, night.attempt) == (1, "running", 1)
    assert night.window == Window(NIGHT - DAY, NIGHT)
    assert not night.is_published
    assert night.seconds is None
    assert runs.of_date(results, "shop", NIGHT) == night


def test_a_run_that_failed_opens_again_as_the_same_run(results: Database) -> None:
    night = opened(results)
    runs.fail(results, night, "no disk", NIGHT + timedelta(minutes=1))
    failed = runs.of_date(results, "shop", NIGHT)
    assert failed is not None
    assert (failed.status, failed.error, failed.seconds) == ("failed", "no disk", 60.0)
    again = opened(results, minutes=5)
    assert (again.run_id, again.status, again.attempt) == (1, "running", 2)
    assert (again.error, again.finished_at) == (None, None)
    assert again.started_at == NIGHT + timedelta(minutes=5)


def test_a_published_run_is_left_as_it_is(results: Database) -> None:
    publish(results, opened(results))
    published = runs.of_date(results, "shop", NIGHT)
    assert published is not None
    assert published.is_published
    assert (published.records_read, published.seconds) == (7, 90.0)
    assert opened(results, minutes=5) == published
    runs.fail(results, published, "too late", NIGHT)
    assert runs.of_date(results, "shop", NIGHT) == published


def test_runs_are_numbered_for_each_monitor_and_listed_newest_date_first(
    results: Database,
) -> None:
    for day in (1, 0, 2):
        opened(results, NIGHT + DAY * day)
    found = runs.latest(results, "shop", limit=2)
    assert [(one.run_id, one.as_of) for one in found] == [(3, NIGHT + DAY * 2), (1, NIGHT + DAY)]
    assert runs.latest(results, "bank", limit=2) == []
    assert runs.of_date(results, "bank", NIGHT) is None


def test_the_watermark_moves_with_what_is_published_and_never_back(results: Database) -> None:
    assert runs.watermark(results, "shop") is None
    publish(results, opened(results))
    assert runs.watermark(results, "shop") == Watermark(NIGHT - DAY, NIGHT)
    publish(results, opened(results, NIGHT + DAY))
    publish(results, opened(results, NIGHT + DAY / 2))
    assert runs.watermark(results, "shop") == Watermark(NIGHT - DAY, NIGHT + DAY)


def test_the_next_night_starts_from_the_watermark(results: Database) -> None:
    publish(results, opened(results))
    assert opened(results, NIGHT + DAY * 3).window == Window(NIGHT - DAY, NIGHT + DAY * 3)


def test_a_status_that_does_not_exist_is_refused_by_the_table(results: Database) -> None:
    opened(results)
    with (
        pytest.raises(DatabaseRefused, match=r"(?i)check constraint"),
        results.writing() as connection,
    ):
        connection.execute(text("update nightflag_runs set status = 'fine'"))
