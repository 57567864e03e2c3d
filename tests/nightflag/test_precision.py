import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from nightflag import precision

RANDOM = np.random.default_rng(11)


@pytest.mark.parametrize("values", [1, 2, 10, 10_000])
def test_average_precision_is_the_one_everybody_knows_with_ties_and_without(values):
    for _ in range(20):
        anomalous = RANDOM.random(200) < 0.1
        anomalous[0] = True
        scores = RANDOM.integers(values, size=200) + 0.5 * anomalous * (values > 2)
        known = average_precision_score(anomalous, scores)
        assert precision.of(scores, anomalous) == pytest.approx(known)


def test_the_interval_of_a_difference_holds_what_was_measured_and_its_sign():
    anomalous = np.arange(500) < 50
    poor = RANDOM.normal(size=500)
    good = poor + 3 * anomalous
    found = precision.difference(poor, good, anomalous, 0)
    assert 0 < found.low < found.after - found.before < found.high
    mirrored = precision.difference(good, poor, anomalous, 0)
    assert mirrored.high < 0
