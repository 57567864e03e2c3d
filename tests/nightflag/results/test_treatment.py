"""The source without its anomalies, as views that follow whatever becomes of the flags."""

from typing import Any

import pytest
from sqlalchemy import text

NOON = "2024-05-01 12:00:00"
SALES = "create table sales (id integer, at timestamp, amount double precision, note text"
TREATED = ["shop_clean", "shop_corrected", "shop_nulled"]


def change(shop: Any, *statements: str, **values: str) -> None:
    """Run statements in the results, as a person may."""
    with shop.workplace.results.writing() as connection:
        for statement in statements:
            connection.execute(text(statement), values)


def corrected(shop: Any, view: str = "corrected") -> list[Any]:
    columns = "id, amount, note, corrected_columns"
    return shop.read(f"select {columns} from shop_{view} order by id")


def clean(shop: Any) -> list[int]:
    return [number for (number,) in shop.read("select id from shop_clean order by id")]


def test_clean_holds_the_scored_records_that_are_no_flags(shop: Any) -> None:
    shop.night()
    assert shop.read("select * from shop_clean order by id") == shop.read(
        "select * from sales where id in (1, 2) order by id"
    )


def test_corrected_replaces_the_offending_value_by_the_expected_one(shop: Any) -> None:
    shop.night()
    assert corrected(shop) == [(1, 5, "a", None), (2, 6, "b", None), (3, 5, "c", "amount")]


def test_nulled_replaces_the_offending_value_by_null(shop: Any) -> None:
    shop.night()
    assert corrected(shop, "nulled") == [
        (1, 5, "a", None),
        (2, 6, "b", None),
        (3, None, "c", "amount"),
    ]


def test_records_nobody_vouches_for_are_in_no_treatment(shop: Any) -> None:
    shop.night()
    shop.sql(f"insert into sales values (9, '{NOON}', 5, 'newer than the last night')")
    for view in TREATED:
        numbers = {number for (number,) in shop.read(f"select id from {view}")}
        assert not numbers & {4, 9}, "4 is in quarantine, 9 was not scored"
    shop.night()
    assert clean(shop) == [1, 2, 9]


def test_reasons_offend_until_the_rest_of_the_score_is_below_every_flag(shop: Any) -> None:
    shop.sql(f"insert into sales values (5, '{NOON}', 200, 'e')")
    shop.night()  # the lowest flag has the score 200
    for first, offending in ((799, "amount, note"), (800, "amount")):
        change(shop, f"update shop_reasons set contribution = {first} where id = 3 and rank = 1")
        found = dict(shop.read("select id, corrected_columns from shop_corrected"))
        assert (found[3], found[5]) == (offending, "amount")


def test_a_missing_value_is_corrected_and_a_value_is_corrected_to_a_missing_one(shop: Any) -> None:
    shop.night()
    change(
        shop,
        "update shop_reasons set expected = null where rank = 1",
        "update shop_reasons set contribution = 0",  # so that both offend
    )
    shop.sql("update sales set note = null where id = 3")
    assert corrected(shop)[-1] == (3, None, "x", "amount, note")


def test_views_follow_a_flag_that_is_withdrawn_or_raised(shop: Any) -> None:
    shop.night()
    change(shop, "update shop_scores set is_anomaly = not is_anomaly")
    assert clean(shop) == [3]
    assert corrected(shop) == [(1, 5, "a", ""), (2, 6, "b", ""), (3, 999, "c", None)]


def judge(shop: Any, key: int, verdict: str) -> None:
    change(
        shop,
        "delete from nightflag_verdicts",
        "insert into nightflag_verdicts (monitor, key, verdict) values ('shop', :key, :verdict),"
        " ('another', '1', 'anomaly')",
        key=str(key),
        verdict=verdict,
    )


def test_a_verdict_has_the_last_word(shop: Any) -> None:
    shop.night()
    judge(shop, 3, "normal")
    assert clean(shop) == [1, 2, 3]
    assert corrected(shop)[-1] == (3, 999, "c", None)
    judge(shop, 3, "anomaly")
    assert clean(shop) == [1, 2]
    assert corrected(shop)[-1] == (3, 5, "c", "amount")
    judge(shop, 1, "anomaly")
    assert clean(shop) == [2]
    assert corrected(shop)[0] == (1, 5, "a", ""), "no flag, so no reasons"


