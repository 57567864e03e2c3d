"""The one interface through which everything reads and writes."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote

import pyarrow as pa
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    and_,
    create_engine,
    event,
    null,
    or_,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.types import TypeEngine

from nightflag.databases.literal import statement
from nightflag.databases.plans import Plan
from nightflag.databases.troubles import code, trouble
from nightflag.errors import DatabaseRefused, DatabaseUnreachable, NightflagError, SettingsError
from nightflag.monitors.references import redact


class Database:
    """A SQLAlchemy engine plus the fast path of its dialect.

    Subclasses say how to describe, read and append in bulk; transactions, errors and the search
    path are the same for all.
    """

    driver: ClassVar[str | None] = None
    reads_times_in_text: ClassVar[bool] = False
    exact_collation: ClassVar[str | None] = None

    def __init__(self, url: URL, schema: str | None) -> None:
        self.url = url.set(drivername=self.driver) if self.driver else url
        self.schema = schema
        self.engine = self._create_engine()

    @property
    def name(self) -> str:
        """The URL without its password, for messages."""
        return redact(self.url.render_as_string(hide_password=True))

    @property
    def dialect(self) -> str:
        """The dialect's name, such as ``postgresql``."""
        return self.engine.dialect.name

    def statement(self, select: Select[Any]) -> str:
        """``select`` as complete text in this database's dialect."""
        return statement(select, self.engine.dialect)

    def plan(self, select: Select[Any]) -> Plan | None:
        """How the database would read ``select``, which is not carried out; None: it won't say."""
        return None

    def columns(self, select: Select[Any]) -> pa.Schema:
        """The names and Arrow types of what ``select`` returns, without reading its rows.

        A field's metadata holds ``sql_type`` where the database declares one.
        """
        raise NotImplementedError

    def read(
        self, select: Select[Any], *, columns: pa.Schema, batch_size: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows of ``select`` in batches of at most ``batch_size``, from one snapshot.

        The batches have exactly the types of ``columns``. Memory holds one batch at a time.
        """
        raise NotImplementedError

    @contextmanager
    def shared_snapshot(self) -> Iterator[str]:
        """The name of a snapshot that others can read from while the ``with`` block lasts.

        Raises :class:`SettingsError` where each reader has a snapshot of its own.
        """
        raise SettingsError(
            f"Readers of {self.name} cannot share a snapshot.",
            expected="PostgreSQL as the source of a night that several processes work on",
            mend="take `execution: {engine: ...}` out of the monitor: one process has one snapshot",
        )
        yield ""

    def at(self, snapshot: str) -> "Database":
        """The same database, read as it was at a shared snapshot."""
        raise NotImplementedError

    @contextmanager
    def appending(self) -> Iterator[Callable[[Table, pa.RecordBatch], None]]:
        """A function that adds a batch to a table, each batch whole or not at all.

        The batch's columns are matched to the table's by name. Each is committed by itself, to
        hold no lock for long, or all at the end.
        """

        def append(table: Table, batch: pa.RecordBatch) -> None:
            with self.writing() as connection:
                self.add(connection, table, batch)

        yield append

    @contextmanager
    def loading(
        self, first: Iterable[ExecutableDDLElement]
    ) -> Iterator[Callable[[Table, pa.RecordBatch], None]]:
        """A function that adds a batch to a table, once the statements ``first`` are through.

        All of it is one transaction: committed at the end, or nothing has happened.
        """
        with self.writing() as connection:
            for statement in first:
                connection.execute(statement)
            yield partial(self.add, connection)

    def add(self, connection: Connection, table: Table, batch: pa.RecordBatch) -> None:
        """Add the batch to the table; its columns are matched by name."""
        connection.execute(table.insert(), batch.to_pylist())

    def readable(self, column: ColumnElement[Any], field: pa.Field) -> ColumnElement[Any]:
        """``column`` as the driver delivers it with the type of ``field``."""
        return column

    def exactly(self, column: ColumnElement[Any], field: pa.Field) -> ColumnElement[Any]:
        """``column`` as it is compared and ordered character by character, whatever its collation.

        Text that a collation takes for the same (``A`` and ``a``) is not the same then.
        """
        if self.exact_collation is None or field.type != pa.string():
            return column
        return column.collate(self.exact_collation)

    def from_text(self, text: ColumnElement[Any], field: pa.Field) -> ColumnElement[Any]:
        """The value that a reason's ``text`` stands for, in the SQL type of ``field``.

        NULL for a text that is none, and for a type whose values reasons do not spell: never an
        error, because one would make a whole view unreadable.
        """
        return null()

    def event_time(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """``column`` as something that compares with instants, as far as its type says them."""
        return column

    def inside(
        self, column: ColumnElement[Any], start: datetime | None, end: datetime, *, undated: bool
    ) -> ColumnElement[bool]:
        """Whether the event time in ``column`` lies between the bounds, ``end`` not included.

        With ``undated``, a record that has none is inside too.
        """
        moment = self.event_time(column)
        there = moment < end if start is None else and_(moment >= start, moment < end)
        return or_(there, moment.is_(None)) if undated else there

    def exact_type(self, sql_type: str) -> TypeEngine[Any] | None:
        """The SQL type of that name, or None where this database has none."""
        return None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in a transaction that is rolled back at the end."""
        with self.translated_errors(), self.engine.connect() as connection:
            yield connection.execution_options(read_only=True)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in one transaction: committed as a whole, or not at all."""
        with self.translated_errors(), self.engine.begin() as connection:
            yield connection

    def expect_many(self, connection: Connection, filled: Iterable[Table]) -> None:
        """Prepare this transaction for set operations on tables that were just filled."""

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Turn driver errors into ours, with the password left out."""
        try:
            yield
        except DBAPIError as error:
            passes = self.passes_by_itself(error)
            raise self.failure(str(error.orig), code=code(error.orig), passes=passes) from None

    def failure(self, reason: str, *, code: str, passes: bool) -> NightflagError:
        """The error for what the database says, of which its code tells more than its words."""
        if known := trouble(code):
            return known.failure(self.name, self._without_password(reason))
        return self.unreachable(reason) if passes else self.refused(reason)

    def passes_by_itself(self, error: DBAPIError) -> bool:
        """Whether the connection failed, rather than a statement: waiting may mend it."""
        lost = error.statement is None or error.connection_invalidated
        return lost and isinstance(error, (OperationalError, InterfaceError))

    def unreachable(self, reason: str) -> DatabaseUnreachable:
        """The error for a database that does not answer."""
        return DatabaseUnreachable(
            f"{self.name} does not answer: {self._without_password(reason)}",
            expected="a database that accepts connections",
            mend="check that it runs, that host and login are right, then run the night again",
        )

    def refused(self, reason: str) -> DatabaseRefused:
        """The error for a statement that the database rejected."""
        return DatabaseRefused(
            f"{self.name} refused a statement: {self._without_password(reason)}",
            expected="the tables and permissions that a night needs",
            mend="`nightflag check MONITOR` tries every permission and column a night needs",
        )

    def close(self) -> None:
        """Give every pooled connection back."""
        self.engine.dispose()

    def _without_password(self, text: str) -> str:
        first_lines = " ".join(line.strip() for line in text.strip().splitlines()[:3])
        for secret in self._secrets():
            first_lines = first_lines.replace(secret, "***")
        return redact(first_lines)

    def _secrets(self) -> set[str]:
        """What of the URL is never repeated, as it is and as it stands encoded in the URL."""
        options = ((name, str(value)) for name, value in self.url.query.items())
        hidden = {value for name, value in options if "***" in redact(f"{name}={value}")}
        plain = {*hidden, str(self.url.password or "")} - {""}
        return {form for secret in plain for form in (secret, quote(secret, safe=""))}

    def _create_engine(self) -> Engine:
        engine = create_engine(self.url, pool_pre_ping=True)  # it may have been restarted
        event.listen(engine, "connect", self._prepare)
        return engine

    def _prepare(self, dbapi_connection: object, record: object) -> None:
        """Set up a fresh DBAPI connection; nothing by default."""
