import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightflag.overlap import ahead


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers() | st.none(), max_size=20), st.integers(1, 5))
def test_the_same_items_come_in_the_same_order(items: list[int | None], depth: int) -> None:
    assert list(ahead(iter(items), depth=depth)) == items


def test_items_are_made_ahead_in_a_thread_of_their_own() -> None:
    makers = list(ahead(threading.current_thread() for _ in range(3)))
    assert len(set(makers)) == 1
    assert threading.current_thread() not in makers


class Maker:
    """Makes numbers, and says how many it has begun and whether it was closed."""

    def __init__(self, count: int = 1_000) -> None:
        self.count = count
        self.begun = 0
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[int]:
        try:
            for number in range(self.count):
                self.begun += 1
                yield number
        finally:
            self.closed.set()


@pytest.mark.parametrize("depth", [1, 3])
def test_no_more_than_so_many_items_wait(depth: int) -> None:
    maker = Maker()
    items = ahead(maker, depth=depth)
    assert next(items) == 0
    until(lambda: maker.begun == depth + 2)
    time.sleep(0.05)
    assert maker.begun == depth + 2, "one was taken, so many wait, and one is in the maker's hand"


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.005)


def test_an_error_of_the_maker_is_raised_after_the_items_before_it() -> None:
    def making() -> Iterator[int]:
        yield 1
        raise LookupError("no second one")

    items = ahead(making())
    assert next(items) == 1
    with pytest.raises(LookupError, match="no second one"):
        next(items)


def test_a_taker_that_stops_early_closes_the_maker() -> None:
    maker = Maker()
    making = iter(maker)  # held here, so that nothing but closing ends it
    items = ahead(making)
    next(items)
    items.close()
    assert maker.closed.is_set()
    assert maker.begun < 10
    assert not [one for one in threading.enumerate() if one.name.endswith("(_make)")]


def test_a_taker_that_fails_closes_makers_behind_makers() -> None:
    maker = Maker()
    chained = ahead(number + 1 for number in ahead(maker))

    def taking() -> None:
        for number in chained:
            if number == 3:
                raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        taking()
    chained.close()
    assert maker.closed.wait(5)


def test_stopping_early_gives_the_cursor_back(tmp_path: Path) -> None:
    path = tmp_path / "bank.db"
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.executescript("create table t (v); insert into t values (1), (2), (3), (4), (5)")

    def rows() -> Iterator[int]:
        cursor = connection.execute("select v from t")
        try:
            yield from (row[0] for row in cursor)
        finally:
            cursor.close()

    items = ahead(rows())
    next(items)
    items.close()
    connection.execute("drop table t")  # refused while a cursor reads it
    connection.close()
