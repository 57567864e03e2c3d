"""What counts for an alarm: departures the monitor minds, large enough to matter."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from nightflag import alarms, detectors, features
from nightflag.calibration import Calibration
from nightflag.detectors import TrainingSet
from nightflag.errors import MonitorError
from nightflag.models import Model
from nightflag.monitors import Alarm

CHANCE = np.random.default_rng(3)


def readings(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "temperature": CHANCE.normal(60, 2, count),
            "pressure": CHANCE.normal(5, 0.1, count),
            "flow": CHANCE.normal(100, 10, count),
        }
    )


@pytest.fixture(scope="module")
def model() -> Model:
    """A model of three sensors that have nothing to do with each other."""
    older, newest = readings(1_500), readings(500)
    pipeline = features.fit(older, kinds=dict.fromkeys(older.columns, "numeric"))
    training_set = TrainingSet(pipeline.transform(older), pipeline.names, pipeline.shape, True)
    detector = detectors.fit("density", training_set, settings={}, seed=0)
    return Model(pipeline, detector, Calibration(detector.score(pipeline.transform(newest))))


ODD = pd.DataFrame(
    {
        "temperature": [60.0, 90.0, 30.0, 60.0, 90.0],
        "pressure": [5.0, 5.0, 5.0, 9.0, 9.0],
        "flow": [100.0, 100.0, 100.0, 100.0, 100.0],
    },
    index=["usual", "hot", "cold", "pressed", "both"],
)


def flagged(judged: alarms.Judged, rate: float = 0.01) -> list[str]:
    return ODD.index[judged.alarm_p_value <= rate].tolist()


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, ["hot", "cold", "pressed", "both"]),
        ({"directions": {"temperature": "high"}}, ["hot", "pressed", "both"]),
        ({"directions": {"temperature": "low"}}, ["cold", "pressed", "both"]),
        ({"directions": {"temperature": "low", "pressure": "low"}}, ["cold"]),
        ({"minimum_change": {"temperature": 100.0}}, ["pressed", "both"]),
        ({"minimum_change": {"temperature": 100.0, "pressure": 50.0}}, []),
        ({"minimum_change": {"temperature": 20.0}}, ["hot", "cold", "pressed", "both"]),
        (
            {"directions": {"temperature": "high"}, "minimum_change": {"pressure": 50.0}},
            ["hot", "both"],
        ),
    ],
)
def test_only_what_the_monitor_minds_raises_an_alarm(
    model: Model, rules: dict[str, Any], expected: list[str]
) -> None:
    judged = alarms.judge(model, Alarm(**rules), ODD)
    assert flagged(judged) == expected


def test_the_score_and_its_p_value_stay_whole_and_say_what_was_left_out(model: Model) -> None:
    plain = alarms.judge(model, Alarm(), ODD)
    judged = alarms.judge(model, Alarm(directions={"temperature": "high"}), ODD)
    np.testing.assert_array_equal(judged.score, plain.score)
    np.testing.assert_array_equal(judged.p_value, plain.p_value)
    told = dict(zip(ODD.index, judged.withheld, strict=True))
    assert told["cold"] == "temperature counts only when high"
    assert told["hot"] is None
    assert judged.alarm_p_value[2] > 0.01 > judged.p_value[2]


def test_every_record_that_some_segment_could_flag_is_a_candidate(model: Model) -> None:
    narrow = Alarm.model_validate(
        {"rate": 0.001, "segments": {"column": "site", "rates": {"A": 0.4}}}
    )
    judged = alarms.judge(model, narrow, readings(400))
    assert judged.candidates.tolist() == (judged.p_value <= 0.4).tolist()
    assert 100 < judged.candidates.sum() < 220


@pytest.mark.parametrize("rule", ["directions", "minimum_change"])
def test_a_rule_for_a_column_that_is_no_feature_is_refused(model: Model, rule: str) -> None:
    value: Any = "high" if rule == "directions" else 2.0
    with pytest.raises(MonitorError, match=r"'temprature', which is not a feature") as caught:
        alarms.judge(model, Alarm.model_validate({rule: {"temprature": value}}), ODD)
    assert "temperature" in caught.value.expected
