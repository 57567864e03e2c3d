"""Pages of nights long past."""

from pathlib import Path

from nightflag import storage
from nightflag.housekeeping.item import Item, kept_since, older_than
from nightflag.monitors import durations
from nightflag.reporting.names import date_of
from nightflag.workplace import Workplace


def outdated(workplace: Workplace) -> list[Item]:
    """The pages that are to go, by the logical dates in their names."""
    length = workplace.monitor.keep.reports
    since = kept_since(workplace, length)
    if since is None or length is None:
        return []
    why = older_than(durations.write(length))
    pages = sorted((workplace.reports / workplace.monitor.name).glob("*.html"))
    old = [page for page in pages if (date := date_of(page.name)) and date < since]
    return [Item("report", one.name, why, size=storage.size(one), place=one) for one in old]


def remove(workplace: Workplace) -> None:
    """Delete them, and write the list of nights without them."""
    from nightflag.reporting import folder

    folder.forget(
        workplace, [item.place for item in outdated(workplace) if isinstance(item.place, Path)]
    )
