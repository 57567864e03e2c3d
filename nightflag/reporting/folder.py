"""Where reports are kept: a folder for each monitor, a page for each night, and a list of them."""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from nightflag import runs
from nightflag.errors import ReportError
from nightflag.reporting import page
from nightflag.reporting.names import data_docs_of, page_name, page_of
from nightflag.runs import Run
from nightflag.workplace import Workplace

INDEX = "index.html"
LISTED_NIGHTS = 1_000


def keep(workplace: Workplace, night: Run, text: str) -> Path:
    """Where the page of ``night`` now lies; the list of the monitor's nights names it."""
    where = page_of(workplace.reports, night.monitor, night.as_of)
    _replace(where, text)
    _list(workplace)
    return where


def keep_data_docs(workplace: Workplace, night: Run, text: str) -> None:
    """Put the Data Docs of ``night`` beside its page."""
    _replace(data_docs_of(workplace.reports, night.monitor, night.as_of), text)


def forget(workplace: Workplace, pages: Iterable[Path]) -> None:
    """Delete these pages; the list of the monitor's nights no longer leads to them."""
    for path in pages:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ReportError(
                f"The report {path} could not be deleted: {error.strerror or error}.",
                expected="a folder that can be written to",
                mend="correct the permissions; the next cleaning takes it up again",
            ) from error
    _list(workplace)


def _list(workplace: Workplace) -> None:
    name, folder = workplace.monitor.name, workplace.reports / workplace.monitor.name
    nights = runs.latest(workplace.results, name, limit=LISTED_NIGHTS)
    _replace(folder / INDEX, page.of_nights(workplace.monitor, _links(nights, folder)))


def _links(nights: list[Run], folder: Path) -> list[tuple[Run, str | None]]:
    """Each night with the name of its page, where there is one."""
    names = [page_name(night.as_of) for night in nights]
    there = {path.name for path in folder.glob("*.html")}
    return [
        (night, name if name in there else None) for night, name in zip(nights, names, strict=True)
    ]


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _flush(beside, text)
        beside.replace(path)
    except OSError as error:
        _forget(beside)
        raise ReportError(
            f"The report could not be written to {path}: {error.strerror or error}.",
            expected="a folder that can be written to, with room for the page",
            mend="free some space or correct the permissions; the flags are published all the same",
        ) from error


def _flush(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", errors="replace", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _forget(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
