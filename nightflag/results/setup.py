"""Creating and upgrading what nightflag owns in the results database; nothing else is touched."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.resources import files
from time import sleep
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Inspector, Table, inspect, text
from sqlalchemy.schema import CreateColumn, CreateSchema
from sqlalchemy.types import TypeEngine

from nightflag.databases import Database
from nightflag.databases.literal import preparer, verbatim
from nightflag.errors import SettingsError
from nightflag.queries import run
from nightflag.results.definitions import are_current, define
from nightflag.results.reading import VERSIONS, existing_tables, schema_of
from nightflag.results.tables import MonitorTables
from nightflag.results.treatment import Treatment
from nightflag.results.views import views

MIGRATIONS = files("sql") / "migrations"
SUPPORTED = ("postgresql", "sqlite")
MIGRATION_LOCK = 0x6E666C6167  # "nflag"
PAUSES = (0.05, 0.2, 0.5, 1, 2, 5)


def upgrade(results: Database) -> None:
    """Bring nightflag's own tables to the newest version; does nothing where they are.

    Raises :class:`SettingsError` for a database in which results cannot be kept.
    """
    refuse_unsupported(results)
    if results.dialect == "sqlite":
        _write_ahead(results)
    if _is_newest(results):
        return
    from alembic import command  # takes a third of a second, which a night need not wait for
    from alembic.config import Config

    with results.writing() as connection:
        _one_at_a_time(connection, results)
        config = Config(attributes={"connection": connection, "schema": schema_of(results)})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, "head")


def refuse_unsupported(results: Database) -> None:
    """Raise :class:`SettingsError` unless results can be kept in this database."""
    if results.dialect not in SUPPORTED:
        raise SettingsError(
            f"Results cannot be kept in {results.name}.",
            expected="PostgreSQL or SQLite; the source may be any SQLAlchemy database",
            mend="name another database under `results: {database: ...}` in the monitor",
        )


def create_tables(results: Database, tables: MonitorTables) -> None:
    """Create the monitor's tables where they are missing, or an earlier version's.

    A staging table of an earlier version is replaced: no night that filled it can go on.

    Raises :class:`SettingsError` where they are there with another key.
    """
    with results.reading() as connection:
        found = inspect(connection)
        there = found.get_multi_columns(tables.scores.schema, filter_names=sorted(tables.names))
        columns = {name: {one["name"] for one in held} for (_, name), held in there.items()}
        if set(columns).issuperset(_scores(tables)):
            _refuse_other_key(found, tables)
    outdated = _outdated(tables, columns)
    missing = _missing_columns(tables, columns)
    if set(columns) == tables.names and not missing and not outdated:
        return
    with results.writing() as connection:
        _one_at_a_time(connection, results)
        tables.metadata.drop_all(connection, outdated)
        tables.metadata.create_all(connection)
        for column in missing:
            _add(connection, column)


def create_views(results: Database, tables: MonitorTables, treatment: Treatment | None) -> None:
    """Create the monitor's views, or bring them to what they are defined as now."""
    schema = tables.scores.schema
    with results.reading() as connection:
        wanted, unwanted = views(connection, tables, treatment)
        if are_current(connection, wanted, schema, unwanted=unwanted):
            return
    with results.writing() as connection:
        _one_at_a_time(connection, results)
        wanted, unwanted = views(connection, tables, treatment)
        define(connection, wanted, schema, unwanted=unwanted)


def _outdated(tables: MonitorTables, there: Mapping[str, set[str]]) -> list[Table]:
    return [
        table
        for table in tables.staging
        if table.name in there and there[table.name] != {*table.columns.keys()}
    ]


def _missing_columns(tables: MonitorTables, there: Mapping[str, set[str]]) -> list[Column[Any]]:
    """The columns that published tables of an earlier version lack; what came later holds NULL."""
    return [
        column
        for table in tables.metadata.tables.values()
        if table.name in there and table not in tables.staging
        for column in table.columns
        if column.name not in there[table.name]
    ]


def _add(connection: Connection, column: Column[Any]) -> None:
    table = preparer(connection.dialect).format_table(column.table)
    definition = CreateColumn(column).compile(dialect=connection.dialect)
    connection.execute(verbatim(f"alter table {table} add column {definition}"))


def _scores(tables: MonitorTables) -> tuple[str, str]:
    return tables.scores.name, tables.staged_scores.name


def _refuse_other_key(found: Inspector, tables: MonitorTables) -> None:
    """Compare names and order with the published table, types with the staging table."""
    (published, staged), schema = _scores(tables), tables.scores.schema
    key = found.get_pk_constraint(published, schema=schema)["constrained_columns"]
    types = {column["name"]: column["type"] for column in found.get_columns(staged, schema=schema)}
    there = _described(key, types, found.dialect)
    wanted = _described(tables.key, {c.name: c.type for c in tables.staged_scores.c}, found.dialect)
    if there != wanted:
        raise SettingsError(
            f"{published} has the key ({there}), its monitor ({wanted}).",
            expected="the key with which the monitor's first night was published",
            mend=f"take that key again, give the monitor another name, or drop the tables and "
            f"views {tables.monitor}_...",
        )


def _is_newest(results: Database) -> bool:
    """Whether the last migration there is was the last to be made."""
    if VERSIONS not in existing_tables(results):
        return False
    with results.reading() as connection:
        made = run(connection, "schema_version").scalars().all()
    names = [script.name for script in (MIGRATIONS / "versions").iterdir()]
    return made == [max(name.partition("_")[0] for name in names if name.endswith(".sql"))]


def _described(key: Iterable[str], types: Mapping[str, TypeEngine[Any]], dialect: Dialect) -> str:
    return ", ".join(f"{name} {types[name].compile(dialect)}" for name in key)


def _write_ahead(results: Database) -> None:
    """Switch the file to write-ahead mode.

    Two that switch at once would wait for each other: SQLite refuses one of them without waiting.
    """
    with results.translated_errors(), results.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for pause in PAUSES:
            with suppress(sqlite3.OperationalError):
                driver.execute("pragma journal_mode = wal").fetchall()
                return
            sleep(pause)
        driver.execute("pragma journal_mode = wal").fetchall()


def _one_at_a_time(connection: Connection, results: Database) -> None:
    if results.dialect != "postgresql":
        return  # BEGIN IMMEDIATE already lets only one in
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    schema = results.schema
    if schema and not inspect(connection).has_schema(schema):
        connection.execute(CreateSchema(schema))
