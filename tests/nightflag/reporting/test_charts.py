"""The plots of distributions, nights and series, with odd numbers too."""

from datetime import timedelta
from xml.etree import ElementTree

import numpy as np
import pytest

from nightflag.reporting.charts import distribution_plot, nights_plot, series_plot
from nightflag.reporting.scores import Distribution
from tests.nightflag.reporting.test_plots import START, points

BAR = 'style="fill: #8593a2"'
TONIGHT = 'style="fill: var(--alarm, #c2410c)"'


def nights(count, hours=24):
    return [(START + timedelta(hours=hours * at), at, 2.5) for at in range(count)]


def test_the_last_night_is_marked_among_the_others():
    drawn = nights_plot(nights(7), title="nights")
    assert (drawn.count(BAR), drawn.count(TONIGHT)) == (6, 1)
    assert "2026-01-13" in drawn


@pytest.mark.parametrize(("count", "hours"), [(1, 24), (60, 24), (9, 1)])
def test_few_dates_are_named_however_many_nights(count, hours):
    drawn = ElementTree.fromstring(nights_plot(nights(count, hours), title="nights"))
    named = [one.text for one in drawn.iter() if one.text and one.text[:3] in ("202", "01-")]
    assert 1 <= len(named) <= 8


@pytest.mark.parametrize("edges", [np.geomspace(1e-6, 1e9, 5), np.linspace(-3, 3, 5)])
def test_distributions_of_all_scales_are_drawn(edges):
    scores = Distribution(edges, np.array([9, 0, 1, 0]), np.array([8, 1, 1, 0]))
    drawn = distribution_plot(scores, threshold=edges[2], title="scores")
    assert ElementTree.fromstring(drawn).get("aria-label") == "scores"
    assert "alarm threshold" in drawn
    assert "alarm threshold" not in distribution_plot(scores, threshold=np.inf, title="scores")


def test_a_series_marks_its_flags():
    quiet = series_plot(points(1, 2, 3), (), title="value")
    loud = series_plot(points(1, 2, 3), points(1, 2), title="value")
    assert "flagged" in loud
    assert "flagged" not in quiet
