"""What SQLite's declared types are in Arrow, by the words that decide a column's affinity."""

import re

import pyarrow as pa

DECLARED_TYPES: tuple[tuple[str, pa.DataType], ...] = (
    ("BOOL", pa.bool_()),
    ("INT", pa.int64()),
    ("CHAR|CLOB|TEXT|DATE|TIME", pa.string()),
    ("REAL|FLOA|DOUB|NUM|DEC", pa.float64()),
)


def declared_type(declared: str) -> pa.DataType | None:
    """The type that columns declared so are read as; None where values have to tell."""
    known = (kind for words, kind in DECLARED_TYPES if re.search(words, declared.upper()))
    return next(known, None)
