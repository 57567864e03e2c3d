"""Records are alike by their reasons: which columns, in which direction, in which shares."""

import numpy as np
import pytest

from nightflag.verdicts.profiles import Profiles, Reasons


def reasons(*records):
    """Records as lists of (feature, contribution, value, expected)."""
    rows = [(row, *reason) for row, record in enumerate(records) for reason in record]
    row, feature, contribution, value, expected = zip(*rows, strict=True) if rows else [()] * 5
    return Reasons(
        np.array(row, dtype=np.intp), feature, np.array(contribution, dtype=float), value, expected
    )


def likeness(one, other):
    [found] = Profiles.of(reasons(one), 1).likeness(reasons(other), 1)
    return found[0, 0]


MUCH = [("amount", 9.0, "500", "40"), ("hour", 1.0, "3", "12")]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (MUCH, 1),
        ([("amount", 900.0, "81", "40"), ("hour", 100.0, "1.5e0", "12")], 1),
        ([("amount", 9.0, "1", "40"), ("hour", 1.0, "3", "12")], -0.8),
        ([("amount", 1.0, "500", "40"), ("hour", 9.0, "3", "12")], 0.6),
        ([("fee", 5.0, "500", "40")], 0),
        ([("amount", 9.0, None, "40")], 0),
        ([("amount", 0.0, "500", "40")], 0),
        ([("fee", 1.0, "9", "1"), ("(everything else)", 7.0, None, None)], 0),
        ([*MUCH, ("(everything else)", 7.0, None, None)], 1),
        ([], 0),
    ],
)
def test_likeness_is_the_cosine_of_signed_roots_of_shares(other, expected):
    assert likeness(MUCH, other) == pytest.approx(expected)
    assert likeness(other, MUCH) == pytest.approx(expected)


def test_another_word_is_another_reason():
    assert likeness([("shop", 1.0, "baker", "grocer")], [("shop", 1.0, "baker", "butcher")]) == 1
    assert likeness([("shop", 1.0, "baker", "grocer")], [("shop", 1.0, "butcher", "grocer")]) == 0
    assert likeness([("shop", 1.0, None, "grocer")], [("shop", 1.0, None, "baker")]) == 1


def test_every_record_is_compared_with_every_other():
    held = Profiles.of(reasons(MUCH, [], [("fee", 2.0, "1", "2")]), 3)
    [found] = held.likeness(reasons([("fee", 7.0, "0", "2")], MUCH), 2)
    assert found == pytest.approx(np.array([[0, 0, 1], [1, 0, 0]]))


def test_many_records_come_in_blocks_and_in_order():
    held = Profiles.of(reasons(MUCH), 1)
    many = reasons(*([MUCH, [("fee", 1.0, "1", "2")]] * 1_250))
    blocks = list(held.likeness(many, 2_500))
    assert [len(one) for one in blocks] == [1_000, 1_000, 500]
    assert np.concatenate(blocks)[:, 0] == pytest.approx(np.tile([1, 0], 1_250))
