"""A shop whose nights are judged by one line of arithmetic: publishing needs no model."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import inspect, text

from nightflag import runs
from nightflag.databases import connect
from nightflag.locks import Lock, hold
from nightflag.monitors import Alarm, Monitor
from nightflag.records import Batch, pull
from nightflag.records.changes import Ledger
from nightflag.results.publication import Publication, publish
from nightflag.results.staging import (
    Counts,
    Findings,
    clear,
    new_ticket,
    published_fingerprints,
    stage,
    stage_gone,
)
from nightflag.runs import Run
from nightflag.workplace import Workplace

FIRST_NIGHT = datetime(2024, 5, 2, tzinfo=UTC)
EMPTY = pa.record_batch({"rank": pa.array([], pa.int32())})


@dataclass
class Shop:
    """A table of sales, its results, and the steps of a night over them."""

    workplace: Workplace
    nights: int = 0
    now: datetime = FIRST_NIGHT
    ticket: int = 0
    reported: list[Counts] = field(default_factory=list)

    def alarm(self, **limits: Any) -> None:
        """Let the coming nights alarm within these limits."""
        monitor = self.workplace.monitor.model_copy(update={"alarm": Alarm(**limits)})
        self.workplace = replace(self.workplace, monitor=monitor)

    def sql(self, *statements: str, **values: object) -> list[Any]:
        """Run statements in the source and return the rows of the last."""
        return execute(self.workplace.source.url, *statements, **values)

    def read(self, statement: str) -> list[Any]:
        """The rows of a query in the results' database, whose search path finds our schema."""
        with self.workplace.results.reading() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def read_names(self, table: str) -> list[str]:
        """The columns of a table or view in the results."""
        with self.workplace.results.reading() as connection:
            return list(connection.execute(text(f"select * from {table}")).keys())

    def names(self) -> set[str]:
        """Every table and view in the results."""
        with self.workplace.results.reading() as connection:
            found, schema = inspect(connection), self.workplace.tables.scores.schema
            return {*found.get_table_names(schema), *found.get_view_names(schema)}

    def contents(self) -> dict[str, list[Any]]:
        """What is published, without the run that did it."""
        name = self.workplace.monitor.name
        dated = "fingerprint, is_anomaly, score, p_value, event_time"
        return {
            "scores": sorted(self.read(f"select {dated} from {name}_scores")),
            "reasons": sorted(self.read(f"select feature, rank, value from {name}_reasons")),
            "quarantine": sorted(self.read(f"select fingerprint, rule from {name}_quarantine")),
        }

    def night(self, as_of: datetime | None = None) -> int:
        """Pull, judge, stage and publish; the number of retracted records."""
        night, counts = self.staged(as_of)
        return self.publish(night, counts)

    def staged(self, as_of: datetime | None = None) -> tuple[Run, Counts]:
        """A night up to its publication."""
        if not self.nights:
            self.workplace.prepare()
        night = self.open(as_of)
        results, tables = self.workplace.results, self.workplace.tables
        ledger = Ledger(published_fingerprints(results, tables, night.window, batch_size=3))
        due = (batch.keep(ledger.due(batch.fingerprint)) for batch in self._batches(night))
        found = (self.judged(batch) for batch in due)
        self.clear()
        self.ticket = new_ticket()
        counts = stage(results, tables, found, ticket=self.ticket)
        stage_gone(results, tables, ledger.gone(), ticket=self.ticket)
        self.reported.append(counts)
        return night, counts

    def open(self, as_of: datetime | None = None) -> Run:
        """The run of that date, by default a minute after the one before."""
        self.nights += 1
        as_of = as_of or FIRST_NIGHT + timedelta(minutes=self.nights)
        return runs.open_run(self.workplace.results, self.workplace.monitor, as_of, self.now)

    def publish(
        self, night: Run, counts: Counts, *, lock: Lock | None = None, tickets: Sequence[int] = ()
    ) -> int:
        """Publish what is staged, under the given lock or one of its own."""
        with ExitStack() as stack:
            lock = lock or stack.enter_context(self.locked())
            return publish(
                self.workplace.results,
                self.workplace.tables,
                Publication(
                    night.run_id,
                    night.window,
                    counts,
                    tuple(tickets) or (self.ticket,),
                    model_version=1,
                    warnings=None,
                    alarm=self.workplace.monitor.alarm,
                    lock=lock,
                    now=self.now,
                ),
            )

    def locked(self) -> Any:
        """The lock of this shop."""
        name = f"night of {self.workplace.monitor.name}"
        return hold(self.workplace.results, name, wait=timedelta(0), clock=lambda: self.now)

    def clear(self) -> None:
        """Empty the staging tables."""
        clear(self.workplace.results, self.workplace.tables)

    def _batches(self, night: Run) -> Iterator[Batch]:
        source, layout = self.workplace.source, self.workplace.layout
        return pull(source, layout, night.window, batch_size=3, undated=True)

    def judged(self, batch: Batch) -> Findings:
        """No amount, key or time: quarantine. More than 100: an anomaly with two reasons."""
        amounts = batch.records["amount"].to_pylist()
        identity = [batch.event_time, *(batch.records[name] for name in self.key)]
        good = np.array([amount is not None for amount in amounts], dtype=bool)
        for values in identity:
            good &= values.is_valid().to_numpy(zero_copy_only=False)
        kept, bad = batch.keep(good), batch.keep(~good)
        flagged = np.array(kept.records["amount"].to_pylist(), dtype=float) > 100
        return Findings(
            self._scores(kept, flagged),
            self._reasons(kept.keep(flagged)),
            self._quarantine(bad),
            Counts(len(batch), len(kept), len(bad)),
        )

    @property
    def key(self) -> tuple[str, ...]:
        """The key columns."""
        return self.workplace.layout.key

    def _keys(self, batch: Batch) -> dict[str, pa.Array]:
        return {name: batch.records[name] for name in self.key}

    def _scores(self, kept: Batch, flagged: np.ndarray) -> pa.RecordBatch:
        score = kept.records["amount"].cast(pa.float64())
        columns = {
            **self._keys(kept),
            "event_time": kept.event_time,
            "score": score,
            "p_value": pa.array(np.where(flagged, 1 / (1 + score.to_numpy()), 0.5)),
            "alarm_segment": kept.records["note"],
            "fingerprint": pa.array(kept.fingerprint),
        }
        return pa.record_batch(columns) if len(kept) else EMPTY

    def _reasons(self, flagged: Batch) -> pa.RecordBatch:
        parts = []
        for rank, feature, value, expected in ((2, "note", None, "x"), (1, "amount", "999", "5")):
            count = len(flagged)
            columns = {
                **self._keys(flagged),
                "rank": pa.array([rank] * count, pa.int32()),
                "feature": pa.array([feature] * count, pa.string()),
                "contribution": pa.array([1.0 / rank] * count),
                "value": pa.array([value] * count, pa.string()),
                "expected": pa.array([expected] * count, pa.string()),
            }
            parts.append(pa.record_batch(columns))
        return pa.concat_batches(parts) if len(flagged) else EMPTY

    def _quarantine(self, bad: Batch) -> pa.RecordBatch:
        count = len(bad)
        columns = {
            **self._keys(bad),
            "event_time": bad.event_time,
            "rule": pa.array(["amount_is_known"] * count, pa.string()),
            "column_name": pa.array(["amount"] * count, pa.string()),
            "value": pa.array([None] * count, pa.string()),
            "fingerprint": pa.array(bad.fingerprint),
        }
        return pa.record_batch(columns) if count else EMPTY


