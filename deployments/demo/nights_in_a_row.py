"""Every night of the demo through the real Prefect flow, with a line as each one ends."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from time import perf_counter

import load
from rich.console import Console
from rich.table import Table

from flows.nightly import nightly
from flows.workplaces import at_work_on
from nightflag.evaluation import labels, measures
from nightflag.runs import Run

SQL = """select t.reading_id, t.a1, f.p_value, f.reasons
from shuttle_readings t join shuttle_flags f using (reading_id)
order by f.p_value, f.score desc limit 3"""
COLUMNS = (
    *("monitor", "night", "read", "scored", "quarantined", "flagged"),
    *("model", "seconds", "precision", "recall"),
)
NARROWEST = 110


def show(database: Path, nights: Mapping[str, Sequence[datetime]], started: float) -> None:
    """Load the data, run the nights, and print the table and where to look next."""
    console = Console(highlight=False)
    console.width = max(console.width, NARROWEST)
    console.print(f"Loading the shuttle's radiators and a machine's temperature into {database}")
    load.load(f"sqlite:///{database}")
    console.print("Starting a temporary Prefect server; the first night also trains a model.\n")
    table = Table(*COLUMNS, title="What the nights came to")
    for monitor, dates in nights.items():
        for as_of in dates:
            with console.status(f"{monitor}, {as_of:%Y-%m-%d} ..."):
                _add(table, console, *_night(monitor, as_of))
    console.print()
    console.print(table)
    _say_where_to_look(console, database, list(nights), perf_counter() - started)


def _night(monitor: str, as_of: datetime) -> tuple[Run, float, dict[str, float]]:
    begun = perf_counter()
    night = nightly(monitor, as_of=as_of)
    seconds = perf_counter() - begun
    with at_work_on(monitor) as workplace:
        known = labels(workplace, night)
    return night, seconds, {one.metric: one.value for one in measures(known)} if known else {}


def _add(
    table: Table, console: Console, night: Run, seconds: float, found: Mapping[str, float]
) -> None:
    console.print(
        f"  {night.monitor:<20} {night.as_of:%Y-%m-%d}  {night.records_scored:>6,} scored, "
        f"{night.records_flagged:>4,} flagged by model {night.model_version}  {seconds:5.1f} s"
    )
    table.add_row(
        night.monitor,
        f"{night.as_of:%Y-%m-%d}",
        f"{night.records_read:,}",
        f"{night.records_scored:,}",
        f"{night.records_quarantined:,}",
        f"{night.records_flagged:,}",
        str(night.model_version),
        f"{seconds:.1f}",
        _share(found.get("precision")),
        _share(found.get("recall")),
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _say_where_to_look(
    console: Console, database: Path, monitors: Sequence[str], seconds: float
) -> None:
    console.print(f"\nDone in {seconds:.0f} s. The flags are in {database}; read them with\n")
    console.print(f"[bold]{SQL}[/bold]\n")
    with closing(sqlite3.connect(database)) as connection:
        console.print(*(_flag(row) for row in connection.execute(SQL)), sep="\n")
    console.print("\nReports, one for each night:")
    for monitor in monitors:
        console.print(f"  {database.parent / 'reports' / monitor / 'index.html'}", soft_wrap=True)
    console.print("\nTo try every command of the documentation on it:")
    console.print("  source .venv/bin/activate && source .demo/env && nightflag flags shuttle")


def _flag(row: tuple[object, ...]) -> str:
    reading, attribute, p_value, reasons = row
    return f"  reading {reading}: a1 = {attribute}, p_value = {p_value:.5f}, {reasons}"
