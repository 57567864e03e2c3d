import numpy as np

from nightflag import detectors
from nightflag.detectors.density import FINEST
from tests.nightflag.detectors.rows import training_set


def fitted(x):
    return detectors.fit(
        "density",
        training_set(x, clean=True),
        settings={"steps": 400, "learning_rate": 5e-3, "orders": 2},
        seed=1,
    )


def test_the_score_is_minus_the_logarithm_of_the_density_but_for_a_constant():
    random = np.random.default_rng(0)
    x = random.normal(size=(2_000, 2)).astype(np.float32)
    x[:, 1] = 0.8 * x[:, 0] + 0.6 * x[:, 1]
    precision = np.linalg.inv(np.array([[1, 0.8], [0.8, 1]]))
    exact = 0.5 * np.einsum("ij,jk,ik->i", x, precision, x) + np.log(0.6) - 2 * np.log(FINEST)
    difference = fitted(x).score(x) - exact
    assert abs(difference.mean()) < 0.1
    assert np.median(np.abs(difference)) < 0.3


def test_one_feature_is_enough():
    x = np.random.default_rng(0).normal(size=(300, 1)).astype(np.float32)
    far, near = fitted(x).score(np.array([[6], [0]], np.float32))
    assert far > near
