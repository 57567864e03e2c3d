"""The key, guessed: the column, or the few columns together, that tell all records apart."""

import re
from collections.abc import Iterable, Iterator
from itertools import combinations, islice

import pyarrow as pa
from sqlalchemy import column, func, select, table

from nightflag.databases import Database
from nightflag.errors import SourceError
from nightflag.proposal.tables import Looked

IDENTIFIERS = re.compile(r"(^|_)(id|key|uuid|guid|nr|no|num|number)$|[a-z](Id|ID|Key|Number)$")
NEVER_EQUAL = frozenset({b"json", b"xml", b"point", b"box", b"polygon", b"path", b"line"})
"""Types of PostgreSQL whose values it does not compare, so that they cannot be a key's."""

SIZES = (2, 3)
LIKELIEST, COUNTED = 8, 5
LONGEST_TEXT = 40


def guess(database: Database, looked: Looked) -> tuple[tuple[str, ...], str]:
    """The key columns, and why; :class:`SourceError` that names candidates where none stand out.

    A sample proposes what is not declared, and a count over all of the table decides.
    """
    if looked.primary_key:
        return looked.primary_key, "The primary key."
    if len(looked.unique) == 1:
        return looked.unique[0], "Declared unique, and there is no primary key."
    alone = [name for name in looked.columns.names if _tells_apart(looked, name)]
    named = [name for name in alone if IDENTIFIERS.search(name)]
    tried = named or (alone if len(alone) == 1 else [])
    if key := _first_true(database, looked, ((name,) for name in tried)):
        return key, "No primary key is declared, but here no value is missing or twice."
    may_be_several = tried or not alone
    if may_be_several and (key := _first_true(database, looked, _together(looked))):
        return key, (
            "No primary key is declared, and no column alone tells all records apart, but these "
            "together do: none is missing, and no combination stands twice."
        )
    raise SourceError(
        f"{looked.name} declares no primary key, so the key cannot be guessed.",
        expected=f"the column or columns that identify a record; {_listed(alone, looked)}",
        mend="name them: --key COLUMN, or --key COLUMN,COLUMN",
    )


def _tells_apart(looked: Looked, name: str) -> bool:
    values = looked.records.column(name)
    return len(values) > 0 and len(values.unique()) == len(values) and _may_be_key(looked, name)


def _may_be_key(looked: Looked, name: str) -> bool:
    values, metadata = looked.records.column(name), looked.columns.field(name).metadata or {}
    compared = metadata.get(b"sql_type") not in NEVER_EQUAL
    return compared and not values.null_count and not pa.types.is_floating(values.type)


def _listed(candidates: list[str], looked: Looked) -> str:
    if candidates:
        return f"in the sample these have no value twice: {', '.join(candidates)}"
    return f"the columns are {', '.join(looked.columns.names)}"


def _first_true(
    database: Database, looked: Looked, keys: Iterable[tuple[str, ...]]
) -> tuple[str, ...] | None:
    true = (key for key in islice(keys, COUNTED) if _tells_all_apart(database, looked, key))
    return next(true, None)


def _tells_all_apart(database: Database, looked: Looked, key: tuple[str, ...]) -> bool:
    """Whether in all of the table none of the columns is missing and no combination is twice."""
    source = table(looked.name, *(column(name) for name in key), schema=looked.schema)
    present = (one.is_not(None) for one in source.c)
    different = select(*source.c).where(*present).distinct().subquery("different")
    counts = (
        select(func.count()).select_from(one).scalar_subquery() for one in (source, different)
    )
    with database.reading() as connection:
        records, combinations_there = connection.execute(select(*counts)).one()
    return bool(records == combinations_there)


def _together(looked: Looked) -> Iterator[tuple[str, ...]]:
    """The likeliest columns, in pairs and threes, that tell the sample apart."""
    names = looked.columns.names
    parts = [name for name in names if len(looked.records) and _may_be_part(looked, name)]
    likeliest = sorted(parts, key=lambda name: _unlikely(looked, name))[:LIKELIEST]
    frame = looked.records.select(likeliest).to_pandas()
    for size in SIZES:
        for key in combinations(likeliest, size):
            if not frame.duplicated(list(key)).any():
                yield tuple(sorted(key, key=names.index))


def _may_be_part(looked: Looked, name: str) -> bool:
    values = looked.records.column(name)
    if pa.types.is_string(values.type):
        short = all(len(text or "") <= LONGEST_TEXT for text in values.unique().to_pylist())
        return short and _may_be_key(looked, name)
    others = (pa.types.is_integer, pa.types.is_timestamp, pa.types.is_date)
    return any(one(values.type) for one in others) and _may_be_key(looked, name)


def _unlikely(looked: Looked, name: str) -> int:
    """Sorts what is named like an identifier first and bare numbers, maybe measured, last."""
    if IDENTIFIERS.search(name):
        return 0
    return 2 if pa.types.is_integer(looked.columns.field(name).type) else 1
