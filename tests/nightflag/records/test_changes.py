import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nightflag.records.changes import Ledger

FINGERPRINTS = st.sets(st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5), max_size=30)


def as_array(fingerprints: set[int] | list[int]) -> np.ndarray:
    return np.array(list(fingerprints), dtype=np.int64)


@given(published=FINGERPRINTS, held=FINGERPRINTS, at=st.integers(0, 30))
def test_due_is_what_is_not_published_and_gone_is_what_is_not_held(
    published: set[int], held: set[int], at: int
) -> None:
    ledger, records = Ledger(as_array(published)), list(held)
    due = [
        fingerprint
        for batch in (records[:at], records[at:])
        for fingerprint, is_due in zip(batch, ledger.due(as_array(batch)), strict=True)
        if is_due
    ]
    assert set(due) == held - published
    assert set(ledger.gone().tolist()) == published - held


@given(FINGERPRINTS)
def test_unchanged_records_are_neither_due_nor_gone_however_often_they_come(
    published: set[int],
) -> None:
    ledger = Ledger(as_array(published))
    for _ in range(2):
        assert not ledger.due(as_array(published)).any()
    assert not ledger.gone().size


def test_a_record_that_comes_twice_is_due_twice() -> None:
    assert Ledger(as_array([1])).due(as_array([7, 7])).tolist() == [True, True]


def test_a_record_that_is_published_in_several_rows_is_known_once() -> None:
    """It was quarantined for two rules."""
    ledger = Ledger(as_array([5, 3, 5]))
    assert ledger.due(as_array([5])).tolist() == [False]
    assert ledger.gone().tolist() == [3]
