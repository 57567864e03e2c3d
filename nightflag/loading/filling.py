"""A table made of a file, as a whole or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
from sqlalchemy import (
    Column,
    MetaData,
    Table,
    inspect,
    literal_column,
    select,
    table,
)
from sqlalchemy.schema import CreateTable, DropTable, ExecutableDDLElement

from nightflag.databases import Database
from nightflag.databases.arrow import SQL_TYPES, with_types
from nightflag.errors import DatabaseRefused, SettingsError, SourceError
from nightflag.loading.columns import Clock, add, with_added
from nightflag.loading.table_file import TableFile, Told
from nightflag.results.reading import file_of

LONGEST_NAME = 63
OWN = ("nightflag_", "sqlite_", "pg_")


@dataclass(frozen=True)
class Target:
    """The table to be: its key columns, what is made up for it, and what an older one becomes."""

    name: str
    schema: str | None = None
    key: tuple[str, ...] = ()
    number: str | None = None
    clock: Clock | None = None
    existing: Literal["refuse", "append", "replace"] = "refuse"


def load(database: Database, file: TableFile, target: Target, *, told: Told) -> pa.Schema:
    """The columns of the table that now holds the file's records: all of them, or it is untouched.

    Raises :class:`SettingsError` for a table that is there already or columns that do not fit, and
    :class:`DatabaseRefused` or :class:`SourceError` for records that the table does not take.
    """
    columns = with_added(file.columns, number=target.number, clock=target.clock)
    _refuse_names(database, columns, target)
    existing = _existing(database, target)
    fitted = _fitted(columns, existing, target) if existing and _appends(target) else columns
    made, done = _table(fitted, target), 0
    with _told_of_loading(), database.loading(_first(made, existing, target)) as append:
        for batch in add(file, columns, number=target.number, clock=target.clock):
            append(made, with_types(batch, fitted))
            done += batch.num_rows
            told("loading", done, file.records)
    return fitted


def _appends(target: Target) -> bool:
    return target.existing == "append"


def _table(columns: pa.Schema, target: Target) -> Table:
    key = target.key or ((target.number,) if target.number else ())
    return Table(
        target.name,
        MetaData(),
        *(
            Column(
                field.name,
                SQL_TYPES[field.type],
                primary_key=field.name in key,
                autoincrement=False,
            )
            for field in columns
        ),
        schema=target.schema,
    )


def _first(
    made: Table, existing: pa.Schema | None, target: Target
) -> Sequence[ExecutableDDLElement]:
    if existing is None:
        return [CreateTable(made)]
    return [] if _appends(target) else [DropTable(made), CreateTable(made)]


def _existing(database: Database, target: Target) -> pa.Schema | None:
    """The columns of the table of that name, or None where it is new and may be made."""
    file = file_of(database)
    if file is not None and not file.exists():
        return None
    with database.reading() as connection:
        if not inspect(connection).has_table(target.name, target.schema):
            return None
    if target.existing == "refuse":
        raise SettingsError(
            f"There is a table or view {target.name!r} already; it was left as it is.",
            expected="the name of a new table",
            mend="give another --table, add to it with --append, or make it anew with --replace",
        )
    source = table(target.name, schema=target.schema)
    return database.columns(select(literal_column("*")).select_from(source))


def _fitted(columns: pa.Schema, existing: pa.Schema, target: Target) -> pa.Schema:
    """The columns with the types that the table has for them."""
    if target.number or target.clock or target.key:
        raise SettingsError(
            "--key, --number and --clock make a table, and this one is there already.",
            expected="a file with the columns of the table",
            mend="leave them out to append, or make the table anew with --replace",
        )
    unknown = [name for name in columns.names if name not in existing.names]
    if unknown:
        raise SettingsError(
            f"The table {target.name!r} has no column {', '.join(map(repr, unknown))}.",
            expected=f"some of {', '.join(existing.names)}",
            mend="correct the headings of the file, or load it into a table of its own",
        )
    return pa.schema([existing.field(name) for name in columns.names])


def _refuse_names(database: Database, columns: pa.Schema, target: Target) -> None:
    missing = [name for name in target.key if name not in columns.names]
    if missing:
        raise SettingsError(
            f"The file has no column {', '.join(map(repr, missing))} to be the key.",
            expected=f"one or more of {', '.join(columns.names)}",
            mend="correct --key; without headings the columns are column_1, column_2, ...",
        )
    if target.name.startswith(OWN):
        raise SettingsError(
            f"{target.name!r} is a name that nightflag or the database keeps for itself.",
            expected=f"a name that does not begin with {', '.join(OWN)}",
            mend="give another --table",
        )
    long = [name for name in (target.name, *columns.names) if len(name.encode()) > LONGEST_NAME]
    if long and database.dialect == "postgresql":
        raise SettingsError(
            f"The name {long[0]!r} is longer than PostgreSQL allows.",
            expected=f"at most {LONGEST_NAME} bytes",
            mend="shorten the heading or the table's name",
        )


@contextmanager
def _told_of_loading() -> Iterator[None]:
    try:
        yield
    except (DatabaseRefused, SourceError) as error:
        raise type(error)(
            f"Nothing was loaded. {error.what}",
            expected="records that the table takes, and a login that may create tables",
            mend="correct them; where the key is not unique name more columns with --key, or "
            "number the records: --number NAME",
        ) from None
