"""A night that is killed or fails leaves all or nothing, says why, and its rerun mends it."""

import os
import socket
from datetime import UTC, datetime, timedelta

import pytest

from tests.reliability.invariants import refuse_doubled
from tests.reliability.payments import FIRST_NIGHT, SECOND_NIGHT
from tests.reliability.watch import PUBLISHED

FAILING = (
    ("sqlite", "validated a batch", 2),
    ("sqlite", "before commit", 1),
    ("postgresql", "pulled a batch", 1),
)

NOTHING = {name: [] for name in (*PUBLISHED, "runs", "watermarks")}


def test_a_night_killed_while_it_trains_publishes_nothing(stages, database):
    stages.trained(database)
    left = {kill: rows for kill, rows in stages.left.items() if kill.startswith(database)}
    assert left == dict.fromkeys(left, NOTHING)


def test_a_night_killed_five_times_while_it_trains_ends_like_an_undisturbed_one(stages, tmp_path):
    killed = stages.first_night("sqlite")
    watch = stages.new("sqlite", tmp_path / "watch")
    assert watch.night(FIRST_NIGHT).status == "published"
    assert watch.published() == killed.published()
    assert [path.name for path in (killed.folder / "models" / "payments").iterdir()] == ["1"]


@pytest.mark.parametrize("place", ["scored a batch", "before commit"])
def test_a_first_night_killed(stages, tmp_path, database, place):
    watch = stages.trained(database).copy(tmp_path / "watch")
    assert watch.night(FIRST_NIGHT, place=place).status == "killed"
    assert watch.published() == NOTHING
    assert watch.night(FIRST_NIGHT).status == "published"
    assert watch.published() == stages.first_night(database).published()
    refuse_doubled(watch)


@pytest.mark.parametrize(("database", "place", "nth"), FAILING)
def test_a_night_that_fails_says_why_and_can_be_run_again(stages, tmp_path, database, place, nth):
    watch = stages.changed(database).copy(tmp_path / "watch")
    before, undisturbed = watch.published(), stages.second_night(database).published()
    outcome = watch.night(SECOND_NIGHT, place=place, nth=nth, deed="fail")
    assert outcome.error == "OSError"
    assert watch.published() == before
    [run] = watch.rows("select status, error from nightflag_runs where run_id = 2")
    assert run == {"status": "failed", "error": f"The disk is full: {place}."}
    assert watch.night(SECOND_NIGHT).status == "published"
    assert watch.published() == undisturbed
    [run] = watch.rows("select attempt, error from nightflag_runs where run_id = 2")
    assert run == {"attempt": 2, "error": None}


def test_training_that_fails_leaves_no_model(stages, database, tmp_path):
    watch = stages.new(database, tmp_path / "watch")
    assert watch.night(FIRST_NIGHT, place="sampled", deed="fail").error == "OSError"
    assert watch.table("nightflag_models") == []
    [run] = watch.rows("select status, error from nightflag_runs")
    assert run == {"status": "failed", "error": "The disk is full: sampled."}


def test_a_retraining_that_fails_stops_no_night(stages, database, tmp_path):
    watch = stages.changed(database).copy(tmp_path / "watch")
    undisturbed = stages.second_night(database).published()
    outcome = watch.night(SECOND_NIGHT, place="sampled", deed="fail", retraining="always")
    assert outcome.status == "published"
    assert {**watch.published(), "runs": []} == {**undisturbed, "runs": []}
    [run] = watch.rows("select model_version, warnings from nightflag_runs where run_id = 2")
    assert run["model_version"] == 1
    assert "retraining failed, model 1 goes on: OSError('The disk is full" in run["warnings"]


def test_a_night_killed_while_it_cleans_up_is_finished_by_its_rerun(stages, database, tmp_path):
    watch = stages.second_night(database).copy(tmp_path / "watch")
    watch.describe(keep={"scores": "1 day"})
    third = SECOND_NIGHT + timedelta(days=1)
    assert watch.night(third, place="night cleaned").status == "killed"
    assert watch.night(third).status == "published"
    runs = watch.rows(
        "select run_id, status, cleaned_at is not null as cleaned from nightflag_runs"
    )
    assert [run["status"] for run in runs] == ["published"] * 3
    assert [run["run_id"] for run in runs if run["cleaned"]] == [1]
    assert watch.table("payments_scores", "run_id = 1") == []


def test_cleaning_that_fails_is_a_warning_of_a_published_night(stages, tmp_path):
    watch = stages.second_night("sqlite").copy(tmp_path / "watch")
    watch.describe(keep={"scores": "1 day"}, execution={"lock_wait": 0})
    left_over = watch.folder / "models" / "payments" / ".2.0123456789abcdef"
    left_over.mkdir()
    os.utime(left_over, (0, 0))
    third, holder = SECOND_NIGHT + timedelta(days=1), (socket.gethostname(), os.getpid())
    watch.execute("delete from nightflag_locks")
    watch.execute(
        "insert into nightflag_locks (name, holder, host, process, renewed_at) values "
        f"('training of payments', 'x', '{holder[0]}', {holder[1]}, '{datetime.now(UTC):%F %T}')"
    )
    assert watch.night(third).status == "published"
    assert left_over.exists()
    watch.execute("delete from nightflag_locks")
    assert watch.night(third).status == "published"
    assert not left_over.exists()
