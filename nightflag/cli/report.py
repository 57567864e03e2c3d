"""``nightflag report``."""

import webbrowser
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from nightflag.cli.options import AsOf
from nightflag.cli.output import say
from nightflag.cli.results import at_work_on, results_of
from nightflag.errors import ReportError
from nightflag.monitors import find
from nightflag.reporting.names import data_docs_of, page_of
from nightflag.results.reading import published_night
from nightflag.settings import Settings


def report(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    as_of: AsOf = None,
    to_open: Annotated[
        bool, Parameter(name="--open", negative="", help="Show it in the web browser.")
    ] = False,
    anew: Annotated[bool, Parameter(negative="", help="Write the page again first.")] = False,
    data_docs: Annotated[
        bool,
        Parameter(negative="", help="Write Great Expectations' Data Docs beside it, too."),
    ] = False,
) -> None:
    """Say where the page of a night lies, by default of the newest; it is written if need be."""
    settings = Settings()
    with results_of(find(settings.monitors_folder, monitor)) as results:
        night = published_night(results, monitor, as_of)
    if night is None:
        raise _nothing_published(monitor, as_of)
    page = page_of(settings.reports_folder, monitor, night["as_of"])
    if anew or data_docs or not page.exists():
        page = _written(monitor, night["as_of"], data_docs=data_docs)
    print(page)
    if data_docs:
        print(data_docs_of(settings.reports_folder, monitor, night["as_of"]))
    if to_open and not webbrowser.open(page.as_uri()):
        say("No web browser was found on this machine; open the file above in one.")


def _written(monitor: str, as_of: datetime, *, data_docs: bool) -> Path:
    from nightflag import reporting, runs

    with at_work_on(monitor) as workplace:
        night = runs.of_date(workplace.results, monitor, as_of)
        if night is None:
            raise _nothing_published(monitor, as_of)
        return reporting.write(workplace, night, data_docs=data_docs).path


def _nothing_published(monitor: str, as_of: datetime | None) -> ReportError:
    of_date = f" for {as_of:%Y-%m-%d %H:%M} UTC" if as_of else ""
    return ReportError(
        f"{monitor} has published nothing{of_date}, so there is no report.",
        expected="a night that is published",
        mend=f"see which there are: nightflag runs {monitor}; or run one: nightflag run {monitor}",
    )
