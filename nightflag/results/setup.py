"""Creating and upgrading what nightflag owns in the results database; nothing else is touched."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text
from sqlalchemy.schema import CreateSchema

from nightflag.databases import Database
from nightflag.errors import SettingsError
from nightflag.results.tables import MonitorTables
from nightflag.results.views import create_views

SUPPORTED = ("postgresql", "sqlite")
MIGRATION_LOCK = 0x6E666C6167  # "nflag"


def upgrade(results: Database) -> None:
    """Bring nightflag's own tables to the newest version; does nothing where they are.

    Raises :class:`SettingsError` for a database in which results cannot be kept.
    """
    refuse_unsupported(results)
    if results.dialect == "sqlite":
        _write_ahead(results)
    with results.writing() as connection:
        _one_at_a_time(connection, results)
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(files("sql") / "migrations"))
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
    """Create the monitor's tables and views where they are missing.

    Raises :class:`SettingsError` where they are there with another key.
    """
    with results.reading() as connection:
        found, schema = inspect(connection), tables.scores.schema
        if found.has_table(tables.scores.name, schema=schema):
            key = found.get_pk_constraint(tables.scores.name, schema=schema)["constrained_columns"]
            _refuse_other_key(tables, key)
            return
    with results.writing() as connection:
        _one_at_a_time(connection, results)
        tables.metadata.create_all(connection)
        create_views(connection, tables)


def _refuse_other_key(tables: MonitorTables, key: list[str]) -> None:
    if tuple(key) != tables.key:
        raise SettingsError(
            f"{tables.scores.name} has the key ({', '.join(key)}), "
            f"its monitor ({', '.join(tables.key)}).",
            expected="the key with which the monitor's first night was published",
            mend=f"take that key again, give the monitor another name, or drop the tables and "
            f"views {tables.monitor}_...",
        )


def _write_ahead(results: Database) -> None:
    with results.translated_errors(), results.engine.connect() as connection:
        driver = connection.connection.driver_connection
        if driver is not None:
            driver.execute("pragma journal_mode = wal").fetchall()


def _one_at_a_time(connection: Connection, results: Database) -> None:
    if results.dialect != "postgresql":
        return  # BEGIN IMMEDIATE already lets only one in
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    schema = results.schema
    if schema and not inspect(connection).has_schema(schema):
        connection.execute(CreateSchema(schema))
