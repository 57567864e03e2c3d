"""``nightflag evaluate``."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from cyclopts import Parameter

from nightflag.cli.options import AsJson, moment
from nightflag.cli.output import print_json, print_table, say
from nightflag.cli.results import at_work_on
from nightflag.runs import Run
from nightflag.workplace import Workplace

COLUMNS = {
    "of": "of",
    "model_version": "model",
    "truth": "by",
    "records": "records",
    "anomalies": "anomalies",
    "metric": "measure",
    "value": "value",
    "low": "from",
    "high": "to",
}
USUAL = timedelta(days=30)
ALL_NIGHTS = 100_000


def evaluate(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    since: Annotated[
        datetime | None,
        Parameter(
            converter=moment,
            n_tokens=1,
            help="The first night, such as 2026-01-31; by default 30 days before the newest.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the flags of nights and models with labels and verdicts, and keep the figures."""
    with at_work_on(monitor) as workplace:
        rows = _evaluated(workplace, since)
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows, COLUMNS)
    else:
        say(f"{monitor} has no published night with a label or a verdict yet.")


def _evaluated(workplace: Workplace, since: datetime | None) -> list[dict[str, Any]]:
    from nightflag import evaluation, runs

    nights = _nights(workplace, since)
    if not nights:
        return []
    workplace.prepare()
    if cleaned := runs.without_cleaned(workplace.results, workplace.monitor.name, nights[-1].as_of):
        say(f"{cleaned} Their figures are those of then.")
    evaluation.evaluate_nights(workplace, nights)
    return list(_rows(workplace, nights))


def _nights(workplace: Workplace, since: datetime | None) -> list[Run]:
    from nightflag import runs
    from nightflag.results.reading import RUNS, existing_tables

    if RUNS not in existing_tables(workplace.results):
        return []
    every = runs.latest(workplace.results, workplace.monitor.name, limit=ALL_NIGHTS)
    published = [night for night in every if night.is_published]
    first = since or (published[0].as_of - USUAL if published else None)
    return [night for night in published if first is None or night.as_of >= first]


def _rows(workplace: Workplace, nights: Sequence[Run]) -> Iterator[dict[str, Any]]:
    from nightflag.evaluation.evaluating import ALL_NIGHTS as TOGETHER
    from nightflag.evaluation.evaluating import kept

    places = [(f"{one.as_of:%Y-%m-%d %H:%M}", one.model_version or 0, one.run_id) for one in nights]
    versions = sorted({version for _, version, _ in places}, reverse=True)
    places += [("these nights", version, TOGETHER) for version in versions]
    with workplace.results.reading() as connection:
        for of, version, run_id in places:
            for row in kept(connection, workplace.monitor.name, version, run_id):
                yield {"of": of, "model_version": version, **row}
