"""Reporting: one self-contained HTML page a night, and a list of the nights beside it.

Drawing is slow to import, so that happens when the first page is written.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nightflag.errors import NightflagError
from nightflag.failpoints import reached

if TYPE_CHECKING:
    from nightflag.reporting.contents import Contents
    from nightflag.runs import Run
    from nightflag.workplace import Workplace

__all__ = ["Report", "failure_is_a_warning", "write"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Report:
    """Where the page of a night lies, and what it shows."""

    path: Path
    contents: "Contents"


def write(workplace: "Workplace", night: "Run", *, data_docs: bool = False) -> Report:
    """The page of a published night, written to the reports folder; the list of nights follows.

    With ``data_docs`` those of Great Expectations come first; once there, the page leads to them.
    Each file is written beside and renamed, so a reader never sees half of one. Raises
    :class:`ReportError` for a night that is not published, or a disk that refuses.
    """
    from nightflag.reporting import folder, page
    from nightflag.reporting.contents import gather
    from nightflag.reporting.names import data_docs_of

    contents = gather(workplace, night)
    docs = data_docs_of(workplace.reports, night.monitor, night.as_of)
    if data_docs:
        folder.keep_data_docs(workplace, night, page.data_docs(contents))
    text = page.of_night(contents, data_docs=docs.name if docs.exists() else None)
    path = folder.keep(workplace, night, text)
    reached("reported")
    return Report(path, contents)


@contextmanager
def failure_is_a_warning() -> Iterator[None]:
    """Evaluating and reporting a night: what goes wrong there is logged, and the night goes on."""
    try:
        yield
    except NightflagError as error:
        logger.warning("The night is published, but not all of it is reported: %s", error)
