"""A replay shows the nights as they would have been, and touches nothing that is published."""

import ast
import inspect
import json
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy import inspect as look_at

from flows import nightly
from nightflag import exclusions, failpoints, replaying
from nightflag.cli.results import at_work_on
from nightflag.exclusions import Exclusion
from nightflag.windows import as_utc

FLAGS = "select payment_id, score, p_value, reasons from {}payments_flags order by payment_id"
EVERY_OTHER = ("--from", "2026-01-10", "--to", "2026-01-14", "--every", "2 days")
NIGHTS = ("2026-01-10", "2026-01-12", "2026-01-14")
SPOILT = """update payments set amount = 40000 * coalesce(fee, 0.5), fee = amount
where paid_at >= '2026-01-09' and paid_at < '2026-01-15'"""


def moment(day: str) -> datetime:
    return as_utc(datetime.fromisoformat(day))


def replayed(nightflag: Any, *words: str) -> list[dict[str, Any]]:
    said = nightflag("replay", "payments", *words, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def called(function: Callable[..., Any]) -> list[str]:
    """The names of what the function calls, in order."""
    calls = [
        one for one in ast.walk(ast.parse(inspect.getsource(function))) if isinstance(one, ast.Call)
    ]
    calls.sort(key=lambda one: (one.end_lineno, one.end_col_offset))
    return [getattr(one.func, "attr", None) or one.func.id for one in calls]


def test_its_steps_are_those_of_the_nightly_flow() -> None:
    import tasks

    steps = {"retrain": "train", "scored": "score"}
    steps |= {name: step.fn.__name__ for name, step in vars(tasks).items() if hasattr(step, "fn")}
    flow = [steps.get(name, name) for name in called(nightly._published)]
    assert "score" in flow
    assert called(replaying._publish) == flow


def test_it_raises_the_flags_that_the_nights_themselves_raise(
    nightflag, watch, any_bank: str, night, home: Path
) -> None:
    watch(training="{at_least: 100, every: 3 days}")
    kept = home / "kept.db"
    rows = replayed(nightflag, *EVERY_OTHER, "--keep", str(kept))
    for one in NIGHTS:
        night(one)
    runs = json.loads(nightflag("runs", "payments", "--json").out)
    same = ("as_of", "records_scored", "records_flagged", "realised_rate", "model_version")
    assert [{name: row[name] for name in same} for row in rows] == [
        {name: run[name] for name in same} for run in reversed(runs)
    ]
    assert [row["trained_version"] for row in rows] == [1, None, 2]
    with at_work_on("payments") as workplace, workplace.results.reading() as connection:
        schema = "nightflag." if workplace.results.dialect == "postgresql" else ""
        published = connection.execute(text(FLAGS.format(schema))).all()
    with create_engine(f"sqlite:///{kept}").connect() as connection:
        assert connection.execute(text(FLAGS.format(""))).all() == published
    assert (home / "kept.db-models" / "payments" / "2").is_dir()


def test_it_leaves_database_and_folders_as_they_were(
    nightflag, watch, any_bank: str, home: Path
) -> None:
    watch()
    replayed(nightflag, "--from", "2026-01-10", "--to", "2026-01-11")
    with at_work_on("payments") as workplace, workplace.source.reading() as connection:
        found = look_at(connection)
        tables = [
            name for schema in found.get_schema_names() for name in found.get_table_names(schema)
        ]
        assert [name for name in tables if "nightflag" in name or "payments_" in name] == []
    assert [path.name for path in home.iterdir()] == ["monitors"]


def test_a_setting_is_tried_without_a_word_in_the_file(nightflag, watch, bank: str) -> None:
    watch()
    night = ("--from", "2026-01-10", "--to", "2026-01-10")
    [before] = replayed(nightflag, *night)
    [after] = replayed(nightflag, *night, "--set", "alarm.rate=0.2", "--set", "training.every=0")
    assert before["records_flagged"] < after["records_flagged"]


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("alarm.rate=7", "alarm.rate: arrived 7 (a number); expected a value less than"),
        ("alarm.rat=0.1", "alarm.rat: unknown key; did you mean rate?"),
        ("alarm.rate", "alarm.rate: expected key=value"),
        ("alarm.rate.low=1", "alarm.rate: has no keys of its own"),
        ("alarm={", "alarm: not YAML"),
    ],
)
def test_a_setting_that_no_monitor_may_have_is_refused(
    nightflag, watch, bank: str, setting: str, complaint: str
) -> None:
    watch()
    said = nightflag("replay", "payments", *EVERY_OTHER, "--set", setting)
    assert said.code == 2
    assert complaint in said.err


def test_an_incident_counts_from_the_night_after_it_was_reported(
    nightflag, watch, any_bank: str
) -> None:
    """The source was spoilt for a week; that it was is said on the 18th."""
    watch(training="{at_least: 100, every: 4 days}")
    with at_work_on("payments") as workplace:
        with workplace.source.writing() as connection:
            connection.execute(text(SPOILT))
        workplace.prepare()
        incident = Exclusion(moment("2026-01-09"), moment("2026-01-15"), "a broken till")
        exclusions.add(workplace.results, "payments", incident, moment("2026-01-18"))
    rows = replayed(nightflag, "--from", "2026-01-09", "--to", "2026-01-21", "--every", "4 days")
    became = {row["as_of"][:10]: row["trained_status"] for row in rows}
    assert became["2026-01-17"] == "refused"
    assert became["2026-01-21"] == "champion"


def test_a_night_that_fails_is_told_and_the_next_one_takes_up_its_records(
    nightflag, watch, bank: str
) -> None:
    watch()
    said = nightflag("replay", "payments", "--from", "2026-01-06", "--to", "2026-01-09")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[1].startswith("2026-01-06 00:00 failed: 72 good records are there to train on")
    assert "2 of 4 nights: " in said.out
    rows = replayed(nightflag, "--from", "2026-01-06", "--to", "2026-01-09")
    assert [row["status"] for row in rows] == ["failed", "failed", "published", "published"]


def test_stopped_by_hand_it_leaves_nothing_behind(
    nightflag, watch, bank: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    def stop(place: str) -> None:
        if place == "before publishing":
            assert list((tmp_path / "temporary").glob("nightflag-replay-*/replay.db"))
            raise KeyboardInterrupt

    monkeypatch.setattr(failpoints, "listeners", [stop])
    assert nightflag("replay", "payments", *EVERY_OTHER).code == 130
    assert list((tmp_path / "temporary").glob("nightflag-replay-*")) == []
    assert [path.name for path in home.iterdir()] == ["monitors"]


def test_it_keeps_nothing_in_a_file_that_is_there_already(nightflag, watch, bank: str) -> None:
    watch()
    file = bank.removeprefix("sqlite:///")
    said = nightflag("replay", "payments", *EVERY_OTHER, "--keep", file)
    assert said.code == 2
    assert "is there already" in said.err


def test_its_last_night_is_not_before_its_first(nightflag, watch, bank: str) -> None:
    watch()
    said = nightflag("replay", "payments", "--from", "2026-01-10", "--to", "2026-01-09")
    assert said.code == 2
    assert "is before the first" in said.err
