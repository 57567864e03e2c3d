"""Moments as features."""

import datetime

import numpy as np
import pandas as pd
import pytest

from nightflag.errors import FeatureError
from nightflag.features.timestamp import Timestamp


def column(*values, dtype=None):
    return pd.Series(values, name="at", dtype=dtype)


HOURS = pd.Series(pd.date_range("2024-01-01", periods=24 * 28, freq="h"), name="at")


def test_the_hour_and_the_weekday_are_points_on_circles_of_deviation_1():
    fitted = Timestamp.fit(HOURS)
    features = fitted.transform(HOURS)

    assert fitted.names("at") == (
        "at hour sine",
        "at hour cosine",
        "at weekday sine",
        "at weekday cosine",
    )
    assert features.std(axis=0) == pytest.approx(1, abs=1e-5)


def test_the_same_moment_is_the_same_in_every_form_and_zone():
    fitted = Timestamp.fit(HOURS)
    moment = pd.Timestamp("2024-02-06T03:00")
    forms = [
        column(moment),
        column(moment.tz_localize("UTC").tz_convert("Asia/Tokyo")),
        column("2024-02-06 03:00:00"),
        column("2024-02-06T04:00:00+01:00"),
        column(moment.to_pydatetime(), dtype=object),
        column(moment, dtype="timestamp[us][pyarrow]"),
        column(moment, dtype="datetime64[s]"),
    ]

    features = [fitted.transform(form) for form in forms]

    assert all(np.array_equal(one, features[0]) for one in features)
    assert {fitted.expected(one)[0] for one in features} == {"Tue 03:00"}


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2024-02-06T03:29", "Tue 03:00"),
        ("2024-02-06T03:31", "Tue 04:00"),
        ("2024-02-11T23:45", "Mon 00:00"),
        ("1969-12-31T12:00", "Wed 12:00"),
        ("9999-12-31T00:10", "Fri 00:00"),
    ],
)
def test_the_expected_moment_is_the_nearest_hour_of_the_week(moment, words):
    fitted = Timestamp.fit(HOURS)

    assert fitted.expected(fitted.transform(column(moment))).tolist() == [words]


def test_dates_fall_on_midnight():
    dates = column(*(datetime.date(2024, 2, day) for day in range(5, 20)), None)
    fitted = Timestamp.fit(dates)

    expected = fitted.expected(fitted.transform(dates)).tolist()
    assert expected[:2] + expected[-1:] == ["Mon 00:00", "Tue 00:00", None]


def test_the_first_sunday_after_six_days_of_training_is_no_anomaly():
    week = pd.Series(pd.date_range("2024-02-05", "2024-02-10T23:00", freq="h"), name="at")
    fitted = Timestamp.fit(week)

    features = fitted.transform(column("2024-02-11T12:00"))

    assert np.abs(features[0, 2:]).max() == 0
    assert np.abs(features[0, :2]).max() < 2
    assert fitted.expected(features).tolist() == ["12:00"]


def test_within_a_single_day_no_hour_is_expected():
    hours = pd.Series(pd.date_range("2024-02-05T01:00", "2024-02-05T05:00", freq="h"), name="at")
    fitted = Timestamp.fit(hours)

    features = fitted.transform(column("2024-02-05T23:00"))

    assert np.abs(features).max() == 0
    assert fitted.expected(features).tolist() == [None]


def test_an_hour_that_training_never_held_stands_out():
    nightly = pd.Series(pd.date_range("2024-01-01T02:00", periods=30, freq="D"), name="at")

    features = Timestamp.fit(nightly).transform(column("2024-03-01T14:00"))

    assert np.abs(features[0, :2]).max() > 10


@pytest.mark.parametrize("value", ["yesterday", 1704067200, True], ids=str)
def test_other_values_are_refused(value):
    with pytest.raises(FeatureError, match=r"(?s)'at' holds.*Expected: timestamps"):
        Timestamp.fit(column(value))
