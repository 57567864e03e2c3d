"""What nightflag owns comes into being once, the same on both databases, whoever is first."""

import subprocess
import sys
from importlib.resources import files
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, text

from nightflag.databases import Database, connect
from nightflag.errors import DatabaseRefused, SettingsError
from nightflag.results.setup import MIGRATION_LOCK, refuse_unsupported, upgrade
from sql import statements

OWN = {
    *("nightflag_runs", "nightflag_models", "nightflag_watermarks", "nightflag_locks"),
    "nightflag_mutes",
    *("nightflag_verdicts", "nightflag_quality", "nightflag_promotions", "nightflag_exclusions"),
    *("nightflag_drift", "nightflag_digests", "nightflag_expectations"),
}


CHAMPION = """insert into nightflag_models values ('shop', 3, '2024-05-01', 'champion', 'auto',
'no champion yet', null, '2024-05-01', 9, 9, 'x', 'x', '{}', '2024-05-01')"""


def shape(database: Database, schema: str | None) -> dict[str, Any]:
    """Everything an inspector sees of our tables."""
    with database.reading() as connection:
        found = inspect(connection)
        return {
            name: (
                [
                    column | {"type": str(column["type"])}
                    for column in found.get_columns(name, schema)
                ],
                found.get_pk_constraint(name, schema)["constrained_columns"],
                sorted(
                    str(one["column_names"]) for one in found.get_unique_constraints(name, schema)
                ),
                sorted(one["sqltext"] for one in found.get_check_constraints(name, schema)),
                sorted(
                    (str(one["name"]), one["unique"]) for one in found.get_indexes(name, schema)
                ),
            )
            for name in found.get_table_names(schema)
            if name in OWN
        }


def schema_of(database: Database) -> str | None:
    return database.schema if database.dialect == "postgresql" else None


def test_the_schema_file_is_what_all_migrations_make(database_url: str, tmp_path: Any) -> None:
    migrated = connect(database_url, schema="nightflag")
    upgrade(migrated)
    if migrated.dialect == "sqlite":
        written = connect(f"sqlite:///{tmp_path / 'written.db'}")
    else:
        written = connect(database_url)
    script = (files("sql") / "schema.sql").read_text(encoding="utf-8")
    with written.writing() as connection:
        for statement in statements(script):
            connection.exec_driver_sql(statement)
    found = shape(migrated, schema_of(migrated))
    assert set(found) == OWN
    assert found == shape(written, None)
    migrated.close()
    written.close()


def test_upgrading_again_changes_nothing(database_url: str) -> None:
    database = connect(database_url, schema="nightflag")
    upgrade(database)
    with database.writing() as connection:
        connection.execute(
            text(
                "insert into nightflag_watermarks (monitor, scored_from, scored_until)"
                " values ('shop', '2024-05-01', '2024-05-02')"
            )
        )
    before = shape(database, schema_of(database))
    upgrade(database)
    assert shape(database, schema_of(database)) == before
    with database.reading() as connection:
        assert connection.execute(text("select monitor from nightflag_watermarks")).all() == [
            ("shop",)
        ]
    database.close()


def test_the_newest_schema_is_not_locked(database_url: str) -> None:
    """A night begins although another one is publishing, on SQLite, or upgrading another schema."""
    database = connect(database_url, schema="nightflag")
    upgrade(database)
    other = connect(database_url, schema="nightflag")
    with other.writing() as connection:  # which is all that SQLite lets one do
        if other.dialect == "postgresql":
            lock = {"lock": MIGRATION_LOCK}
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), lock)
        upgrade(database)
    database.close()
    other.close()


def test_each_schema_has_tables_of_its_own(postgresql_url: str) -> None:
    """Also where ``public``, in which PostgreSQL looks last, has some already."""
    for schema in ("public", "nightflag", "elsewhere"):
        database = connect(postgresql_url, schema=schema)
        upgrade(database)
        assert set(shape(database, schema)) == OWN
        database.close()


UPGRADE = """
import sys
from nightflag.databases import connect
from nightflag.results.setup import upgrade
print("ready", flush=True)
sys.stdin.readline()
upgrade(connect(sys.argv[1], schema="nightflag"))
"""


