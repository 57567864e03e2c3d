"""The names of pages, which a reading command knows without drawing anything."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

DATA_DOCS = "-data-docs"


def page_of(reports: Path, monitor: str, as_of: datetime) -> Path:
    """Where the page of that monitor's night lies, once it is written."""
    return reports / monitor / page_name(as_of)


def data_docs_of(reports: Path, monitor: str, as_of: datetime) -> Path:
    """Where the Data Docs of that night lie, if somebody asked for them: beside its page."""
    page = page_of(reports, monitor, as_of)
    return page.with_name(f"{page.stem}{DATA_DOCS}{page.suffix}")


def page_name(as_of: datetime) -> str:
    """The name of the page of that logical date, to the minute where it is a whole one."""
    whole = as_of.second == as_of.microsecond == 0
    return f"{as_of:%Y-%m-%dT%H%MZ}.html" if whole else f"{as_of:%Y-%m-%dT%H%M%S.%fZ}.html"


def date_of(name: str) -> datetime | None:
    """The logical date of the page, or the Data Docs, of that name; None for any other file."""
    name = name.replace(f"{DATA_DOCS}.html", ".html")
    for layout in ("%Y-%m-%dT%H%MZ.html", "%Y-%m-%dT%H%M%S.%fZ.html"):
        with suppress(ValueError):
            return datetime.strptime(name, layout).replace(tzinfo=UTC)
    return None