def test_views_follow_corrections_and_deletions_in_the_source(shop: Any) -> None:
    shop.night()
    shop.sql("update sales set amount = 7 where id = 3", "delete from sales where id = 2")
    shop.night()
    assert clean(shop) == [1, 3]
    assert corrected(shop) == [(1, 5, "a", None), (3, 7, "c", None)]


def test_an_earlier_records_value_is_not_looked_for_in_this_one(shop: Any) -> None:
    shop.night()
    change(shop, "update shop_reasons set records_back = 2 where rank = 1")
    assert corrected(shop)[-1] == (3, 999, "c", "")


POSTGRESQL = {
    "smallint": ("1", {"41.7": 42, "1e+09": 32767, "-1e+09": -32767, "True": 1}),
    "integer": ("1", {"-0.4": 0, "1e+300": 2147483647, "nan": None, "inf": None, "Mon": None}),
    "bigint": ("1", {"1.23457e+06": 1234570, "1.79769e+308": 2**63 - 1}),
    "numeric(12, 2)": ("1", {"0.25": 0.25, "x": None}),
    "real": ("0.1", {"0.5": 0.5, "1e-300": 0, "1e+300": pytest.approx(3.4e38)}),
    "double precision": ("0.1", {"0.1": 0.1, "1.79769e+308": 1.79769e308, "2e": None}),
    "boolean": ("true", {"True": True, "False": False, "0.5": None}),
    "varchar(3)": ("'a'", {"b": "b", "longer": "longer", "other": None, "": ""}),
    "char(3)": ("'a'", {"b": "b"}),
    "timestamp": (f"'{NOON}'", {"Tue 03:00": None}),
    "date": ("'2024-05-01'", {"Tue 00:00": None}),
    "bytea": (r"'\x00'", {"white": None}),
    "uuid": ("'00000000-0000-0000-0000-00000000000a'", {"b": None}),
}
SQLITE = {
    "integer": ("1", {"41.7": 42, "True": 1, "inf": None, "Mon": None}),
    "boolean": ("1", {"True": 1, "False": 0}),
    "real": ("0.1", {"0.5": 0.5, "1e+300": 1e300, "nan": None}),
    "numeric(12, 2)": ("1.5", {"0.25": 0.25}),
    "text": ("'a'", {"b": "b", "": "", "other": None}),
    "timestamp": (f"'{NOON}'", {"Tue 03:00": None}),
    "blob": ("x'00'", {"white": None}),
}


def check_type(shop: Any, kind: str, found: str, expected: dict[str, Any]) -> None:
    shop.sql(
        f"{SALES}, item {kind})",
        f"insert into sales (id, at, amount, item) values (1, '{NOON}', 5, {found})",
        f"insert into sales (id, at, amount) values (2, '{NOON}', 500)",
    )
    shop.night()
    change(shop, "update shop_reasons set feature = 'item', value = '2024-05-01' where rank = 1")
    ((untouched,),) = shop.sql("select item from sales where id = 1")
    for words, value in expected.items():
        change(shop, "update shop_reasons set expected = :words", words=words)
        read = dict(shop.read("select id, item from shop_corrected"))
        assert read == {1: untouched, 2: value}, words
        assert dict(shop.read("select id, item from shop_nulled")) == {1: untouched, 2: None}


@pytest.mark.parametrize("kind", POSTGRESQL)
def test_expected_values_have_the_type_of_their_postgresql_column(
    postgresql_url: str, open_shop: Any, kind: str
) -> None:
    shop = open_shop(postgresql_url)
    check_type(shop, kind, *POSTGRESQL[kind])
    types = shop.read(
        "select distinct udt_name from information_schema.columns where column_name = 'item'"
        " and table_name in ('sales', 'shop_clean', 'shop_corrected', 'shop_nulled')"
    )
    assert len(types) == 1


@pytest.mark.parametrize("kind", SQLITE)
def test_expected_values_have_the_type_of_their_sqlite_column(
    sqlite_url: str, open_shop: Any, kind: str
) -> None:
    check_type(open_shop(sqlite_url), kind, *SQLITE[kind])


