"""The reference is plain JSON beside the model, and knows the days of its records."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from nightflag import features
from nightflag.drift import Reference
from nightflag.drift.days import days
from nightflag.errors import ModelFileError
from nightflag.monitors import Source


@pytest.fixture
def reference() -> Reference:
    frame = pd.DataFrame({"amount": np.arange(900.0), "shop": ["a", "b", None] * 300})
    pipeline = features.fit(frame, kinds={"amount": "numeric", "shop": "categorical"})
    return Reference.of(pipeline.fitted, frame, np.arange(900) // 150, np.arange(300.0))


def test_it_comes_back_from_json_as_it_was(reference: Reference) -> None:
    assert Reference.from_json(reference.model_dump_json().encode()) == reference


def test_another_file_is_refused_with_what_to_do() -> None:
    with pytest.raises(ModelFileError, match="reference for drift cannot be read") as refused:
        Reference.from_json(b'{"columns": 3}')
    assert "nightflag retrain" in refused.value.mend


def test_a_rising_column_differs_between_days_and_a_steady_one_does_not(
    reference: Reference,
) -> None:
    assert reference.columns["amount"].usual.psi > 1
    assert reference.columns["shop"].usual.psi == 0
    assert sum(reference.columns["amount"].counts) == 900
    assert reference.columns["shop"].counts == (300, 300, 0, 300)


def test_recalibrated_scores_are_counted_in_bins_of_their_own(reference: Reference) -> None:
    other = reference.recalibrated(np.arange(5_000.0) + 1_000)
    assert sum(other.scores.counts) == 5_000
    assert other.scores.bins != reference.scores.bins
    assert other.scores.usual == reference.scores.usual
    assert other.columns == reference.columns


@pytest.mark.parametrize(
    ("values", "zone", "expected"),
    [
        (["2026-01-01T23:30:00", "2026-01-02"], "UTC", [0, 1]),
        (["2026-01-01T23:30:00Z", None], "UTC", [0, None]),
        ([datetime(2026, 1, 2, 0, 30), datetime(2026, 1, 2, 12)], "Europe/Berlin", [0, 1]),
        (pd.to_datetime(["2026-01-01T23:30Z", "2026-01-02T00:30Z"]), "Europe/Berlin", [0, 1]),
    ],
)
def test_days_are_counted_in_utc_however_times_are_kept(
    values: object, zone: str, expected: list[int | None]
) -> None:
    source = Source(database="env:X", table="t", key="id", time="at", time_zone=zone)
    first = (datetime(2026, 1, 1) - datetime(1970, 1, 1)).days
    found = days(pd.DataFrame({"at": values}), source)
    known = [place for place, one in enumerate(expected) if one is not None]
    assert (found[known] - first).tolist() == [expected[place] for place in known]
