"""``nightflag what-if``."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from nightflag import runs
from nightflag import what_if as looking
from nightflag.cli.options import AsJson, Since
from nightflag.cli.output import print_json, print_table, say
from nightflag.cli.results import at_work_on
from nightflag.results.reading import RUNS, existing_tables
from nightflag.what_if import Outlook
from nightflag.workplace import Workplace

COLUMNS = {
    "rate": "alarm rate",
    "flags": "flags",
    "a_night": "a night",
    "most": "most in one",
}
KNOWN = {"judged": "judged", "precision": "precision", "recall": "recall"}


def what_if(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    rates: Annotated[
        tuple[float, ...],
        Parameter(name="--rate", negative="", help="A rate to look at; may be given again."),
    ] = (),
    since: Since = None,
    by_night: Annotated[bool, Parameter(negative="", help="A row for each night.")] = False,
    plot: Annotated[Path | None, Parameter(help="Also draw it into this .png or .svg.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show how many flags other alarm rates would have raised in the published nights."""
    with at_work_on(monitor) as workplace:
        seen, own_rate = _outlooks(workplace, rates, since), workplace.monitor.alarm.rate
    if not seen or not seen[0].nights:
        say(f"{monitor} has published nothing yet.")
        return
    if plot is not None:
        from nightflag.reporting.outlooks import draw

        draw(seen, own_rate=own_rate, path=plot)
    if as_json:
        print_json([asdict(one) for one in seen])
    elif by_night:
        names = {f"{one.rate:g}": f"{one.rate:g}" for one in seen}
        print_table(list(_by_night(seen)), {"night": "night (UTC)", **names})
    else:
        known = KNOWN if any(one.judged.anomalies or one.judged.flagged for one in seen) else {}
        print_table([_row(one, own_rate) for one in seen], {**COLUMNS, **known, "note": ""})


def _outlooks(
    workplace: Workplace, rates: Sequence[float], since: datetime | None
) -> list[Outlook]:
    if RUNS not in existing_tables(workplace.results):
        return []
    workplace.prepare()
    if cleaned := runs.without_cleaned(workplace.results, workplace.monitor.name, since):
        say(cleaned)
    alarm, results = workplace.monitor.alarm, workplace.results
    chosen = sorted(set(rates)) or looking.rates_around(alarm)
    with results.reading() as connection:
        return looking.outlooks(connection, workplace.tables, alarm, chosen, since=since)


def _row(one: Outlook, own: float) -> dict[str, Any]:
    note = "the monitor's own" if one.rate == own else ""
    counts = {"flags": one.total, "a_night": one.usual, "most": one.most}
    judged = {
        "judged": one.judged.flagged,
        "precision": one.judged.precision,
        "recall": one.judged.recall,
    }
    return {"rate": f"{one.rate:g}", **counts, **judged, "note": note}


def _by_night(seen: Sequence[Outlook]) -> Iterator[dict[str, Any]]:
    for place, night in enumerate(seen[0].nights):
        yield {"night": night, **{f"{one.rate:g}": one.flags[place] for one in seen}}
