"""Reporting: one self-contained HTML page a night, and a list of the nights beside it.

Drawing is slow to import, so nothing is imported before the first page is written.
"""

from pathlib import Path

from nightflag.runs import Run
from nightflag.workplace import Workplace

__all__ = ["write"]


def write(workplace: Workplace, night: Run) -> Path:
    """The page of a published night, written to the reports folder; the list of nights follows.

    Both files are written beside and renamed, so a reader never sees half of one. Raises
    :class:`ReportError` for a night that is not published, or a disk that refuses.
    """
    from nightflag.reporting import folder, page
    from nightflag.reporting.contents import gather

    text = page.of_night(gather(workplace, night))
    return folder.keep(workplace, night, text)
