"""Models whose files are to go; their rows stay, and say when."""

from nightflag import nights, storage
from nightflag.failpoints import reached
from nightflag.housekeeping.item import Item
from nightflag.housekeeping.scores import cleaned_until
from nightflag.models import Entry, files
from nightflag.models.registry import directory, of_row
from nightflag.queries import run
from nightflag.storage import Place
from nightflag.workplace import Workplace


def outdated(workplace: Workplace) -> list[Item]:
    """The models that nobody needs.

    Needed are the champion and the one before it, those of the newest versions that are kept, and
    whatever scored a night that is kept, or would score one in a backfill.
    """
    why = (
        f"not among the newest {workplace.monitor.keep.models}, and no night that is kept needs it"
    )
    found = [(entry.version, _place(workplace, entry)) for entry in _entries(workplace)]
    return [
        Item("model", f"model {version}", why, size=storage.size(place), place=place)
        for version, place in found
    ]


def remove(workplace: Workplace) -> None:
    """Strike each off the registry first: one that cannot be loaded is never to be chosen."""
    with nights.only_training(workplace):
        for entry in _entries(workplace):
            place = {"monitor": entry.monitor, "version": entry.version}
            with workplace.results.writing() as connection:
                run(connection, "clean_model", **place, cleaned_at=workplace.now())
            reached("model struck off")
            files.remove(_place(workplace, entry))


def _place(workplace: Workplace, entry: Entry) -> Place:
    return directory(workplace.models, entry.monitor, entry.version)


def _entries(workplace: Workplace) -> list[Entry]:
    count = workplace.monitor.keep.models
    if count is None:
        return []
    limits = {"count": count, "cleaned_until": cleaned_until(workplace)}
    with workplace.results.reading() as connection:
        rows = run(connection, "models_to_go", monitor=workplace.monitor.name, **limits).all()
    return [of_row(row) for row in rows]
