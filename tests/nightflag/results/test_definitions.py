"""Views follow their definitions, and keep who may read them and what stands on them."""

from typing import Any

import pytest
from sqlalchemy import text

from nightflag.errors import SettingsError

OURS = "relkind = 'v' and relnamespace = cast('nightflag' as regnamespace) order by relname"


def created(shop: Any) -> list[Any]:
    """What identifies each view until it is made anew."""
    if shop.workplace.results.dialect == "sqlite":
        return shop.read("select name, rootpage, sql from sqlite_master where type = 'view'")
    return shop.read(f"select relname, oid, cast(xmin as text) from pg_class where {OURS}")


def again(shop: Any, open_shop: Any) -> Any:
    """The same shop with the layout its source has now."""
    made = open_shop(shop.workplace.source.url.render_as_string(hide_password=False))
    made.workplace.prepare()
    return made


def test_views_that_are_as_defined_are_not_touched(shop: Any, open_shop: Any) -> None:
    shop.night()
    before = created(shop)
    again(shop, open_shop)
    assert created(shop) == before


def test_a_column_the_source_gains_stands_in_its_views(shop: Any, open_shop: Any) -> None:
    shop.night()
    shop.sql("alter table sales add column weight integer", "update sales set weight = 3")
    again(shop, open_shop)
    for view in ("shop_clean", "shop_corrected", "shop_nulled"):
        assert shop.read(f"select distinct weight from {view}") == [(3,)]


def test_a_column_the_source_loses_is_gone_from_its_views(shop: Any, open_shop: Any) -> None:
    shop.night()
    with shop.workplace.results.writing() as connection:
        for view in ("shop_clean", "shop_corrected", "shop_nulled"):
            connection.execute(text(f"drop view {view}"))
    shop.sql("alter table sales drop column note")
    again(shop, open_shop)
    assert shop.read_names("shop_clean") == ["id", "at", "amount"]


def test_a_table_that_was_made_again_is_found_again(shop: Any, open_shop: Any) -> None:
    shop.night()
    cascade = "" if shop.workplace.source.dialect == "sqlite" else " cascade"
    shop.sql("create table other as select * from sales", f"drop table sales{cascade}")
    shop.sql(
        "create table sales (id integer, note text, at timestamp, amount double precision)",
        "insert into sales select id, note, at, amount from other",
    )
    again(shop, open_shop)
    assert shop.read("select id, amount from shop_clean order by id") == [(1, 5), (2, 6)]


@pytest.fixture
def pg_shop(postgresql_url: str, open_shop: Any) -> Any:
    made = open_shop(postgresql_url)
    made.sql("create table sales (id integer, at timestamp, amount double precision, note text)")
    made.night()
    return made


def change(shop: Any, *statements: str) -> None:
    with shop.workplace.results.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def reader(postgresql_url: str) -> Any:
    """A role, which belongs to the whole server."""
    from psycopg import connect

    with connect(postgresql_url, autocommit=True) as connection:
        connection.execute('create role "Reader 1"')
        yield '"Reader 1"'
        connection.execute('drop owned by "Reader 1"')
        connection.execute('drop role "Reader 1"')


def grants(shop: Any) -> list[Any]:
    found = shop.read(f"select relname, cast(relacl as text) from pg_class where {OURS}")
    return [entry for entry in found if entry[1] is not None]


def test_what_is_granted_is_kept_where_a_view_is_replaced_or_made_anew(
    pg_shop: Any, open_shop: Any, reader: str
) -> None:
    change(
        pg_shop,
        f"grant select on shop_clean, shop_flags to {reader} with grant option",
        f"grant select on shop_corrected to {reader}",
        "grant select on nightflag_flags to public",
    )
    before, first = grants(pg_shop), created(pg_shop)
    assert len(before) == 4
    pg_shop.sql("alter table sales add column weight integer")
    again(pg_shop, open_shop)
    assert grants(pg_shop) == before, "replaced"
    pg_shop.sql("alter table sales rename column note to remark")
    again(pg_shop, open_shop)
    assert grants(pg_shop) == before, "made anew"
    assert {oid for _, oid, _ in first}.isdisjoint({oid for _, oid, _ in created(pg_shop)})


def test_a_view_that_others_build_on_gains_columns_in_place(pg_shop: Any, open_shop: Any) -> None:
    change(pg_shop, "create view mine as select id from shop_clean")
    pg_shop.sql("alter table sales add column weight integer")
    again(pg_shop, open_shop)
    assert "weight" in pg_shop.read_names("shop_clean")


def test_a_view_that_others_build_on_is_never_dropped_from_under_them(
    pg_shop: Any, open_shop: Any
) -> None:
    change(pg_shop, "create view mine as select id from shop_clean")
    pg_shop.sql("alter table sales rename column note to remark")
    with pytest.raises(SettingsError, match=r"mine depends on view .*shop_clean"):
        again(pg_shop, open_shop)
    assert pg_shop.read("select id from mine") == []


def test_an_unqualified_source_is_looked_for_where_its_login_looks(
    postgresql_url: str, open_shop: Any
) -> None:
    """Our own schema comes first only for what is ours."""
    shop = open_shop(postgresql_url)
    shop.sql(
        "create schema nightflag",
        "create table nightflag.sales (id integer, at timestamp, note text)",
        "create table sales (id integer, at timestamp, amount double precision, note text)",
        "insert into sales values (1, '2024-05-01 12:00:00', 5, 'a')",
    )
    shop.night()
    assert shop.read("select id, amount from shop_clean") == [(1, 5)]
