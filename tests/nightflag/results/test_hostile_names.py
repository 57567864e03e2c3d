"""Whatever a table, its key and the schema are called: published, and nothing else harmed."""

from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from nightflag.results import columns

INJECTIONS = (
    '"; drop table sentinel; --',
    "'; drop table sentinel; --",
    "x') ; delete from sentinel ; --",
    '")) as source; drop table sentinel; --',
)
ODD = (
    *('"', '""', "'", "`", "[x]", "a b", " a", "a ", "%", "%s", "%(a)s", ":a", "::a", "{}", "{a}"),
    *("\\", "\\'", "$1", "$$", "?", "--", "/*", "*", ".", "a.b", ";", ",", "(", "\u00a0", "\u200b"),
    *("select", "table", "order", "user", "group", "null", "true", "rowid", "oid", "ctid", "xmin"),
    *("ключ", "鍵", "🔑", "é", "e\u0301", "\u202ekey", "n" * 63, "ä" * 31 + "n", "🔑" * 15),
)
NAMES = st.one_of(
    st.sampled_from([*INJECTIONS, *ODD]),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12),
)


def fits(name: str) -> bool:
    """PostgreSQL cuts names after 63 bytes, and takes some for columns of its own."""
    system = {"oid", "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "rowid"}
    return len(name.encode()) <= 63 and name.lower() not in system


def is_key(name: str) -> bool:
    """Not a column of ours; nor one that SQLite calls column1 in every view: it is refused."""
    taken = {*columns.OWN, "at", "amount", "note", "true", "false"}
    return fits(name) and name.lower() not in taken


def is_table(name: str) -> bool:
    return fits(name) and not name.lower().startswith(
        ("sqlite_", "shop_", "nightflag_", "sentinel")
    )


def is_schema(name: str) -> bool:
    return fits(name) and not name.lower().startswith(("pg_", "public"))


@pytest.fixture
def quote(database_url: str, open_shop: Any) -> Any:
    """How the database quotes an identifier, as text that SQLAlchemy leaves as it is."""
    preparer = open_shop(database_url).workplace.source.engine.dialect.identifier_preparer

    def quoted(name: str) -> str:
        return str(preparer.quote_identifier(name)).replace("%%", "%").replace(":", "\\:")

    return quoted


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(table="t", key="k", schema="%")
@example(table="%s", key="a%b", schema='a%%"b')
@given(table=NAMES.filter(is_table), key=NAMES.filter(is_key), schema=NAMES.filter(is_schema))
def test_any_names_are_published_and_nothing_else_is_harmed(
    database_url: str, open_shop: Any, quote: Any, table: str, key: str, schema: str
) -> None:
    shop = open_shop(database_url, key=(key,), table=table, schema=schema)
    with closing(shop.workplace.source), closing(shop.workplace.results):
        empty(shop, quote(schema))
        shop.sql(
            "create table sentinel (id integer)",
            "insert into sentinel values (7)",
            f"create table {quote(table)} ({quote(key)} integer, at timestamp, "
            "amount double precision, note text)",
            f"insert into {quote(table)} values (1, '2024-05-01 12:00:00', 5, 'a'), "
            "(2, '2024-05-01 12:00:00', 999, 'b')",
        )
        assert shop.night() == 0
        assert shop.night() == 0
        assert [len(rows) for rows in shop.contents().values()] == [2, 2, 0]
        joined = (
            f"select note, p_value < 0.01 from {quote(table)} join shop_flags using ({quote(key)})"
        )
        assert shop.read(joined) == [("b", True)]
        assert shop.sql("select id from sentinel") == [(7,)]


def empty(shop: Any, schema: str) -> None:
    """Drop what an example before left."""
    if shop.workplace.source.dialect == "postgresql":
        shop.sql("drop schema public cascade", "create schema public")
        shop.sql(f"drop schema if exists {schema} cascade")
        return
    url = shop.workplace.source
    with url.writing() as connection:
        kinds = "select type, name from sqlite_master where type in ('table', 'view')"
        for kind, name in connection.execute(text(kinds)).all():
            escaped = name.replace('"', '""')
            connection.exec_driver_sql(f'drop {kind} "{escaped}"')
