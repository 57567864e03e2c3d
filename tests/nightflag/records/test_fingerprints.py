"""A fingerprint tells whether a record is still the one that was published."""

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from nightflag.databases import connect
from nightflag.monitors import Source
from nightflag.records import describe, pull
from nightflag.records.pulling import fingerprints
from nightflag.windows import Window

MAY_DAY = Window(dt.datetime(2024, 5, 1, tzinfo=dt.UTC), dt.datetime(2024, 5, 2, tzinfo=dt.UTC))

COLUMNS: dict[str, list[Any]] = {
    "id": [1, 2],
    "at": ["2024-05-01 10:00:00", "2024-05-01 11:00:00"],
    "amount": [1.5, 2.5],
    "count": [2**60, 3],
    "shop": ["a", "b"],
    "open": [True, False],
    "fraud": [0, 1],
}


def hashes(sqlite_url: str, row: dict[str, Any]) -> int:
    database = connect(sqlite_url)
    declared = "id integer, at text, amount real, count integer, shop text, open boolean"
    with database.writing() as connection:
        connection.execute(text("drop table if exists sales"))
        connection.execute(text(f"create table sales ({declared}, fraud integer)"))
        names = ", ".join(f":{name}" for name in row)
        connection.execute(text(f"insert into sales values ({names})"), row)
    source = Source(database="env:X", table="sales", key=("id",), time="at", label="fraud")
    (batch,) = pull(database, describe(database, source), MAY_DAY, batch_size=10)
    database.close()
    return int(batch.fingerprint[0])


@pytest.mark.parametrize("column", COLUMNS)
def test_a_fingerprint_changes_with_every_column_but_the_label(
    sqlite_url: str, column: str
) -> None:
    before = {name: values[0] for name, values in COLUMNS.items()}
    after = before | {column: COLUMNS[column][1]}
    changed = hashes(sqlite_url, before) != hashes(sqlite_url, after)
    assert changed == (column != "fraud")
    if column not in ("id", "at"):
        assert changed == (
            hashes(sqlite_url, before) != hashes(sqlite_url, before | {column: None})
        )


VALUES = st.fixed_dictionaries(
    {
        "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
        "part": st.none() | st.floats(allow_nan=False).map(lambda part: part + 0.0),
        "truth": st.none() | st.booleans(),
        "words": st.none() | st.text(max_size=5),
        "raw": st.none() | st.binary(max_size=5),
        "day": st.none() | st.dates(),
        "at": st.none() | st.datetimes(),
    }
)
TYPES = pa.schema(
    {
        "whole": pa.int64(),
        "part": pa.float64(),
        "truth": pa.bool_(),
        "words": pa.string(),
        "raw": pa.binary(),
        "day": pa.date32(),
        "at": pa.timestamp("us"),
    }
)


@given(st.lists(VALUES, min_size=1, max_size=8))
def test_a_fingerprint_does_not_depend_on_the_company(records: list[dict[str, Any]]) -> None:
    together = fingerprints(pa.RecordBatch.from_pylist(records, schema=TYPES))
    alone = [
        fingerprints(pa.RecordBatch.from_pylist([record], schema=TYPES))[0] for record in records
    ]
    np.testing.assert_array_equal(together, alone)
    assert len(set(alone)) == len(
        {str([record[name] for name in TYPES.names]) for record in records}
    )
