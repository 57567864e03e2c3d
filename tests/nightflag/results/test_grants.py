"""A role that may read the views can read nothing else, and can write nothing."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from nightflag.errors import SettingsError
from nightflag.results.grants import grant, grants

ROLE = "Reader 2"
VIEWS = ["shop_flags", "shop_clean", "shop_corrected", "shop_nulled"]
TABLES = ["nightflag.shop_scores", "nightflag.shop_reasons", "nightflag.nightflag_runs", "sales"]


@pytest.fixture
def shop(postgresql_url: str, open_shop: Any) -> Any:
    made = open_shop(postgresql_url)
    made.sql(
        "create table sales (id integer, at timestamp, amount double precision, note text)",
        "insert into sales values (3, '2024-05-01 12:00:00', 999, 'c')",
    )
    made.night()
    return made


@pytest.fixture
def reader(postgresql_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection with the rights of a fresh role, which belongs to the whole server."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f'create role "{ROLE}"')
        connection.execute(f'set role "{ROLE}"')
        yield connection
        connection.execute("reset role")
        connection.execute(f'drop owned by "{ROLE}"')
        connection.execute(f'drop role "{ROLE}"')


def allow(shop: Any, monitors: list[str] | None = None) -> None:
    results = shop.workplace.results
    grant(results, grants(results, ROLE, monitors))


def refused(reader: psycopg.Connection[Any], statement: str) -> bool:
    try:
        reader.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def test_the_role_reads_every_view(shop: Any, reader: psycopg.Connection[Any]) -> None:
    everything = [f"nightflag.{view}" for view in (*VIEWS, "nightflag_flags", "nightflag_nights")]
    assert all(refused(reader, f"select * from {view}") for view in everything)
    allow(shop)
    assert not any(refused(reader, f"select * from {view}") for view in everything)
    assert reader.execute("select id, amount from nightflag.shop_corrected").fetchall() == [(3, 5)]


def test_the_role_reads_no_table_and_writes_nothing(
    shop: Any, reader: psycopg.Connection[Any]
) -> None:
    allow(shop)
    statements = [
        *(f"select * from {table}" for table in TABLES),
        *(f"delete from {table}" for table in TABLES),
        "delete from nightflag.nightflag_nights",
        "update nightflag.nightflag_nights set run_id = 7",
        "insert into nightflag.nightflag_nights (monitor) values ('mine')",
        "create table nightflag.mine (v integer)",
    ]
    assert [one for one in statements if not refused(reader, one)] == []


def test_one_monitors_views_say_nothing_of_others(
    shop: Any, reader: psycopg.Connection[Any]
) -> None:
    allow(shop, ["shop"])
    assert not any(refused(reader, f"select * from nightflag.{view}") for view in VIEWS)
    assert refused(reader, "select * from nightflag.nightflag_flags")
    assert refused(reader, "select * from nightflag.nightflag_nights")


def test_the_role_goes_on_reading_when_the_source_has_changed(
    shop: Any, reader: psycopg.Connection[Any], postgresql_url: str, open_shop: Any
) -> None:
    allow(shop)
    shop.sql("alter table sales rename column note to remark")
    open_shop(postgresql_url).workplace.prepare()
    assert reader.execute("select remark from nightflag.shop_corrected").fetchall() == [("c",)]
    assert refused(reader, "select * from nightflag.shop_scores")


def test_views_of_others_in_our_schema_are_not_granted(
    shop: Any, reader: psycopg.Connection[Any]
) -> None:
    with shop.workplace.results.writing() as connection:
        connection.execute(text("create view mine as select * from sales"))
    allow(shop)
    assert refused(reader, "select * from nightflag.mine")


def test_what_cannot_be_granted_is_said(
    shop: Any, reader: psycopg.Connection[Any], sqlite_url: str, open_shop: Any
) -> None:
    results = shop.workplace.results
    with pytest.raises(SettingsError, match="There is no role 'nobody'"):
        grants(results, "nobody", None)
    with pytest.raises(SettingsError, match="There is no view of tills yet"):
        grants(results, ROLE, ["tills"])
    with pytest.raises(SettingsError, match="knows no roles"):
        grants(open_shop(sqlite_url).workplace.results, ROLE, None)
