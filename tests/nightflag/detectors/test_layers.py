"""The layers of the network compute what was fitted in numpy."""

import keras
import numpy as np
import pytest

from nightflag.detectors import cosines, layers, mahalanobis, neighbours


def rows(count, seed):
    return np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32)


def computed(build, x):
    start = layers.inputs(x.shape[1])
    return keras.ops.convert_to_numpy(keras.Model(start.features, build(start.clipped))(x))[:, 0]


def test_both_readings_of_the_neighbours():
    memory = neighbours.fit(rows(300, 0), seed=0)
    new = rows(50, 1)
    nearest, relative = memory.held_out(new)
    np.testing.assert_allclose(
        computed(lambda clipped: layers.nearest(layers.near(memory, clipped)), new), nearest, 1e-5
    )
    np.testing.assert_allclose(
        computed(lambda clipped: layers.relative(memory, layers.near(memory, clipped)), new),
        relative,
        1e-5,
    )


@pytest.mark.parametrize("ridge", [1e-5, 0.1])
def test_a_head(ridge):
    head = cosines.fit(rows(300, 0), cosines.Recipe(0.7, ridge, 64), seed=0)
    new = rows(50, 1)
    found = computed(lambda clipped: layers.head_score(head, clipped, "head"), new)
    np.testing.assert_allclose(found, head.score(new), 1e-3)


def test_a_gaussian():
    white = mahalanobis.whitening(rows(300, 0))
    new = rows(50, 1)
    found = computed(lambda clipped: layers.gaussian(white, clipped), new)
    np.testing.assert_allclose(found, white.distance(new), 1e-4)
