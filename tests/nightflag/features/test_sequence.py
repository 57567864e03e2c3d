"""Records with their past as features: windows, levels and departures, and what a NULL is."""

import numpy as np
import pandas as pd
import pytest

from nightflag.errors import FeatureError
from nightflag.features import History, SequencePipeline, View, fit_sequence
from nightflag.features.scaling import LIMIT
from nightflag.features.sequence import revived

HOUR = 3_600.0
ROWS = 200


def history(frame: pd.DataFrame, view: View, *, series=None, usable=None) -> History:
    """The rows of one or more entities, a minute apart, without gaps."""
    series = np.zeros(len(frame), np.int64) if series is None else np.asarray(series)
    starts = np.searchsorted(series, series)
    at = np.arange(len(frame))
    moments = np.datetime64("2026-03-01T00:00", "us") + at * np.timedelta64(60, "s")
    return History(
        view,
        frame,
        tuple(f"e{one}" for one in np.unique(series)),
        series,
        moments,
        np.ones(len(frame), bool) if usable is None else usable,
        at,
        np.maximum(starts, at - view.length + 1),
        np.minimum(at - starts, view.learning),
    )


def values(seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame({"flow": random.normal(5, 2, ROWS), "heat": random.normal(-1, 9, ROWS)})


def fitted(seen: History) -> SequencePipeline:
    return fit_sequence(seen, kinds=dict.fromkeys(seen.frame.columns, "numeric"))


def test_a_window_holds_each_columns_latest_values_the_latest_last():
    seen = history(values(), View(length=3))
    pipeline = fitted(seen)
    assert pipeline.shape == (2, 3)
    assert pipeline.names[:3] == ("flow, 2 earlier", "flow, 1 earlier", "flow")
    matrix = pipeline.transform(seen)
    np.testing.assert_array_equal(matrix[1:, 1], matrix[:-1, 2])
    np.testing.assert_array_equal(matrix[2:, 3], matrix[:-2, 5])
    assert matrix[:, 2].mean() == pytest.approx(0, abs=1e-3)
    assert matrix[:, 2].std() == pytest.approx(1, abs=1e-3)


def test_a_short_history_is_padded_with_its_first_record():
    seen = history(values(), View(length=4))
    matrix = fitted(seen).transform(seen)
    np.testing.assert_array_equal(matrix[0, :4], np.full(4, matrix[0, 3]))
    np.testing.assert_array_equal(matrix[1, :3], np.full(3, matrix[0, 3]))


def test_no_record_sees_another_entity():
    frame, view = values(), View(length=3, departure=HOUR)
    series = np.repeat([0, 1], ROWS // 2)
    pipeline = fitted(history(frame, view, series=series))
    changed = frame.copy()
    changed.iloc[: ROWS // 2] *= 7
    before, after = (
        pipeline.transform(history(one, view, series=series)) for one in (frame, changed)
    )
    np.testing.assert_array_equal(before[ROWS // 2 :], after[ROWS // 2 :])
    assert (before[: ROWS // 2] != after[: ROWS // 2]).any(axis=1).all()


def test_a_record_is_not_part_of_its_own_baseline():
    frame, view = values(), View(length=1, departure=30 * 60.0)
    pipeline = fitted(history(frame, view))
    spiked = frame.copy()
    spiked.loc[100, "flow"] = 1e6
    settled = pipeline.transform(history(spiked, view))
    assert settled[100, 0] == settled.max()
    expected = frame["flow"][70:100].median()
    (shown,) = pipeline.in_units(
        history(spiked, view).keep([100]), pd.DataFrame({"flow": [0.0], "heat": [0.0]})
    )
    assert shown["flow"][0] == pytest.approx(expected)


def test_the_departure_follows_a_drift_that_the_level_does_not():
    frame = values()
    drifting = frame + np.arange(ROWS)[:, None] * 2.0
    still, moving = (
        fitted(history(drifting, View(length=1, departure=departure))).transform(
            history(drifting, View(length=1, departure=departure))
        )
        for departure in (None, 10 * 60.0)
    )
    at = np.arange(20, ROWS)
    assert abs(np.corrcoef(at, still[20:, 0])[0, 1]) > 0.9
    assert abs(np.corrcoef(at, moving[20:, 0])[0, 1]) < 0.2


def test_entities_of_different_size_are_seen_in_units_of_their_own():
    frame = values()
    frame.iloc[ROWS // 2 :] = frame.iloc[ROWS // 2 :] * 1_000 + 10_000
    seen = history(frame, View(length=2), series=np.repeat([0, 1], ROWS // 2))
    matrix = fitted(seen).transform(seen)
    small, large = matrix[: ROWS // 2, 1], matrix[ROWS // 2 :, 1]
    assert small.std() == pytest.approx(large.std(), rel=0.4)
    assert np.abs(small.mean() - large.mean()) < 0.5


def test_a_null_stands_out_at_its_own_step_and_is_bridged_for_later_records():
    frame, view = values(), View(length=3)
    pipeline = fitted(history(frame, view))
    frame.loc[50, "flow"] = np.nan
    matrix = pipeline.transform(history(frame, view))
    assert matrix[50, 2] == LIMIT
    assert matrix[51, 1] == matrix[51, 0] == matrix[49, 2]


def test_a_row_in_quarantine_is_bridged_for_later_records():
    frame, view = values(), View(length=3, departure=HOUR)
    pipeline = fitted(history(frame, view))
    usable = np.arange(ROWS) != 50
    wild = frame.copy()
    wild.loc[50, "flow"] = 1e9
    others = np.arange(ROWS)[usable]
    calm, seen = (
        pipeline.transform(history(one, view, usable=usable).keep(others)) for one in (frame, wild)
    )
    np.testing.assert_array_equal(calm, seen)


def test_features_do_not_depend_on_which_records_are_asked_for():
    seen = history(values(), View(length=5, departure=HOUR))
    pipeline = fitted(seen)
    whole = pipeline.transform(seen)
    some = np.array([3, 77, 150])
    np.testing.assert_array_equal(pipeline.transform(seen.keep(some)), whole[some])
    parts = [pipeline.transform(part) for part in seen.slices(17)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_other_kinds_stay_features_of_a_record_that_is_seen_alone():
    frame = values().assign(mode=["slow", "fast"] * (ROWS // 2))
    kinds = {"flow": "numeric", "mode": "categorical"}
    alone = fit_sequence(history(frame, View(length=1)), kinds=kinds)
    assert alone.columns == ("flow", "mode")
    windows = fit_sequence(history(frame, View(length=4)), kinds=kinds)
    assert windows.columns == ("flow",)
    with pytest.raises(FeatureError, match="no column is numeric: mode"):
        fit_sequence(history(frame, View(length=4)), kinds={"mode": "categorical"})


def test_far_values_of_a_window_are_tamed_only_where_anomalies_may_train():
    frame = values()
    strange = frame.copy()
    strange.loc[150, "flow"] = frame["flow"].mean() + 8 * frame["flow"].std()
    kinds, view = {"flow": "numeric"}, View(length=3)
    clean = fit_sequence(history(frame, view), kinds=kinds, clean=True)
    unlabelled = fit_sequence(history(frame, view), kinds=kinds)
    seen = history(strange, view).keep(np.array([150]))
    assert clean.transform(seen)[0, -1] == pytest.approx(8, rel=0.05)
    assert unlabelled.transform(seen)[0, -1] == pytest.approx(3 + np.log(6), rel=0.05)
    latest = clean.expected_at(clean.transform(seen), np.array([[2]]))
    (again,) = clean.in_units(seen, latest)
    assert again["flow"][0] == pytest.approx(strange["flow"][150], rel=1e-4)
    assert revived(clean.to_json()) == clean


def test_an_entity_is_learned_once_enough_of_its_records_are_known():
    frame, view = values(), View(length=1, learning=30)
    series = np.repeat([0, 1], [150, 50])
    pipeline = fit_sequence(
        history(frame, view, series=series).keep(slice(0, 150)),
        kinds={"flow": "numeric"},
    )
    learned = pipeline.learned(history(frame, view, series=series))
    assert learned[:150].all()
    assert np.flatnonzero(learned[150:]).tolist() == list(range(30, 50))


def test_a_kept_pipeline_makes_the_same_features():
    seen = history(values(), View(length=3, departure=HOUR, gap=5.0))
    pipeline = fitted(seen)
    kept = revived(pipeline.to_json())
    assert kept == pipeline
    np.testing.assert_array_equal(kept.transform(seen), pipeline.transform(seen))


@pytest.mark.parametrize("text", ['{"scale": {}}', '{"scale": {"view": 1}, "plain": {}}', "[]"])
def test_other_text_is_no_pipeline(text):
    with pytest.raises(FeatureError, match="is not a"):
        revived(text)
