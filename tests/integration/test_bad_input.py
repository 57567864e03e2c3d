"""Bad input, through a whole night: a result, or one clear error that leaves nothing half-done."""

import shutil
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.reliability.watch import (
    A_DAY,
    DAYS,
    FIRST_NIGHT,
    MONITOR,
    SECOND_NIGHT,
    empty_watch,
    nights,
    pay,
    payments,
)

HISTORY = [payment for day in range(DAYS) for payment in payments(day)]
PLAIN = {"features": {"exclude": []}, "expectations": []}


def source(**changes):
    return {"source": {**MONITOR["source"], **changes}}


def rule(name, **settings):
    return {"expectations": [{name: settings}]}


def refuse_unclear(outcome, error, words):
    """One error of ours: what arrived, what was expected, how to mend it."""
    assert outcome.error == error, outcome
    assert words in outcome.what
    assert outcome.expected
    assert outcome.mend
    assert "Traceback" not in outcome.what


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
        ("TableRefused", "observed 80"),
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


BAD_RECORDS = {
    "a column that is gone": (
        ("sqlite", "postgresql"),
        "alter table payments drop column fee",
        ("FeatureError", "lack 1 of the columns used: fee"),
    ),
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


@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_a_model_that_is_not_the_registered_one_is_refused(stages, tmp_path, damage):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    before, model = watch.published(), watch.folder / "models" / "payments" / "1"
    kept = shutil.copytree(model, tmp_path / "kept")
    if damage == "missing":
        shutil.rmtree(model)
    else:
        graph = bytearray((model / "graph.onnx").read_bytes())
        graph[len(graph) // 2] ^= 1
        (model / "graph.onnx").write_bytes(graph)
    refuse_unclear(watch.night(SECOND_NIGHT), "ModelFileError", str(model))
    assert watch.published() == before
    shutil.rmtree(model, ignore_errors=True)
    shutil.copytree(kept, model)
    assert watch.night(SECOND_NIGHT).status == "published"


UNREACHABLE = {
    "nobody listens": "postgresql://ann:secret@127.0.0.1:9/bank",
    "no such folder": "sqlite:////no/such/folder/bank.db",
}


@pytest.mark.parametrize("place", ["source", "results"])
@pytest.mark.parametrize("trouble", UNREACHABLE)
def test_a_database_that_does_not_answer(stages, tmp_path, trouble, place):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    asked = watch.asked(SECOND_NIGHT)
    if place == "results":
        watch.describe(results={"database": "env:RESULTS"})
    name = "RESULTS" if place == "results" else "RECORDS"
    asked["environment"][name] = UNREACHABLE[trouble]
    [outcome] = nights([asked])
    refuse_unclear(outcome, "DatabaseUnreachable", "does not answer")
    assert "secret" not in outcome.what


UNUSABLE = {
    "an unknown dialect": ("paradox://host/bank", "no driver for paradox"),
    "a driver that is not installed": ("oracle+nosuch://host/bank", "no driver for oracle+nosuch"),
    "no URL": ("bank", "RECORDS does not hold a database URL"),
}


@pytest.mark.parametrize("trouble", UNUSABLE)
def test_an_address_that_cannot_be_used(stages, tmp_path, trouble):
    url, words = UNUSABLE[trouble]
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    asked = watch.asked(SECOND_NIGHT)
    asked["environment"]["RECORDS"] = url
    refuse_unclear(nights([asked])[0], "SettingsError", words)


def read_only(watch):
    """The URL of the watch's database for one who may only read."""
    if not watch.url.startswith("postgresql"):
        return f"sqlite:///file:{watch.folder / 'records.db'}?mode=ro&uri=true"
    role = f"reader_of_{sa.make_url(watch.url).database}"
    watch.execute(f"create role {role} login")
    watch.execute(f"grant select on payments to {role}")
    watch.execute(f"alter role {role} set default_transaction_read_only = on")
    return sa.make_url(watch.url).set(username=role).render_as_string(hide_password=False)


def test_a_database_that_may_only_be_read_takes_no_results(stages, tmp_path, database):
    watch = stages.changed(database).copy(tmp_path / "watch")
    before = watch.published()
    asked = watch.asked(SECOND_NIGHT)
    asked["environment"]["RECORDS"] = read_only(watch)
    refuse_unclear(nights([asked])[0], "DatabaseRefused", "refused a statement")
    assert watch.published() == before
    assert watch.night(SECOND_NIGHT).status == "published"
    assert watch.published() == stages.second_night(database).published()


@pytest.fixture(scope="module")
def odd(stages, tmp_path_factory):
    """On each database, a night over a table of odd names and odd values, trained on them too."""
    return {
        kind: night_of_oddities(stages, kind, tmp_path_factory.mktemp("odd") / "watch")
        for kind in ("sqlite", "postgresql")
    }


LONGEST = {"sqlite": "long" * 17 + "er", "postgresql": "long" * 15 + "est"}
INFINITE, NOT_A_NUMBER = HISTORY[-1]["payment_id"], HISTORY[-2]["payment_id"]


def night_of_oddities(stages, database, folder):
    """Aware times, infinities and NaN; a constant and an all-NULL column; names to be quoted."""
    postgresql = database == "postgresql"
    watch = empty_watch(folder, stages.server_url if postgresql else None)
    watch.execute(
        f'create table "Tab ""le""" ("a%b:c" bigint, "order" {"timestamptz" if postgresql else ""} '
        f', "{LONGEST[database]}" double precision, "{{fee}}" double precision, "select" text, '
        f'"constant" double precision, "never" text)'
    )
    rows = [
        {
            **row,
            "paid_at": (row["paid_at"] + timedelta(hours=2)).isoformat() + "+02:00",
            "amount": float("inf") if row["payment_id"] % 37 == 23 else row["amount"],
            "fee": float("nan") if row["payment_id"] % 41 == 31 else row["fee"],
        }
        for row in HISTORY
    ]
    watch.execute(
        'insert into "Tab ""le""" values (:payment_id, :paid_at, :amount, :fee, :channel, 7, null)',
        rows,
    )
    watch.describe(
        **source(table='Tab "le"', key="a%b:c", time="order"),
        expectations=[
            {"expect_column_values_to_not_be_null": {"column": LONGEST[database]}},
            {"expect_column_values_to_be_unique": {"column": "a%b:c"}},
            {"expect_column_values_to_not_be_null": {"column": "order"}},
        ],
    )
    assert watch.night(FIRST_NIGHT).status == "published"
    return watch


def test_names_that_need_quoting_work_throughout(odd, database):
    joined = odd[database].rows(
        'select t.*, s.p_value from "Tab ""le""" t join payments_scores s using ("a%b:c")'.replace(
            ":", "\\:"
        )
    )
    assert {row["a%b:c"] for row in joined} == set(range((DAYS - 1) * A_DAY, DAYS * A_DAY))


def test_times_with_a_zone_are_instants(odd, database):
    [run] = odd[database].rows("select records_read, window_end from nightflag_runs")
    assert run["records_read"] == A_DAY
    assert str(run["window_end"]).startswith(f"{FIRST_NIGHT:%Y-%m-%d %H:%M}")


def test_infinities_and_nan_are_scored(odd, database):
    ids = [row["payment_id"] for row in HISTORY[-A_DAY:]]
    infinite = next(at for at in ids if at % 37 == 23)
    nan = next(at for at in ids if at % 41 == 31)
    found = odd[database].rows('select "a%b\\:c" as id, score, p_value from payments_scores')
    scores = {row["id"]: row for row in found}
    assert scores[nan]["score"] < float("inf")
    assert scores[infinite]["p_value"] <= sorted(row["p_value"] for row in found)[A_DAY // 4]


def test_constant_and_empty_columns_are_no_features(odd, database):
    reasons = odd[database].rows("select distinct feature from payments_reasons")
    used = {row["feature"] for row in reasons}
    assert used == {"order", LONGEST[database], "{fee}", "select"}


def test_a_name_longer_than_postgresql_allows_is_not_found_there(stages, tmp_path):
    watch = empty_watch(tmp_path / "watch", stages.server_url)
    watch.execute(f"create table trips ({'k' * 70} bigint, at timestamp, miles real)")
    watch.describe(**source(table="trips", key="k" * 70, time="at"))
    outcome = watch.night(FIRST_NIGHT)
    refuse_unclear(outcome, "SourceError", f"Did you mean '{'k' * 63}'?")


def test_local_times_in_a_table_called_order(tmp_path):
    """Without a zone they are read in the source's: Berlin's day begins at 23:00 UTC."""
    watch = empty_watch(tmp_path / "watch", None)
    local = timedelta(hours=1)
    pay(watch, [{**row, "paid_at": row["paid_at"] + local} for row in HISTORY])
    watch.execute('alter table payments rename to "order"')
    watch.describe(**source(table="order", time_zone="Europe/Berlin"), expectations=[])
    assert watch.night(FIRST_NIGHT).status == "published"
    scored = {row["payment_id"] for row in watch.rows("select payment_id from payments_scores")}
    assert scored == set(range((DAYS - 1) * A_DAY, DAYS * A_DAY))
