"""Kinds side by side: records to matrix and back."""

import json

import numpy as np
import pandas as pd
import pytest

from nightflag.errors import FeatureError
from nightflag.features import Pipeline, fit

FRAME = pd.DataFrame({"amount": [1.0, 2.0, 9.0], "a%b:c": ["x", "y", "x"], "key": [1, 2, 3]})
KINDS = {"amount": "numeric", "a%b:c": "categorical"}


@pytest.fixture
def pipeline():
    return fit(FRAME, kinds=KINDS)


def test_columns_and_features_are_in_the_order_of_the_kinds(pipeline):
    assert pipeline.columns == ("amount", "a%b:c")
    assert pipeline.names == (
        "amount",
        "a%b:c = x",
        "a%b:c = y",
        "a%b:c is other",
        "a%b:c is missing",
    )


def test_other_columns_and_the_order_of_columns_do_not_matter(pipeline):
    shuffled = FRAME[["key", "a%b:c", "amount"]]

    np.testing.assert_array_equal(pipeline.transform(shuffled), pipeline.transform(FRAME))


def test_expected_values_are_a_frame_in_the_sources_units(pipeline):
    expected = pipeline.expected(pipeline.transform(FRAME))

    assert expected["amount"].to_numpy() == pytest.approx([1, 2, 9], rel=1e-5)
    assert expected["a%b:c"].tolist() == ["x", "y", "x"]


def test_no_records_give_no_rows(pipeline):
    nothing = pipeline.transform(FRAME.iloc[:0])

    assert nothing.shape == (0, 5)
    assert pipeline.fold(nothing).shape == (0, 2)
    assert len(pipeline.expected(nothing)) == 0


def test_one_record_is_enough_to_fit():
    pipeline = fit(FRAME.iloc[:1], kinds=KINDS)

    assert np.isfinite(pipeline.transform(FRAME)).all()


@pytest.mark.parametrize(
    ("frame", "kinds", "message"),
    [
        (FRAME.iloc[:0], KINDS, "nothing to learn from: 0 records"),
        (FRAME, {}, "0 columns to use"),
        (FRAME, {"a": "numeric", "b": "numeric"}, "lack 2 of the columns used: a, b"),
        (FRAME, {"amount": "number"}, "(?s)'number', which does not exist.*one of boolean"),
        (FRAME[["amount", "amount"]], {"amount": "numeric"}, "more than one column called amount"),
    ],
)
def test_what_cannot_be_fitted_is_refused(frame, kinds, message):
    with pytest.raises(FeatureError, match=message):
        fit(frame, kinds=kinds)


def test_all_missing_columns_are_named(pipeline):
    with pytest.raises(FeatureError, match="lack 2 of the columns used: amount, a%b:c"):
        pipeline.transform(FRAME[["key"]])


def test_a_column_whose_type_changed_is_named(pipeline):
    with pytest.raises(FeatureError, match=r"'amount' holds str values \(str\), such as 'much'"):
        pipeline.transform(FRAME.assign(amount="much"))


def test_a_matrix_of_another_width_is_refused(pipeline):
    for use in (pipeline.fold, pipeline.expected):
        with pytest.raises(FeatureError, match=r"(?s)\(3, 4\).*Expected: shape \(n, 5\)"):
            use(np.zeros((3, 4), np.float32))


def damaged(change):
    document = json.loads(fit(FRAME, kinds=KINDS).to_json())
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 5000,
        '{"version": 1}',
        '{"version": 1, "columns": {}}',
        damaged(lambda document: document.update(version=2)),
        damaged(lambda document: document["columns"]["amount"].update(kind="number")),
        damaged(lambda document: document["columns"]["amount"]["state"].pop("center")),
        damaged(lambda document: document["columns"]["amount"]["state"].update(center=np.nan)),
        damaged(lambda document: document["columns"]["amount"]["state"].update(deviation=0)),
        damaged(lambda document: document["columns"]["amount"]["state"].update(center="1")),
        damaged(lambda document: document["columns"]["a%b:c"]["state"].update(counts=[1])),
    ],
)
def test_json_that_is_no_pipeline_is_refused(text):
    with pytest.raises(FeatureError, match="Expected:"):
        Pipeline.from_json(text)
