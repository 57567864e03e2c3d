"""A flag joins its record by a plain equi-join, whatever the key is made of."""

from typing import Any

import pytest
from sqlalchemy import inspect

from nightflag.errors import SourceError

NOON = "2024-05-01 12:00:00"
SALES = "create table sales ({columns}, at timestamp, amount double precision, note text)"

POSTGRESQL = {
    "smallint": ["1", "2", "3"],
    "bigint": [str(2**53), str(2**53 + 1), str(-(2**63))],
    "numeric": ["12345678901234567890123.5", "1.50", "0.1"],
    "numeric(30,0)": ["123456789012345678901234567890", "1", "2"],
    "double precision": ["0.1", "1e300", "2"],
    "uuid": [f"'00000000-0000-0000-0000-00000000000{digit}'" for digit in "abc"],
    "char(5)": ["'a'", "'bcd  '", "'12345'"],
    "varchar(9)": ["'a'", "'A'", "'ä'"],
    "text": ["'a|b'", "''", "'%:x\"'"],
    "date": ["'2024-02-29'", "'0001-01-01'", "'9999-12-31'"],
    "timestamp": ["'2024-02-29 12:00:00.000001'", "'2024-02-29 12:00:00'", "'1066-10-14'"],
    "timestamptz": ["'2024-02-29 12:00:00.000001+02'", "'2024-10-27 00:30Z'", "'1066-10-14'"],
    "time": ["'12:00:00.000001'", "'12:00'", "'00:00'"],
    "boolean": ["true", "false"],
    "bytea": [r"'\x00'", r"'\xff00'", "''"],
    "inet": ["'10.0.0.1'", "'10.0.0.0/8'", "'::1'"],
}
SQLITE = {
    "integer": [str(2**53), str(2**53 + 1), str(-(2**63))],
    "text": ["'a|b'", "''", "'1'"],
    "char(5)": ["'a'", "'bcd  '", "'12345'"],
    "varchar(9)": ["'007'", "'7'", "'7.0'"],
    "uuid": [f"'00000000-0000-0000-0000-00000000000{digit}'" for digit in "abc"],
    "timestamp": ["'2024-02-29 12:00:00.000001'", "'2024-02-29T12:00:00'", "'1066-10-14'"],
    "date": ["'2024-02-29'", "'2024-03-01'", "'1066-10-14'"],
    "numeric(10,2)": ["1.5", "0.1", "2"],
    "real": ["1.5", "1e300", "2"],
    "boolean": ["1", "0"],
    "blob": ["x'00'", "x'ff00'", "x'01'"],
    "": ["'a'", "'b'", "'c'"],
}


def joined(shop: Any, table: str, schema: str = "") -> int:
    using = ", ".join(shop.key)
    ((count,),) = shop.read(f"select count(*) from {schema}sales join {table} using ({using})")
    return int(count)


def check(shop: Any, count: int) -> None:
    """Publish with all records scored, then with all in quarantine: every one joins."""
    shop.sql("update sales set amount = 500")
    shop.night()
    assert joined(shop, "shop_scores") == count
    assert joined(shop, "shop_flags") == count
    assert joined(shop, "shop_reasons") == 2 * count
    shop.sql("update sales set amount = null")
    shop.night()
    assert joined(shop, "shop_quarantine") == count
    assert joined(shop, "shop_scores") == 0


@pytest.mark.parametrize("kind", POSTGRESQL)
def test_keys_of_every_postgresql_type_join(postgresql_url: str, open_shop: Any, kind: str) -> None:
    shop = open_shop(postgresql_url)
    shop.sql(SALES.format(columns=f"id {kind} primary key"))
    for value in POSTGRESQL[kind]:
        shop.sql(f"insert into sales (id, at) values ({value}, '{NOON}')".replace(":x", r"\:x"))
    check(shop, len(POSTGRESQL[kind]))
    name = kind.partition("(")[0]
    types = shop.read(
        "select distinct udt_name from information_schema.columns where column_name = 'id'"
        " and table_name in ('sales', 'shop_scores', 'shop_reasons', 'shop_quarantine')"
    )
    assert len(types) == 1, f"{name} became {types}"


@pytest.mark.parametrize("kind", SQLITE)
def test_keys_of_every_sqlite_type_join(sqlite_url: str, open_shop: Any, kind: str) -> None:
    shop = open_shop(sqlite_url)
    shop.sql(SALES.format(columns=f"id {kind} primary key"))
    for value in SQLITE[kind]:
        shop.sql(f"insert into sales (id, at) values ({value}, '{NOON}')")
    check(shop, len(SQLITE[kind]))


def test_a_key_of_several_columns_joins_as_a_whole(database_url: str, open_shop: Any) -> None:
    shop = open_shop(database_url, key=("shop", "number", "on_day"))
    shop.sql(
        SALES.format(columns="shop varchar(5), number numeric(20), on_day date"),
        f"insert into sales values ('a', 1, '2024-05-01', '{NOON}', 5, 'x')",
        f"insert into sales values ('a', 2, '2024-05-01', '{NOON}', 5, 'x')",
        f"insert into sales values ('b', 1, '2024-05-01', '{NOON}', 5, 'x')",
        f"insert into sales values ('a', 1, '2024-05-02', '{NOON}', 5, 'x')",
    )
    check(shop, 4)


def test_key_columns_with_awkward_names_join(database_url: str, open_shop: Any) -> None:
    shop = open_shop(database_url, key=("order", 'Tab "le"', "a%b:c"))
    names = '"order", "Tab ""le""", "a%b\\:c"'
    columns = ", ".join(f"{name} integer" for name in names.split(", "))
    shop.sql(
        SALES.format(columns=columns),
        f"insert into sales values (1, 2, 3, '{NOON}', 500, 'x'), (1, 2, 4, '{NOON}', 5, 'x')",
    )
    shop.night()
    found = shop.read(f"select note, reasons from sales join shop_flags using ({names})")
    assert found == [("x", "amount = 999 (expected 5); note = missing (expected x)")]


@pytest.mark.parametrize("name", ["score", "run_id", "RANK", "partition", "monitor", "reasons"])
def test_a_key_called_like_a_column_of_ours_is_refused(
    database_url: str, open_shop: Any, name: str
) -> None:
    shop = open_shop(database_url, key=(name,))
    shop.sql(SALES.format(columns=f'"{name}" integer'))
    with pytest.raises(SourceError, match=f"'{name}' is called like a column of the results"):
        shop.workplace.prepare()
    with shop.workplace.results.reading() as connection:
        assert inspect(connection).get_table_names() == ["sales"]
