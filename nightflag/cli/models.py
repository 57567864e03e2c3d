"""``nightflag models``."""

import json
from typing import Annotated, Any

from cyclopts import Parameter

from nightflag.cli.options import AsJson, Limit
from nightflag.cli.output import print_json, print_table, say
from nightflag.cli.results import results_of
from nightflag.monitors import find
from nightflag.results.reading import latest
from nightflag.settings import Settings

COLUMNS = {
    "version": "version",
    "status": "status",
    "as_of": "as of (UTC)",
    "detector": "detector",
    "training_records": "records",
    "calibration_records": "held out",
    "why": "why trained, why in use or not, how judged",
}


def models(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show a monitor's models, newest first, which is in use, and how each was judged."""
    found = find(Settings().monitors_folder, monitor)
    with results_of(found) as results:
        rows = latest(results, "models_of_monitor", monitor, limit=limit)
    if as_json:
        print_json([_with_about(row) for row in rows])
    elif rows:
        print_table([{"why": _why(row), **row} for row in rows], COLUMNS)
    else:
        say(f"{monitor} has no model yet; the first night trains one.")


def _with_about(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "about": json.loads(row["about"])}


def _why(row: dict[str, Any]) -> str:
    judgement = json.loads(row["about"]).get("judgement")
    cleaned = "its files were cleaned away" if row.get("cleaned_at") else None
    return "\n".join(filter(None, [row["reason"], row["decision"], judgement, cleaned]))
