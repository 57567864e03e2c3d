"""SQLite, through the one SQLite library that Python itself has loaded.

ADBC would bring a second copy of SQLite into the process. Each copy drops the other's POSIX file
locks when it closes the file, which corrupted a database here (docs/decisions/0001). Large files
are read through it all the same, by a process of its own (docs/decisions/0021).
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    case,
    cast,
    event,
    func,
    not_,
    null,
    types,
)
from sqlalchemy.exc import DBAPIError

from nightflag.databases import sqlite_apart, sqlite_times
from nightflag.databases.arrow import as_text_times, rows_at_once
from nightflag.databases.database import Database
from nightflag.databases.sqlite_types import declared_type
from nightflag.databases.troubles import code
from nightflag.databases.values import batch, sampled_type
from nightflag.errors import DatabaseRefused, DatabaseUnreachable
from nightflag.failpoints import reached

SAMPLE = 1_000
LARGE = 32 * 1024**2
"""Bytes of a file from which on a process that reads it is worth its start."""
CACHED = 1_000
"""Rows that are Python objects at a time: more do not stay in the processor's cache."""
VARIABLES = 10_000
"""How many values a statement brings: with few, threads wait for each other at every row."""
BUSY_TIMEOUT_MS = 60_000
PASSING = ("SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR")
NO_NUMBER = "*[^-+.0-9e]*"


