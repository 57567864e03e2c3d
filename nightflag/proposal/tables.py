"""A table as the database declares it, and a sample of its records."""

from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Inspector, column, inspect, literal_column, select, table
from sqlalchemy.exc import NoSuchTableError

from nightflag.databases import Database
from nightflag.errors import SourceError

SAMPLE = 10_000


@dataclass(frozen=True)
class Looked:
    """A table's columns, up to 10,000 of its records, and the columns declared unique."""

    name: str
    schema: str | None
    columns: pa.Schema
    records: pa.Table
    primary_key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]


def table_names(database: Database, schema: str | None) -> list[str]:
    """The tables and views of the schema, nightflag's own left out, by name."""
    with database.reading() as connection:
        found = inspect(connection)
        names = {*found.get_table_names(schema), *found.get_view_names(schema)}
    return sorted(name for name in names if not name.startswith(("nightflag_", "sqlite_")))


def look_at(database: Database, name: str, schema: str | None) -> Looked:
    """What is there under that name; :class:`SourceError` where there is no such table."""
    there = table_names(database, schema)
    if name not in there:
        raise SourceError(
            f"There is no table or view {name!r}{f' in schema {schema}' if schema else ''}.",
            expected=f"one of {', '.join(there)}" if there else "a database with a table in it",
            mend="correct --table or --schema",
        )
    source = table(name, schema=schema)
    columns = database.columns(select(literal_column("*")).select_from(source))
    readable = [database.readable(column(one.name), one).label(one.name) for one in columns]
    statement = select(*readable).select_from(source).limit(SAMPLE)
    batches = database.read(statement, columns=columns, batch_size=SAMPLE)
    records = pa.Table.from_batches(batches, schema=columns)
    with database.reading() as connection:
        primary_key, unique = _declared(inspect(connection), name, schema)
    return Looked(name, schema, columns, records, primary_key, unique)


def _declared(
    found: Inspector, name: str, schema: str | None
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    try:
        primary_key = found.get_pk_constraint(name, schema)["constrained_columns"]
        unique = found.get_unique_constraints(name, schema)
    except NoSuchTableError:  # a view
        return (), ()
    return tuple(primary_key), tuple(tuple(one["column_names"]) for one in unique)
