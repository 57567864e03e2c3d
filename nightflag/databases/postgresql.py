"""PostgreSQL: COPY in both directions, through ADBC."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    case,
    cast,
    false,
    func,
    null,
    true,
    types,
)
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.schema import ExecutableDDLElement

from nightflag.databases.arrow import with_types
from nightflag.databases.database import Database

WORK_MEMORY = "128MB"
NOT_OF_LIBPQ = "context"

ARROW_TYPES = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), pa.int64()),
    **dict.fromkeys(("float4", "float8", "numeric"), pa.float64()),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
    "bytea": pa.binary(),
}
"""Everything else (text, uuid, json, inet, enums, arrays, ...) travels as text."""

TEXT_TYPES = frozenset({"text", "varchar", "bpchar", "name"})

EXACT_TYPES = TEXT_TYPES | set(ARROW_TYPES) | {"uuid", "inet", "cidr", "macaddr", "time", "timetz"}

LARGEST = {
    "int2": 2**15 - 1,
    "int4": 2**31 - 1,
    "int8": 2**63 - 1,
    "float4": 3.4e38,
    "float8": None,
    "numeric": None,
}
"""The number types, each with the largest number it is sure to hold."""

NUMBER = "^-?[0-9]+([.][0-9]+)?(e[+-][0-9]{1,3})?$"

PASSING = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE for trouble that waiting mends: connections, resources, operators."""

BAD_MESSAGE = "08P01"
"""Rows of another type than the table's: the one of its class that no waiting mends."""


class NamedType(types.UserDefinedType[object]):
    """A PostgreSQL type called by the name the catalogue knows it by."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        """The name, as it stands in a column definition or a cast."""
        return self.name


class PostgresqlDatabase(Database):
    """PostgreSQL 14 or newer."""

    driver = "postgresql+psycopg"

    def columns(self, select: Select[Any]) -> pa.Schema:
        """See :meth:`Database.columns`; the server itself describes the statement."""
        text = self.statement(select.limit(0))
        with self._cursor() as cursor:
            cursor.execute(text)
            return pa.schema([_described(field) for field in cursor.fetch_arrow_table().schema])

    def readable(self, column: ColumnElement[Any], field: pa.Field) -> ColumnElement[Any]:
        """See :meth:`Database.readable`: numeric, uuid and the like have no Arrow type here."""
        sql_type = (field.metadata or {}).get(b"sql_type", b"").decode()
        if field.type == pa.float64() and sql_type == "numeric":
            return cast(column, types.Double)
        if field.type == pa.string() and sql_type not in TEXT_TYPES:
            return cast(column, types.Text)
        return column

    def from_text(self, text: ColumnElement[Any], field: pa.Field) -> ColumnElement[Any]:
        """See :meth:`Database.from_text`."""
        sql_type = (field.metadata or {}).get(b"sql_type", b"").decode()
        if sql_type in TEXT_TYPES:
            return cast(text, NamedType(sql_type))
        if sql_type == "bool":
            return case((text == "True", true()), (text == "False", false()))
        if sql_type not in LARGEST:
            return null()
        digits = case((text == "True", "1"), (text == "False", "0"), else_=text)
        is_number = digits.regexp_match(NUMBER)
        return case((is_number, _number(cast(digits, types.Numeric), sql_type)))

    def read(
        self, select: Select[Any], *, columns: pa.Schema, batch_size: int
    ) -> Iterator[pa.RecordBatch]:
        """See :meth:`Database.read`; one COPY, so one snapshot."""
        with self._cursor() as cursor:
            cursor.execute(self.statement(select))
            for batch in self._record_batches(cursor):
                for start in range(0, batch.num_rows, batch_size):
                    yield with_types(batch.slice(start, batch_size), columns)

    @contextmanager
    def appending(self) -> Iterator[Callable[[Table, pa.RecordBatch], None]]:
        """See :meth:`Database.appending`."""
        with self.loading(()) as append:
            yield append

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
            adbc.connect(self._parameters()) as connection,
            connection.cursor() as cursor,
        ):
            yield cursor

    def _parameters(self) -> str:
        """What SQLAlchemy connects with, too: libpq reads spaces and % in a URL differently.

        See https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
        """
        _, found = self.engine.dialect.create_connect_args(self.url)
        known = {name: str(value) for name, value in found.items() if name != NOT_OF_LIBPQ}
        escaped = {name: re.sub(r"(['\\])", r"\\\1", value) for name, value in known.items()}
        return " ".join(f"{name}='{value}'" for name, value in escaped.items())

    @contextmanager
    def _translated_adbc_errors(self) -> Iterator[None]:
        import adbc_driver_manager

        try:
            yield
        except adbc_driver_manager.Error as error:
            code = error.sqlstate or ""
            lost = error.status_code == adbc_driver_manager.AdbcStatusCode.IO and not code
            passes = code.startswith(PASSING) and code != BAD_MESSAGE
            failed = self.unreachable if lost or passes else self.refused
            raise failed(str(error)) from None

    def _record_batches(self, cursor: Any) -> Iterator[pa.RecordBatch]:
        try:
            yield from cursor.fetch_record_batch()
        except OSError as error:  # amid the rows ADBC leaves the error's code out
            lost = "connection" in str(error)
            raise (self.unreachable if lost else self.refused)(str(error)) from None

    def passes_by_itself(self, error: DBAPIError) -> bool:
        """See :meth:`Database.passes_by_itself`; psycopg keeps OperationalError for the like."""
        return super().passes_by_itself(error) or isinstance(error, OperationalError)

    def _prepare(self, dbapi_connection: Any, record: object) -> None:
        if self.schema is None:
            return
        quoted = self.engine.dialect.identifier_preparer.quote_identifier(self.schema)
        dbapi_connection.execute(f"set search_path to {quoted}, public")
        dbapi_connection.commit()


def _number(exact: ColumnElement[Any], sql_type: str) -> ColumnElement[Any]:
    """``exact`` as the number type has it: rounded to what it can hold."""
    largest = LARGEST[sql_type]
    if largest is not None:
        digits = 30 if sql_type == "float4" else 0
        exact = func.least(func.greatest(func.round(exact, digits), -largest), largest)
    return cast(exact, NamedType(sql_type))


def _described(field: pa.Field) -> pa.Field:
    sql_type = (field.metadata or {}).get(b"POSTGRESQL:type", b"text").decode()
    arrow_type = ARROW_TYPES.get(sql_type, pa.string())
    return pa.field(field.name, arrow_type, metadata={"sql_type": sql_type})