def test_two_processes_may_upgrade_at_once(database_url: str) -> None:
    command = [sys.executable, "-c", UPGRADE, database_url]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    upgrading = [subprocess.Popen(command, text=True, **pipes) for _ in range(2)]
    for process in upgrading:
        assert process.stdout.readline() == "ready\n"
    for process in upgrading:
        process.stdin.write("go\n")
        process.stdin.flush()
    complaints = [process.communicate(timeout=60)[1] for process in upgrading]
    assert [process.returncode for process in upgrading] == [0, 0], complaints
    database = connect(database_url, schema="nightflag")
    assert set(shape(database, schema_of(database))) == OWN
    database.close()


def test_an_upgrade_that_is_interrupted_leaves_nothing(database_url: str) -> None:
    database = connect(database_url, schema="nightflag")
    engine = create_engine(database.url)
    with engine.begin() as connection:  # in the way of the migration's last table
        if database.dialect == "postgresql":
            connection.execute(text("create schema nightflag"))
        where = "nightflag." if database.dialect == "postgresql" else ""
        connection.execute(text(f"create table {where}nightflag_locks (v integer)"))
    engine.dispose()
    with pytest.raises(DatabaseRefused, match="nightflag_locks"):
        upgrade(database)
    assert set(shape(database, schema_of(database))) == {"nightflag_locks"}
    database.close()


def test_a_champion_of_an_earlier_version_stays_champion(database_url: str) -> None:
    """With a view over the models that was there before, and one whose table is gone."""
    database = connect(database_url, schema="nightflag")
    if database.dialect == "postgresql":
        upgrade(database)  # makes the schema; the tables are made anew below
        with database.writing() as connection:
            connection.execute(text("drop schema nightflag cascade"))
            connection.execute(text("create schema nightflag"))
    with database.writing() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(files("sql") / "migrations"))
        command.upgrade(config, "0003")
        connection.execute(text(CHAMPION))
    if database.dialect == "sqlite":
        with database.writing() as connection:
            connection.execute(text("create view lost as select * from nowhere"))
    upgrade(database)
    with database.reading() as connection:
        champion = text("select version, about, decision from nightflag_models")
        assert connection.execute(champion).all() == [(3, "{}", None)]
        promotion = text("select monitor, version, as_of from nightflag_promotions")
        [(monitor, version, as_of)] = connection.execute(promotion)
    assert (monitor, version, str(as_of)[:10]) == ("shop", 3, "2024-05-01")
    database.close()


def test_preparing_twice_keeps_what_is_published(shop: Any) -> None:
    shop.night()
    before, names = shop.contents(), shop.names()
    shop.workplace.prepare()
    assert (shop.contents(), shop.names()) == (before, names)


def test_tables_of_an_earlier_version_get_the_columns_they_lack_and_keep_their_rows(
    shop: Any,
) -> None:
    shop.night()
    before = shop.contents()
    with shop.workplace.results.writing() as connection:
        for view in (
            "nightflag_flags",
            "shop_flags",
            "shop_clean",
            "shop_corrected",
            "shop_nulled",
        ):
            connection.execute(text(f"drop view {view}"))
        for table in ("shop_reasons", "shop_staged_reasons"):
            connection.execute(text(f"alter table {table} drop column records_back"))
    shop.workplace.prepare()
    assert shop.contents() == before
    assert shop.read("select distinct records_back from shop_reasons") == [(None,)]
    shop.sql("update sales set amount = 998 where id = 3")
    shop.night()
    assert len(shop.read("select id from shop_flags")) == 1


def test_a_key_that_changed_is_refused_before_anything_is_written(
    database_url: str, open_shop: Any
) -> None:
    shop = open_shop(database_url)
    shop.sql("create table sales (id integer, till integer, at timestamp, amount real, note text)")
    shop.night()
    with pytest.raises(SettingsError, match=r"key \(id BIGINT\), .* \(till BIGINT, id BIGINT\)"):
        open_shop(database_url, key=("till", "id")).workplace.prepare()


def test_results_are_kept_where_they_can_be_published_whole() -> None:
    with pytest.raises(SettingsError, match=r"cannot be kept in mysql\+pymysql://ann:\*\*\*@host"):
        refuse_unsupported(FakeMysql())


class FakeMysql(Database):
    """A database we do not support, without its driver."""

    def __init__(self) -> None:
        self.engine = create_engine("sqlite://")

    dialect = "mysql"  # type: ignore[assignment]
    name = "mysql+pymysql://ann:***@host/bank"  # type: ignore[assignment]
