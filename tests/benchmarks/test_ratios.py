"""A ratio may move by a fifth; then it is worse, whichever way its goal points."""

import pytest

from tests.benchmarks.ratios import is_worse


@pytest.mark.parametrize(
    ("goal", "stored", "new", "worse"),
    [
        ("at most 1.5", 2.0, 2.39, False),
        ("at most 1.5", 2.0, 2.41, True),
        ("at most 1.5", 2.0, 1.0, False),
        ("at least 8", 6.0, 5.01, False),
        ("at least 8", 6.0, 4.99, True),
        ("at least 8", 6.0, 12.0, False),
    ],
)
def test_a_ratio_is_worse_a_fifth_away_from_its_goal(goal, stored, new, worse):
    found, before = {"value": new, "goal": goal}, {"value": stored, "goal": goal}
    assert is_worse(found, before) is worse
