"""Confirmed anomalies: what training and calibration do without."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import select

from nightflag.records.pulling import fingerprints
from nightflag.results.verdicts import given, on_record
from nightflag.verdicts.giving import ANOMALY
from nightflag.workplace import Workplace

Hashes = NDArray[np.int64]


def anomalies(workplace: Workplace) -> Hashes:
    """A hash of the key of each record that was judged an anomaly, shape (n,), sorted."""
    tables, layout = workplace.tables, workplace.layout
    scores, said = tables.scores, given(tables.scores.schema)
    columns = pa.schema([layout.columns.field(name) for name in layout.key])
    same = on_record(said, tables.monitor, tables.keys_of(scores))
    statement = (
        select(*(workplace.results.readable(scores.c[one.name], one) for one in columns))
        .select_from(scores.join(said, same))
        .where(said.c.verdict == ANOMALY)
    )
    if workplace.moment is not None:
        statement = statement.where(said.c.given_at <= workplace.moment)
    size = workplace.monitor.execution.batch_size
    batches = workplace.results.read(statement, columns=columns, batch_size=size)
    return np.unique(np.concatenate([np.empty(0, np.int64), *map(fingerprints, batches)]))


def among(records: pa.RecordBatch, key: tuple[str, ...], confirmed: Hashes) -> NDArray[np.bool_]:
    """Which of the records (n,) have a key that is among the ``confirmed`` ones."""
    if not confirmed.size:
        return np.zeros(records.num_rows, dtype=bool)
    return np.isin(fingerprints(records.select(list(key))), confirmed)