def test_key_and_event_time_stay_as_they_are(shop: Any) -> None:
    shop.night()
    change(shop, "update shop_reasons set feature = 'at' where rank = 1")
    assert corrected(shop, "nulled")[-1] == (3, 999, "c", "")
    assert shop.read("select at from shop_nulled where id = 3") == shop.read(
        "select at from sales where id = 3"
    )


@pytest.mark.parametrize("name", ['Tab "le"', "select", "a%b:c", r"back\slash", "score"])
def test_columns_with_awkward_names_are_corrected(
    database_url: str, open_shop: Any, name: str
) -> None:
    shop = open_shop(database_url)
    quoted = '"' + name.replace('"', '""').replace(":", r"\:") + '"'
    shop.sql(
        f"{SALES}, {quoted} text)",
        f"insert into sales values (1, '{NOON}', 500, 'a', 'odd')",
    )
    shop.night()
    change(
        shop,
        "update shop_reasons set feature = :name, expected = 'even' where rank = 1",
        name=name,
    )
    assert shop.read(f"select {quoted}, corrected_columns from shop_corrected") == [("even", name)]


QUERY = """
with doubled as (select id, at, amount * 2 as amount, note from sales)
select * from doubled where id <> 1 -- the first was a trial: 0%"""


def test_a_query_is_treated_like_a_table(database_url: str, open_shop: Any, shop: Any) -> None:
    asked = open_shop(database_url, query=QUERY, monitor="asked")
    asked.night()
    assert asked.read("select id, amount from asked_clean") == [(2, 12)]
    assert asked.read("select id, amount from asked_corrected order by id") == [(2, 12), (3, 5)]


def test_a_source_of_many_columns_is_treated(database_url: str, open_shop: Any) -> None:
    shop, columns = open_shop(database_url), ", ".join(f"c{place} integer" for place in range(1200))
    shop.sql(
        f"{SALES}, {columns})",
        f"insert into sales (id, at, amount, c1199) values (1, '{NOON}', 500, 7)",
    )
    shop.night()
    change(shop, "update shop_reasons set feature = 'c1199', expected = '3' where rank = 1")
    assert shop.read("select id, c0, c1199 from shop_corrected") == [(1, None, 3)]


def test_keys_without_a_type_of_their_own_still_join(postgresql_url: str, open_shop: Any) -> None:
    shop = open_shop(postgresql_url)
    shop.sql(
        "create type size as enum ('small', 'large')",
        "create table sales (id size, at timestamp, amount double precision, note text)",
        f"insert into sales values ('small', '{NOON}', 5, 'a'), ('large', '{NOON}', 500, 'b')",
    )
    shop.night()
    assert shop.read("select cast(id as text), note from shop_clean") == [("small", "a")]


def treated(shop: Any) -> set[str]:
    return shop.names() & set(TREATED)


def test_a_monitor_can_do_without_and_have_its_views_again(
    database_url: str, open_shop: Any, shop: Any
) -> None:
    shop.night()
    open_shop(database_url, treatment_views=False).workplace.prepare()
    assert treated(shop) == set()
    shop.workplace.prepare()
    assert treated(shop) == set(TREATED)


def test_results_in_another_database_have_no_treatment(
    sqlite_url: str, postgresql_url: str, open_shop: Any
) -> None:
    shop = open_shop(sqlite_url, results_url=postgresql_url)
    shop.sql("create table sales (id integer, at timestamp, amount double precision, note text)")
    shop.night()
    assert treated(shop) == set()


def test_someone_elses_table_or_view_of_that_name_is_left_alone(shop: Any) -> None:
    if shop.workplace.results.dialect == "postgresql":
        shop.sql("create schema nightflag")
    change(
        shop, "create table shop_clean (mine text)", "create view shop_nulled as select 1 as one"
    )
    shop.night()
    shop.workplace.prepare()
    assert shop.read_names("shop_clean") == ["mine"]
    assert shop.read_names("shop_nulled") == ["one"]
    assert corrected(shop)[-1] == (3, 5, "c", "amount")
