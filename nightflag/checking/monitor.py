"""Everything one monitor needs for tonight, in the order in which a night would meet it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from nightflag import alarms
from nightflag.checking import fitness, night, places
from nightflag.checking.execution import execution
from nightflag.checking.finding import Finding, has_problem, tried
from nightflag.errors import SourceError
from nightflag.monitors import Monitor
from nightflag.records.following import refuse_unknown_entity
from nightflag.results.reading import file_of
from nightflag.validation import RowSuite, check_settings, split
from nightflag.workplace import Workplace


def check(workplace: Workplace, as_of: datetime) -> list[Finding]:
    """What stands in the way of the night ``as_of``, and what it would do; nothing is written."""
    monitor = workplace.monitor
    found = [
        *tried("detector", fitness.detector(monitor)),
        *tried("expectations", _expectations(monitor)),
        *tried("folders", places.folders((workplace.models, workplace.reports))),
    ]
    databases = [
        *tried("source", _source(workplace)),
        *tried("results", places.results(workplace.results)),
        *tried("execution", execution(workplace)),
    ]
    if not has_problem(databases):
        databases += tried("results", places.tables(workplace))
        databases += tried("results", places.views(workplace))
    if has_problem([*found, *databases]):
        return [*found, *databases]
    return [*found, *databases, *tried("night", night.check(workplace, as_of))]


def _expectations(monitor: Monitor) -> Iterator[Finding]:
    check_settings(monitor.expectations)
    rows, table = split(monitor.expectations)
    text = f"{len(rows)} on records and {len(table)} on the table, their settings are fine"
    yield Finding("ok", "expectations", text)


def _source(workplace: Workplace) -> Iterator[Finding]:
    refuse_missing_file(file_of(workplace.source))
    layout, source = workplace.layout, workplace.monitor.source
    described = ", ".join(f"{name} ({layout.columns.field(name).type})" for name in source.key)
    time_type = layout.columns.field(source.time).type
    yield Finding(
        "ok",
        "source",
        f"{len(layout.columns)} columns; key {described}; time {source.time} ({time_type})",
    )
    if workplace.monitor.sequence is not None:
        refuse_unknown_entity(layout, workplace.monitor.sequence.entity)
    known = layout.columns.names
    alarms.refuse_unknown_columns(workplace.monitor.alarm, known, what="a column of the source")
    yield from _features(workplace)
    rows, _ = split(workplace.monitor.expectations)
    RowSuite(rows).check(layout.columns.empty_table().to_pandas())


def _features(workplace: Workplace) -> Iterator[Finding]:
    chosen, columns = workplace.monitor.features, workplace.layout.columns.names
    for name in (*chosen.exclude, *chosen.kinds):
        if name not in columns:
            text = f"The monitor's features name {name!r}, which the source does not have."
            yield Finding("problem", "source", text, f"name one of {', '.join(columns)}")


def refuse_missing_file(file: Path | None) -> None:
    """Raise :class:`SourceError` for a SQLite file that is not there: connecting would make it."""
    if file is not None and not file.exists():
        raise SourceError(
            f"There is no SQLite file {file}.",
            expected="the database that holds the source",
            mend="correct the path; a relative one starts at the folder nightflag is run in",
        )
