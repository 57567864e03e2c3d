"""What several processes make of a night, and where they would not help: ``make bench-scaling``.

The night of ``make bench`` on a PostgreSQL of its own, in one process and in as many as there are
cores. What it takes for more records and more workers is then reckoned from what was measured:

    seconds = beginning + records * max(worker / workers, database, network) + records * publishing

where ``worker`` is what one process takes for a record, ``database`` what the floor takes to read
and write it, which workers share, ``network`` what its bytes take over a line of 1 Gbit/s to the
database, and ``publishing`` what the transaction at the end takes.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import figures
import night
import tables
from night import Step, alternating, taken

SCORING, PUBLISHING = "pull, validate, score, stage", "publish"
RECORDS = (10**6, 10**7, 10**8, 10**9)
WORKERS = (1, 2, 4, 8, 16, 32)
LINE = 10**9 / 8
"""Bytes a second."""


@dataclass(frozen=True)
class Costs:
    """The seconds of a night's beginning, and those of each record in the three places."""

    beginning: float
    worker: float
    database: float
    network: float
    publishing: float

    def night(self, records: int, workers: int) -> float:
        """What a night of so many records would take with so many workers."""
        shared = max(self.worker / workers, self.database, self.network)
        return self.beginning + records * (shared + self.publishing)

    @property
    def enough(self) -> float:
        """The number of workers from which on database or network are what all wait for."""
        return self.worker / max(self.database, self.network)


def main() -> None:
    """Measure, print each figure as it comes, and write them all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeat", type=int, default=5, help="runs of each timed step")
    parser.add_argument("--out", type=Path, default=Path("scaling.json"))
    arguments = parser.parse_args()
    found = measured(arguments.records, arguments.workers, arguments.repeat)
    figures.show(found, arguments.out)


def measured(records: int, most: int, repeat: int) -> Iterator[dict[str, Any]]:
    """The night in one process, in two, four, ... up to ``most``, and what follows from it."""
    with night.postgresql() as step:
        step("fill", "numeric", records)
        step("train", "numeric", records)
        one, floor = alternating(step, "numeric", records, "night", "floor", repeat=repeat)
        yield taken("floor", floor["seconds"], "s", "read to nowhere, write the results")
        yield taken("floor: moved", floor["bytes"] / 10**6, "MB", "in both directions")
        yield taken("one process", one["seconds"], "s")
        for workers in (count for count in WORKERS if 1 < count <= most):
            yield from _shared(step, one, records, workers, repeat)
        yield from _reckoned(_costs(one, floor, records))


def _shared(
    step: Step, one: dict[str, Any], records: int, workers: int, repeat: int
) -> Iterator[dict[str, Any]]:
    """The night in so many processes, which begin when it does."""
    execution = f"execution: {{engine: processes, workers: {workers}}}\n"
    file = Path(step.environment["NIGHTFLAG_HOME"]) / "monitors" / "numeric.yaml"
    file.write_text(tables.MONITORS["numeric"] + execution, encoding="utf-8")
    [many] = alternating(step, "numeric", records, "night", repeat=repeat)
    yield taken(f"{workers} processes", many["seconds"], "s")
    scoring = one["stages"][SCORING] / many["stages"][SCORING]
    yield taken(f"{workers} processes: scoring", scoring, "times", "as fast as one process")


def _costs(one: dict[str, Any], floor: dict[str, Any], records: int) -> Costs:
    scoring, publishing = one["stages"][SCORING], one["stages"][PUBLISHING]
    beginning = one["seconds"] - scoring - publishing
    network = floor["bytes"] / LINE
    shared = (cost / records for cost in (scoring, floor["seconds"], network, publishing))
    return Costs(beginning, *shared)


def _reckoned(costs: Costs) -> Iterator[dict[str, Any]]:
    for name in ("worker", "database", "network", "publishing"):
        yield taken(f"a record: {name}", 10**6 * getattr(costs, name), "us", "measured")
    detail = "reckoned: with more, database or network are what all wait for"
    yield taken("workers that are enough", costs.enough, "", detail)
    for records in RECORDS:
        for workers in WORKERS:
            name = f"{records:,} records, {workers} workers"
            yield taken(name, costs.night(records, workers) / 60, "min", "reckoned")


if __name__ == "__main__":
    main()
