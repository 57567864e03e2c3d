"""The plots of the night's scores beside the calibration's, of the nights, and of series."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, isfinite

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from nightflag.reporting.plots import (
    COLOURS,
    PASSED,
    STYLE,
    Points,
    as_svg,
    dated,
    legend,
    plain_numbers,
)
from nightflag.reporting.scores import Distribution

DAY = timedelta(days=1)
MOST_NAMED = 8
Night = tuple[datetime, int, float]


def distribution_plot(scores: Distribution, *, threshold: float | None, title: str) -> str:
    """An SVG of the shares of the night's and the calibration's records over the score.

    The vertical axis is logarithmic, so that the few high scores are seen.
    """
    with mpl.rc_context({**STYLE, "svg.hashsalt": title}):
        figure = Figure(figsize=(7.6, 2.6), layout="constrained")
        axes = figure.subplots()
        night, calibrated = scores.shares
        axes.stairs(night, scores.edges, fill=True, color=PASSED, alpha=0.6, label="this night")
        axes.stairs(
            calibrated, scores.edges, baseline=None, color=COLOURS["ink"], label="calibration"
        )
        if threshold is not None and isfinite(threshold):
            axes.axvline(threshold, color=COLOURS["alarm"], lw=1.3, label="alarm threshold")
        if scores.edges[0] > 0:
            axes.set_xscale("log")
            plain_numbers(axes.xaxis)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        axes.set(xlabel="score", ylabel="share of records")
        axes.grid(axis="y")
        legend(axes)
        return as_svg(figure, title)


def nights_plot(nights: Sequence[Night], *, title: str) -> str:
    """An SVG of the flags of each night (logical date, flags, flags as promised), the last marked.

    A dash shows how many the alarm rate promises.
    """
    with mpl.rc_context({**STYLE, "svg.hashsalt": title}):
        figure = Figure(figsize=(7.6, 2.3), layout="constrained")
        axes = figure.subplots()
        dates, flags, promised = zip(*nights, strict=True)
        width = 0.75 * min((later - one for one, later in pairwise(dates)), default=DAY)
        half = width / 2
        colours = [PASSED] * (len(nights) - 1) + [COLOURS["alarm"]]
        axes.bar(dates, flags, width, color=colours)  # type: ignore[arg-type]
        starts, ends = [one - half for one in dates], [one + half for one in dates]
        axes.hlines(promised, starts, ends, color=COLOURS["ink"], lw=1.3, label="as promised")
        form = "%Y-%m-%d" if width >= DAY / 2 else "%m-%d %H:%M"
        named = dates[:: -ceil(len(dates) / MOST_NAMED)]
        axes.set_xticks(named, [f"{one:{form}}" for one in named])
        axes.set(xlabel="night, UTC", ylabel="flags")
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        legend(axes)
        return as_svg(figure, title)


def series_plot(values: Points, flagged: Points, *, title: str) -> str:
    """An SVG of one column of one entity over event time, its flagged records marked."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": title}):
        figure = Figure(figsize=(7.6, 1.9), layout="constrained")
        axes = figure.subplots()
        axes.plot(*zip(*values, strict=True), color=PASSED, lw=1.1, label="value")
        if flagged:
            times, found = zip(*flagged, strict=True)
            axes.plot(times, found, "o", color=COLOURS["alarm"], ms=4, mew=0, label="flagged")
        dated(axes, has_points=True)
        axes.grid(axis="y")
        legend(axes)
        return as_svg(figure, title)
