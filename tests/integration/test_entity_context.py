"""One model for many entities: each record is judged beside its own entity's past."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest

from tests.integration.machines import SOURCE, machines

FIRST_DAY = datetime(2024, 1, 1)
GROUPS, DAYS, FALLEN = 90, 540, 17
FALL, FIRST_SCORED = 530, 510
RATE = 0.001


def sales() -> pd.DataFrame:
    """90 groups of very different size over 540 days; one falls by 80 %, the daily total is held.

    What the fallen group lacks, the others have in proportion to their size.
    """
    random = np.random.default_rng(5)
    sizes = np.exp(random.uniform(np.log(20), np.log(5_000), GROUPS))
    week = 1 + 0.2 * np.sin(2 * np.pi * np.arange(DAYS) / 7)[:, None]
    values = sizes * week * np.exp(random.normal(0, 0.1, (DAYS, GROUPS)))
    totals = values.sum(axis=1)
    values[FALL:, FALLEN] *= 0.2
    others = np.arange(GROUPS) != FALLEN
    values[FALL:, others] *= (
        (totals - values[:, FALLEN])[FALL:] / values[FALL:, others].sum(axis=1)
    )[:, None]
    np.testing.assert_allclose(values.sum(axis=1), totals)
    day, group = np.divmod(np.arange(DAYS * GROUPS), GROUPS)
    return pd.DataFrame({"day": day, "group": group, "value": values.ravel()})


def readings(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {
            "reading_id": number,
            "machine": f"group {row.group}",
            "read_at": FIRST_DAY + timedelta(days=int(row.day)),
            "value": float(row.value),
        }
        for number, row in enumerate(frame.itertuples())
    ]


@pytest.mark.parametrize("length", [1, 14])
def test_a_group_that_falls_while_the_total_is_held_is_flagged_by_one_model(
    sqlite_url, tmp_path, length
):
    sections = {
        "source": SOURCE | {"first_window": f"{DAYS - FIRST_SCORED} days"},
        "sequence": {"entity": "machine", "length": length, "departure": "56 days"},
        "detector": {"name": "auto"},
        "alarm": {"rate": RATE},
    }
    with machines(sqlite_url, tmp_path, **sections) as watched:
        watched.add(readings(sales()))
        night = watched.night(FIRST_DAY.replace(tzinfo=UTC) + timedelta(days=DAYS))
        flagged = watched.rows(
            "select machine, read_at from readings join machines_flags using (reading_id)"
        )
        models = watched.rows("select version from nightflag_models")
    assert night.records_scored == (DAYS - FIRST_SCORED) * GROUPS
    assert len(models) == 1
    counts = Counter(row["machine"] for row in flagged)
    assert counts.pop(f"group {FALLEN}") >= DAYS - FALL - 1
    assert counts.total() <= 4 * RATE * night.records_scored


def test_a_pooled_isolation_forest_misses_it():
    frame = sales()
    before, after = (frame[frame.day < FIRST_SCORED], frame[frame.day >= FALL])
    forest = IsolationForest(random_state=0).fit(before[["value"]])
    threshold = np.quantile(-forest.score_samples(before[["value"]]), 1 - RATE)
    fallen = after[after.group == FALLEN]
    assert not (-forest.score_samples(fallen[["value"]]) > threshold).any()
