"""Files that something killed left behind: of models that no row names, and half-written ones."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from nightflag import nights, storage
from nightflag.housekeeping.item import Item
from nightflag.models import files
from nightflag.queries import run
from nightflag.storage import Place, listed
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
        Item(
            "leftover", f"{path.parent.name}/{path.name}", why, size=storage.size(path), place=path
        )
        for path, why in found
    ]


def remove(workplace: Workplace) -> None:
    """Delete what is still left over once no training goes on."""
    with nights.only_training(workplace):
        for item in outdated(workplace):
            if item.place is not None:
                files.remove(item.place)


def _models(workplace: Workplace, folder: Place) -> Iterator[tuple[Place, str]]:
    with workplace.results.reading() as connection:
        rows = run(connection, "versions", monitor=workplace.monitor.name).all()
    struck_off = {str(row.version): row.cleaned_at is not None for row in rows}
    for path in listed(folder):
        is_old = _is_old(path, workplace.now())
        if struck_off.get(path.name):
            yield path, "of a model that was struck off"
        elif is_old and VERSION.fullmatch(path.name) and path.name not in struck_off:
            yield path, "of a model that was never registered"
        elif is_old and HALF_WRITTEN.fullmatch(path.name):
            yield path, "half written when a training was killed"


def _pages(workplace: Workplace, monitor: str) -> Iterator[tuple[Place, str]]:
    for path in listed(workplace.reports / monitor):
        if HALF_A_PAGE.fullmatch(path.name) and _is_old(path, workplace.now()):
            yield path, "half written when a report was killed"


def _is_old(path: Place, now: datetime) -> bool:
    return now - storage.written_at(path) > AGE
