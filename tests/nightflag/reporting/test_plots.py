"""The plots: every flag drawn, colours that follow the theme, no trouble with odd numbers."""

from datetime import UTC, datetime, timedelta
from math import inf, nan
from xml.etree import ElementTree

import pytest

from nightflag.reporting.plots import p_value_plot, score_plot

START = datetime(2026, 1, 7, tzinfo=UTC)
USE = "{http://www.w3.org/2000/svg}use"


def points(*scores):
    return [(START + timedelta(hours=hour), score) for hour, score in enumerate(scores)]


def markers(svg):
    return len(list(ElementTree.fromstring(svg).iter(USE)))


def test_every_flag_adds_a_mark():
    few = score_plot(points(1, 2, 3), points(100, 200), threshold=50.0)
    many = score_plot(points(1, 2, 3), points(100, 200, 110, 120, 150), threshold=50.0)
    assert markers(many) - markers(few) == 3


def test_the_threshold_is_named_where_it_is_known():
    assert "alarm threshold 1,234" in score_plot(points(1, 2), (), threshold=1234.0)
    assert "threshold" not in score_plot(points(1, 2), (), threshold=None)
    assert "threshold" not in score_plot(points(1, 2), (), threshold=inf)


@pytest.mark.parametrize("scores", [(), (nan, inf, 5.0), (-3.0, 0.0, 700.0), (1e-9, 1e12)])
def test_odd_scores_still_give_a_plot(scores):
    svg = score_plot(points(*scores), points(*scores), threshold=3.0)
    assert ElementTree.fromstring(svg).get("role") == "img"


def test_colours_follow_the_theme():
    svg = score_plot(points(1, 2), points(100), threshold=50.0)
    assert "fill: var(--alarm, #c2410c)" in svg
    assert "#000000" not in svg


@pytest.mark.parametrize(("rate", "alarming"), [(0.001, 0), (0.05, 1), (0.1, 2), (0.5, 10)])
def test_the_bars_below_the_alarm_rate_are_marked(rate, alarming):
    bar = 'style="fill: var(--alarm, #c2410c)"'
    legend = 1 if alarming else 0
    assert p_value_plot([50] * 20, rate=rate).count(bar) == alarming + legend
