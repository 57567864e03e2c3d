"""What holds of every pipeline, whatever the records."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightflag.features import Pipeline, fit

KINDS = {"amount": "numeric", "country": "categorical", "online": "boolean", "at": "timestamp"}

any_number = st.one_of(
    st.floats(), st.sampled_from([1e308, -1e308, 5e-324, float("inf"), float("-inf")]), st.none()
)
records = st.fixed_dictionaries(
    {
        "amount": any_number,
        "country": st.one_of(st.none(), st.text(max_size=3), st.sampled_from(["DE", "FR"])),
        "online": st.sampled_from([True, False, None]),
        "at": st.one_of(st.none(), st.datetimes()),
    }
)
training_records = st.lists(records, min_size=1, max_size=30)


def frame_of(rows):
    frame = pd.DataFrame(rows, columns=list(KINDS), dtype=object)
    return frame.assign(amount=frame["amount"].astype(float))


@settings(max_examples=50, deadline=None)
@given(training_records, training_records)
def test_features_are_finite_within_the_limit_for_any_training_and_any_records(past, tonight):
    features = fit(frame_of(past), kinds=KINDS).transform(frame_of(tonight))

    assert features.dtype == np.float32
    assert features.flags.c_contiguous
    assert np.abs(features).max() <= 20


@settings(max_examples=50, deadline=None)
@given(training_records, training_records)
def test_a_pipeline_read_back_from_json_is_equal_and_transforms_equally(past, tonight):
    pipeline = fit(frame_of(past), kinds=KINDS)
    revived = Pipeline.from_json(pipeline.to_json())

    assert revived == pipeline
    np.testing.assert_array_equal(
        revived.transform(frame_of(tonight)), pipeline.transform(frame_of(tonight))
    )


@settings(max_examples=50, deadline=None)
@given(training_records, st.randoms(use_true_random=False))
def test_a_records_features_depend_on_that_record_alone(rows, random):
    frame = frame_of(rows)
    pipeline = fit(frame, kinds=KINDS)
    order = random.sample(range(len(rows)), len(rows))
    features = pipeline.transform(frame)

    np.testing.assert_array_equal(pipeline.transform(frame.iloc[order]), features[order])
    one_by_one = [pipeline.transform(frame.iloc[[place]]) for place in range(len(rows))]
    np.testing.assert_array_equal(np.concatenate(one_by_one), features)


@pytest.mark.parametrize("size", [7, 64, 999])
def test_features_do_not_depend_on_the_size_of_the_batch(size):
    random = np.random.default_rng(2)
    moments = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.uniform(0, 1e7, 1000), unit="s")
    frame = pd.DataFrame({"amount": random.standard_cauchy(1000), "at": moments})
    pipeline = fit(frame, kinds={"amount": "numeric", "at": "timestamp"})

    batches = [pipeline.transform(frame[start : start + size]) for start in range(0, 1000, size)]

    np.testing.assert_array_equal(np.concatenate(batches), pipeline.transform(frame))


@settings(max_examples=50, deadline=None)
@given(training_records)
def test_fitting_and_transforming_leave_the_records_as_they_were(rows):
    frame = frame_of(rows)

    fit(frame, kinds=KINDS).transform(frame)

    pd.testing.assert_frame_equal(frame, frame_of(rows))


@settings(max_examples=50, deadline=None)
@given(training_records)
def test_folding_gives_one_sum_a_column_and_keeps_the_sum_of_each_row(rows):
    pipeline = fit(frame_of(rows), kinds=KINDS)
    contributions = pipeline.transform(frame_of(rows))

    folded = pipeline.fold(contributions)

    assert folded.shape == (len(rows), len(KINDS))
    np.testing.assert_allclose(folded.sum(axis=1), contributions.sum(axis=1, dtype=float))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=40))
def test_the_expected_number_is_the_number_within_the_reach_of_the_limit(numbers):
    frame = pd.DataFrame({"amount": numbers})
    pipeline = fit(frame, kinds={"amount": "numeric"})

    expected = pipeline.expected(pipeline.transform(frame))["amount"]

    tolerance = 1e-4 * pipeline.fitted["amount"].deviation
    np.testing.assert_allclose(expected, numbers, rtol=1e-9, atol=tolerance)


@settings(max_examples=50, deadline=None)
@given(training_records)
def test_what_is_not_a_number_comes_back_as_it_was(rows):
    frame = frame_of(rows)
    pipeline = fit(frame, kinds=KINDS)

    expected = pipeline.expected(pipeline.transform(frame))

    assert expected["online"].tolist() == frame["online"].tolist()
    assert expected["country"].tolist() == frame["country"].tolist()
    known = frame["at"].notna() & pipeline.fitted["at"].learned[0]
    assert expected["at"].notna().tolist() == known.tolist()
    assert expected["amount"].isna().tolist() == frame["amount"].isna().tolist()
