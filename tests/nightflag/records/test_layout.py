from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import text

from nightflag.databases import Database, connect
from nightflag.errors import SourceError
from nightflag.monitors import Source
from nightflag.records import describe

SALES = {"table": "sales", "key": "sale_id", "time": "sold_at", "label": "is_fraud"}
COLUMNS = "sale_id numeric(30), sold_at timestamp, amount real, is_fraud integer, note text"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = connect(database_url)
    with made.writing() as connection:
        connection.execute(text(f"create table sales ({COLUMNS})"))
    yield made
    made.close()


def source(**parts: Any) -> Source:
    return Source.model_validate({"database": "env:X", **SALES, **parts})


def refusal(database: Database, **parts: Any) -> str:
    with pytest.raises(SourceError) as raised:
        describe(database, source(**parts))
    return str(raised.value)


def test_a_layout_says_what_each_column_is_for(database: Database) -> None:
    layout = describe(database, source())
    assert layout.key == ("sale_id",)
    assert layout.inputs == ("sale_id", "sold_at", "amount", "note")
    assert layout.feature_candidates == ("sold_at", "amount", "note")


def test_a_numeric_key_travels_as_text(postgresql_url: str) -> None:
    database = connect(postgresql_url)
    with database.writing() as connection:
        connection.execute(text(f"create table sales ({COLUMNS})"))
    layout = describe(database, source())
    assert layout.columns.field("sale_id").type == pa.string()
    assert layout.sql_type("sale_id") == "numeric"


@pytest.mark.parametrize(
    ("role", "named", "meant"),
    [("key", "sales_id", "sale_id"), ("time", "sold", "sold_at"), ("label", "fraud", "is_fraud")],
)
def test_a_column_that_is_missing_is_named_with_its_nearest(
    database: Database, role: str, named: str, meant: str
) -> None:
    message = refusal(database, **{role: named})
    assert f"no column '{named}'. Did you mean '{meant}'?" in message
    assert "correct `source` in the monitor" in message


def test_a_column_like_no_other_is_named_with_all_there_are(database: Database) -> None:
    message = refusal(database, key="zzz")
    assert "Did you mean" not in message
    assert "sale_id, sold_at, amount, is_fraud, note" in message


def test_a_time_column_of_another_type_is_refused(database: Database) -> None:
    assert "'is_fraud' holds int64" in refusal(database, time="is_fraud", label=None)


def test_text_is_a_time_in_sqlite_only(database: Database) -> None:
    if database.dialect == "sqlite":
        assert describe(database, source(time="note")).source.time == "note"
        return
    message = refusal(database, time="note")
    assert "'note' holds string" in message
    assert "convert it in a `query`" in message


def test_a_source_that_is_not_there_is_refused_by_name(database: Database) -> None:
    assert "'saels' cannot be read" in refusal(database, table="saels")


def test_a_query_that_does_not_parse_is_refused(database: Database) -> None:
    assert "'query' cannot be read" in refusal(database, table=None, query="select from sales x y")


def test_a_query_may_hold_colons_percent_signs_and_a_final_comment(database: Database) -> None:
    query = "select *, ':a' as b, 7 % 4 as c from sales where note not like '%x:y' -- all"
    assert describe(database, source(table=None, query=query)).columns.names[-2:] == ["b", "c"]


def test_a_table_is_looked_for_in_the_schema_that_is_named(postgresql_url: str) -> None:
    database = connect(postgresql_url)
    with database.writing() as connection:
        connection.execute(text('create schema "till 7"'))
        connection.execute(text(f'create table "till 7".sales ({COLUMNS})'))
    assert describe(database, source(schema="till 7")).key == ("sale_id",)


def test_a_known_order_goes_before_the_sources_own(database: Database) -> None:
    """What is gone is left out, and what is new comes last."""
    known = ("note", "sale_id", "colour", "sold_at")
    layout = describe(database, source()).in_order(known)
    assert layout.columns.names == ["note", "sale_id", "sold_at", "amount", "is_fraud"]
    assert layout.sql_type("sale_id") == describe(database, source()).sql_type("sale_id")
