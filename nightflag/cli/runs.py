"""``nightflag runs``."""

from typing import Annotated, Any

from cyclopts import Parameter

from nightflag.cli.options import AsJson, Limit
from nightflag.cli.output import print_json, print_table, say
from nightflag.cli.results import results_of
from nightflag.monitors import Monitor, find, read_all
from nightflag.results.reading import latest
from nightflag.settings import Settings

COLUMNS = {
    "monitor": "monitor",
    "as_of": "as of (UTC)",
    "status": "status",
    "records_read": "read",
    "records_quarantined": "quarantined",
    "records_flagged": "flagged",
    "model_version": "model",
    "note": "note",
}


def runs(
    monitor: Annotated[str | None, Parameter(help="One monitor; by default all.")] = None,
    /,
    *,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show the latest nights, newest first: what each read, flagged and retracted."""
    folder = Settings().monitors_folder
    monitors = [find(folder, monitor)] if monitor else list(read_all(folder).values())
    rows = [row for one in monitors for row in _latest(one, limit)]
    rows = sorted(rows, key=lambda row: row["as_of"], reverse=True)[:limit]
    if as_json:
        print_json(rows)
    elif rows:
        print_table([{**row, "note": _note(row)} for row in rows], COLUMNS)
    else:
        say("Nothing has run yet.")


def _latest(monitor: Monitor, limit: int) -> list[dict[str, Any]]:
    with results_of(monitor) as results:
        return latest(results, "runs_of_monitor", monitor.name, limit=limit)


def _note(row: dict[str, Any]) -> str:
    """The first line of what went wrong, or of what was warned of."""
    return next(iter(str(row["error"] or row["warnings"] or "").splitlines()), "")
