import numpy as np
import pytest

from nightflag.detectors import cosines
from nightflag.detectors.cosines import Recipe


def rows(count=400, width=4, seed=0):
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


@pytest.mark.parametrize("recipe", [Recipe(1.4, 1e-5, 64), Recipe(1.0, 1e-2, 64)])
def test_the_score_is_the_predictive_variance_of_the_formula(recipe):
    head = cosines.fit(rows(), recipe, seed=1)
    phi, new = (head.cosines(part).astype(np.float64) for part in (rows(), rows(seed=9)))
    second = phi.T @ phi / len(phi)
    ridge = recipe.ridge * np.trace(second) * np.eye(64)
    exact = np.einsum("ij,jk,ik->i", new, np.linalg.inv(second + ridge), new)
    np.testing.assert_allclose(head.score(rows(seed=9)), exact, rtol=0.01)


def test_a_wide_ridge_needs_fewer_directions_than_there_are_cosines():
    narrow, wide = (cosines.fit(rows(), Recipe(1, ridge), 1) for ridge in (1e-5, 0.1))
    assert narrow.kernel.shape == (512, 512)
    assert wide.kernel.shape[1] < 100


def test_held_out_scores_are_those_of_a_head_that_never_saw_the_row():
    seen, recipe = rows(60), Recipe(1.4, 1e-2, 64)
    held_out = cosines.fit(seen, recipe, seed=1).held_out(seen)
    for left_out in (0, 7, 59):
        head = cosines.fit(np.delete(seen, left_out, axis=0), recipe, seed=1)
        alone = head.score(seen[[left_out]])[0]
        assert held_out[left_out] == pytest.approx(alone, rel=0.02)


def test_each_cosine_looks_at_as_many_features_as_it_mixes():
    head = cosines.fit(rows(width=10), Recipe(1, 1e-2, 500, mixing=3), seed=1)
    used = head.directions != 0
    assert (used.sum(axis=0) == 3).all()
    assert used.sum(axis=1).min() > 100, "about 150 of 500 look at each of the ten features"


def test_mixing_more_features_than_there_are_mixes_them_all():
    head = cosines.fit(rows(width=2), Recipe(1, 1e-2, 64, mixing=3), seed=1)
    assert (head.directions != 0).all()
