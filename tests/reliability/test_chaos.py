"""A few rounds of what `make chaos` plays by the hundred, and that it would see what is wrong."""

import pytest

from tests.reliability.invariants import BROKEN_BY, broken
from tests.reliability.rounds import Chaos, doom_at, drawn, wrong_after_a_kill, wrong_at_the_end
from tests.reliability.watch import Outcome

SEED = 10
ROUNDS = 4


@pytest.fixture(scope="module")
def chaos(stages, tmp_path_factory):
    return Chaos(stages, tmp_path_factory.mktemp("chaos"))


def test_a_night_killed_at_random_moments_ends_like_an_undisturbed_one(chaos):
    rounds = [chaos.play(drawn(SEED, number)) for number in range(ROUNDS)]
    assert [violation for found in rounds for violation in found.violations] == []
    assert "killed" in [outcome.status for found in rounds for outcome in found.killed]


def test_a_round_can_be_played_again():
    assert drawn(SEED, 4) == drawn(SEED, 4)
    assert len({drawn(SEED, number).moments for number in range(100)}) == 100


def twice(table):
    """The statements after which each row of the table stands twice, whatever its key was."""
    doubled = f"create table {table} as select * from once union all select * from once"
    return [f"create table once as select * from {table}", f"drop table {table}", doubled]


FLAGGED = "(select min(payment_id) from payments_reasons)"
A_SCORE = "(select min(payment_id) from payments_scores)"
A_CHANGE = """
insert into payments_history (payment_id, event_time, change, why, score, p_value, model_version,
    run_id, changed_at)
select payment_id, event_time, 'raised', 'reflagged', score, p_value, model_version, 9, scored_at
from payments_scores
"""
A_DRIFT = """
insert into nightflag_drift values
    ('payments', 9, 'fee', 1, 40, 0, 0, 1, 0, 0, 0, 0, false, null, '2026-03-10')
"""
SPOILT = {
    "a record has one score": twice("payments_scores"),
    "a reason stands once": twice("payments_reasons"),
    "a record fails a rule once": twice("payments_quarantine"),
    "a record is scored or quarantined": [f"update payments_quarantine set payment_id = {A_SCORE}"],
    "a reason has its score": ["delete from payments_scores"],
    "what is read is scored or quarantined": ["update nightflag_runs set records_read = 1"],
    "a score is of a published night": ["update nightflag_runs set status = 'failed'"],
    "what is quarantined is of a published night": ["update payments_quarantine set run_id = 9"],
    "a change of a flag is of a published night": [A_CHANGE],
    "a measured drift is of a published night": [A_DRIFT],
    "what became of an expectation is of a published night": [
        "update nightflag_expectations set run_id = 9 where run_id = 1"
    ],
    "a score is as old as the publication of its night": [
        "update payments_scores set scored_at = '2026-03-10 00:00:00.000000'"
    ],
    "the watermark ends where the newest published night does": [
        "update nightflag_watermarks set scored_until = '2026-03-09 00:00:00.000000'"
    ],
    "a published night has its watermark": ["delete from nightflag_watermarks"],
}


@pytest.mark.parametrize("law", BROKEN_BY)
def test_a_broken_law_is_named(stages, tmp_path, law):
    watch = stages.second_night("sqlite").copy(tmp_path / "watch")
    assert broken(watch) == []
    for statement in SPOILT[law]:
        watch.execute(statement)
    assert any(wrong.startswith(law) for wrong in broken(watch))


def test_a_moment_is_so_long_after_the_last_place_before_it():
    places = {"connected": 0.25, "locked": 0.5, "published": 1.0, "tidied": 1.25}
    moments = (0.0, 0.125, 0.75, 1.5)
    expected = [("", 0.0), ("", 0.125), ("locked", 0.25), ("tidied", 0.25)]
    assert [doom_at(moment, places) for moment in moments] == expected


def test_half_a_night_is_seen(chaos, tmp_path):
    stage = chaos.stage("sqlite", "next")
    watch = chaos.stages.second_night("sqlite").copy(tmp_path / "watch")
    assert wrong_after_a_kill(stage, watch, Outcome("killed", places={"published": 1.0})) == []
    watch.execute(f"delete from payments_reasons where payment_id = {FLAGGED}")
    [in_part, gone] = wrong_after_a_kill(stage, watch, Outcome("killed", places={"published": 1.0}))
    assert "the night is published in part:" in in_part
    assert "payments_reasons -" in in_part
    assert "what was published is not there" in gone


def test_what_a_night_should_not_leave_is_seen(chaos, tmp_path):
    stage = chaos.stage("sqlite", "next")
    watch = chaos.stages.second_night("sqlite").copy(tmp_path / "watch")
    assert wrong_at_the_end(stage, watch, Outcome("published")) == []
    watch.execute("insert into payments_staged_gone (fingerprint, partition) values (1, 0)")
    watch.execute("update nightflag_locks set name = 'night of payments'")
    found = "\n".join(wrong_at_the_end(stage, watch, Outcome(error="MonitorBusy")))
    for wrong in (
        "was not published: MonitorBusy",
        "1 rows are still staged",
        "lock was not given",
    ):
        assert wrong in found
