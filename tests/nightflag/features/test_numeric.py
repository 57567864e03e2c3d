"""Numbers as features."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from nightflag.errors import FeatureError
from nightflag.features.numeric import Numeric
from nightflag.features.scaling import LIMIT


def column(*values, dtype=None):
    return pd.Series(values, name="amount", dtype=dtype)


@pytest.fixture
def amounts():
    """A thousand amounts around 50, without NULLs."""
    return pd.Series(np.random.default_rng(1).normal(50, 10, 1000), name="amount")


def test_training_values_have_mean_0_and_deviation_1(amounts):
    features = Numeric.fit(amounts).transform(amounts)

    assert features.shape == (1000, 1)
    assert features.mean() == pytest.approx(0, abs=1e-6)
    assert features.std() == pytest.approx(1, abs=1e-6)


def test_far_values_are_tamed_to_a_logarithm_and_keep_their_order(amounts):
    features = Numeric.fit(amounts).transform(column(50, 150, 1050, 1e12))[:, 0]

    assert features[1] == pytest.approx(3 + np.log(8), abs=0.3)
    assert features[2] == pytest.approx(3 + np.log(98), abs=0.3)
    assert features[3] == 20


def test_where_taming_starts_can_be_as_far_as_the_limit(amounts):
    fitted = Numeric.fit(amounts, tail=LIMIT)
    features = fitted.transform(column(50, 150, 1050))

    assert features[:2, 0] == pytest.approx([0, 10], abs=0.5)
    assert features[2, 0] == 20
    assert fitted.expected(features[:2]) == pytest.approx([50, 150], rel=1e-4)


def test_infinities_are_the_most_extreme_values_and_not_missing(amounts):
    training = pd.concat([amounts, column(np.inf, -np.inf, None)])
    fitted = Numeric.fit(training)

    assert fitted.center == pytest.approx(amounts.mean())
    features = fitted.transform(column(np.inf, -np.inf, 50))
    assert features[:2, 0].tolist() == [20, -20]
    assert features[0, 1] == features[2, 1]


def test_a_null_where_training_had_none_is_as_far_out_as_can_be(amounts):
    assert Numeric.fit(amounts).transform(column(None, dtype=float)).tolist() == [[20]]


def test_a_null_where_training_had_some_is_the_mean_and_says_missing(amounts):
    training = amounts.mask(amounts.index % 10 == 0)
    fitted = Numeric.fit(training)

    assert fitted.names("amount") == ("amount", "amount is missing")
    assert fitted.transform(column(None, 50.0)) == pytest.approx(
        np.array([[0, 3], [fitted.transform(column(50.0))[0, 0], -1 / 3]])
    )
    assert np.isnan(fitted.expected(fitted.transform(column(None, 50.0)))).tolist() == [True, False]


@pytest.mark.parametrize("constant", [0.0, 0.1, -7e300, 5e-324, 2.0**60])
def test_a_constant_is_0_and_any_other_value_stands_out(constant):
    fitted = Numeric.fit(column(constant, constant, constant))

    features = fitted.transform(column(constant, constant * 1.01 + 0.1))[:, 0]

    assert features[0] == 0
    assert abs(features[1]) > 10


def test_one_row_or_nothing_but_nulls_can_be_fitted():
    assert Numeric.fit(column(7)).transform(column(7)).tolist() == [[0]]
    only_nulls = Numeric.fit(column(None, None, dtype=float))
    assert only_nulls.transform(column(None, dtype=float)).tolist() == [[0, 0]]
    assert np.isnan(only_nulls.expected(np.zeros((1, 2), np.float32))).all()


def test_integers_beyond_double_precision_and_at_the_ends_of_int64_are_numbers():
    ends = column(-(2**63), 0, 2**63 - 1)
    features = Numeric.fit(ends).transform(ends)[:, 0]

    assert features == pytest.approx([-np.sqrt(1.5), 0, np.sqrt(1.5)])
    assert np.isfinite(Numeric.fit(column(2**53 + 1, 10**30)).transform(column(2**53))).all()


@pytest.mark.parametrize(
    "typed",
    [
        column(Decimal("1.5"), None, Decimal(3)),
        column(1.5, None, 3, dtype="Float64"),
        column(1.5, None, 3, dtype="float32"),
        column(1.5, None, 3, dtype="double[pyarrow]"),
        column(1.5, None, 3, dtype=object),
    ],
    ids=lambda typed: str(typed.dtype),
)
def test_every_type_of_number_gives_the_same_features(typed):
    plain = column(1.5, np.nan, 3.0)

    assert Numeric.fit(typed) == Numeric.fit(plain)
    np.testing.assert_array_equal(
        Numeric.fit(plain).transform(typed), Numeric.fit(plain).transform(plain)
    )


@pytest.mark.parametrize(
    "values",
    [
        column("12 EUR"),
        column(pd.Timestamp("2024-01-01")),
        column(1j),
        column([1]),
        column(10**400),
    ],
    ids=["text", "timestamp", "complex", "list", "too large"],
)
def test_other_types_are_refused_with_the_column_what_arrived_and_what_was_expected(values):
    arrived = type(values.tolist()[0]).__name__
    with pytest.raises(FeatureError, match=rf"(?s)'amount' holds {arrived}.*Expected: numbers"):
        Numeric.fit(values)
