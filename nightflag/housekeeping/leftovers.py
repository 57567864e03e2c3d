"""Files that something killed left behind: of models that no row names, and half-written ones."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from nightflag import nights
from nightflag.housekeeping.item import Item, size_of
from nightflag.models import files
from nightflag.queries import run
from nightflag.workplace import Workplace

AGE = timedelta(days=1)
VERSION = re.compile(r"[0-9]+")
HALF_WRITTEN = re.compile(r"\.[0-9]+\.[0-9a-f]{16}(\.replaced)?")
HALF_A_PAGE = re.compile(r"\.[^/]+\.html\.[0-9a-f]{16}")


def outdated(workplace: Workplace) -> list[Item]:
    """What is a day old and no part of anything, and the files of models that were struck off."""
    name = workplace.monitor.name
    found = [*_models(workplace, workplace.models / name), *_pages(workplace, name)]
    return [
        Item("leftover", f"{path.parent.name}/{path.name}", why, size=size_of([path]), place=path)
        for path, why in found
    ]


def remove(workplace: Workplace) -> None:
    """Delete what is still left over once no training goes on."""
    with nights.only_training(workplace):
        for item in outdated(workplace):
            if item.place is not None:
                files.remove(item.place)


def _models(workplace: Workplace, folder: Path) -> Iterator[tuple[Path, str]]:
    with workplace.results.reading() as connection:
        rows = run(connection, "versions", monitor=workplace.monitor.name).all()
    struck_off = {str(row.version): row.cleaned_at is not None for row in rows}
    for path in _inside(folder):
        is_old = _is_old(path, workplace.now())
        if struck_off.get(path.name):
            yield path, "of a model that was struck off"
        elif is_old and VERSION.fullmatch(path.name) and path.name not in struck_off:
            yield path, "of a model that was never registered"
        elif is_old and HALF_WRITTEN.fullmatch(path.name):
            yield path, "half written when a training was killed"


def _pages(workplace: Workplace, monitor: str) -> Iterator[tuple[Path, str]]:
    for path in _inside(workplace.reports / monitor):
        if HALF_A_PAGE.fullmatch(path.name) and _is_old(path, workplace.now()):
            yield path, "half written when a report was killed"


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_old(path: Path, now: datetime) -> bool:
    return now.timestamp() - path.lstat().st_mtime > AGE.total_seconds()
