"""The pages themselves: contents in, HTML out, every value escaped."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from nightflag.monitors import Monitor
from nightflag.reporting.contents import Contents
from nightflag.reporting.plots import p_value_plot, score_plot
from nightflag.runs import Run

LONGEST_TEXT = 200


def of_night(contents: Contents) -> str:
    """The page of one night, a whole HTML document that needs nothing else.

    Everything is escaped but the plots, which are drawn from numbers and times alone.
    """
    points = contents.points
    score_svg = score_plot(
        points.passed,
        points.flagged,
        threshold=contents.threshold,
        title="Scores over event time, flags marked",
    )
    p_value_svg = p_value_plot(
        contents.p_values, rate=contents.alarm_rate, title="Histogram of the night's p-values"
    )
    return _template("night.html.jinja").render(
        contents=contents,
        night=contents.night,
        model=contents.model,
        training=contents.model.training,
        score_plot=Markup(score_svg),
        p_value_plot=Markup(p_value_svg),
    )


def of_nights(monitor: Monitor, nights: Sequence[tuple[Run, str | None]]) -> str:
    """The page that lists the nights of a monitor, each with the name of its own page, if any."""
    return _template("index.html.jinja").render(monitor=monitor, nights=nights)


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


def brief(text: object) -> str:
    """The text, cut where it would fill the page."""
    whole = str(text)
    return whole if len(whole) <= LONGEST_TEXT else whole[:LONGEST_TEXT] + "\N{HORIZONTAL ELLIPSIS}"
