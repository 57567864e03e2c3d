import numpy as np
import pytest

from nightflag.detectors import distance


def rows(count=400, width=6, seed=0):
    random = np.random.default_rng(seed)
    mixing = np.eye(width) + 0.1 * np.random.default_rng(9).normal(size=(width, width))
    return (3 + random.normal(size=(count, width)) @ mixing).astype(np.float32)


def test_new_records_lie_as_far_as_they_have_coordinates():
    away = distance.fit(rows(20_000))
    assert away.of(rows(20_000, seed=1)).mean() == pytest.approx(6, rel=0.05)


def test_the_distance_does_not_depend_on_units_or_on_mixing_the_coordinates():
    units = np.array([1, 10, 0.1, 1, 1, 5], np.float32)
    near, other = distance.fit(rows()), distance.fit(rows() * units)
    np.testing.assert_allclose(near.of(rows()), other.of(rows() * units), rtol=1e-3)


def test_held_out_distances_are_those_of_a_fit_without_the_record():
    x = rows(150)
    held_out = distance.fit(x).held_out(x)
    left_out = [distance.fit(np.delete(x, at, 0)).of(x[at : at + 1])[0] for at in range(len(x))]
    assert np.corrcoef(held_out, left_out)[0, 1] > 0.95
    assert np.mean(held_out) == pytest.approx(np.mean(left_out), rel=0.05)
    assert np.mean(distance.fit(x).of(x)) < 0.97 * np.mean(left_out)


def test_more_coordinates_than_records_still_tell_an_outlier():
    x = np.random.default_rng(1).normal(size=(50, 200)).astype(np.float32)
    away = distance.fit(x)
    other = np.random.default_rng(2).normal(size=(20, 200)).astype(np.float32)
    assert away.of(other + 3).min() > away.of(other).max()