class SqliteDatabase(Database):
    """A SQLite file, kept in write-ahead mode so that reading never blocks publishing."""

    reads_times_in_text = True
    exact_collation = "BINARY"

    @property
    def is_uri(self) -> bool:
        """Whether the path is one of SQLite's own ``file:`` URIs."""
        return str(self.url.database).startswith("file:")

    def columns(self, select: Select[Any]) -> pa.Schema:
        """See :meth:`Database.columns`; undeclared types are inferred from the first rows."""
        text = self.statement(select)
        with self.reading() as connection:
            declared = _declared_types(connection, text)
            sample = connection.exec_driver_sql(f"select * from ({text}) limit {SAMPLE}").all()
        values = zip(*sample, strict=True) if sample else [()] * len(declared)
        return pa.schema(
            pa.field(name, _arrow_type(kind, column), metadata={"sql_type": kind or "text"})
            for (name, kind), column in zip(declared, values, strict=True)
        )

    def readable(self, column: ColumnElement[Any], field: pa.Field) -> ColumnElement[Any]:
        """See :meth:`Database.readable`."""
        return cast(column, types.Text) if field.type == pa.string() else column

    def from_text(self, text: ColumnElement[Any], field: pa.Field) -> ColumnElement[Any]:
        """See :meth:`Database.from_text`; SQLite itself would read any text as some number."""
        if field.type == pa.string():
            return text
        if field.type not in (pa.bool_(), pa.int64(), pa.float64()):
            return null()
        digits = case((text == "True", "1"), (text == "False", "0"), else_=text)
        number: ColumnElement[Any] = cast(digits, types.REAL)
        if field.type != pa.float64():
            number = cast(func.round(number), types.Integer)
        return case((not_(digits.op("glob", is_comparison=True)(NO_NUMBER)), number))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See :meth:`Database.reading`; SQLite itself would create a file that is missing."""
        if not self.is_uri and not Path(str(self.url.database)).exists():
            raise DatabaseUnreachable(
                f"There is no file {self.url.database}.",
                expected="the SQLite database that the URL names",
                mend="check the path: sqlite:///relative.db or sqlite:////absolute.db",
            )
        with super().reading() as connection:
            yield connection

    def read(
        self, select: Select[Any], *, columns: pa.Schema, batch_size: int
    ) -> Iterator[pa.RecordBatch]:
        """See :meth:`Database.read`; a large file is read by a process of its own."""
        path, statement = Path(str(self.url.database)), self.statement(select)
        batch_size = rows_at_once(columns, batch_size)
        here = self._read_here(statement, columns, batch_size)
        large = path.is_file() and path.stat().st_size >= LARGE
        if not large or self.url.query or not sqlite_apart.can_read(columns):
            return here
        ordered = statement != self.statement(select.order_by(None).limit(None).offset(None))
        apart = sqlite_apart.read(
            path, statement, columns=columns, batch_size=batch_size, ordered=ordered
        )
        return self._first_of(apart, here)

    def _first_of(
        self, apart: Iterator[pa.RecordBatch], here: Iterator[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        """The batches read ``apart``; those read ``here`` where that does not begin."""
        try:
            yield from apart
        except sqlite_apart.NotBegunError:
            yield from here
        except sqlite_apart.BrokenOffError as status:
            for _ in here:
                pass  # if a value is to blame, this says which
            raise DatabaseUnreachable(
                f"The process that reads {self.name} ended with status {status} amid the rows.",
                expected="a process that is left to read to the last row",
                mend="see who killed it, or whether memory ran out; then run the night again",
            ) from None

    def _read_here(
        self, statement: str, columns: pa.Schema, batch_size: int
    ) -> Iterator[pa.RecordBatch]:
        with self.reading() as connection:
            cursor = _driver(connection).execute(statement)
            reached("snapshot taken")
            while pieces := list(_pieces(cursor, columns, batch_size)):
                yield pa.concat_batches(pieces)

    def add(self, connection: Connection, table: Table, batch: pa.RecordBatch) -> None:
        """See :meth:`Database.add`."""
        columns = [column for column in table.c if column.name in batch.schema.names]
        ordered = as_text_times(batch.select([column.name for column in columns]))
        insert = str(table.insert().values(dict.fromkeys(columns)).compile(self.engine))
        another, driver = f", ({', '.join('?' * len(columns))})", _driver(connection)
        size = min(VARIABLES, driver.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)) // len(columns)
        for start in range(0, batch.num_rows, size):
            piece = ordered.slice(start, size)
            rows = zip(*(column.to_pylist() for column in piece.columns), strict=True)
            text = insert + another * (piece.num_rows - 1)
            driver.execute(text, list(chain.from_iterable(rows)))

    def event_time(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """See :meth:`Database.event_time`: any ISO 8601 text as UTC, to the millisecond."""
        return sqlite_times.event_time(column)

    def inside(
        self, column: ColumnElement[Any], start: datetime | None, end: datetime, *, undated: bool
    ) -> ColumnElement[bool]:
        """See :meth:`Database.inside`."""
        return sqlite_times.inside(column, start, end, undated=undated)

    def exact_type(self, sql_type: str) -> types.TypeEngine[Any] | None:
        """See :meth:`Database.exact_type`: the affinity is what a join in SQLite goes by."""
        if re.search("INT|BOOL", sql_type.upper()):
            return types.BigInteger()
        return types.Text() if re.search("CHAR|CLOB|TEXT|DATE|TIME", sql_type.upper()) else None

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """See :meth:`Database.translated_errors`; bulk statements bypass SQLAlchemy."""
        try:
            with super().translated_errors():
                yield
        except sqlite3.Error as error:
            raise self.failure(str(error), code=code(error), passes=False) from None

    def passes_by_itself(self, error: DBAPIError) -> bool:
        """See :meth:`Database.passes_by_itself`."""
        return code(error.orig).startswith(PASSING)

    def refused(self, reason: str) -> DatabaseRefused:
        """See :meth:`Database.refused`; SQLite stores any bytes as text."""
        if "decode to UTF-8" not in reason:
            return super().refused(reason)
        return DatabaseRefused(
            f"{self.name} holds what is no text: {reason}",
            expected="text in UTF-8",
            mend="correct those rows, or leave the column out in the monitor's `query`",
        )

    def _create_engine(self) -> Engine:
        engine = super()._create_engine()
        event.listen(engine, "begin", _begin)
        return engine

    def _prepare(self, dbapi_connection: Any, record: object) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves, and mean it
        dbapi_connection.execute(f"pragma busy_timeout = {BUSY_TIMEOUT_MS}")


def _begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _pieces(cursor: Any, columns: pa.Schema, count: int) -> Iterator[pa.RecordBatch]:
    """The next ``count`` rows, a few of them at a time."""
    for start in range(0, count, CACHED):
        if rows := cursor.fetchmany(min(CACHED, count - start)):
            yield batch(rows, columns)


def _declared_types(connection: Connection, text: str) -> list[tuple[str, str]]:
    connection.exec_driver_sql(f"create temp view nightflag_probe as {text}")
    rows = connection.exec_driver_sql("pragma temp.table_info(nightflag_probe)").all()
    return [(row.name, row.type) for row in rows]


def _arrow_type(declared: str, values: tuple[object, ...]) -> pa.DataType:
    # A BLOB may hold anything; bytes are what it is for.
    empty = "BLOB" in declared.upper() and all(value is None for value in values)
    return declared_type(declared) or (pa.binary() if empty else sampled_type(values))
