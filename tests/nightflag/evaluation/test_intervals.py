"""Intervals cover what they promise to cover, counted on drawn data."""

import numpy as np
import pytest

from nightflag.evaluation.intervals import newcombe, wilson
from nightflag.evaluation.measures import measures
from nightflag.evaluation.truth import Truth

DRAWS = 400


def test_wilson_gives_the_textbook_interval():
    low, high = wilson(0.8, 10)
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 5)[0] == pytest.approx(0)
    assert wilson(1, 5)[1] == pytest.approx(1)


def test_newcombe_solves_its_equation_at_both_ends():
    area, m, n = 0.8, 12, 30
    for edge in newcombe(area, m, n):
        half = (m + n) / 2 - 1
        tails = 1 + half * (1 - edge) / (2 - edge) + half * edge / (1 + edge)
        assert (area - edge) ** 2 == pytest.approx(1.959964**2 * edge * (1 - edge) * tails / m / n)


def test_newcombe_has_a_width_where_the_area_is_perfect():
    low, high = newcombe(1.0, 5, 20)
    assert 0.6 < low < 0.95
    assert high == 1
    assert newcombe(0.0, 5, 20) == pytest.approx((1 - high, 1 - low))


def drawn(random, shift, anomalies, normals):
    score = np.r_[random.normal(shift, 1, anomalies), random.normal(0, 1, normals)]
    anomalous = np.arange(anomalies + normals) < anomalies
    flagged = score > 1.5
    return Truth("labels", anomalous, score, flagged, flagged)


@pytest.mark.parametrize("shift", [0.5, 1.5, 2.5])
def test_intervals_cover_the_true_value_about_19_times_in_20(shift):
    random = np.random.default_rng(3)
    true = {one.metric: one.value for one in measures(drawn(random, shift, 20_000, 200_000))}
    inside = dict.fromkeys(true, 0)
    for _ in range(DRAWS):
        for one in measures(drawn(random, shift, 30, 300)):
            inside[one.metric] += one.low <= true[one.metric] <= one.high
    share = {metric: count / DRAWS for metric, count in inside.items()}
    print(shift, share)
    assert all(one > 0.9 for one in share.values()), share
