"""Rows of a long table as a timeline, without a database."""

import numpy as np
import pyarrow as pa

from nightflag.records.pulling import fingerprints
from nightflag.records.timeline import Timeline, joined

MINUTE = 60


def rows(entities: list[str | None], minutes: list[float], values: list[float]) -> pa.RecordBatch:
    """One row for each, its key its place."""
    return pa.record_batch(
        {
            "id": pa.array(range(len(values)), pa.int64()),
            "entity": pa.array(entities, pa.string()),
            "at": pa.array([round(m * MINUTE * 1e6) for m in minutes], pa.timestamp("us", "UTC")),
            "value": pa.array(values, pa.float64()),
        }
    )


def timeline(
    entities: list[str | None], minutes: list[float], values: list[float] | None = None
) -> Timeline:
    """The rows in the order given."""
    return continued(None, rows(entities, minutes, values or list(np.arange(len(minutes)) * 1.0)))


def continued(before: Timeline | None, batch: pa.RecordBatch) -> Timeline:
    """The batch after what is carried over."""
    return joined(before, batch, batch.column("at"), fingerprints(batch), ("entity",))
