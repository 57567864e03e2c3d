"""The label is no feature under another name either."""

import numpy as np
import pandas as pd
import pytest

from nightflag import leaks
from nightflag.candidates import kinds
from nightflag.errors import FeatureError
from nightflag.monitors import Monitor
from tests.nightflag.reporting.payments import NIGHT, at_work, fill, monitor, records

LABEL = np.repeat([0, 1], [90, 10])


def given_away(values, label=LABEL):
    return leaks.found(pd.DataFrame({"odd": label, "x": values}), "odd", ["x"])


@pytest.mark.parametrize(
    "values",
    [
        LABEL,
        1 - LABEL,
        LABEL * 0.5,
        np.where(LABEL, "stolen", "fine"),
        np.where(LABEL, "stolen", None),
        np.where(LABEL, np.arange(100) % 3, 7 + np.arange(100) % 3),
    ],
    ids=["copy", "inverse", "number", "word", "null", "several values"],
)
def test_a_copy_of_the_label_is_found(values):
    assert given_away(values) == {"x": "agrees with the label odd in 100.0% of 100 rows"}


@pytest.mark.parametrize(
    "values",
    [
        np.arange(100),
        np.zeros(100),
        np.where(np.arange(100) >= 88, 1, 0),
        np.arange(100) % 2,
    ],
    ids=["identifier", "constant", "near", "unrelated"],
)
def test_what_only_goes_along_with_the_label_is_none(values):
    assert given_away(values) == {}


def test_nothing_is_known_without_anomalies_enough_or_a_label_that_can_be_read():
    few = np.repeat([0, 1], [96, 4])
    assert given_away(few, few) == {}
    times = pd.Series(pd.date_range("2026-01-01", periods=100, tz="UTC"))
    assert given_away(LABEL, times) == {}
    assert leaks.found(pd.DataFrame({"x": LABEL}), None, ["x"]) == {}


PLANTED = {
    "table": None,
    "query": "select p.*, case when fraud then 'charg' else 'paid' end as state from payments p",
}


@pytest.fixture
def workplace(database_url, tmp_path):
    with at_work(database_url, tmp_path, **PLANTED) as workplace:
        fill(workplace, records(400, frauds=20))
        yield workplace


def test_a_planted_copy_and_the_label_itself_are_no_features(workplace):
    frame = records(400, frauds=20).assign(state=lambda one: np.where(one.fraud, "charg", "paid"))
    found = kinds(workplace, frame.drop(columns="paid_at").assign(paid_at=NIGHT))
    assert "amount" in found.kinds
    assert not {"fraud", "state", "payment"} & set(found.kinds)
    assert found.left_out["state"] == "agrees with the label fraud in 100.0% of 400 rows"


def test_a_copy_that_is_asked_for_is_refused(workplace):
    asked = workplace.monitor.model_dump(mode="json")
    asked["features"] = {"kinds": {"state": "categorical"}}
    object.__setattr__(workplace, "monitor", Monitor.model_validate(asked))
    frame = records(400, frauds=20).assign(state=lambda one: np.where(one.fraud, "charg", "paid"))
    with pytest.raises(FeatureError, match=r"'state' agrees with the label fraud in 100\.0%"):
        kinds(workplace, frame)


def test_the_label_is_refused_wherever_a_feature_could_stand():
    for source in ({"key": ["fraud"]}, {"time": "fraud"}):
        with pytest.raises(ValueError, match="neither the key nor the time"):
            monitor(**source)
    described = monitor().model_dump(mode="json")
    kind, entity = {"kinds": {"fraud": "boolean"}}, {"entity": "fraud"}
    for section in ({"features": kind}, {"sequence": entity}):
        with pytest.raises(ValueError, match="label"):
            Monitor.model_validate({**described, **section})
