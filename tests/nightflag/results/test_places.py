"""Results may lie in another schema, another database, or a database of another kind."""

from typing import Any

import pytest

SALES = "create table sales (id {kind}, at timestamp, amount double precision, note text)"
NOON = "2024-05-01 12:00:00"
ROWS = f"insert into sales values (1, '{NOON}', 5, 'a'), (2, '{NOON}', 500, 'b')"


def check(shop: Any, keys: list[Any]) -> None:
    shop.night()
    assert shop.read("select id from shop_scores order by score") == [(key,) for key in keys]
    assert shop.read("select id from shop_flags") == [(keys[1],)]
    shop.sql("update sales set amount = null where note = 'a'")
    shop.night()
    shop.sql("delete from sales where note = 'a'")
    assert shop.night() == 1
    assert shop.read("select id from shop_scores") == [(keys[1],)]
    assert shop.read("select id from shop_quarantine") == []


def test_results_lie_in_the_schema_that_is_named(postgresql_url: str, open_shop: Any) -> None:
    shop = open_shop(postgresql_url, schema='Flags "7"')
    shop.sql(SALES.format(kind="integer"), ROWS)
    check(shop, [1, 2])
    tables = "select distinct table_schema from information_schema.tables where table_name "
    assert shop.read(tables + "like 'shop%' or table_name like 'nightflag%'") == [('Flags "7"',)]


@pytest.mark.parametrize("source", ["sqlite", "postgresql"])
@pytest.mark.parametrize("results", ["sqlite", "postgresql"])
def test_results_lie_in_another_database(
    request: pytest.FixtureRequest,
    open_shop: Any,
    postgresql_url: str,
    sqlite_url: str,
    source: str,
    results: str,
) -> None:
    urls = {"sqlite": sqlite_url, "postgresql": postgresql_url}
    other = {"sqlite": sqlite_url + "2", "postgresql": other_database(postgresql_url)}
    shop = open_shop(urls[source], results_url=other[results])
    shop.sql(SALES.format(kind="bigint"), ROWS.replace("(1,", f"({2**53 + 1},"))
    shop.sql(f"update sales set id = {2**53 + 2} where id = 2")
    check(shop, [2**53 + 1, 2**53 + 2])
    assert not {name for (name,) in shop.sql(TABLES[source])} - {"sales"}


TABLES = {
    "sqlite": "select name from sqlite_master where type = 'table'",
    "postgresql": "select tablename from pg_tables"
    " where schemaname in ('public', 'nightflag') and current_database() not like '%other'",
}


def other_database(url: str) -> str:
    import psycopg

    base, _, options = url.partition("?")
    name = base.rpartition("/")[2] + "_other"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return f"{base}_other?{options}"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uuid", ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"]),
        ("numeric(30,0)", ["123456789012345678901234567890", "123456789012345678901234567891"]),
        ("date", ["2024-02-28", "2024-02-29"]),
        ("varchar(9)", ["ä", "b"]),
    ],
)
def test_keys_of_postgresql_stay_exact_in_sqlite(
    postgresql_url: str, sqlite_url: str, open_shop: Any, kind: str, values: list[str]
) -> None:
    shop = open_shop(postgresql_url, results_url=sqlite_url)
    shop.sql(SALES.format(kind=kind))
    for amount, note, value in ((5, "a", values[0]), (500, "b", values[1])):
        shop.sql(f"insert into sales values ('{value}', '{NOON}', {amount}, '{note}')")
    check(shop, values)
