"""The pages themselves: contents in, HTML out, every value escaped."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from nightflag.errors import ReportError
from nightflag.monitors import Monitor
from nightflag.reporting.charts import distribution_plot, nights_plot, series_plot
from nightflag.reporting.contents import Contents, published_up_to
from nightflag.reporting.names import page_name
from nightflag.reporting.plots import p_value_plot, score_plot
from nightflag.runs import Run

LONGEST_TEXT = 200
CODE = re.compile("`([^`]*)`")


def of_night(contents: Contents, *, data_docs: str | None = None) -> str:
    """The page of one night, a whole HTML document that needs nothing else.

    Everything is escaped but the plots, which are drawn from numbers and times alone. The file
    named by ``data_docs`` lies beside it.
    """
    return _template("night.html.jinja").render(
        contents=contents,
        night=contents.night,
        model=contents.model,
        training=contents.model.training,
        plots=_plots(contents),
        data_docs=data_docs,
    )


def data_docs(contents: Contents) -> str:
    """What became of the night's expectations, as Great Expectations shows it."""
    from nightflag.validation.data_docs import data_docs as rendered

    night = contents.night
    if not contents.expectations:
        raise ReportError(
            f"Of {night.monitor} for {night.as_of:%Y-%m-%d %H:%M} UTC there are no expectations.",
            expected="a night whose monitor had some, published since they are kept",
            mend="give the monitor `expectations`, and take a later night",
        )
    examples = {one.rule: [shown.value for shown in one.examples] for one in contents.quarantine}
    back = page_name(night.as_of)
    return rendered(night.monitor, night.as_of, contents.expectations, examples, back=back)


def of_nights(monitor: Monitor, nights: Sequence[tuple[Run, str | None]]) -> str:
    """The page that lists the nights of a monitor, each with the name of its own page, if any."""
    listed = [night for night, _ in nights]
    shown = published_up_to(listed, listed[0].as_of) if listed else ()
    plot = Markup(_of_nights(shown)) if shown else ""
    return _template("index.html.jinja").render(monitor=monitor, nights=nights, plot=plot)


def _plots(contents: Contents) -> dict[str, Markup | list[Markup]]:
    points, threshold = contents.points, contents.threshold
    plots = {
        "scores": score_plot(
            points.passed,
            points.flagged,
            threshold=threshold,
            title="Scores over event time, flags marked",
        ),
        "p_values": p_value_plot(
            contents.p_values, rate=contents.alarm_rate, title="Histogram of the night's p-values"
        ),
        "nights": _of_nights(contents.nights),
        "distribution": "",
    }
    if contents.distribution is not None:
        title = "Histograms of the night's and the calibration's scores"
        plots["distribution"] = distribution_plot(
            contents.distribution, threshold=threshold, title=title
        )
    series = [
        Markup(series_plot(one.values, one.flagged, title="A column over event time, flags marked"))
        for one in contents.series
    ]
    return {name: Markup(plot) for name, plot in plots.items()} | {"series": series}


def _of_nights(nights: Sequence[Run]) -> str:
    told = [
        (one.as_of, one.records_flagged or 0, (one.alarm_rate or 0) * (one.records_scored or 0))
        for one in nights
    ]
    return nights_plot(told, title="Flags of each night beside what was promised")


def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nightflag.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (files("nightflag.reporting") / "templates" / "table.js").read_text("utf-8")
    digest = b64encode(sha256(script.encode()).digest()).decode("ascii")
    environment.globals.update(script=Markup(script), script_hash=f"sha256-{digest}")
    environment.filters.update(
        day=day,
        moment=moment,
        number=number,
        percent=percent,
        measure=measure,
        brief=brief,
        between=between,
        agreement=agreement,
        with_code=with_code,
    )
    return environment


def day(instant: datetime) -> str:
    """The day in words, with the time of day where it is not midnight."""
    text = f"{instant.day} {instant:%B %Y}"
    return text if instant.time().isoformat() == "00:00:00" else f"{text}, {instant:%H:%M} UTC"


def moment(instant: datetime | None) -> str:
    """The instant to the second."""
    return "the beginning" if instant is None else f"{instant:%Y-%m-%d %H:%M:%S}"


def number(count: int | None) -> str:
    """The count with thousands set apart; a dash for none."""
    return "\N{EN DASH}" if count is None else f"{count:,}"


def percent(share: float | None) -> str:
    """The share in per cent, to a tenth; below one per cent to two digits."""
    if share is None:
        return "\N{EN DASH}"
    text = f"{100 * share:.2g}" if 0 < share < 0.01 else f"{100 * share:.1f}".removesuffix(".0")
    return f"{text}\N{NO-BREAK SPACE}%"


def between(interval: Mapping[str, float] | tuple[float, float]) -> str:
    """Both ends of an interval of shares, also of a row that holds them as low and high."""
    ends = (interval["low"], interval["high"]) if isinstance(interval, Mapping) else interval
    return " to ".join(percent(end) for end in ends)


def measure(value: float) -> str:
    """A score, p-value or threshold to four significant digits."""
    return f"{value:,.0f}" if 1_000 <= abs(value) < 1e9 else f"{value:.4g}"


def agreement(value: float | None) -> str:
    """A correlation or the like, to two decimals; a dash where there is none."""
    return "\N{EN DASH}" if value is None else f"{value:.2f}"


def brief(text: object) -> str:
    """The text, cut where it would fill the page."""
    whole = str(text)
    return whole if len(whole) <= LONGEST_TEXT else whole[:LONGEST_TEXT] + "\N{HORIZONTAL ELLIPSIS}"


def with_code(text: str) -> Markup:
    """The text, with what stands between backticks as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # escaped before it is marked
