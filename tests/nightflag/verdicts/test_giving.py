"""Verdicts are kept together, on scored records only, the last word standing."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from nightflag.errors import VerdictRefused
from nightflag.verdicts import Verdict, give
from tests.nightflag.reporting.payments import at_work, fill, publish, records, rows

NOW = datetime(2026, 1, 9, 8, tzinfo=UTC)
KEPT = "select key, verdict, note, given_by from nightflag_verdicts order by key"


@pytest.fixture
def workplace(database_url, tmp_path):
    with at_work(database_url, tmp_path) as workplace:
        fill(workplace, records(60, frauds=5))
        publish(workplace)
        yield workplace


def test_the_last_word_stands(workplace):
    first = [Verdict("p-00000", "anomaly", "stolen card"), Verdict("p-00001", "anomaly")]
    give(workplace.results, "payments", first, now=NOW)
    later = [Verdict("p-00000", "normal", given_by="Ann")]
    give(workplace.results, "payments", later, now=NOW + timedelta(hours=1))
    assert rows(workplace, KEPT) == [
        ("p-00000", "normal", None, "Ann"),
        ("p-00001", "anomaly", None, None),
    ]


def test_a_key_that_was_never_scored_is_refused_with_an_example(workplace):
    given = [Verdict("p-00000", "anomaly"), Verdict("p-0", "normal"), Verdict("p-1", "normal")]
    with pytest.raises(VerdictRefused, match="payments never scored 'p-0', 'p-1'") as raised:
        give(workplace.results, "payments", given, now=NOW)
    assert "a key (payment) as nightflag_flags writes it, such as '" in str(raised.value)
    assert rows(workplace, KEPT) == [], "all or nothing"


def test_before_the_first_night_there_is_nothing_to_judge(sqlite_url, tmp_path):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(60, frauds=5))
        with pytest.raises(VerdictRefused, match="has published nothing yet"):
            give(workplace.results, "payments", [Verdict("p-00000", "normal")], now=NOW)


def test_a_plain_insert_is_enough(workplace):
    insert = "insert into nightflag_verdicts (monitor, key, verdict) values ('payments', 'p-7', "
    before = datetime.now(UTC).replace(microsecond=0)
    with workplace.results.writing() as connection:
        connection.exec_driver_sql(insert + "'normal')")
    ((given_at,),) = rows(workplace, "select given_at from nightflag_verdicts")
    if isinstance(given_at, str):
        given_at = datetime.fromisoformat(given_at).replace(tzinfo=UTC)
    assert before <= given_at <= datetime.now(UTC)
    with workplace.results.engine.connect() as connection, pytest.raises(IntegrityError):
        connection.exec_driver_sql(insert.replace("p-7", "p-8") + "'fraud')")


def test_keys_of_several_columns_are_joined(database_url, tmp_path):
    with at_work(database_url, tmp_path, key=["payment", "shop"]) as workplace:
        fill(workplace, records(60, frauds=5).assign(shop="bakery"))
        publish(workplace)
        give(workplace.results, "payments", [Verdict("p-00003 | bakery", "normal")], now=NOW)
        with pytest.raises(VerdictRefused, match=r"\(payment \| shop\)"):
            give(workplace.results, "payments", [Verdict("p-00003", "normal")], now=NOW)
