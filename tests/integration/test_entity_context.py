"""One model for many entities: each record is judged beside its own entity's past."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest

from tests.integration.machines import machines

FIRST_DAY = datetime(2024, 1, 1)
GROUPS, DAYS, FALLEN = 90, 540, 17
FALL = 530


def sales(seed: int = 5) -> pd.DataFrame:
    """90 groups of very different size over 540 days; one falls by 80 %, the daily total is held.

    What the fallen group lacks, the others have in proportion to their size.
    """
    random = np.random.default_rng(seed)
    sizes = np.exp(random.uniform(np.log(20), np.log(5_000), GROUPS))
    week = 1 + 0.2 * np.sin(2 * np.pi * np.arange(DAYS) / 7)[:, None]
    values = sizes * week * np.exp(random.normal(0, 0.1, (DAYS, GROUPS)))
    lost = 0.8 * values[FALL:, FALLEN]
    values[FALL:, FALLEN] -= lost
    others = np.delete(np.arange(GROUPS), FALLEN)
    shares = values[FALL:][:, others] / values[FALL:][:, others].sum(axis=1, keepdims=True)
    values[FALL:, others] += lost[:, None] * shares
    day, group = np.divmod(np.arange(DAYS * GROUPS), GROUPS)
    return pd.DataFrame({"day": day, "group": group, "value": values.ravel()})


def rows_of(frame: pd.DataFrame) -> list[dict[str, object]]:
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
    sequence = {"entity": "machine", "length": length, "departure": "56 days"}
    source_days = {"first_window": f"{DAYS - FALL + 20} days"}
    with machines(
        sqlite_url,
        tmp_path,
        sequence=sequence,
        alarm={"rate": 0.001},
        source={
            "database": "env:RECORDS",
            "table": "readings",
            "key": "reading_id",
            "time": "read_at",
            **source_days,
        },
    ) as watched:
        watched.add(rows_of(sales()))
        watched.night(FIRST_DAY.replace(tzinfo=UTC) + timedelta(days=DAYS))
        flags = watched.rows(
            "select r.machine, r.read_at from readings r join machines_flags using (reading_id)"
        )
        scores = watched.rows(
            "select r.machine, r.read_at, s.score, s.p_value from readings r join machines_scores s using (reading_id)"
        )
    s = pd.DataFrame(scores)
    print(pd.DataFrame(flags).groupby("machine").size().sort_values())
    fallen = s[s.machine == f"group {FALLEN}"].sort_values("read_at")
    print(fallen.to_string())
    assert 0


def test_a_pooled_isolation_forest_misses_it():
    frame = sales()
    seen = frame[frame.day < FALL - 20]
    forest = IsolationForest(random_state=0).fit(seen[["value"]])
    after = frame[frame.day >= FALL]
    scores = -forest.score_samples(after[["value"]])
    fallen = (after.group == FALLEN).to_numpy()
    threshold = np.quantile(-forest.score_samples(seen[["value"]]), 0.999)
    assert not (scores[fallen] > threshold).any()