def execute(url: Any, *statements: str, **values: object) -> list[Any]:
    database = connect(url.render_as_string(hide_password=False))
    rows: list[Any] = []
    with database.writing() as connection:
        for statement in statements:
            result = connection.execute(text(statement), values if ":" in statement else {})
            rows = [tuple(row) for row in result] if result.returns_rows else []
    database.close()
    return rows


Open = Callable[..., Shop]


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Open]:
    """Opens a shop over a source; its results lie beside the source unless said otherwise."""
    with ExitStack() as stack:

        def opened(
            source_url: str,
            *,
            results_url: str | None = None,
            key: tuple[str, ...] = ("id",),
            monitor: str = "shop",
            table: str = "sales",
            schema: str = "nightflag",
            query: str | None = None,
            treatment_views: bool = True,
        ) -> Shop:
            watched = {"query": query} if query else {"table": table}
            described = {
                "monitor": monitor,
                "source": {"database": "env:X", **watched, "key": key, "time": "at"},
                "results": {"schema": schema, "treatment_views": treatment_views},
            }
            source = connect(source_url)
            results = connect(results_url or source_url, schema=schema)
            stack.callback(source.close)
            stack.callback(results.close)
            made = Monitor.model_validate(described)
            return Shop(Workplace(made, source, results, tmp_path, tmp_path))

        yield opened


SALES = "create table sales (id {kind}, at timestamp, amount double precision, note text)"
DAY = "2024-05-01 12:00:00"


@pytest.fixture
def shop(database_url: str, open_shop: Open) -> Shop:
    """A shop with two ordinary sales, one anomaly and one without an amount."""
    made = open_shop(database_url)
    made.sql(
        SALES.format(kind="integer"),
        f"insert into sales values (1, '{DAY}', 5, 'a'), (2, '{DAY}', 6, 'b')",
        f"insert into sales values (3, '{DAY}', 999, 'c'), (4, '{DAY}', null, 'd')",
    )
    return made
