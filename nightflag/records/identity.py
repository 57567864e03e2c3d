"""Identity: whether a record can be told from others, and joined, by its key.

A key without a value cannot, nor can text with a NUL character in it: PostgreSQL cannot hold one,
and SQLite's own functions end a text there. Such a record is quarantined wherever results are kept.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NUL, WRITTEN_NUL = "\0", "\\0"
NULL_KEY, NUL_IN_KEY = "key_is_not_null", "key_has_no_nul"


def broken(
    rows: pa.RecordBatch, key: tuple[str, ...]
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Each rule about keys with a column, and which rows (n,) break it there, if any do."""
    for name in key:
        column = rows.column(name)
        for rule, found in ((NULL_KEY, column.is_null()), (NUL_IN_KEY, _has_nul(column))):
            mask = found.to_numpy(zero_copy_only=False)
            if mask.any():
                yield rule, name, mask


def keys(rows: pa.RecordBatch, key: tuple[str, ...]) -> dict[str, pa.Array]:
    """The key columns as they are kept: NULL where there is a NUL."""
    columns = {name: rows.column(name) for name in key}
    return {
        name: pc.if_else(_has_nul(column), pa.scalar(None, column.type), column)
        if pa.types.is_string(column.type)
        else column
        for name, column in columns.items()
    }


def _has_nul(column: pa.Array) -> pa.Array:
    if not pa.types.is_string(column.type):
        return pa.array(np.zeros(len(column), dtype=bool))
    return pc.fill_null(pc.match_substring(column, NUL), False)
