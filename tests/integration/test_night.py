"""What a night does, from the watched table to the flags, on both databases."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.reliability.payments import (
    A_DAY,
    DAYS,
    FIRST_NIGHT,
    SECOND_NIGHT,
    empty_watch,
    pay,
    payments,
)
from tests.reliability.watch import driver, nights

LAST_DAY = set(range((DAYS - 1) * A_DAY, DAYS * A_DAY))
NEXT_DAY = set(range(DAYS * A_DAY, (DAYS + 1) * A_DAY))


def scored(watch, condition="1 = 1"):
    query = f"select payment_id from payments_scores where {condition}"
    return {row["payment_id"] for row in watch.rows(query)}


def run(watch, run_id):
    columns = "status, records_read, records_scored, records_quarantined, records_retracted"
    [row] = watch.rows(f"select {columns} from nightflag_runs where run_id = {run_id}")
    return tuple(row.values())


def test_the_first_night_trains_on_what_came_before_its_window_and_scores_only_that(
    stages, database
):
    watch = stages.first_night(database)
    assert scored(watch) == LAST_DAY - {290, 291}
    assert run(watch, 1) == ("published", 40, 38, 2, 0)
    [model] = watch.rows("select * from nightflag_models")
    assert model["training_records"] + model["calibration_records"] == (DAYS - 1) * A_DAY
    assert model["reason"] == "no champion yet"


def test_the_second_night_scores_what_is_new_late_or_corrected_and_leaves_the_rest_alone(
    stages, database
):
    watch = stages.second_night(database)
    assert scored(watch, "run_id = 2") == NEXT_DAY - {325, 326, 327} | {290, 300, 900}
    assert scored(watch, "run_id = 1") == LAST_DAY - {290, 291, 300, 305, 310}
    before = stages.first_night(database).table("payments_scores")
    kept = set(watch.table("payments_scores", "run_id = 1"))
    assert kept < set(before)


def test_records_that_are_gone_from_the_source_are_retracted(stages, database):
    watch = stages.second_night(database)
    assert run(watch, 2) == ("published", 44, 40, 4, 2)
    gone = "payment_id in (310, 291)"
    for name in ("payments_scores", "payments_reasons", "payments_quarantine"):
        assert watch.table(name, gone) == []


def test_quarantine_holds_each_bad_record_with_every_rule_it_failed(stages, database):
    watch = stages.second_night(database)
    rows = watch.rows("select payment_id, rule, column_name, value from payments_quarantine")
    between = "expect_column_values_to_be_between(column=amount, min_value=0)"
    not_null = "expect_column_values_to_not_be_null(column=channel)"
    assert {tuple(row.values()) for row in rows} == {
        (325, between, "amount", "-5.0"),
        (326, between, "amount", "-1.0"),
        (326, not_null, "channel", None),
        (327, "event_time_is_readable", "paid_at", None),
        (305, not_null, "channel", None),
    }


def test_every_flag_has_its_model_version_and_its_reasons_in_order(stages, database):
    watch = stages.second_night(database)
    flags = watch.rows("select * from payments_flags")
    assert 300 in {flag["payment_id"] for flag in flags}
    assert {flag["model_version"] for flag in flags} == {1}
    [most] = [flag for flag in flags if flag["payment_id"] == 300]
    first = "select feature, words from payments_reasons where payment_id = 300"
    [reason] = watch.rows(f"{first} and rank = 1")
    assert reason["feature"] == "amount"
    assert re.fullmatch(r"amount [\d,.]+ where [\d.]+ to [\d.]+ was expected", reason["words"])
    assert most["reasons"].startswith(reason["words"])
    assert most["p_value"] == min(flag["p_value"] for flag in flags)
    reasons = watch.rows("select distinct payment_id from payments_reasons")
    assert {row["payment_id"] for row in reasons} == {flag["payment_id"] for flag in flags}


def test_the_contributions_of_a_flag_add_up_to_its_score(stages, database):
    found = stages.second_night(database).rows(
        "select f.score, sum(r.contribution) as told from payments_flags f "
        "join payments_reasons r using (payment_id) group by payment_id, f.score"
    )
    assert found
    for row in found:
        assert row["told"] == pytest.approx(row["score"], rel=1e-9)


def test_the_analysts_join_works_as_it_is_written(stages, database):
    watch = stages.second_night(database)
    joined = watch.rows(
        "select t.*, f.p_value, f.reasons "
        "from payments t join payments_flags f using (payment_id) order by f.p_value"
    )
    assert len(joined) == len(watch.rows("select * from payments_flags"))
    assert set(joined[0]) == {
        *("payment_id", "paid_at", "amount", "fee", "channel", "p_value", "reasons")
    }


def test_the_model_is_retrained_when_its_cadence_has_passed(stages, tmp_path):
    watch = stages.first_night("sqlite").copy(tmp_path / "watch")
    later = FIRST_NIGHT + timedelta(days=7)
    for day in range(DAYS, DAYS + 7):
        pay(watch, payments(day))
    assert watch.night(later - timedelta(days=1)).status == "published"
    assert watch.night(later).status == "published"
    models = watch.rows("select version, status, reason from nightflag_models order by version")
    assert [(model["version"], model["status"]) for model in models] == [
        (1, "retired"),
        (2, "champion"),
    ]
    assert "the cadence is 7 days" in models[1]["reason"]
    versions = watch.rows("select run_id, max(model_version) as v from nightflag_runs group by 1")
    assert {row["run_id"]: row["v"] for row in versions} == {1: 1, 2: 1, 3: 2}
    assert scored(watch, "model_version = 2") == set(range(14 * A_DAY, 15 * A_DAY))


def test_a_night_that_only_scores_imports_no_tensorflow(stages, tmp_path):
    """Nor Great Expectations, unless there are expectations and something to hold them against."""
    expecting = stages.changed("sqlite").copy(tmp_path / "expecting")
    careless = stages.changed("sqlite").copy(tmp_path / "careless")
    careless.describe(expectations=[])
    idle = stages.second_night("sqlite").copy(tmp_path / "idle")
    idle.describe(expectations=[{"expect_column_values_to_not_be_null": {"column": "channel"}}])
    with driver("--light") as process:
        asked = [watch.asked(SECOND_NIGHT) for watch in (expecting, careless)]
        outcomes = nights([*asked, idle.asked(SECOND_NIGHT + timedelta(days=1))], process)
    assert [outcome.status for outcome in outcomes] == ["published"] * 3
    assert [outcome.imported for outcome in outcomes] == [["great_expectations"], [], []]


def test_a_key_of_several_columns_keeps_the_types_it_has_in_the_source(stages, database, tmp_path):
    """A UUID, text with a quote in it, and a timestamp, joined back to the source one to one."""
    postgresql = database == "postgresql"
    watch = empty_watch(tmp_path / "watch", stages.server_url if postgresql else None)
    types = ("uuid", "timestamp") if postgresql else ("text", "text")
    columns = f"id {types[0]}, shop text, paid_at {types[1]}, amount double precision, fee real"
    watch.execute(f"create table sales ({columns})")
    rows = [payment for day in range(DAYS) for payment in payments(day)]
    cast = "cast(:id as uuid)" if postgresql else ":id"
    watch.execute(
        f"insert into sales values ({cast}, :shop, :paid_at, :amount, :fee)",
        [
            {
                **row,
                "id": f"00000000-0000-0000-0000-{row['payment_id'] // 2:012d}",
                "shop": "Zoë's" if row["payment_id"] % 2 else "two words",
                "paid_at": row["paid_at"] if postgresql else str(row["paid_at"]),
            }
            for row in rows
        ],
    )
    key = ["id", "shop", "paid_at"]
    source = {"database": "env:RECORDS", "table": "sales", "key": key, "time": "paid_at"}
    watch.describe(source=source, expectations=[])
    assert watch.night(FIRST_NIGHT).status == "published"
    joined = watch.rows(f"select * from sales join payments_scores using ({', '.join(key)})")
    assert len(joined) == A_DAY
    if postgresql:
        engine = sa.create_engine(watch.url.replace("postgresql:", "postgresql+psycopg:"))
        found = sa.inspect(engine).get_columns("payments_scores", schema="nightflag")
        kept = {column["name"]: str(column["type"]) for column in found[:3]}
        assert kept == {"id": "UUID", "shop": "TEXT", "paid_at": "TIMESTAMP"}
