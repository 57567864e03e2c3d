"""A backfill publishes what was missed, as it would have been, and what is published it leaves."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from nightflag import failpoints
from nightflag.cli.results import at_work_on

pytestmark = pytest.mark.usefixtures("prefect_server")

FLAGS = "select payment_id, score, p_value, model_version from {}payments_scores order by 1"


def backfilled(nightflag: Any, start: str, end: str, *words: str) -> list[dict[str, Any]]:
    said = nightflag("backfill", "payments", "--from", start, "--to", end, *words, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def scores() -> list[Any]:
    with at_work_on("payments") as workplace, workplace.results.reading() as connection:
        schema = "nightflag." if workplace.results.dialect == "postgresql" else ""
        return list(connection.execute(text(FLAGS.format(schema))).all())


def nights(rows: list[dict[str, Any]]) -> list[str]:
    return [row["as_of"][:10] for row in rows]


def test_stopped_half_way_it_goes_on_and_each_night_has_the_model_of_its_time(
    nightflag, watch, any_bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of its nights is stopped in the middle; a later one is there already."""
    watch(training="{at_least: 100, every: 2 days}")
    assert nights(backfilled(nightflag, "2026-01-10", "2026-01-10")) == ["2026-01-10"]
    [newest] = backfilled(nightflag, "2026-01-13", "2026-01-13")
    assert newest["model_version"] == 2
    before, published = scores(), []

    def stop(place: str) -> None:
        published.append(place == "before publishing")
        if sum(published) == 2:
            raise KeyboardInterrupt

    stretch = ("2026-01-10", "2026-01-13")
    monkeypatch.setattr(failpoints, "listeners", [stop])
    said = nightflag("backfill", "payments", "--from", stretch[0], "--to", stretch[1])
    assert said.code == 130
    assert re.findall(r"^1/2 (\S+) .*", said.out, re.MULTILINE) == ["2026-01-11"]
    monkeypatch.setattr(failpoints, "listeners", [])

    rows = backfilled(nightflag, *stretch)
    assert nights(rows) == ["2026-01-12"]
    assert rows[0]["model_version"] == 1
    assert scores() == before
    assert backfilled(nightflag, *stretch) == []


def test_it_names_the_nights_of_the_schedule_and_publishes_none_when_only_asked(
    nightflag, watch, bank: str
) -> None:
    watch(more='schedule: {cron: "30 2 * * *", time_zone: Europe/Berlin}\n')
    rows = backfilled(nightflag, "2026-03-28", "2026-03-30T12:00", "--dry-run")
    assert [row["as_of"] for row in rows] == [
        "2026-03-28T01:30:00+00:00",
        "2026-03-29T00:30:00+00:00",
        "2026-03-30T00:30:00+00:00",
    ]
    assert nights(
        backfilled(nightflag, "2026-03-28", "2026-03-30", "--every", "2 days", "--dry-run")
    )
    assert json.loads(nightflag("runs", "--json").out) == []


def test_a_night_that_fails_ends_it_and_is_named(nightflag, watch, bank: str) -> None:
    watch()
    said = nightflag("backfill", "payments", "--from", "2026-01-06", "--to", "2026-01-09")
    assert said.code == 1
    assert "payments 2026-01-06 00:00" in said.err
    assert "0 of 4 nights are published; the same command goes on here." in said.err


@pytest.mark.parametrize(
    ("start", "end", "complaint"),
    [
        ("2026-01-09", "2026-01-11", "before the first one of payments"),
        ("2026-01-11", f"{datetime.now(UTC).year + 2}-01-01", "is still to come"),
        ("2026-01-11", "2026-01-10", "is before the first"),
    ],
    ids=["history", "future", "backwards"],
)
def test_nights_that_promise_nothing_are_refused(
    nightflag, watch, bank: str, night, start: str, end: str, complaint: str
) -> None:
    watch()
    night("2026-01-10")
    said = nightflag("backfill", "payments", "--from", start, "--to", end)
    assert said.code == 2
    assert complaint in said.err
