"""The databases of the benchmark: how each is filled and emptied, and what its driver takes.

The floor is what no night can be faster than: reading tonight's columns to nowhere, and writing as
many rows of results into a table with a key.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tables import FEATURES, HISTORY

RESULT = "id bigint primary key, event_time {time}, score {number}, p_value {number}, flag {truth}"


def tonight(table: str) -> str:
    """The statement that reads tonight's records, with all that a night reads of them."""
    names = ", ".join(("id", "recorded_at", *FEATURES[table]))
    return f"select {names} from {table} where id >= {HISTORY}"


class PostgreSQL:
    """A server; bulk data travel by COPY."""

    def __init__(self, url: str) -> None:
        self.url = url

    def fill(self, table: str, batches: Iterable[Any]) -> None:
        """A new table of these batches, with its indexes."""
        import adbc_driver_postgresql.dbapi as adbc

        with adbc.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(f"drop table if exists {table}")
            for batch in batches:
                cursor.adbc_ingest(table, batch, mode="create_append")
            cursor.execute(f"alter table {table} add primary key (id)")
            cursor.execute(f"create index on {table} (recorded_at)")
            connection.commit()
        self._tell(f"vacuum analyze {table}")

    def settle(self) -> None:
        """Nothing is left to write of what was done before."""
        self._tell("checkpoint")
        os.sync()

    def empty(self, names: Sequence[str]) -> None:
        """The product's tables of these names without a row, where they are there."""
        for name in (f"nightflag.{name}" for name in names):
            there = f"if to_regclass('{name}') is not null then truncate {name}; end if;"
            self._tell(f"do $$ begin {there} end $$")

    @contextmanager
    def floor(self, table: str) -> Iterator[Callable[[], int]]:
        """COPY tonight's columns out to nowhere, and as many result rows in; how many bytes."""
        import psycopg

        columns = RESULT.format(time="timestamptz", number="float8", truth="boolean")
        self._tell("drop table if exists floor_results")
        self._tell(f"create table floor_results ({columns})")
        rows = f"select id, recorded_at, x00, x01, x02 < 0 from {table} where id >= {HISTORY}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.cursor()
            with cursor.copy(f"copy ({rows}) to stdout (format binary)") as copy:
                results = [bytes(block) for block in copy]

            def work() -> int:
                with cursor.copy(f"copy ({tonight(table)}) to stdout (format binary)") as copy:
                    read = sum(len(block) for block in copy)
                with cursor.copy("copy floor_results from stdin (format binary)") as copy:
                    for block in results:
                        copy.write(block)
                return read + sum(len(block) for block in results)

            yield work

    @contextmanager
    def reading(self, table: str) -> Iterator[Callable[[], int]]:
        """ADBC reads tonight's columns to nowhere; how many rows."""
        import adbc_driver_postgresql.dbapi as adbc

        with adbc.connect(self.url) as connection, connection.cursor() as cursor:

            def work() -> int:
                cursor.execute(tonight(table))
                return sum(batch.num_rows for batch in cursor.fetch_record_batch())

            yield work

    def _tell(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


class SQLite:
    """A file; bulk data travel by ADBC, which only a process without Python's own may use."""

    def __init__(self, url: str) -> None:
        self.path = Path(url.removeprefix("sqlite:///"))

    def fill(self, table: str, batches: Iterable[Any]) -> None:
        """A new table of these batches, with its indexes."""
        import adbc_driver_sqlite.dbapi as adbc

        with adbc.connect(str(self.path)) as connection, connection.cursor() as cursor:
            cursor.execute(f"drop table if exists {table}")
            numbers = ", ".join(f"{name} double" for name in FEATURES[table])
            cursor.execute(
                f"create table {table} (id integer primary key, recorded_at timestamp, {numbers})"
            )
            for batch in batches:
                cursor.adbc_ingest(table, batch, mode="append")
            cursor.execute(f"create index {table}_time on {table} (recorded_at)")
            connection.commit()

    def settle(self) -> None:
        """Nothing is left to write of what was done before."""
        os.sync()

    def empty(self, names: Sequence[str]) -> None:
        """The product's tables of these names without a row, where they are there."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            there = {name for (name,) in connection.execute("select name from sqlite_master")}
            for name in there.intersection(names):
                connection.execute(f"delete from {name}")

    @contextmanager
    def floor(self, table: str) -> Iterator[Callable[[], int]]:
        """ADBC reads tonight's columns to nowhere, and writes as many result rows; their bytes."""
        import adbc_driver_sqlite.dbapi as adbc

        columns = RESULT.format(time="timestamp", number="double", truth="boolean")
        renamed = "recorded_at as event_time, x00 as score, x01 as p_value, x02 < 0 as flag"
        rows = f"select id, {renamed} from {table} where id >= {HISTORY}"
        with adbc.connect(str(self.path)) as connection, connection.cursor() as cursor:
            cursor.execute("drop table if exists floor_results")
            cursor.execute(f"create table floor_results ({columns})")
            connection.commit()
            cursor.execute(rows)
            results = cursor.fetch_arrow_table()

            def work() -> int:
                cursor.execute(tonight(table))
                read = sum(batch.nbytes for batch in cursor.fetch_record_batch())
                cursor.adbc_ingest("floor_results", results, mode="append")
                connection.commit()
                return int(read + results.nbytes)

            yield work


def of(url: str) -> PostgreSQL | SQLite:
    """The database that the URL names."""
    return SQLite(url) if url.startswith("sqlite") else PostgreSQL(url)


def environment(folder: Path, url: str, **more: str) -> dict[str, str]:
    """What the steps' processes are told of their database, monitors and modules."""
    root = str(Path(__file__).parents[2])
    named = {"NIGHTFLAG_DATABASE_URL": url, "NIGHTFLAG_HOME": str(folder), "PYTHONPATH": root}
    return {**os.environ, "PREFECT_SERVER_ANALYTICS_ENABLED": "false", **named, **more}
