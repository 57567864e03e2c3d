"""What nightflag did not make is never touched, whatever its name: the night is refused."""

from typing import Any

import pytest
from sqlalchemy import text

from nightflag.checking import places
from nightflag.checking.finding import tried
from nightflag.errors import SettingsError

LONGEST = "x" * 40
TABLES = (
    *("shop_scores", "shop_reasons", "shop_quarantine", "shop_history"),
    *("shop_staged_scores", "shop_staged_reasons", "shop_staged_quarantine", "shop_staged_gone"),
    *("shop_scores_event_time", "shop_scores_anomalies"),
    *("shop_flags", "nightflag_flags", "nightflag_nights", "nightflag_runs", "nightflag_schema"),
)


@pytest.fixture
def shop_beside(shop: Any) -> Any:
    """A shop whose results' schema is there before its first night."""
    if shop.workplace.results.dialect == "postgresql":
        shop.sql("create schema nightflag")
    return shop


def change(shop: Any, *statements: str) -> None:
    with shop.workplace.results.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


def refused(shop: Any, name: str) -> None:
    """Refused by the night and told by the check, both naming what is in the way."""
    before = shop.names()
    with pytest.raises(SettingsError, match=f"^{name} in .* in the way of shop's results"):
        shop.workplace.prepare()
    [finding] = tried("results", places.tables(shop.workplace))
    assert (finding.level, name in finding.text) == ("problem", True)
    assert "rename it" in finding.mend
    assert shop.names() == before, "nothing was created"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_someone_else_is_refused_and_stays(shop_beside: Any, name: str) -> None:
    change(shop_beside, f"create table {name} (id integer, note text)")
    change(shop_beside, f"insert into {name} values (7, 'mine')")
    refused(shop_beside, name)
    assert shop_beside.read(f"select * from {name}") == [(7, "mine")]


@pytest.mark.parametrize("name", ["shop_flags", "nightflag_flags", "shop_scores", "nightflag_runs"])
def test_a_view_of_someone_else_is_refused_and_stays(shop_beside: Any, name: str) -> None:
    change(shop_beside, f"create view {name} as select 'mine' as note")
    refused(shop_beside, name)
    assert shop_beside.read(f"select * from {name}") == [("mine",)]


def test_a_materialized_view_is_in_the_way_too(postgresql_url: str, open_shop: Any) -> None:
    shop = open_shop(postgresql_url)
    shop.sql("create schema nightflag", "create table sales (id integer, at timestamp)")
    change(shop, "create materialized view shop_flags as select 'mine' as note")
    refused(shop, "shop_flags")


def test_sqlite_takes_no_notice_of_case(sqlite_url: str, open_shop: Any) -> None:
    shop = open_shop(sqlite_url)
    shop.sql(
        "create table sales (id integer, at timestamp, amount double precision, note text)",
        'create table "Shop_Staged_Scores" (id integer)',
    )
    refused(shop, "Shop_Staged_Scores")
    shop.sql('drop table "Shop_Staged_Scores"', 'create table "Shop_Clean" (mine text)')
    shop.night()
    assert shop.read_names("shop_clean") == ["mine"]


def test_postgresql_does_and_another_case_is_in_nobodys_way(
    postgresql_url: str, open_shop: Any
) -> None:
    shop = open_shop(postgresql_url)
    shop.sql(
        "create schema nightflag",
        "create table sales (id integer, at timestamp, amount double precision, note text)",
        'create table nightflag."Shop_Scores" (id integer)',
    )
    shop.night()
    assert {"shop_scores", "Shop_Scores"} <= shop.names()


def test_a_table_that_came_between_two_nights_is_refused(shop: Any) -> None:
    shop.night()
    change(shop, "drop table shop_staged_gone", "create table shop_staged_gone (fingerprint text)")
    refused(shop, "shop_staged_gone")


def test_a_staging_table_with_a_column_of_someone_else_is_not_dropped(shop: Any) -> None:
    shop.night()
    change(shop, "alter table shop_staged_scores add column remark text")
    refused(shop, "shop_staged_scores")


def test_none_is_ours_before_the_first_night(shop_beside: Any) -> None:
    """Not even one with our very columns: ours are made all at once."""
    change(shop_beside, "create table shop_staged_gone (fingerprint bigint, partition integer)")
    refused(shop_beside, "shop_staged_gone")


def test_published_tables_may_have_gained_columns_and_indexes(shop: Any) -> None:
    shop.night()
    change(
        shop,
        "alter table shop_scores add column seen_by text",
        "create index shop_seen on shop_scores (seen_by)",
    )
    before = shop.contents()
    shop.workplace.prepare()
    shop.night()
    assert shop.contents() == before


def test_nights_go_on_beside_tables_that_are_only_alike(shop_beside: Any) -> None:
    change(shop_beside, "create table shop_staged (id integer)", "create table shop (id integer)")
    change(shop_beside, "create view shops_flags as select 1 as one")
    shop_beside.night()
    assert {"shop", "shop_staged", "shops_flags", "shop_scores"} <= shop_beside.names()


def test_the_longest_names_are_told_apart_by_postgresql(
    postgresql_url: str, open_shop: Any
) -> None:
    """It cuts names after 63 bytes: those of the longest monitor are shorter."""
    shop = open_shop(postgresql_url, monitor=LONGEST)
    shop.sql("create table sales (id integer, at timestamp, amount double precision, note text)")
    shop.night()
    tables = shop.workplace.tables
    assert max(map(len, tables.names | tables.index_names)) <= 63
    assert tables.names | {f"{LONGEST}_corrected"} <= shop.names()
