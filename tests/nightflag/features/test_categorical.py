"""Levels as features."""

import numpy as np
import pandas as pd
import pytest

from nightflag.errors import FeatureError
from nightflag.features.categorical import Categorical


def column(*values, dtype=None):
    return pd.Series(values, name="country", dtype=dtype)


COUNTRIES = column(*["DE"] * 60, *["FR"] * 30, *["IT"] * 10)


def test_each_level_has_a_feature_and_so_have_other_and_missing():
    assert Categorical.fit(COUNTRIES).names("country") == (
        "country = DE",
        "country = FR",
        "country = IT",
        "country is other",
        "country is missing",
    )


def test_levels_seen_in_training_together_weigh_as_much_as_one_number():
    features = Categorical.fit(COUNTRIES).transform(COUNTRIES)

    assert features.mean(axis=0) == pytest.approx(0, abs=1e-6)
    assert features.var(axis=0).sum() == pytest.approx(1, abs=1e-5)


def test_unseen_levels_and_unseen_nulls_stand_out_from_the_rarest_level():
    fitted = Categorical.fit(COUNTRIES)
    distances = np.linalg.norm(fitted.transform(column("DE", "IT", "XX", None)), axis=1)

    assert distances[0] < distances[1] < distances[2]
    assert distances[2] == distances[3] == pytest.approx(np.sqrt(101), rel=0.01)


def test_levels_beyond_the_50_most_frequent_are_other():
    many = column(*[f"level {number:02}" for number in range(60)] * 2, *["level 59"] * 3)
    fitted = Categorical.fit(many)

    assert len(fitted.levels) == 50
    assert fitted.levels[:2] == ("level 59", "level 00")
    assert fitted.other == 20
    features = fitted.transform(column("level 50", "never seen"))
    assert fitted.expected(features).tolist() == ["other", "other"]


def test_a_number_is_the_same_level_however_it_is_typed():
    fitted = Categorical.fit(column(1, 2, 2))

    assert fitted.levels == ("2", "1")
    for same in (column(2.0), column("2"), column(2, dtype="Int64"), column(2, None).iloc[:1]):
        assert fitted.expected(fitted.transform(same)).tolist() == ["2"]


def test_the_expected_level_is_the_likeliest_even_for_a_models_blurred_answer():
    fitted = Categorical.fit(COUNTRIES)
    blurred = fitted.transform(column("FR", None)) * 0.6 + 0.01

    assert fitted.expected(blurred).tolist() == ["FR", None]


def test_nothing_but_nulls_can_be_fitted():
    fitted = Categorical.fit(column(None, None, dtype=object))

    assert fitted.transform(column(None, dtype=object)).tolist() == [[0, 0]]


def test_values_that_cannot_be_compared_are_refused():
    with pytest.raises(FeatureError, match="'country' holds list values"):
        Categorical.fit(column(["DE"], ["FR"]))
