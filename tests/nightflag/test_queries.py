from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from nightflag.databases import Database, connect
from nightflag.queries import run
from nightflag.results.setup import upgrade

NOON = datetime(2024, 5, 2, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def results(database_url: str) -> Iterator[Database]:
    made = connect(database_url, schema="nightflag")
    upgrade(made)
    yield made
    made.close()


@pytest.mark.parametrize("hours", [-11, 0, 2])
def test_moments_come_back_as_the_instants_they_were(results: Database, hours: int) -> None:
    local = NOON.astimezone(timezone(timedelta(hours=hours)))
    with results.writing() as connection:
        values = {"scored_from": local, "scored_until": local + timedelta(days=1)}
        run(connection, "move_watermark", monitor="shop", **values)
        row = run(connection, "watermark", monitor="shop").one()
    assert (row.scored_from, row.scored_until) == (NOON, NOON + timedelta(days=1))
    assert row.scored_from.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(results: Database) -> None:
    naive = datetime(2024, 5, 2)
    with (
        pytest.raises(StatementError, match="a datetime without a time zone"),
        results.writing() as connection,
    ):
        run(connection, "move_watermark", monitor="x", scored_from=naive, scored_until=naive)
