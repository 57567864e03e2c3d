import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from nightflag.detectors import mahalanobis


@pytest.fixture
def seen():
    random = np.random.default_rng(0)
    x = random.normal(size=(500, 4)) @ random.normal(size=(4, 4))
    code = x[:, :2] + 0.1 * random.normal(size=(500, 2))
    return [part.astype(np.float32) for part in (0.3 * x, code, x)]


def whitened(read_out, residual, code):
    return np.concatenate([residual, code], axis=1) @ read_out.kernel + read_out.bias


def test_the_squares_add_up_to_the_mahalanobis_distance(seen):
    residual, code, x = seen
    coordinates = np.concatenate([residual, code], axis=1).astype(float)
    deviation = coordinates.std(axis=0)
    reference = LedoitWolf().fit(coordinates / deviation)
    distance = (whitened(mahalanobis.fit(residual, code, x), residual, code) ** 2).sum(axis=1)
    near = reference.mahalanobis(coordinates / deviation)
    assert np.corrcoef(distance, near)[0, 1] > 0.99


def test_independent_coordinates_keep_to_themselves():
    x = np.random.default_rng(0).normal(size=(50_000, 3)).astype(np.float32)
    read_out = mahalanobis.fit(x[:, :2], x[:, 2:], x[:, :2])
    np.testing.assert_allclose(read_out.kernel, np.eye(3), atol=0.02)


def test_every_coordinate_is_shared_out_whole(seen):
    shares = mahalanobis.fit(*seen).shares
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(shares[:4], np.eye(4))


def test_a_code_that_never_varies_is_shared_without_a_gap(seen):
    residual, code, x = seen
    read_out = mahalanobis.fit(residual, np.zeros_like(code), x)
    assert np.isfinite(read_out.kernel).all()
    np.testing.assert_allclose(read_out.shares.sum(axis=1), 1, rtol=1e-6)


def test_rounding_noise_is_not_magnified(seen):
    residual, code, x = seen
    noise = residual.copy()
    noise[:, 0] = 1e-7 * noise[:, 0]
    assert np.abs(mahalanobis.fit(noise, code, x).kernel[0]).max() <= 1.01e4


def test_whitened_rows_lie_as_far_out_as_they_have_columns_on_average():
    rows = np.random.default_rng(0).normal(size=(2_000, 3)) @ [[2, 1, 0], [0, 1, 0], [0, 1, 3]]
    white = mahalanobis.whitening(rows.astype(np.float32))
    assert white.distance(rows.astype(np.float32)).mean() == pytest.approx(3, rel=0.05)
