"""The views an analyst reads in the morning."""

from typing import Any

import pytest
from sqlalchemy import text

NOON = "2024-05-01 12:00:00"


@pytest.fixture
def bank(database_url: str, open_shop: Any) -> Any:
    """A second monitor in the same database, with a key of two columns."""
    made = open_shop(database_url, monitor="bank", table="payments", key=("account", "number"))
    made.sql(
        "create table payments (account text, number integer, at timestamp,"
        " amount double precision, note text)",
        f"insert into payments values ('DE 1', 1, '{NOON}', 101, 'a')",
        f"insert into payments values ('DE 1', 2, '{NOON}', 5, 'b')",
    )
    return made


def test_flags_show_key_time_score_and_reasons(shop: Any) -> None:
    shop.night()
    (flag,) = shop.read("select * from shop_flags")
    names = shop.read_names("shop_flags")
    assert names == [
        "id",
        "event_time",
        "score",
        "p_value",
        "extrapolated",
        "reasons",
        "model_version",
        "run_id",
        "scored_at",
        "verdict",
    ]
    found = dict(zip(names, flag, strict=True))
    assert found["id"] == 3
    assert str(found["event_time"]).startswith(NOON)
    assert found["reasons"] == "amount = 999 (expected 5); note = missing (expected x)"


def test_a_flag_shows_what_was_said_of_it(shop: Any) -> None:
    shop.night()
    assert shop.read("select verdict from shop_flags") == [(None,)]
    with shop.workplace.results.writing() as connection:
        connection.exec_driver_sql(
            "insert into nightflag_verdicts (monitor, key, verdict) values ('shop', '3', 'normal')"
        )
    assert shop.read("select id, verdict from shop_flags") == [(3, "normal")], "it stays a flag"
    assert shop.read("select key, verdict from nightflag_flags") == [("3", "normal")]


def test_the_flags_of_all_monitors_stand_in_one_view(shop: Any, bank: Any) -> None:
    shop.night()
    bank.night()
    found = shop.read("select monitor, key, score from nightflag_flags order by monitor")
    assert found == [("bank", "DE 1 | 1", 101.0), ("shop", "3", 999.0)]


def test_monitors_prepared_before_anyones_first_night_are_all_there(shop: Any, bank: Any) -> None:
    shop.workplace.prepare()
    bank.workplace.prepare()
    shop.night()
    bank.night()
    found = shop.read("select monitor from nightflag_flags order by monitor")
    assert found == [("bank",), ("shop",)]


def test_a_flag_without_reasons_is_still_a_flag(shop: Any) -> None:
    shop.night()
    with shop.workplace.results.writing() as connection:
        connection.execute(shop.workplace.tables.reasons.delete())
    assert shop.read("select id, reasons from shop_flags") == [(3, None)]


def test_a_monitor_whose_view_an_earlier_version_made_lacks_what_came_later(
    shop: Any, bank: Any
) -> None:
    bank.night()
    with bank.workplace.results.writing() as connection:
        for statement in (
            "drop view nightflag_flags",
            "drop view bank_flags",
            "create view bank_flags as select account, number, event_time, score, p_value,"
            " 'odd' as reasons, model_version, run_id, scored_at from bank_scores",
        ):
            connection.execute(text(statement))
    shop.night()
    found = shop.read("select monitor, reasons, extrapolated from nightflag_flags")
    assert ("bank", "odd", None) in found
    assert {monitor for monitor, *_ in found} == {"bank", "shop"}


def test_reasons_are_the_words_of_those_that_made_the_score(shop: Any) -> None:
    shop.night()
    reasons = shop.workplace.tables.reasons
    told = {1: ("amount 999", 900.0), 2: ("note missing", 60.0), 3: ("a trifle", 39.0)}
    with shop.workplace.results.writing() as connection:
        connection.execute(reasons.delete())
        for rank, (words, contribution) in told.items():
            row = {"id": 3, "rank": rank, "contribution": contribution, "words": words}
            connection.execute(reasons.insert().values(feature="any", **row))
    assert shop.read("select reasons from shop_flags") == [("amount 999; note missing",)]
