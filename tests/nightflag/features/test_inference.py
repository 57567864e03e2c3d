"""Which kind a column is."""

import datetime
from decimal import Decimal
from uuid import uuid4

import pandas as pd
import pytest

from nightflag.errors import FeatureError
from nightflag.features import infer

ROWS = 120


def repeated(*values):
    return [values[place % len(values)] for place in range(ROWS)]


def test_kinds_follow_the_values_in_the_order_of_the_frame():
    days = [datetime.datetime(2024, 1, 1) + datetime.timedelta(days=row) for row in range(ROWS)]
    frame = pd.DataFrame(
        {
            "online": repeated(True, False, None),
            "amount": repeated(1.5, None, 3),
            "price": repeated(Decimal("1.50"), Decimal("2.25"), None),
            "country": repeated("DE", "FR", None),
            "at": days,
            "at_zone": pd.Series(days).dt.tz_localize("Europe/Berlin"),
            "at_text": [day.isoformat(" ") for day in days],
            "day_text": repeated("2024-01-01", "2024-01-02"),
            "a%b:c": range(ROWS),
        }
    )

    assert list(infer(frame).kinds.items()) == [
        ("online", "boolean"),
        ("amount", "numeric"),
        ("price", "numeric"),
        ("country", "categorical"),
        ("at", "timestamp"),
        ("at_zone", "timestamp"),
        ("at_text", "timestamp"),
        ("day_text", "timestamp"),
        ("a%b:c", "numeric"),
    ]


def test_columns_with_nothing_to_learn_are_left_out_and_say_why():
    frame = pd.DataFrame(
        {
            "empty": [None] * ROWS,
            "currency": ["EUR"] * ROWS,
            "zero": [0] * ROWS,
            "note": [f"note {row}" for row in range(ROWS)],
            "uuid": [uuid4() for _ in range(ROWS)],
            "tags": [["a"]] * ROWS,
        }
    )

    inferred = infer(frame)

    assert inferred.kinds == {}
    assert inferred.left_out == {
        "empty": "every value is NULL",
        "currency": "every value is EUR",
        "zero": "every value is 0",
        "note": "free text or an identifier: 120 different values in 120 rows",
        "uuid": "no kind reads UUID values",
        "tags": "no kind reads list values",
    }


def test_a_single_value_among_nulls_is_kept_since_missing_is_a_signal():
    assert infer(pd.DataFrame({"fee": [1.0, None]})).kinds == {"fee": "numeric"}


def test_text_is_categorical_up_to_50_levels():
    levels = pd.DataFrame({"code": [f"c{row % 50}" for row in range(200)]})
    more = pd.DataFrame({"code": [f"c{row % 51}" for row in range(200)]})

    assert infer(levels).kinds == {"code": "categorical"}
    assert infer(more).kinds == {}


def test_excluded_columns_are_not_mentioned_and_overrides_win():
    frame = pd.DataFrame({"key": [1, 2], "code": [7, 8], "same": [1, 1]})

    inferred = infer(
        frame, exclude=["key", "same"], overrides={"code": "categorical", "same": "boolean"}
    )

    assert inferred.kinds == {"code": "categorical", "same": "boolean"}
    assert inferred.left_out == {}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"amuont": "numeric"}, r"(?s)'amuont', which the records.*Did you mean 'amount'"),
        ({"amount": "numerical"}, r"(?s)'numerical', which does not exist.*Did you mean 'numeric'"),
    ],
)
def test_an_override_that_cannot_be_followed_names_the_nearest(overrides, message):
    with pytest.raises(FeatureError, match=message):
        infer(pd.DataFrame({"amount": [1, 2]}), overrides=overrides)
