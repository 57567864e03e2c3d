"""``nightflag flags``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from nightflag.cli.options import AsJson, AsOf, Limit
from nightflag.cli.output import print_json, print_table, say
from nightflag.cli.results import results_of
from nightflag.monitors import find
from nightflag.results.reading import Row, published_night
from nightflag.results.reading import flags as read_flags
from nightflag.settings import Settings

WIDEST = "reasons"
LEFT_OUT = frozenset({"model_version", "run_id", "scored_at", WIDEST})


def flags(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    as_of: AsOf = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show the flags of one night, the most anomalous first; by default of the newest published."""
    found = find(Settings().monitors_folder, monitor)
    with results_of(found) as results:
        night = published_night(results, monitor, as_of)
        rows = read_flags(results, monitor, night["run_id"], limit=limit) if night else []
    if as_json:
        print_json(rows)
        return
    if rows:
        shown = [name for name in rows[0] if name not in LEFT_OUT and _says_something(name, rows)]
        print_table(rows, {name: name for name in (*shown, WIDEST)})
    say(_sentence(monitor, night, len(rows), as_of))


def _says_something(name: str, rows: Sequence[Row]) -> bool:
    return any(row[name] not in (None, False) for row in rows)


def _sentence(monitor: str, night: Row | None, shown: int, as_of: datetime | None) -> str:
    if night is None:
        of_date = f" for {as_of:%Y-%m-%d %H:%M} UTC" if as_of else ""
        return f"{monitor} has published nothing{of_date} yet."
    date = f"{night['as_of']:%Y-%m-%d %H:%M} UTC"
    if night.get("cleaned_at"):
        return f"The scores of {date} were cleaned away, but for those with a verdict."
    return f"{shown} of {night['records_flagged']:,} flags of {date}."
