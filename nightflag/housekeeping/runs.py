"""Runs of which nothing is needed any more: their row, and what was kept of them beside it."""

from nightflag import nights
from nightflag.failpoints import reached
from nightflag.housekeeping.item import Item, kept_since, older_than
from nightflag.housekeeping.scores import cleaned_until
from nightflag.monitors import durations
from nightflag.queries import run
from nightflag.results.refusals import refuse_lost_lock
from nightflag.runs import Run, of_row
from nightflag.workplace import Workplace


def outdated(workplace: Workplace) -> list[Item]:
    """The runs that are to go; never the one with the newest number, which counts on from it."""
    length = workplace.monitor.keep.runs
    why = older_than(durations.write(length)) if length else ""
    return [Item("run", f"{one.as_of:%Y-%m-%d %H:%M} UTC", why, 1) for one in _runs(workplace)]


def remove(workplace: Workplace) -> None:
    """Delete them in one transaction; no night can be run again where they were."""
    with nights.only_run(workplace) as lock, workplace.results.writing() as connection:
        refuse_lost_lock(connection, lock, workplace.now())
        for one in _runs(workplace):
            place = {"monitor": one.monitor, "run_id": one.run_id}
            for query in ("drop_drift", "drop_quality", "drop_expectations", "drop_run"):
                run(connection, query, **place)
            run(connection, "drop_digests", monitor=one.monitor, as_of=one.as_of)
        reached("before commit")


def _runs(workplace: Workplace) -> list[Run]:
    since = kept_since(workplace, workplace.monitor.keep.runs)
    if since is None:
        return []
    limits = {"kept_since": since, "cleaned_until": cleaned_until(workplace)}
    with workplace.results.reading() as connection:
        rows = run(connection, "runs_to_go", monitor=workplace.monitor.name, **limits).all()
    return [of_row(row._mapping) for row in rows]
