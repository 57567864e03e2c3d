"""The first reason is what made the score, on real data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nightflag import explanation, features
from nightflag.calibration import Calibration
from nightflag.detectors import TrainingSet, fit
from nightflag.models import Model

SHUTTLE = Path(__file__).parents[2] / "deployments/demo/data/shuttle.csv.gz"
SENSORS = [f"a{number}" for number in range(1, 10)]
FLAGGED = 100


@pytest.fixture(scope="module")
def shuttle() -> tuple[Model, pd.DataFrame]:
    """A model of the first 6,000 readings, and of the others those with the highest scores."""
    readings = pd.read_csv(SHUTTLE)[SENSORS].astype(float)
    train, judged = readings[:6_000], readings[6_000:12_000]
    pipeline = features.fit(train, kinds=dict.fromkeys(SENSORS, "numeric"))
    rows = pipeline.transform(train)
    known = TrainingSet(rows, pipeline.names, pipeline.shape, clean=False)
    detector = fit("auto", known, settings={}, seed=1)
    model = Model(pipeline, detector, Calibration(detector.score(rows)))
    scores, _ = model.score(judged)
    return model, judged.iloc[np.argsort(-scores)[:FLAGGED]].reset_index(drop=True)


def fallen(model: Model, flagged: pd.DataFrame, columns: np.ndarray) -> np.ndarray:
    """What share of each score is gone when its column holds what was expected there."""
    expected, mended = explanation.account(model, flagged).expected, flagged.copy()
    for row, column in enumerate(columns):
        mended.loc[row, column] = expected.loc[row, column]
    (before, _), (after, _) = model.score(flagged), model.score(mended)
    return 1 - after / before


def test_with_its_first_reason_put_right_a_score_falls_more_than_with_any_column(
    shuttle: tuple[Model, pd.DataFrame],
) -> None:
    model, flagged = shuttle
    found = explanation.reasons(model, flagged)
    first = np.array(found.feature)[found.rank == 1]
    chance = np.random.default_rng(0).choice(SENSORS, len(flagged))
    ours, others = fallen(model, flagged, first), fallen(model, flagged, chance)
    assert ours.mean() > 2 * max(others.mean(), 0.0)
    assert ours.mean() > 0.03
