"""Bad input, through a whole night: a result, or one clear error that leaves nothing half-done."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.clarity import refuse_unclear, source
from tests.reliability.payments import (
    DAYS,
    FIRST_NIGHT,
    SECOND_NIGHT,
    empty_watch,
    pay,
    payments,
)

HISTORY = [payment for day in range(DAYS) for payment in payments(day)]


def rule(name, **settings):
    return {"expectations": [{name: settings}]}


MISTAKES = {
    "a time column that is not there": (
        source(time="payd_at"),
        ("SourceError", "no column 'payd_at'. Did you mean 'paid_at'?"),
    ),
    "a key column that is not there": (source(key="id"), ("SourceError", "no column 'id'")),
    "a label column that is not there": (source(label="fraud"), ("SourceError", "'fraud'")),
    "a table that is not there": (source(table="paymets"), ("SourceError", "'paymets'")),
    "a query that does not parse": (
        source(table=None, query="select * frm payments"),
        ("SourceError", 'near "frm"'),
    ),
    "a key that is another than before": (
        source(key=["payment_id", "channel"]),
        ("SettingsError", "payments_scores has the key (payment_id BIGINT)"),
    ),
    "an expectation that does not exist": (
        rule("expect_column_values_to_be_nice", column="amount"),
        ("ExpectationError", "no expectation called 'expect_column_values_to_be_nice'"),
    ),
    "an expectation on a column that is not there": (
        rule("expect_column_values_to_not_be_null", column="amont"),
        ("ExpectationError", "looks at column 'amont', which is not there"),
    ),
    "an expectation of another type than its column": (
        rule("expect_column_values_to_be_between", column="channel", min_value=0),
        ("ExpectationError", "could not be judged"),
    ),
    "a table expectation that fails": (
        rule("expect_table_row_count_to_be_between", min_value=1_000),
        ("TableRefused", "observed 79"),
    ),
    "a kind for a column that is not there": (
        {"features": {"kinds": {"age": "numeric"}}},
        ("FeatureError", "'age'"),
    ),
    "a detector's setting that does not exist": (
        {"detector": {"settings": {"stesp": 50}}},
        ("MonitorError", "no setting 'stesp'"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_monitor_is_named_and_the_next_good_night_publishes(
    stages, tmp_path, mistake
):
    sections, (error, words) = MISTAKES[mistake]
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    before = watch.published()
    watch.describe(**sections)
    refuse_unclear(watch.night(SECOND_NIGHT), error, words)
    assert watch.published() == before
    watch.describe()
    assert watch.night(SECOND_NIGHT).status == "published"
    assert watch.published() == stages.second_night("sqlite").published()


def test_a_column_that_is_gone_trains_a_model_without_it_and_says_so(stages, database, tmp_path):
    watch = stages.changed(database).copy(tmp_path / "watch")
    watch.execute("alter table payments drop column fee")
    assert watch.night(SECOND_NIGHT).status == "published"
    [run] = watch.rows("select model_version, warnings from nightflag_runs where run_id = 2")
    assert run["model_version"] == 2
    told = "model 2 was trained tonight: the source's columns changed: fee is gone"
    assert told in run["warnings"]


def test_without_retraining_a_column_that_is_gone_stops_the_night(stages, tmp_path):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    before = watch.published()
    watch.execute("alter table payments drop column fee")
    outcome = watch.night(SECOND_NIGHT, retraining="never")
    refuse_unclear(outcome, "FeatureError", "lack 1 of the columns used: fee")
    assert watch.published() == before


BAD_RECORDS = {
    "a key that stands twice": (
        ("sqlite", "postgresql"),
        "insert into payments select * from payments where payment_id = 330",
        ("SourceError", "does not identify a record: (330) 2 times"),
    ),
    "text among numbers": (
        ("sqlite",),
        "update payments set fee = 'much' where payment_id = 330",
        ("SourceError", "Column 'fee' holds a value that is no double"),
    ),
    "a fraction in a key of integers": (
        ("sqlite",),
        "update payments set payment_id = 1.5 where payment_id = 330",
        ("SourceError", "Column 'payment_id' holds a value that is no int64"),
    ),
    "bytes that are no text": (
        ("sqlite",),
        "update payments set channel = cast(x'ff41' as text) where payment_id = 330",
        ("SourceError", "Could not decode to UTF-8 column 'channel'"),
    ),
    "numbers that became text": (
        ("postgresql",),
        "alter table payments alter column amount type text",
        ("ExpectationError", "could not be judged"),
    ),
    "a key that became text": (
        ("postgresql",),
        "alter table payments alter column payment_id type text",
        ("SettingsError", "the key (payment_id BIGINT), its monitor (payment_id TEXT)"),
    ),
}
REFUSED = [(name, kind) for name, (kinds, *_) in BAD_RECORDS.items() for kind in kinds]


@pytest.mark.parametrize(("trouble", "database"), REFUSED)
def test_records_that_cannot_be_read_are_refused_whole(stages, tmp_path, trouble, database):
    _, statement, (error, words) = BAD_RECORDS[trouble]
    watch = stages.changed(database).copy(tmp_path / "watch")
    before = watch.published()
    watch.execute(statement)
    refuse_unclear(watch.night(SECOND_NIGHT), error, words)
    assert watch.published() == before


def test_records_without_a_key_or_a_readable_time_are_quarantined(stages, tmp_path, database):
    watch = stages.changed(database).copy(tmp_path / "watch")
    watch.execute("update payments set payment_id = null where payment_id in (330, 331)")
    if database == "sqlite":
        watch.execute("update payments set paid_at = 'yesterday' where payment_id = 332")
    assert watch.night(SECOND_NIGHT).status == "published"
    rows = watch.rows("select rule, column_name, value from payments_quarantine")
    found = [tuple(row.values()) for row in rows]
    assert found.count(("key_is_not_null", "payment_id", None)) == 2
    if database == "sqlite":
        assert ("event_time_is_readable", "paid_at", "yesterday") in found


def test_times_at_the_ends_of_the_calendar_belong_to_no_night(stages, tmp_path, database):
    watch = stages.changed(database).copy(tmp_path / "watch")
    ends = ("-infinity", "infinity") if database == "postgresql" else ("0001-01-01", "9999-12-31")
    for payment, moment in zip((330, 331), ends, strict=True):
        watch.execute(f"update payments set paid_at = '{moment}' where payment_id = {payment}")
    assert watch.night(SECOND_NIGHT).status == "published"
    assert watch.table("payments_scores", "payment_id in (330, 331)") == []
    assert watch.table("payments_scores", "payment_id = 329") != []


def test_a_window_without_records_publishes_a_night_without_records(stages, tmp_path, database):
    watch = stages.first_night(database).copy(tmp_path / "watch")
    assert watch.night(SECOND_NIGHT).status == "published"
    [run] = watch.rows("select status, records_read from nightflag_runs where run_id = 2")
    assert run == {"status": "published", "records_read": 0}
    assert watch.table("payments_scores") == stages.first_night(database).table("payments_scores")


@pytest.mark.parametrize("rows", [0, 1])
def test_too_little_to_train_on_is_refused_with_advice(stages, tmp_path, database, rows):
    url = stages.server_url if database == "postgresql" else None
    watch = empty_watch(tmp_path / "watch", url)
    if rows:
        pay(watch, payments(0)[:rows])
    outcome = watch.night(FIRST_NIGHT)
    refuse_unclear(outcome, "TrainingRefused", f"{rows} good records are there to train on")
    assert "wait for more records" in outcome.mend
    assert watch.published()["runs"] == []


def test_a_table_without_features_is_refused(tmp_path):
    watch = empty_watch(tmp_path / "watch", None)
    pay(watch, HISTORY)
    every = ["paid_at", "amount", "fee", "channel"]
    watch.describe(features={"exclude": every}, expectations=[])
    outcome = watch.night(FIRST_NIGHT)
    refuse_unclear(outcome, "FeatureError", "nothing to learn from: 210 records, 0 columns")


def test_a_table_with_a_single_feature_is_scored(tmp_path):
    watch = empty_watch(tmp_path / "watch", None)
    pay(watch, HISTORY)
    watch.describe(features={"exclude": ["paid_at", "fee", "channel"]}, expectations=[])
    assert watch.night(FIRST_NIGHT).status == "published"
    reasons = watch.rows("select distinct feature from payments_reasons")
    assert reasons == [{"feature": "amount"}]


def test_an_alarm_rate_below_every_p_value_is_published_with_a_warning(stages, tmp_path):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    watch.describe(alarm={"rate": 0.001})
    assert watch.night(SECOND_NIGHT).status == "published"
    [run] = watch.rows("select records_flagged, warnings from nightflag_runs where run_id = 2")
    assert run["records_flagged"] == 0
    assert "alarm rate 0.001: nothing can be flagged" in run["warnings"]
    assert "it takes 999" in run["warnings"]


def test_a_row_expectation_that_only_warns_is_told_and_its_records_are_scored(stages, tmp_path):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    bound = {"column": "amount", "max_value": 0, "severity": "warning"}
    watch.describe(expectations=[{"expect_column_values_to_be_between": bound}])
    assert watch.night(SECOND_NIGHT).status == "published"
    [run] = watch.rows("select * from nightflag_runs where run_id = 2")
    assert run["records_scored"] == 43
    [warning] = run["warnings"].splitlines()
    assert warning.startswith("expect_column_values_to_be_between(column=amount, max_value=0)")
    assert warning.endswith("failed by 42 of 44 records, none held back for it")


def test_columns_that_change_places_make_no_record_due(stages, database, tmp_path):
    watch = stages.first_night(database).copy(tmp_path / "watch")
    before = watch.published()
    watch.execute("alter table payments rename to earlier")
    watch.execute(
        "create table payments (channel text, fee double precision, paid_at timestamp, "
        "payment_id bigint, amount double precision)"
    )
    watch.execute(
        "insert into payments select channel, fee, paid_at, payment_id, amount from earlier"
    )
    assert watch.night(SECOND_NIGHT).status == "published"
    [run] = watch.rows("select * from nightflag_runs where run_id = 2")
    assert (run["records_read"], run["model_version"], run["warnings"]) == (0, 1, None)
    assert watch.published()["payments_scores"] == before["payments_scores"]


IMPOSSIBLE = {
    "before the first one of payments": FIRST_NIGHT - timedelta(days=1),
    "is still to come: the clock of": datetime.now(UTC) + timedelta(days=2),
}


@pytest.mark.parametrize("words", IMPOSSIBLE)
def test_an_impossible_night_is_refused_and_leaves_no_run(stages, tmp_path, words):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    before = watch.published()
    refuse_unclear(watch.night(IMPOSSIBLE[words]), "SettingsError", words)
    assert watch.published() == before
    assert len(watch.rows("select run_id from nightflag_runs")) == 1


def test_a_clock_that_was_set_back_finds_its_stretch_of_time_published(stages, tmp_path, database):
    watch = stages.second_night(database).copy(tmp_path / "watch")
    before = watch.published()
    assert watch.night(SECOND_NIGHT - timedelta(hours=5)).status == "published"
    [run] = watch.rows("select * from nightflag_runs where run_id = 3")
    assert (run["records_read"], run["records_retracted"]) == (0, 0)
    own = dict.fromkeys(("runs", "nightflag_expectations"))
    assert {**watch.published(), **own} == {**before, **own}
