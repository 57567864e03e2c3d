"""The picture of what other alarm rates would have come to."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from nightflag.errors import SettingsError
from nightflag.reporting.plots import COLOURS, PASSED, STYLE
from nightflag.what_if import Outlook

FORMATS = (".png", ".svg", ".pdf")


def draw(outlooks: Sequence[Outlook], *, own_rate: float, path: Path) -> None:
    """Flags a night over the alarm rate, both on logarithmic axes, written to ``path``.

    The line is the median night, the band reaches from the quietest to the busiest one. Below
    stand precision and recall, where there are verdicts. Raises :class:`SettingsError` for another
    kind of file, or a disk that refuses.
    """
    if path.suffix.lower() not in FORMATS:
        raise SettingsError(
            f"A picture cannot be written as {path.name!r}.",
            expected=f"a name that ends in {', '.join(FORMATS)}",
            mend="give another name to --plot",
        )
    with mpl.rc_context(STYLE):
        known = any(one.judged.anomalies or one.judged.flagged for one in outlooks)
        figure = Figure(figsize=(7.6, 6.0 if known else 3.6), layout="constrained")
        above, *below = figure.subplots(1 + known, sharex=True, squeeze=False)[:, 0]
        _flags(above, outlooks, own_rate)
        for axes in below:
            _judged(axes, outlooks)
        figure.axes[-1].set_xlabel("alarm rate")
        try:
            figure.savefig(path, dpi=160)
        except OSError as error:
            raise SettingsError(
                f"The picture could not be written to {path}: {error.strerror or error}.",
                expected="a folder that is there and can be written to",
                mend="give another path to --plot",
            ) from error


def _flags(axes: Axes, outlooks: Sequence[Outlook], own_rate: float) -> None:
    rates = [one.rate for one in outlooks]
    fewest, most = [min(one.flags) for one in outlooks], [one.most for one in outlooks]
    axes.fill_between(rates, fewest, most, color=PASSED, alpha=0.25, lw=0, label="all nights")
    usual = [one.usual for one in outlooks]
    axes.plot(rates, usual, "o-", color=COLOURS["alarm"], ms=4, lw=1.4, label="median night")
    axes.axvline(own_rate, color=COLOURS["ink"], lw=1.1, ls=(0, (5, 3)), label="the monitor's own")
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylabel("flags a night")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.set_ylim(bottom=0)
    axes.grid(axis="both")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0)


def _judged(axes: Axes, outlooks: Sequence[Outlook]) -> None:
    """Precision and recall of the judged records; a gap where nothing judged is flagged."""
    for name, colour in (("precision", COLOURS["alarm"]), ("recall", COLOURS["muted"])):
        values = [getattr(one.judged, name) for one in outlooks]
        heights = [float("nan") if value is None else value for value in values]
        axes.plot([one.rate for one in outlooks], heights, "o-", color=colour, ms=4, label=name)
    axes.set(ylabel="of the judged records", ylim=(-0.03, 1.03))
    axes.grid(axis="both")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0)
