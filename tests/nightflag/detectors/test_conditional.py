import numpy as np
import pytest

from nightflag.detectors import conditional


def sums(count=2_000):
    """Three features, the last about the sum of the others, all of deviation 1."""
    random = np.random.default_rng(0)
    parts = random.normal(size=(count, 2))
    last = parts.sum(axis=1, keepdims=True) + 0.6 * random.normal(size=(count, 1))
    return np.hstack([parts, last / last.std()]).astype(np.float32)


def test_each_value_is_expected_to_be_what_the_others_say():
    fitted, planted = conditional.fit(sums()), sums()[:100].copy()
    truth = planted[:, 2].copy()
    planted[:, 2] += 4
    expected = planted @ fitted.others + fitted.level
    assert np.median(np.abs(expected[:, 2] - truth)) < 0.5


def test_the_value_that_is_off_is_the_most_conditional_deviations_off():
    fitted, planted = conditional.fit(sums()), sums()[:100].copy()
    planted[:, 0] += 4
    off = planted @ fitted.kernel + fitted.bias
    assert (np.abs(off).argmax(axis=1) == 0).mean() > 0.95


def test_z_is_standardised_on_the_training_rows():
    fitted = conditional.fit(sums())
    off = sums() @ fitted.kernel + fitted.bias
    assert off.std(axis=0) == pytest.approx([1, 1, 1], rel=0.2)
