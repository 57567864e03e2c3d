"""Something that is to go, and how far back things are kept."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from nightflag import runs
from nightflag.storage import Place
from nightflag.workplace import Workplace

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

Kind = Literal["scores", "run", "report", "model", "leftover"]


@dataclass(frozen=True)
class Item:
    """What is to go: of which ``kind``, by its ``name``, and ``why``.

    ``records`` counts rows of the database, ``size`` bytes of files.
    """

    kind: Kind
    name: str
    why: str
    records: int = 0
    size: int = 0
    place: Place | None = None


def kept_since(workplace: Workplace, length: timedelta | None) -> datetime | None:
    """The logical date from which on things are kept; None where all of them are."""
    newest = runs.newest_published(workplace.results, workplace.monitor.name)
    if newest is None or length is None or newest - LONG_AGO < length:
        return None
    return newest - length


def older_than(length: str) -> str:
    """The reason of whatever is as old as that."""
    return f"more than {length} before the newest night"
