"""``nightflag drift``."""

from typing import Annotated

from cyclopts import Parameter

from nightflag.cli.options import AsJson
from nightflag.cli.output import print_json, print_table, say
from nightflag.cli.results import results_of
from nightflag.monitors import find
from nightflag.results.reading import Row
from nightflag.settings import Settings

COLUMNS = {
    "as_of": "as of (UTC)",
    "feature": "column",
    "model_version": "model",
    "records": "looked at",
    "psi": "PSI",
    "psi_bar": "bar",
    "p_value": "p-value",
    "why": "drifted",
}


def drift(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    nights: Annotated[int, Parameter(help="How many nights to look at.")] = 7,
    every: Annotated[
        bool, Parameter(name="--all", negative="", help="Show also what has not drifted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show which columns of the latest nights have drifted, and how far, newest night first."""
    from nightflag.drift.keeping import of_monitor

    found = find(Settings().monitors_folder, monitor)
    with results_of(found) as results:
        rows = of_monitor(results, monitor, nights=nights)
    shown = [row for row in rows if every or row["drifted"]]
    if as_json:
        print_json(shown)
        return
    if shown:
        print_table(shown, COLUMNS)
    say(_sentence(monitor, rows))


def _sentence(monitor: str, rows: list[Row]) -> str:
    """In how many of the nights something drifted."""
    measured = {row["as_of"] for row in rows}
    if not measured:
        return f"No night of {monitor} was measured yet: it takes 100 records, and a model of them."
    drifted = {row["as_of"] for row in rows if row["drifted"]}
    return f"Something drifted in {len(drifted)} of {len(measured)} nights."
