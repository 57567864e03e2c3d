"""Python values as Arrow arrays, and the types of those for which no database declares one."""

import datetime
import decimal
from collections.abc import Iterable, Sequence

import pyarrow as pa

from nightflag.errors import SourceError

# In this order: a bool is an int, a datetime is a date.
TYPES: tuple[tuple[type, pa.DataType], ...] = (
    (bool, pa.bool_()),
    (int, pa.int64()),
    (float, pa.float64()),
    (decimal.Decimal, pa.float64()),
    (datetime.datetime, pa.timestamp("us")),
    (datetime.date, pa.date32()),
    (bytes, pa.binary()),
)

NUMBERS = (int, float, decimal.Decimal)
"""What a float stands for, if only nearly: whole numbers beyond 2^53 as well."""


def sampled_type(values: Iterable[object]) -> pa.DataType:
    """The one Arrow type that holds all ``values``; text where they differ or are all None."""
    found = {_type_of(value) for value in values if value is not None}
    if found == {pa.int64(), pa.float64()}:
        return pa.float64()
    return found.pop() if len(found) == 1 else pa.string()


def batch(rows: Iterable[Sequence[object]], columns: pa.Schema) -> pa.RecordBatch:
    """The rows as a record batch with exactly the types of ``columns``.

    Raises :class:`SourceError` for a column whose values do not fit its type.
    """
    values = zip(*rows, strict=True)
    arrays = [_array(column, field) for column, field in zip(values, columns, strict=True)]
    return pa.record_batch(arrays, schema=columns)


def as_array(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    """``values`` as an Arrow array of ``kind``; anything becomes text where text is asked for."""
    if kind in (pa.bool_(), pa.int64()):
        return pa.array(values).cast(kind)  # refuses 1.5, which pa.array(values, kind) cuts to 1
    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        if kind == pa.string():
            return pa.array([None if value is None else str(value) for value in values], kind)
        numbers = [one for one in values if one is None or isinstance(one, NUMBERS)]
        if kind == pa.float64() and len(numbers) == len(values):
            return pa.array([None if one is None else float(one) for one in numbers], kind)
        raise


def _array(values: Sequence[object], field: pa.Field) -> pa.Array:
    try:
        return as_array(values, field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise SourceError(
            f"Column {field.name!r} holds a value that is no {field.type}: {error}",
            expected=f"values of type {field.type}, as its declaration or first rows say",
            mend="correct those rows, or let the monitor's query cast the column",
        ) from None


def _type_of(value: object) -> pa.DataType:
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return pa.timestamp("us", "UTC")
    return next((arrow for kind, arrow in TYPES if isinstance(value, kind)), pa.string())
