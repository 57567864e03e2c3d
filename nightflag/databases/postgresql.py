"""PostgreSQL: COPY in both directions, through ADBC."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Select,
    Table,
    cast,
    text,
    types,
)
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.schema import ExecutableDDLElement

from nightflag.databases import options
from nightflag.databases.arrow import pieces, sql_type, with_types, without_nul
from nightflag.databases.database import Database
from nightflag.databases.literal import statement
from nightflag.databases.named_type import NamedType
from nightflag.databases.plans import Plan, explained
from nightflag.databases.postgresql_types import (
    EXACT_TYPES,
    TEXT_TYPES,
    described,
    from_text,
)
from nightflag.databases.troubles import code
from nightflag.failpoints import reached

WORK_MEMORY = "128MB"

BATCH_OPTION = "adbc.postgresql.batch_size_hint_bytes"
RECORD_BYTES, LEAST_BATCH_BYTES = 320, 16 << 20
"""ADBC counts a batch in bytes: so many for a record, and no fewer than it takes by itself."""

PATIENCE = (
    "select set_config('lock_timeout', '60s', false) where current_setting('lock_timeout') = '0'"
)
"""Wait for locks as long as SQLite does, unless the login, the URL or the server say how long."""

PASSING = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE for trouble that waiting mends: connections, resources, operators."""

BAD_MESSAGE = "08P01"
"""Rows of another type than the table's: the one of its class that no waiting mends."""


