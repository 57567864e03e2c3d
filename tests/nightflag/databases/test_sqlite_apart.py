"""A large SQLite file is read by a process of its own, and nobody can tell from the rows."""

import os
import signal

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightflag.databases import connect
from nightflag.errors import DatabaseRefused, DatabaseUnreachable, SourceError
from tests.large_files import BALLAST, readers

TYPES = "number integer, part real, amount numeric, words text, truth boolean, at timestamp"
NAMES = [column.split()[0] for column in TYPES.split(", ")]
WHOLE = st.integers(-(2**63), 2**63 - 1)
PARTS = st.floats(allow_nan=False)
WORDS = st.text(st.characters(exclude_categories=["Cs"]))
ROWS = st.lists(
    st.tuples(
        *(
            st.none() | values
            for values in (WHOLE, PARTS, WHOLE | PARTS, WORDS, st.booleans(), WORDS)
        )
    ),
    max_size=60,
)


@pytest.fixture
def files(tmp_path):
    """A small file and a large one, each with the table ``t``."""
    return [made(tmp_path / "small.db"), made(tmp_path / "large.db", BALLAST)]


def made(path, *more):
    path.touch()
    database = connect(f"sqlite:///{path}")
    for statement in (f"create table t ({TYPES})", *more):
        execute(database, statement)
    return database


def execute(database, statement, rows=None):
    with database.writing() as connection:
        if rows is None:
            connection.exec_driver_sql(statement)
        elif rows:
            connection.exec_driver_sql(statement, rows)


def fill(database, rows):
    execute(database, "delete from t")
    execute(database, f"insert into t values ({', '.join('?' * len(NAMES))})", rows)


def reading(database, *, batch_size=2, ordered_by=None):
    table = sa.table("t", *(sa.column(name) for name in NAMES))
    columns = database.columns(sa.select(table))
    readable = [database.readable(table.c[one.name], one).label(one.name) for one in columns]
    select = sa.select(*readable)
    if ordered_by:
        select = select.order_by(table.c[ordered_by])
    return database.read(select, columns=columns, batch_size=batch_size)


def rows(database, **how):
    return [row for batch in reading(database, **how) for row in batch.to_pylist()]


NUMBERED = [(number, 0.5, 1, "a", True, "2026-01-01") for number in range(50_000)]


def test_only_a_large_file_is_read_by_another_process(files, tmp_path):
    for database, expected in zip(files, (0, 1), strict=True):
        fill(database, NUMBERED)
        read = reading(database)
        next(read)
        assert len(readers(tmp_path)) == expected
        read.close()


def test_the_process_ends_with_the_reading(files, tmp_path):
    _, large = files
    fill(large, NUMBERED)
    assert len(rows(large, batch_size=10_000)) == len(NUMBERED)
    assert readers(tmp_path) == []
    read = reading(large)
    next(read)
    read.close()
    assert readers(tmp_path) == []


@given(ROWS)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_both_read_the_same(files, given_rows):
    for database in files:
        fill(database, given_rows)
    small, large = files
    assert repr(rows(large, batch_size=7)) == repr(rows(small))


LATE = {
    "nulls before values": [(None,) * 6] * 5 + [(1, 0.5, 2, "a", False, "2026-01-01")],
    "whole numbers before parts": [(1, 1, 1, "1", True, "1")] * 5 + [(2, 2.5, 2.5, "2", 0, "2")],
    "more than a float holds": [(2**60 + 1, 2**60 + 1, 2**60 + 1, "a", True, "b")] * 3,
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
@pytest.mark.parametrize("ordered_by", [None, "number"])
def test_types_do_not_depend_on_which_rows_come_first(files, late, ordered_by):
    small, large = files
    for database in files:
        fill(database, late)
    assert rows(large, ordered_by=ordered_by) == rows(small, ordered_by=ordered_by)
    assert len(rows(large)) == len(late)


def test_where_no_type_is_declared_a_large_file_is_read_like_a_small_one(files):
    for database in files:
        execute(database, "create table u (v)")
        execute(database, "insert into u values (?)", [(1,)] * 1_500 + [(2.0,)])
        select = sa.select(sa.column("v")).select_from(sa.table("u"))
        columns = database.columns(select)
        read = database.read(select, columns=columns, batch_size=1_000)
        assert sum(batch["v"].to_pylist().count(2) for batch in read) == 1


def test_an_order_is_kept(files):
    _, large = files
    fill(large, NUMBERED[::-1])
    assert [row["number"] for row in rows(large, ordered_by="number", batch_size=1_000)] == list(
        range(len(NUMBERED))
    )


WRONG = {
    "text among numbers": ((1, "plenty", 1, "a", True, "b"), SourceError, "'part'.*no double"),
    "bytes among text": (
        (1, 0.5, 1, b"\xff", True, "b"),
        DatabaseRefused,
        "holds what is no text",
    ),
}


@pytest.mark.parametrize(("row", "error", "words"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("position", [0, 1_500])
def test_a_wrong_value_is_told_as_in_a_small_file(files, row, error, words, position):
    for database in files:
        fill(database, [*NUMBERED[:position], row, *NUMBERED[:5]])
        with pytest.raises(error, match=words):
            rows(database, batch_size=1_000)


def test_a_reader_that_is_killed_can_be_tried_again(files, tmp_path):
    _, large = files
    fill(large, NUMBERED)
    read = reading(large)
    next(read)
    for number in readers(tmp_path):
        os.kill(number, signal.SIGKILL)
    with pytest.raises(DatabaseUnreachable, match="ended with status -9") as raised:
        list(read)
    assert raised.value.exit_code == 75
    assert len(rows(large, batch_size=10_000)) == len(NUMBERED)


def test_without_the_reader_a_large_file_is_read_all_the_same(files, monkeypatch):
    _, large = files
    fill(large, NUMBERED[:10])
    monkeypatch.setattr("sys.executable", "/no/python")
    assert len(rows(large)) == 10


def test_a_file_with_a_strange_name_is_read(tmp_path):
    database = made(tmp_path / "50% of it? #1 ü.db", BALLAST)
    fill(database, NUMBERED[:3])
    [batch] = reading(database, batch_size=10)
    assert batch["number"] == pa.array([0, 1, 2])
