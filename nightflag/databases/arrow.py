"""Arrow record batches brought to the types a night expects."""

from collections.abc import Iterator
from math import ceil
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, LargeBinary, Text
from sqlalchemy.types import TypeEngine

from nightflag.errors import SourceError

SQL_TYPES: dict[pa.DataType, TypeEngine[Any]] = {
    pa.int64(): BigInteger(),
    pa.float64(): Double(),
    pa.bool_(): Boolean(),
    pa.date32(): Date(),
    pa.timestamp("us"): DateTime(),
    pa.timestamp("us", "UTC"): DateTime(timezone=True),
    pa.binary(): LargeBinary(),
    pa.string(): Text(),
}
"""The types in which values travel, each with the column type that holds it."""

VALUES_AT_ONCE = 2**21
"""How many a batch holds where its rows are counted, and not its bytes: 16 MiB of numbers."""


def rows_at_once(columns: pa.Schema, most: int) -> int:
    """How many rows make a batch: at most ``most``, and fewer where they have many columns."""
    return max(1, min(most, VALUES_AT_ONCE // len(columns)))


def sql_type(field: pa.Field) -> str:
    """The SQL type of the column, as far as its database declares one."""
    held: bytes = (field.metadata or {}).get(b"sql_type", b"")
    return held.decode()


def with_types(batch: pa.RecordBatch, columns: pa.Schema) -> pa.RecordBatch:
    """``batch`` with exactly the names and types of ``columns``.

    Raises :class:`SourceError` for a column whose values do not fit its type.
    """
    arrays = [_cast(array, field) for array, field in zip(batch.columns, columns, strict=True)]
    return pa.record_batch(arrays, schema=columns)


def pieces(batch: pa.RecordBatch, most: int) -> Iterator[pa.RecordBatch]:
    """``batch`` in as few pieces of at most ``most`` rows as there can be, of about one length."""
    if rows := batch.num_rows:
        length = ceil(rows / ceil(rows / most))
        for start in range(0, rows, length):
            yield batch.slice(start, length)


def as_text_times(batch: pa.RecordBatch) -> pa.RecordBatch:
    """``batch`` with its timestamps and dates written as SQLAlchemy writes them into SQLite."""
    return pa.record_batch(list(map(_as_text_time, batch.columns)), names=batch.schema.names)


def without_nul(batch: pa.RecordBatch) -> pa.RecordBatch:
    r"""``batch`` with ``\0`` for every NUL character, which PostgreSQL's text cannot hold."""
    return pa.record_batch(list(map(_without_nul, batch.columns)), names=batch.schema.names)


def _without_nul(array: pa.Array) -> pa.Array:
    if not pa.types.is_string(array.type) or not pc.any(pc.match_substring(array, "\0")).as_py():
        return array
    return pc.replace_substring(array, "\0", "\\0")


def _as_text_time(array: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us"))  # in UTC; strftime says the same 25 times slower
    return array.cast(pa.string()) if pa.types.is_temporal(array.type) else array


def _cast(array: pa.Array, field: pa.Field) -> pa.Array:
    if array.type == field.type:
        return array
    storage = array.storage if isinstance(array, pa.ExtensionArray) else array
    try:
        return storage.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(
            f"Column {field.name!r} holds a value that is no {field.type}: {error}",
            expected=f"values of type {field.type}, as its declaration or first rows say",
            mend="correct those rows, or let the monitor's query cast the column",
        ) from None
