"""NUL characters in SQLite's text, which PostgreSQL's text cannot hold: no night stops at them."""

from functools import cache

import pytest

from tests.integration.clarity import source
from tests.reliability.payments import A_DAY, DAYS, FIRST_NIGHT, SECOND_NIGHT, empty_watch, payments
from tests.reliability.watch import Watch, new_database

HISTORY = [payment for day in range(DAYS) for payment in payments(day)]
NIGHT = range((DAYS - 1) * A_DAY, DAYS * A_DAY)
IN_KEY, AS_KEY, IN_TIME, IN_SEGMENT = 280, 281, 285, 287


@pytest.fixture(params=["postgresql", pytest.param("sqlite", marks=pytest.mark.slow)])
def database(request):
    """The kind of database, each in turn."""
    return request.param


@pytest.fixture(scope="module")
def nights(stages, tmp_path_factory):
    """A night over SQLite with results beside the source, and one with them in PostgreSQL."""
    return cache(
        lambda kind: night(
            tmp_path_factory.mktemp("nul") / "watch",
            new_database(stages.server_url) if kind == "postgresql" else "",
        )
    )


def night(folder, results):
    """The watch over the records, the one over the results, and the URL of these."""
    watch = empty_watch(folder, None)
    watch.execute("drop table payments")
    columns = "code text, paid_at text, amount real, fee real, channel text"
    watch.execute(f"create table payments ({columns})")
    watch.execute(
        "insert into payments values (:code, :paid_at, :amount, :fee, :channel)",
        [{**row, **spoilt(row)} for row in HISTORY],
    )
    watch.describe(
        **source(key="code"),
        **({"results": {"database": "env:RESULTS"}} if results else {}),
        alarm={"rate": 0.05, "segments": {"column": "channel", "rates": {"card": 0.01}}},
    )
    assert watch.night(FIRST_NIGHT, results=results).status == "published"
    return watch, Watch(folder, results or watch.url), results


def spoilt(row):
    """NUL in two keys, in a time, which nobody can read then, and in a category."""
    number = row["payment_id"]
    code = {IN_KEY: "id-\0-280", AS_KEY: "\0"}.get(number, f"id-{number}")
    return {
        "code": code,
        "paid_at": f"{row['paid_at']:%Y-%m-%d %H:%M:%S}" + ("\0?" if number == IN_TIME else ""),
        "channel": "ca\0sh" if number % 7 == 0 else row["channel"],
        "amount": 99_999.0 if number == IN_SEGMENT else row["amount"],
    }


def test_every_record_is_scored_or_in_quarantine(nights, database):
    _, results, _ = nights(database)
    [run] = results.rows("select * from nightflag_runs")
    assert run["records_read"] == A_DAY
    assert (run["records_scored"], run["records_quarantined"]) == (A_DAY - 3, 3)
    scored = {row["code"] for row in results.rows("select code from payments_scores")}
    assert scored == {f"id-{at}" for at in NIGHT if at not in (IN_KEY, AS_KEY, IN_TIME)}


def test_a_key_with_nul_is_in_quarantine_and_told_as_its_value(nights, database):
    """Its key is NULL there: cut or altered, it could be the key of another record."""
    _, results, _ = nights(database)
    told = results.rows("select code, rule, column_name, value from payments_quarantine")
    found = {tuple(row.values()) for row in told}
    assert (None, "key_has_no_nul", "code", "id-\\0-280") in found
    assert (None, "key_has_no_nul", "code", "\\0") in found
    [(code, _, column, value)] = [row for row in found if row[1] == "event_time_is_readable"]
    assert (code, column) == (f"id-{IN_TIME}", "paid_at")
    assert value.endswith("\\0?")


def test_a_text_with_nul_is_scored_and_told_with_its_nul_written_out(nights, database):
    _, results, _ = nights(database)
    scored = f"select alarm_segment from payments_scores where code = 'id-{IN_SEGMENT}'"
    [row] = results.rows(scored)
    assert row["alarm_segment"] == ("ca\0sh" if database == "sqlite" else "ca\\0sh")
    reasons = results.rows(f"select words from payments_reasons where code = 'id-{IN_SEGMENT}'")
    assert any("amount" in reason["words"] for reason in reasons)


def test_they_come_once_and_a_mended_key_is_scored(nights, database):
    watch, results, url = nights(database)
    mend = f"update payments set code = 'id-{IN_KEY}' where code like 'id-%' and length(code) = 3"
    watch.execute(mend)
    assert watch.night(SECOND_NIGHT, results=url).status == "published"
    [run] = results.rows("select * from nightflag_runs where run_id = 2")
    assert (run["records_read"], run["records_scored"]) == (1, 1)
    kept = results.rows("select value from payments_quarantine where rule = 'key_has_no_nul'")
    assert [row["value"] for row in kept] == ["\\0"]
