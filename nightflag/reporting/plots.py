"""The plots of a page, as inline SVG whose colours follow the page's own light or dark theme.

matplotlib draws in the light theme's colours; each then becomes a CSS variable with that colour as
its fallback, so that a plot also stands alone, in a README for example.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from math import isfinite
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, StrMethodFormatter

Points = Sequence[tuple[datetime, float]]

COLOURS = {"ink": "#1f2933", "muted": "#5f6b78", "rule": "#d5dbe1", "alarm": "#c2410c"}
PASSED = "#8593a2"  # part of an embedded picture, so it must be readable in both themes
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9.5,
    "text.color": COLOURS["ink"],
    "axes.labelcolor": COLOURS["muted"],
    "axes.edgecolor": COLOURS["rule"],
    "axes.linewidth": 1.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
    "grid.color": COLOURS["rule"],
    "grid.linewidth": 0.6,
    "xtick.color": COLOURS["muted"],
    "ytick.color": COLOURS["muted"],
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "ytick.minor.size": 0.0,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "legend.columnspacing": 1.6,
}


def score_plot(
    passed: Points, flagged: Points, *, threshold: float | None, title: str = "Scores"
) -> str:
    """An SVG of scores over event time on a logarithmic axis, flags marked, with the threshold.

    Points are (event time in UTC, score); scores that are not finite are left out. ``title`` is
    what a screen reader says. Where a score is not positive the axis is linear around zero.
    """
    passed, flagged = _finite(passed), _finite(flagged)
    with mpl.rc_context({**STYLE, "svg.hashsalt": title}):
        figure = Figure(figsize=(7.6, 3.2), layout="constrained")
        axes = figure.subplots()
        _scale(axes, [score for _, score in (*passed, *flagged)])
        _scatter(axes, passed, "passed", PASSED, size=4.0, rasterized=True, alpha=0.5)
        _scatter(axes, flagged, "flagged", COLOURS["alarm"], size=4.2, alpha=0.9)
        if threshold is not None and isfinite(threshold):
            label = f"alarm threshold {threshold:,.4g}"
            axes.axhline(threshold, color=COLOURS["ink"], lw=1.1, ls=(0, (5, 3)), label=label)
        dated(axes, has_points=bool(passed or flagged))
        axes.set_ylabel("score")
        axes.grid(axis="y")
        legend(axes)
        return as_svg(figure, title)


def p_value_plot(counts: Sequence[int], *, rate: float, title: str = "P-values") -> str:
    """An SVG histogram of p-values between 0 and 1, with the alarm ``rate``.

    Records like those the model was calibrated on give bars of about equal height, which the
    dashed line shows.
    """
    width = 1 / len(counts)
    with mpl.rc_context({**STYLE, "svg.hashsalt": title}):
        figure = Figure(figsize=(7.6, 2.3), layout="constrained")
        axes = figure.subplots()
        alarming = sum((position + 1) * width <= rate for position in range(len(counts)))
        _bars(axes, range(alarming), counts, COLOURS["alarm"], "flagged")
        _bars(axes, range(alarming, len(counts)), counts, PASSED, "passed")
        axes.axvline(rate, color=COLOURS["alarm"], lw=1.1, label=f"alarm rate {rate:.3g}")
        level = sum(counts) / len(counts)
        axes.axhline(level, color=COLOURS["ink"], lw=1.1, ls=(0, (5, 3)), label="as calibrated")
        axes.set(xlim=(0, 1), xlabel="p-value", ylabel="records")
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        legend(axes)
        return as_svg(figure, title)


def _bars(axes: Axes, bins: range, counts: Sequence[int], colour: str, label: str) -> None:
    if not bins:
        return
    width = 1 / len(counts)
    lefts = [position * width for position in bins]
    heights = [counts[position] for position in bins]
    axes.bar(lefts, heights, width * 0.92, align="edge", color=colour, label=label)


def _finite(points: Points) -> Points:
    return [(moment, score) for moment, score in points if isfinite(score)]


def _scale(axes: Axes, scores: Sequence[float]) -> None:
    if scores and min(scores) <= 0:
        axes.set_yscale("symlog")
    elif scores:
        axes.set_yscale("log")
        plain_numbers(axes.yaxis)


def plain_numbers(axis: Axis) -> None:
    """Numbers without powers on a logarithmic axis, between the decades where these are few."""
    axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.5)))


def _scatter(
    axes: Axes,
    points: Points,
    label: str,
    colour: str,
    *,
    size: float,
    alpha: float,
    rasterized: bool = False,
) -> None:
    if not points:
        return
    times, scores = zip(*points, strict=True)
    axes.plot(
        times,
        scores,
        "o",
        color=colour,
        markersize=size,
        markeredgewidth=0,
        alpha=alpha,
        rasterized=rasterized,
        label=label,
    )


def dated(axes: Axes, *, has_points: bool) -> None:
    """Dates below the plot, or the word that there is nothing to see."""
    if not has_points:
        axes.set_xticks([])
        axes.set_xlabel("no record was scored")
        return
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    dates = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(dates)
    axes.set_xlabel("event time, UTC")
    axes.margins(x=0.01)


def legend(axes: Axes) -> None:
    """The legend above the plot, where anything in it has a name."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0, markerscale=1.6
        )


def as_svg(figure: Figure, title: str) -> str:
    """The figure as an ``<svg>`` element, without what only a file of its own would need."""
    buffer = StringIO()
    figure.savefig(buffer, format="svg", dpi=180, metadata={"Date": None}, transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' id="[a-zA-Z0-9.]+_\d+"', "", text)  # they would stand twice on a page
    text = re.sub(r"(\d\.\d\d)\d+", r"\1", text)
    for name, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{name}, {colour})")
    return text.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
