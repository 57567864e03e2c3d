"""Tables of odd names, times and values: all of them are scored."""

from datetime import timedelta

import pytest

from tests.integration.clarity import refuse_unclear, source
from tests.reliability.payments import A_DAY, DAYS, FIRST_NIGHT, empty_watch, pay, payments

HISTORY = [payment for day in range(DAYS) for payment in payments(day)]


@pytest.fixture(scope="module")
def odd(stages, tmp_path_factory):
    """On each database, a night over a table of odd names and odd values, trained on them too."""
    return {
        kind: night_of_oddities(stages, kind, tmp_path_factory.mktemp("odd") / "watch")
        for kind in ("sqlite", "postgresql")
    }


LONGEST = {"sqlite": "long" * 17 + "er", "postgresql": "long" * 15 + "est"}


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
