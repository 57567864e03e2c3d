"""What becomes of a night before which the source's columns changed: the table in operation.md."""

import pytest

from tests.integration.clarity import refuse_unclear
from tests.reliability.payments import SECOND_NIGHT

SLOW = pytest.mark.slow
RETYPED = {
    "sqlite": (
        "alter table payments rename to earlier",
        "create table payments (payment_id bigint, paid_at timestamp, amount double, fee bigint, "
        "channel text)",
        "insert into payments select payment_id, paid_at, amount, cast(round(fee) as integer), "
        "channel from earlier",
    ),
    "postgresql": ("alter table payments alter column fee type bigint using round(fee)",),
}
RETRAINED = {
    "a column that came": ("alter table payments add column tip real default 1.5", "tip is new"),
    "a column with another name": (
        "alter table payments rename column fee to cost",
        "cost is new, fee is gone",
    ),
}
TOLD = "model 2 was trained tonight: the source's columns changed: "


def run_of(watch):
    [run] = watch.rows("select * from nightflag_runs where run_id = 2")
    assert run["records_read"] == run["records_scored"] + run["records_quarantined"]
    return run


def trained_anew(watch, words):
    """A night with a new model, which says why, and scores of every good record of the day."""
    assert watch.night(SECOND_NIGHT).status == "published"
    run = run_of(watch)
    assert run["model_version"] == 2
    assert TOLD + words in run["warnings"]
    scored = watch.rows("select payment_id from payments_scores where payment_id >= 320")
    assert len(scored) == 38, "40 of the day and a late one, without three bad ones"


@pytest.mark.parametrize(
    ("database", "change"),
    [
        ("postgresql", "a column that came"),
        pytest.param("sqlite", "a column that came", marks=SLOW),
        pytest.param("postgresql", "a column with another name", marks=SLOW),
        pytest.param("sqlite", "a column with another name", marks=SLOW),
    ],
)
def test_a_model_is_trained_for_other_columns(stages, tmp_path, database, change):
    watch = stages.changed(database).copy(tmp_path / "watch")
    statement, words = RETRAINED[change]
    watch.execute(statement)
    trained_anew(watch, words)


@pytest.mark.slow
def test_a_model_is_trained_for_a_column_of_another_type(stages, tmp_path, database):
    watch = stages.changed(database).copy(tmp_path / "watch")
    for statement in RETYPED[database]:
        watch.execute(statement)
    trained_anew(watch, "fee was double and is int64")


def test_a_column_that_may_be_null_now_is_scored_where_it_is(stages, tmp_path, database):
    watch = stages.changed(database).copy(tmp_path / "watch")
    if database == "postgresql":
        watch.execute("alter table payments alter column fee drop not null")
    watch.execute("update payments set fee = null where payment_id = 330")
    assert watch.night(SECOND_NIGHT).status == "published"
    run = run_of(watch)
    assert (run["model_version"], run["warnings"]) == (1, None)
    assert watch.table("payments_scores", "payment_id = 330") != []


def test_a_time_that_became_text_is_refused_in_postgresql(stages, tmp_path):
    watch = stages.changed("postgresql").copy(tmp_path / "watch")
    before = watch.published()
    watch.execute("alter table payments alter column paid_at type text")
    refuse_unclear(watch.night(SECOND_NIGHT), "SourceError", "'paid_at' holds string")
    assert watch.published() == before
