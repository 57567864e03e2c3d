"""What a source looks like: its columns, and which of them are key, event time and label."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pyarrow as pa
from sqlalchemy import FromClause, Select, TextClause, literal_column, select, table

from nightflag.databases import Database
from nightflag.databases.literal import verbatim
from nightflag.errors import DatabaseRefused, SourceError, StatementEnded
from nightflag.monitors import Source


@dataclass(frozen=True)
class Layout:
    """The columns of a source, as the job reads them.

    ``columns`` holds name, Arrow type and, as metadata, the SQL type of each. Keys without a
    lossless Arrow type (numeric, uuid, ...) travel as text and are cast back to be published.
    """

    source: Source
    columns: pa.Schema

    @property
    def key(self) -> tuple[str, ...]:
        """The key columns, in the monitor's order."""
        return self.source.key

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every column but the label: what a record's fingerprint covers."""
        return tuple(name for name in self.columns.names if name != self.source.label)

    @property
    def feature_candidates(self) -> tuple[str, ...]:
        """The columns that may become features: neither key nor label."""
        return tuple(name for name in self.inputs if name not in self.key)

    def in_order(self, names: Iterable[str]) -> "Layout":
        """The same columns: first those of ``names`` that are there, in that order.

        In the order of its monitor's models, a source may have its columns rearranged and its
        records keep their fingerprints.
        """
        known = [name for name in names if name in self.columns.names]
        ordered = dict.fromkeys([*known, *self.columns.names])
        return Layout(self.source, pa.schema([self.columns.field(name) for name in ordered]))

    def sql_type(self, column: str) -> str | None:
        """The SQL type the source's database declares for ``column``, where it does."""
        metadata = self.columns.field(column).metadata or {}
        return metadata[b"sql_type"].decode() if b"sql_type" in metadata else None


def relation(source: Source) -> FromClause | TextClause:
    """The watched table or query, to select from."""
    if source.table is not None:
        return table(source.table, schema=source.schema_name)
    return verbatim(f"(\n{source.query}\n) as source")


def everything(source: Source) -> Select[Any]:
    """All columns and rows of the source."""
    return select(literal_column("*")).select_from(relation(source))


def describe(database: Database, source: Source) -> Layout:
    """The layout of the source as it is now.

    Raises :class:`SourceError` where the source, or a column that the monitor names, is missing.
    """
    try:
        columns = database.columns(everything(source))
    except StatementEnded:
        raise
    except DatabaseRefused as error:
        raise SourceError(
            f"The source {source.table or 'query'!r} cannot be read: {error.what}",
            expected="a table, view or SELECT that the login may read",
            mend="correct `source` in the monitor, or grant the login SELECT on it",
        ) from None
    _require(columns, source)
    _require_time(columns.field(source.time).type, database, source)
    return Layout(source, pa.schema([_as_read(field, source) for field in columns]))


def _require(columns: pa.Schema, source: Source) -> None:
    named = [*source.key, source.time, *([source.label] if source.label else [])]
    missing = [name for name in named if name not in columns.names]
    if missing:
        absent = ", ".join(map(repr, missing))
        raise SourceError(
            f"The source has no column {absent}.{_nearest(missing, columns.names)}",
            expected=f"one of its columns: {', '.join(columns.names)}",
            mend="correct `source` in the monitor",
        )


def _require_time(found: pa.DataType, database: Database, source: Source) -> None:
    if pa.types.is_timestamp(found) or pa.types.is_date(found):
        return
    if database.reads_times_in_text and pa.types.is_string(found):
        return
    raise SourceError(
        f"The time column {source.time!r} holds {found}.",
        expected="timestamps or dates; in SQLite also ISO 8601 text",
        mend="name another column, or convert it in a `query`",
    )


def _nearest(missing: Iterable[str], names: list[str]) -> str:
    near = [match for name in missing for match in get_close_matches(name, names, n=1)]
    return f" Did you mean {', '.join(map(repr, near))}?" if near else ""


def _as_read(field: pa.Field, source: Source) -> pa.Field:
    sql_type = (field.metadata or {}).get(b"sql_type", b"").decode()
    exact_text = field.name in source.key and sql_type == "numeric"
    return field.with_type(pa.string()) if exact_text else field
