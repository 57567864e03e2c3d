"""VUS-PR is that of its authors: the expected figures are those of TSB-AD 1.5."""

import numpy as np
import pytest

from tests.benchmarks.volume import period, vus_pr


def series(seed):
    """1,500 scores, of which four ranges, two of them near each other, are somewhat higher."""
    random = np.random.default_rng(seed)
    anomalous = np.zeros(1_500, dtype=bool)
    for start in (100, 400, 430, 900):
        anomalous[start : start + random.integers(5, 60)] = True
    return anomalous, random.normal(size=1_500) + 1.2 * anomalous


@pytest.mark.parametrize(
    ("seed", "expected"),
    [(0, 0.4132015232848277), (1, 0.4418158619796426), (3, 0.39003071202742917)],
)
def test_the_volume_is_that_of_the_authors_code(seed, expected):
    assert vus_pr(*series(seed), 60) == pytest.approx(expected, rel=1e-12)


def test_scores_that_know_the_labels_fill_almost_all_of_the_volume():
    anomalous, _ = series(0)
    assert vus_pr(anomalous, anomalous.astype(float), 0) == pytest.approx(1)
    assert vus_pr(anomalous, -anomalous.astype(float), 60) < 0.15


def test_the_buffer_is_the_period_of_the_series():
    moments = np.arange(4_000)
    assert period(np.sin(2 * np.pi * moments / 48)) == 48
    assert period(np.sin(2 * np.pi * moments / 380)) == 125
