"""Artifacts: what a run came to, for people who look at it in the Prefect UI."""

import logging
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from httpx import HTTPError
from prefect.artifacts import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)
from prefect.exceptions import PrefectException

from flows.progress import key_of
from nightflag.errors import NightflagError
from nightflag.reporting import Report
from nightflag.reporting.contents import Contents
from nightflag.reporting.flags import Flag
from nightflag.reporting.plots import score_plot
from nightflag.settings import Settings

logger = logging.getLogger("nightflag")

SHOWN_FLAGS, SHOWN_REASONS = 20, 3
SPECIAL = frozenset("\\`*_{}[]()<>#+!|&~")


def show_sentences(monitor: str, what: str, sentences: Sequence[str]) -> None:
    """The sentences as a list."""
    text = "\n".join(f"- {plain(sentence)}" for sentence in sentences)
    create_markdown_artifact(text, key=key_of(monitor, what))


def show_rows(monitor: str, what: str, rows: Sequence[Mapping[str, Any]], description: str) -> None:
    """The rows as a table."""
    table = [{name: _cell(value) for name, value in row.items()} for row in rows]
    create_table_artifact(table, key=key_of(monitor, what), description=description)


@contextmanager
def trouble_is_a_warning() -> Iterator[None]:
    """What is shown in the UI is a courtesy: where that fails it is logged, and the night goes on.

    So it is where the report fails, or a server does not answer.
    """
    try:
        yield
    except (NightflagError, PrefectException, HTTPError) as error:
        logger.warning("The night is published, but not all of it is shown: %s", error)


def show_night(report: Report) -> None:
    """The night as a page in brief, its strongest flags, its plot, and the link to the report."""
    contents, night = report.contents, report.contents.night
    monitor = night.monitor
    create_markdown_artifact(_page(contents), key=key_of(monitor, "night"))
    flags = [_flag(flag) for flag in contents.flags[:SHOWN_FLAGS]]
    of_all = f"The {len(flags)} strongest of {night.records_flagged or 0:,} flags."
    show_rows(monitor, "flags", flags, of_all)
    create_image_artifact(_picture(contents), key=key_of(monitor, "scores"))
    link, name = Settings().link_to(report.path), f"{monitor} {night.as_of:%Y-%m-%d %H:%M} UTC"
    create_link_artifact(link, link_text=name, key=key_of(monitor, "report"))


def _page(contents: Contents) -> str:
    night, (fewest, most) = contents.night, contents.expected_flags
    rows = {
        "read": night.records_read,
        "scored": night.records_scored,
        "quarantined": night.records_quarantined,
        f"flagged (expected {fewest:,} to {most:,})": night.records_flagged,
        "retracted": night.records_retracted,
    }
    table = [
        "| records | |",
        "|---|---:|",
        *(f"| {name} | {n or 0:,} |" for name, n in rows.items()),
    ]
    drifted = [f"drift: {row['feature']}: {row['why']}" for row in contents.drift if row["drifted"]]
    told = [*(night.warnings or "").splitlines(), *drifted]
    heading = f"## {night.monitor}, {night.as_of:%Y-%m-%d %H:%M} UTC, model {night.model_version}"
    return "\n".join([heading, "", *table, "", *(f"- {plain(one)}" for one in told)])


def _flag(flag: Flag) -> dict[str, object]:
    reasons = [one.text for one in flag.reasons[:SHOWN_REASONS]]
    return {
        "key": " | ".join(flag.key),
        "event time": flag.event_time,
        "p-value": float(f"{flag.p_value:.4g}"),
        "reasons": "; ".join(reasons),
        "score": float(f"{flag.score:.4g}"),
    }


def _picture(contents: Contents) -> str:
    """The plot of scores as a data URL, which needs no place of its own."""
    points = contents.points
    drawn = score_plot(points.passed, points.flagged, threshold=contents.threshold)
    return f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode('ascii')}"


def plain(text: object) -> str:
    """Text of the data as Markdown that shows it as it is: no link, picture, tag or new line."""
    escaped = "".join(f"&#{ord(one)};" if one in SPECIAL else one for one in str(text))
    return " ".join(escaped.split())


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value if isinstance(value, int | float | None) else str(value)
