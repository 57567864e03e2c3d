import numpy as np
import pytest

from nightflag import synthetic
from nightflag.errors import TrainingRefused


def rows(count=500, seed=0):
    """Two features that go together and one on its own."""
    random = np.random.default_rng(seed)
    common = random.normal(size=count)
    parts = [common + 0.1 * random.normal(size=count) for _ in range(2)]
    return np.stack([*parts, random.normal(size=count)], axis=1).astype(np.float32)


def distance(x):
    return (x.astype(np.float64) ** 2).sum(axis=1)


def dependence(x):
    return np.abs(x[:, 0].astype(np.float64) - x[:, 1])


def test_records_far_out_are_told_apart_by_their_distance():
    found = synthetic.told_apart(distance, rows(), seed=1)
    assert set(found) == set(synthetic.KINDS)
    assert min(found["scaled"], found["shifted"], found["noisy"]) > 0.7


def test_shuffled_records_have_usual_values_so_only_what_goes_together_tells_them_apart():
    by_distance, by_dependence = (
        synthetic.told_apart(score, rows(), seed=1)["shuffled"] for score in (distance, dependence)
    )
    assert by_distance == pytest.approx(0.5, abs=0.1)
    assert by_dependence > 0.85


def test_a_score_that_says_nothing_is_as_good_as_chance_and_refused():
    found = synthetic.told_apart(lambda x: np.zeros(len(x)), rows(), seed=1)
    assert set(found.values()) == {0.5}
    with pytest.raises(TrainingRefused, match=r"shuffled 0\.50"):
        synthetic.check(found)


def test_a_score_upside_down_is_refused_and_one_that_works_is_not():
    with pytest.raises(TrainingRefused, match="cannot tell"):
        synthetic.check(synthetic.told_apart(lambda x: -dependence(x), rows(), seed=1))
    synthetic.check(synthetic.told_apart(distance, rows(), seed=1))


def test_the_seed_decides():
    first, again, other = (synthetic.told_apart(distance, rows(), seed=s) for s in (1, 1, 2))
    assert first == again != other
