"""Nights whose scores, reasons, history and quarantine are to go, whole and the oldest first."""

from datetime import datetime

from nightflag import nights
from nightflag.failpoints import reached
from nightflag.housekeeping.item import LONG_AGO, Item, kept_since, older_than
from nightflag.locks import Lock
from nightflag.monitors import durations
from nightflag.queries import run
from nightflag.results import cleaning
from nightflag.results.refusals import refuse_lost_lock
from nightflag.runs import Run, of_row, watermark
from nightflag.workplace import Workplace


def outdated(workplace: Workplace) -> list[Item]:
    """Each night that is to go, with how many rows it left."""
    found, length = _nights(workplace), workplace.monitor.keep.scores
    why = older_than(durations.write(length)) if length else ""
    with workplace.results.reading() as connection:
        counts = [cleaning.count(connection, workplace.tables, night) for night in found]
    return [
        Item("scores", f"{night.as_of:%Y-%m-%d %H:%M} UTC", why, records)
        for night, records in zip(found, counts, strict=True)
    ]


def remove(workplace: Workplace) -> None:
    """Delete them, a transaction for each night, so that tonight's need not wait for all."""
    for night in _nights(workplace):
        with nights.only_run(workplace) as lock:
            _clean(workplace, night, lock)


def cleaned_until(workplace: Workplace) -> datetime:
    """The logical date up to which nights are cleaned away, once those that are due are."""
    known = watermark(workplace.results, workplace.monitor.name)
    until = known.cleaned_until if known else None
    return max(until or LONG_AGO, *(night.as_of for night in _nights(workplace)), LONG_AGO)


def _nights(workplace: Workplace) -> list[Run]:
    since = kept_since(workplace, workplace.monitor.keep.scores)
    if since is None:
        return []
    with workplace.results.reading() as connection:
        name = workplace.monitor.name
        rows = run(connection, "nights_to_clean", monitor=name, kept_since=since).all()
    return [of_row(row._mapping) for row in rows]


def _clean(workplace: Workplace, night: Run, lock: Lock) -> None:
    """Delete the night's rows and say, in the same transaction, that no window reaches there."""
    with workplace.results.writing() as connection:
        now = workplace.now()
        refuse_lost_lock(connection, lock, now)
        place = {"monitor": night.monitor, "run_id": night.run_id}
        cleaning.delete_rows(connection, workplace.tables, night)
        run(connection, "clean_night", **place, cleaned_at=now)
        run(connection, "move_cleaned_until", monitor=night.monitor, cleaned_until=night.as_of)
        reached("before commit")
    reached("night cleaned")
