"""An entity's records are seen together and no other's, whatever the column's collation."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from nightflag.databases import Database, connect
from nightflag.features import View
from nightflag.monitors import Source
from nightflag.records import describe, pull_seen
from nightflag.windows import Window

BEGIN = datetime(2024, 5, 1, tzinfo=UTC)
DAY = Window(BEGIN, BEGIN + timedelta(days=1))
HOSTS = ("a", "A", "a ", "B", None)


@pytest.fixture(params=["sqlite collate nocase", "sqlite collate rtrim", "postgresql"])
def readings(request, tmp_path):
    """Ten readings of each host, the hosts by turns, half of them before the day.

    The tests' PostgreSQL has no collation that takes two texts for the same.
    """
    kind, _, collation = request.param.partition(" ")
    (tmp_path / "bank.db").touch()
    url = f"sqlite:///{tmp_path / 'bank.db'}"
    database = connect(url if kind == "sqlite" else request.getfixturevalue("postgresql_url"))
    with database.writing() as connection:
        columns = f"id integer, host text {collation}, at timestamp"
        connection.execute(text(f"create table readings ({columns})"))
        rows = [
            {
                "id": turn * 10 + at,
                "host": host,
                "at": BEGIN + timedelta(minutes=5 * turn + at - 25),
            }
            for turn in range(10)
            for at, host in enumerate(HOSTS)
        ]
        for row in rows:
            row["at"] = row["at"].replace(tzinfo=None).isoformat(" ")
        connection.execute(text("insert into readings values (:id, :host, :at)"), rows)
    yield database
    database.close()


def seen(database: Database, window: Window) -> dict[int, list[str | None]]:
    """The hosts of all that each record of the window is seen with, by the record's id."""
    source = Source(database="env:X", table="readings", key=("id",), time="at")
    view = View(entity=("host",), length=4, gap=3_600.0, learning=3)
    layout = describe(database, source)
    found = {}
    for batch in pull_seen(database, layout, window, view, batch_size=7):
        history = batch.past.history(batch.past.timeline.series >= 0)
        hosts = history.frame["host"].astype(object).where(history.frame["host"].notna(), None)
        for own, first in zip(history.own, history.first, strict=True):
            found[int(history.frame["id"][own])] = hosts[first : own + 1].tolist()
    return found


@pytest.mark.parametrize("window", [DAY, Window(None, DAY.end)])
def test_each_record_is_seen_with_the_latest_of_its_own_entity(readings, window):
    found = seen(readings, window)
    assert len(found) == (25 if window.start else 50)
    for number, hosts in found.items():
        turn, at = divmod(number, 10)
        assert hosts == [HOSTS[at]] * min(turn + 1, 4), number
