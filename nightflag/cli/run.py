"""``nightflag run``."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from nightflag.cli.failures import show
from nightflag.cli.nights import ready_for_prefect
from nightflag.cli.options import AsJson, AsOf, Quiet, Verbose
from nightflag.cli.output import print_json, print_table, say
from nightflag.cli.progress import steps
from nightflag.cli.results import results_of
from nightflag.errors import NightflagError
from nightflag.monitors import Monitor, find
from nightflag.reporting.names import page_of
from nightflag.results.reading import flags_query
from nightflag.runs import Run
from nightflag.settings import Settings

COLUMNS = {
    "monitor": "monitor",
    "records_read": "read",
    "records_scored": "scored",
    "records_quarantined": "quarantined",
    "records_flagged": "flagged",
    "records_retracted": "retracted",
    "model_version": "model",
    "seconds": "seconds",
}
When = Literal["when-due", "always", "never"]
RETRAINING: dict[When, Literal["when due", "always", "never"]] = {
    "when-due": "when due",
    "always": "always",
    "never": "never",
}
WORST_FIRST = (1, 2, 75, 0)
"""A failed night is worse than one that could not start, and that worse than one to try again."""


def run(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *others: Annotated[str, Parameter(help="More monitors; each runs whatever became of others.")],
    as_of: AsOf = None,
    retraining: Annotated[When, Parameter(help="Whether to train a model first.")] = "when-due",
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> int:
    """Run the night of one monitor or several, now: pull, validate, score, publish."""
    codes, rows = {0}, []
    for name in (monitor, *others):
        try:
            found = find(Settings().monitors_folder, name)
            ready_for_prefect(verbose=verbose, quiet=quiet or as_json)
            with steps(name, quiet=quiet or as_json or verbose):
                rows.append(_row(found, as_of, retraining))
        except NightflagError as error:
            show(error, about=name)
            codes.add(error.exit_code)
    if as_json:
        print_json(rows)
    elif rows and not quiet:
        print_table(rows, COLUMNS)
        for sentence in (one for row in rows for one in _sentences(row)):
            say(sentence)
    return min(codes, key=WORST_FIRST.index)


def _row(monitor: Monitor, as_of: datetime | None, retraining: When) -> dict[str, Any]:
    from flows.nightly import nightly

    began = datetime.now(UTC)
    night: Run = nightly(monitor.name, as_of=as_of, retraining=RETRAINING[retraining])
    with results_of(monitor) as results:
        query = flags_query(results, monitor.name, night.run_id)
    report = page_of(Settings().reports_folder, monitor.name, night.as_of)
    return {
        **{name: getattr(night, name) for name in (*COLUMNS, "run_id", "as_of", "warnings")},
        "published_before": bool(night.finished_at and night.finished_at < began),
        "report": str(report) if report.exists() else None,
        "flags_query": query,
    }


def _sentences(row: dict[str, Any]) -> Iterator[str]:
    name = row["monitor"]
    if row["published_before"]:
        as_of = f"{row['as_of']:%Y-%m-%d %H:%M} UTC"
        yield f"{name}: {as_of} was published already; it was left as it is."
    yield from (f"{name}: warning: {line}" for line in (row["warnings"] or "").splitlines())
    if row["report"]:
        yield f"{name}: report: {row['report']}"
    yield f"{name}: its flags: {row['flags_query']}"
