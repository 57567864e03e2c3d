"""The tables whose nights are measured, and their monitors; filled through ADBC.

``numeric`` has 32 columns of floating-point numbers; ``mixed`` has 22 of them, 8 of categories and
2 of moments.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

TONIGHT = datetime(2026, 1, 2, tzinfo=UTC)
AS_OF = TONIGHT + timedelta(days=1)
HISTORY = 60_000
BATCH = 100_000
NUMERIC = tuple(f"x{number:02}" for number in range(32))
MIXED = (
    *(f"x{number:02}" for number in range(22)),
    *(f"c{number:02}" for number in range(8)),
    *(f"t{number:02}" for number in range(2)),
)
FEATURES = {"numeric": NUMERIC, "mixed": MIXED}
MONITOR = """
monitor: {name}
source:
  database: env:NIGHTFLAG_DATABASE_URL
  table: {table}
  key: id
  time: recorded_at
expectations:
  - expect_column_values_to_not_be_null: {{column: x00}}
  - expect_column_values_to_be_between: {{column: x01, min_value: -6, max_value: 6}}
features: {{exclude: [recorded_at]}}
detector: {{name: {detector}}}
alarm: {{rate: 0.001}}
"""
MONITORS = {
    name: MONITOR.format(name=name, table=table, detector=detector)
    for name, table, detector in (
        ("numeric", "numeric", "autoencoder"),
        ("mixed", "mixed", "autoencoder"),
        ("fresh", "numeric", "auto"),
    )
}


def batches(table: str, records: int) -> Any:
    """The history before tonight, then ``records`` of tonight, in batches; the same every time."""
    random = np.random.default_rng(0)
    for start in range(0, HISTORY + records, BATCH):
        number = np.arange(start, min(start + BATCH, HISTORY + records))
        columns = {name: _values(name, len(number), random) for name in FEATURES[table]}
        moment = {"id": pa.array(number), "recorded_at": _moments(_second(number, records))}
        yield pa.record_batch({**moment, **columns})


def _second(number: np.ndarray, records: int) -> np.ndarray:
    """Seconds from the beginning of tonight: history is the day before it."""
    past = -86_400 + number * 86_400 // HISTORY
    return np.where(number < HISTORY, past, (number - HISTORY) * 86_400 // records)


def _values(name: str, count: int, random: np.random.Generator) -> pa.Array:
    if name.startswith("x"):
        return pa.array(random.normal(size=count))
    if name.startswith("t"):
        return _moments(random.integers(-86_400_000, 0, count))
    kinds = 3 + 5 * int(name[1:])
    names = pa.array([f"{name} kind {kind}" for kind in range(kinds)])
    return names.take(pa.array(random.zipf(2.0, count) % kinds))


def _moments(second: np.ndarray) -> pa.Array:
    start = int(TONIGHT.timestamp())
    return pa.array((second + start) * 1_000_000, pa.timestamp("us", "UTC"))