class PostgresqlDatabase(Database):
    """PostgreSQL 14 or newer."""

    driver = "postgresql+psycopg"
    exact_collation = "C"

    def __init__(self, url: URL, schema: str | None) -> None:
        super().__init__(url, schema)
        options.refuse_unknown(url)
        self.snapshot = ""

    @contextmanager
    def shared_snapshot(self) -> Iterator[str]:
        """See :meth:`Database.shared_snapshot`; it lives as long as the transaction in here."""
        with self.reading() as connection:
            connection.exec_driver_sql("set transaction isolation level repeatable read")
            # It is idle while others read, for as long as they take.
            connection.exec_driver_sql("set local idle_in_transaction_session_timeout = 0")
            yield str(connection.exec_driver_sql("select pg_export_snapshot()").scalar_one())

    def at(self, snapshot: str) -> "PostgresqlDatabase":
        """See :meth:`Database.at`."""
        other = copy(self)
        other.snapshot = snapshot
        return other

    def columns(self, select: Select[Any]) -> pa.Schema:
        """See :meth:`Database.columns`; the server itself describes the statement."""
        text = self.statement(select.limit(0))
        with self._cursor() as cursor:
            cursor.execute(text)
            return pa.schema([described(field) for field in cursor.fetch_arrow_table().schema])

    def plan(self, select: Select[Any]) -> Plan:
        """See :meth:`Database.plan`."""
        with self.reading() as connection:
            return explained(connection, self.statement(select))

    def readable(self, column: ColumnElement[Any], field: pa.Field) -> ColumnElement[Any]:
        """See :meth:`Database.readable`: numeric, uuid and the like have no Arrow type here."""
        declared = sql_type(field)
        if field.type == pa.float64() and declared == "numeric":
            return cast(column, types.Double)
        if field.type == pa.string() and declared not in TEXT_TYPES:
            return cast(column, types.Text)
        return column

    def from_text(self, text: ColumnElement[Any], field: pa.Field) -> ColumnElement[Any]:
        """See :meth:`Database.from_text`."""
        return from_text(text, sql_type(field))

    def read(
        self, select: Select[Any], *, columns: pa.Schema, batch_size: int
    ) -> Iterator[pa.RecordBatch]:
        """See :meth:`Database.read`; one COPY, so one snapshot."""
        with self._cursor() as cursor:
            self._share_snapshot(cursor)
            gathered = max(batch_size * RECORD_BYTES, LEAST_BATCH_BYTES)
            cursor.adbc_statement.set_options(**{BATCH_OPTION: str(gathered)})
            cursor.execute(self.statement(select))
            reached("snapshot taken")
            for batch in self._record_batches(cursor):
                for piece in pieces(batch, batch_size):
                    yield with_types(piece, columns)

    def _share_snapshot(self, cursor: Any) -> None:
        """Let the cursor see what all see that are at the snapshot, if there is one."""
        import adbc_driver_manager

        if not self.snapshot:
            return
        share = text("set transaction snapshot :name").bindparams(name=self.snapshot)
        cursor.connection.commit()
        cursor.execute("set transaction isolation level repeatable read")
        try:
            cursor.execute(statement(share, self.engine.dialect))
        except adbc_driver_manager.Error as error:
            raise self.unreachable(f"the night's snapshot is gone ({error})") from None

    @contextmanager
    def appending(self) -> Iterator[Callable[[Table, pa.RecordBatch], None]]:
        """See :meth:`Database.appending`; all in one transaction, NUL characters written out."""
        with self.loading(()) as append:
            yield lambda table, batch: append(table, without_nul(batch))

    @contextmanager
    def loading(
        self, first: Iterable[ExecutableDDLElement]
    ) -> Iterator[Callable[[Table, pa.RecordBatch], None]]:
        """See :meth:`Database.loading`."""
        with self._cursor() as cursor:

            def append(table: Table, batch: pa.RecordBatch) -> None:
                cursor.adbc_ingest(
                    table.name, batch, mode="append", db_schema_name=table.schema or self.schema
                )

            for statement in first:
                cursor.execute(str(statement.compile(self.engine)))
            yield append
            cursor.connection.commit()

    def expect_many(self, connection: Connection, filled: Iterable[Table]) -> None:
        """See :meth:`Database.expect_many`: fresh statistics, and room to hash a million keys."""
        connection.exec_driver_sql(f"set local work_mem = '{WORK_MEMORY}'")
        quote = self.engine.dialect.identifier_preparer.format_table
        for table in filled:
            connection.exec_driver_sql(f"analyze {quote(table)}")

    def exact_type(self, sql_type: str) -> types.TypeEngine[Any] | None:
        """See :meth:`Database.exact_type`."""
        return NamedType(sql_type) if sql_type in EXACT_TYPES else None

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        # Takes pandas along: seconds that `nightflag runs` need not wait for.
        import adbc_driver_postgresql.dbapi as adbc

        with (
            self._translated_adbc_errors(),
            adbc.connect(self._connection_words()) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(PATIENCE)
            yield cursor

    def _connection_words(self) -> str:
        """What psycopg is given, as libpq reads it: to that, a + in a URL is no space."""
        from psycopg.conninfo import make_conninfo

        given = self.engine.dialect.create_connect_args(self.url)[1]
        return make_conninfo(**{name: given[name] for name in options.known() & set(given)})

    @contextmanager
    def _translated_adbc_errors(self) -> Iterator[None]:
        import adbc_driver_manager

        try:
            yield
        except adbc_driver_manager.Error as error:
            told = code(error)
            passes = told.startswith(PASSING) and told != BAD_MESSAGE
            raise self.failure(str(error), code=told, passes=passes or _is_lost(error)) from None

    def _record_batches(self, cursor: Any) -> Iterator[pa.RecordBatch]:
        try:
            yield from cursor.fetch_record_batch()
        except OSError as error:  # amid the rows ADBC leaves the error's code out
            passes = _has_lost_connection(cursor)
            raise self.failure(str(error), code="", passes=passes) from None

    def passes_by_itself(self, error: DBAPIError) -> bool:
        """See :meth:`Database.passes_by_itself`; psycopg keeps OperationalError for the like."""
        return super().passes_by_itself(error) or isinstance(error, OperationalError)

    def _prepare(self, dbapi_connection: Any, record: object) -> None:
        from psycopg import sql

        dbapi_connection.execute(PATIENCE)
        if self.schema is not None:
            # SQLAlchemy would double a percent sign, for a driver that halves it only sometimes.
            path = sql.SQL("set search_path to {}, public").format(sql.Identifier(self.schema))
            dbapi_connection.execute(path)
        dbapi_connection.commit()


def _is_lost(error: Any) -> bool:
    """Whether ADBC speaks of the connection: then no statement's code comes with it."""
    from adbc_driver_manager import AdbcStatusCode

    return bool(error.status_code == AdbcStatusCode.IO and not code(error))


def _has_lost_connection(cursor: Any) -> bool:
    """Whether the connection is what failed; only its next use tells, in whatever language."""
    import adbc_driver_manager

    try:
        with cursor.connection.cursor() as probe:
            probe.execute("select 1")
    except adbc_driver_manager.Error as error:
        return _is_lost(error)
    return False
