"""The same night twice, five times at once, and two nights at once: each published exactly once."""

from tests.reliability.payments import A_DAY, DAYS, FIRST_NIGHT, SECOND_NIGHT, pay, payments
from tests.reliability.watch import nights

AT_ONCE = 5


def everything(watch):
    """All there is in the database, timestamps and attempts included."""
    return {name: sorted(map(str, watch.rows(f"select * from {name}"))) for name in watch.tables()}


def test_a_published_night_changes_nothing_when_it_is_run_again(stages, database, tmp_path):
    watch = stages.first_night(database).copy(tmp_path / "watch")
    before = everything(watch)
    assert watch.night(FIRST_NIGHT, retraining="always").status == "published"
    assert everything(watch) == before


def test_of_five_at_once_that_wait_one_publishes_and_the_others_find_it_done(
    stages, database, tmp_path
):
    watch = stages.trained(database).copy(tmp_path / "watch")
    [killed] = watch.rows("select attempt from nightflag_runs")
    outcomes = nights([watch.asked(FIRST_NIGHT)] * AT_ONCE)
    assert [outcome.status for outcome in outcomes] == ["published"] * AT_ONCE
    assert watch.published() == stages.first_night(database).published()
    [run] = watch.rows("select attempt from nightflag_runs")
    assert run["attempt"] == killed["attempt"] + 1


def test_of_five_at_once_that_do_not_wait_one_publishes_and_the_others_name_it(
    stages, database, tmp_path
):
    watch = stages.trained(database).copy(tmp_path / "watch")
    watch.describe(execution={"batch_size": 16, "lock_wait": "0 seconds"})
    outcomes = nights([watch.asked(FIRST_NIGHT, place="staged", deed="wait")] * AT_ONCE)
    refused = [outcome for outcome in outcomes if outcome.status == "refused"]
    assert len(refused) == AT_ONCE - 1
    assert {outcome.error for outcome in refused} == {"MonitorBusy"}
    assert "night of payments is held by process" in refused[0].what
    assert watch.table("payments_scores") == stages.first_night(database).table("payments_scores")


def test_two_logical_dates_at_once_are_both_published(stages, database, tmp_path):
    watch = stages.trained(database).copy(tmp_path / "watch")
    pay(watch, payments(DAYS))
    outcomes = nights([watch.asked(as_of) for as_of in (SECOND_NIGHT, FIRST_NIGHT)])
    assert [outcome.status for outcome in outcomes] == ["published", "published"]
    good = set(range((DAYS - 1) * A_DAY, (DAYS + 1) * A_DAY)) - {290, 291}
    scored = [row["payment_id"] for row in watch.rows("select payment_id from payments_scores")]
    assert sorted(scored) == sorted(good)
    runs = watch.rows("select sum(records_read) as read from nightflag_runs")
    assert runs == [{"read": 2 * A_DAY}]
