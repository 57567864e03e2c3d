"""Truth values as features."""

import numpy as np
import pandas as pd
import pytest

from nightflag.errors import FeatureError
from nightflag.features.boolean import Boolean


def column(*values, dtype=None):
    return pd.Series(values, name="online", dtype=dtype)


def test_training_values_have_mean_0_and_deviation_1():
    values = column(*[True] * 80, *[False] * 20)
    features = Boolean.fit(values).transform(values)

    assert features.mean() == pytest.approx(0, abs=1e-6)
    assert features.std() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    "typed",
    [column(1, None, 0), column(True, None, False), column(True, None, False, dtype="boolean")],
    ids=lambda typed: str(typed.dtype),
)
def test_true_and_false_are_also_0_and_1_and_come_back_as_booleans(typed):
    fitted = Boolean.fit(column(True, False, None))

    assert fitted == Boolean.fit(typed)
    assert fitted.names("online") == ("online", "online is missing")
    assert fitted.expected(fitted.transform(typed)).tolist() == [True, None, False]


def test_what_training_never_held_stands_out():
    fitted = Boolean.fit(column(*[True] * 1000))

    assert fitted.transform(column(True, False, None)).tolist() == [[0], [-20], [20]]


@pytest.mark.parametrize("value", ["t", "1", 2, np.inf], ids=str)
def test_other_values_are_refused(value):
    with pytest.raises(FeatureError, match=r"(?s)'online' holds.*Expected: True, False, 0, 1"):
        Boolean.fit(column(value, value))
