"""Which type the text of a CSV column is, found from all of its values."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

# From the strictest to the one that takes everything.
CANDIDATES = (
    pa.int64(),
    pa.float64(),
    pa.bool_(),
    pa.date32(),
    pa.timestamp("us"),
    pa.timestamp("us", "UTC"),
    pa.string(),
)
NOTHING = pa.array(["", "NULL", "null", "NA", "N/A", "NaN", "nan"])
"""Words that say nothing where a number or a time stands; in text only the empty one does."""
IDENTIFIER = r"^[+-]?0[0-9]|^[+-]?[0-9]{16,}$"
"""Digits that a number would not keep: leading zeros, or more of them than a float holds."""


class Survivors:
    """The types that fit every value of a column seen so far, the strictest first."""

    def __init__(self) -> None:
        self.types = list(CANDIDATES)
        self.has_values = False

    def see(self, text: pa.Array) -> None:
        """Drop the types that do not fit the next values; ``text`` is an array of strings."""
        self.types = [kind for kind in self.types if _fits(text, kind)]
        self.has_values = self.has_values or _said(text).null_count < len(text)

    @property
    def strictest(self) -> pa.DataType:
        """The type of the column; text where there is no value to go by."""
        return self.types[0] if self.has_values else pa.string()


def typed(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """``text`` as values of ``kind``; ArrowInvalid where one is none."""
    return _said(text, kind).cast(kind)


def _said(text: pa.Array, kind: pa.DataType | None = None) -> pa.Array:
    nothing: Iterable[str] = NOTHING[:1] if kind == pa.string() else NOTHING
    return pc.if_else(pc.is_in(text, value_set=nothing), pa.scalar(None, pa.string()), text)


def _fits(text: pa.Array, kind: pa.DataType) -> bool:
    if kind in (pa.int64(), pa.float64()):
        longest = IDENTIFIER if kind == pa.float64() else IDENTIFIER.partition("|")[0]
        if pc.any(pc.match_substring_regex(_said(text), longest)).as_py():
            return False
    try:
        typed(text, kind)
    except pa.ArrowInvalid:
        return False
    return True
