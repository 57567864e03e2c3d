"""Confirmed records: what people said of those that were scored, by a hash of their key."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Select, select

from nightflag.records.pulling import fingerprints
from nightflag.results.verdicts import given, on_record
from nightflag.verdicts.giving import ANOMALY
from nightflag.windows import Window
from nightflag.workplace import Workplace

Hashes = NDArray[np.int64]

# Not to be confused with a key column of the source.
VERDICT = pa.field("nightflag verdict", pa.string())


@dataclass(frozen=True, eq=False)
class Confirmed:
    """A hash of each key (n,) that has a verdict, and whether it says anomaly (n,)."""

    keys: Hashes
    anomalous: NDArray[np.bool_]

    def of(self, keys: pa.RecordBatch) -> NDArray[np.float64]:
        """What was said of the records (m,) with these keys: 1 anomaly, 0 normal, NaN nothing."""
        hashes = fingerprints(keys)
        said = [np.isin(hashes, self.keys[self.anomalous == word]) for word in (True, False)]
        return np.select(said, [1.0, 0.0], np.nan)


def read(workplace: Workplace, window: Window | None = None) -> Confirmed:
    """The verdicts on all records that were scored, or on those of the ``window``."""
    fields = [workplace.layout.columns.field(name) for name in workplace.layout.key]
    batches = workplace.results.read(
        _judged(workplace, window),
        columns=pa.schema([*fields, VERDICT]),
        batch_size=workplace.monitor.execution.batch_size,
    )
    keys, said = [np.empty(0, np.int64)], [np.empty(0, bool)]
    for batch in batches:
        keys.append(fingerprints(batch.select(list(workplace.layout.key))))
        said.append(np.array(batch.column(VERDICT.name).to_pylist()) == ANOMALY)
    return Confirmed(np.concatenate(keys), np.concatenate(said))


def anomalies(workplace: Workplace) -> Hashes:
    """A hash of the key of each record that was judged an anomaly, shape (n,), sorted."""
    confirmed = read(workplace)
    return np.unique(confirmed.keys[confirmed.anomalous])


def among(records: pa.RecordBatch, key: tuple[str, ...], confirmed: Hashes) -> NDArray[np.bool_]:
    """Which of the records (n,) have a key that is among the ``confirmed`` ones."""
    if not confirmed.size:
        return np.zeros(records.num_rows, dtype=bool)
    return np.isin(fingerprints(records.select(list(key))), confirmed)


def _judged(workplace: Workplace, window: Window | None) -> Select[Any]:
    tables, columns = workplace.tables, workplace.layout.columns
    scores, said = tables.scores, given(tables.scores.schema)
    keys = [
        workplace.results.readable(one, columns.field(one.name)) for one in tables.keys_of(scores)
    ]
    same = on_record(said, tables.monitor, tables.keys_of(scores))
    statement = select(*keys, said.c.verdict.label(VERDICT.name)).select_from(
        scores.join(said, same)
    )
    if workplace.moment is not None:
        statement = statement.where(said.c.given_at <= workplace.moment)
    if window is not None and window.start is not None:
        statement = statement.where(scores.c.event_time >= window.start)
    return statement if window is None else statement.where(scores.c.event_time < window.end)
