import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import genpareto

from nightflag.calibration import Calibration
from nightflag.errors import ModelFileError, TrainingRefused

unhurried = settings(deadline=None)
finite = st.floats(-1e6, 1e6)
some_scores = st.lists(finite, min_size=1, max_size=40)
rates = st.floats(0, 1) | st.integers(1, 99).map(lambda percent: percent / 100)


def exponential(count: int) -> np.ndarray:
    return np.random.default_rng(0).exponential(size=count)


def test_a_p_value_counts_the_calibration_scores_that_are_as_high():
    calibration = Calibration(np.array([3.0, 1.0, 2.0, 4.0]))
    assert calibration.p_values([0, 2.5, 5]).tolist() == [1.0, 0.6, 0.2]


def test_a_tie_counts_against_the_record():
    calibration = Calibration(np.array([1.0, 2.0, 2.0, 2.0]))
    assert calibration.p_values([2.0]).tolist() == [0.8]


def test_a_score_that_is_no_number_does_not_pass_unseen():
    calibration = Calibration(np.arange(9.0))
    assert calibration.p_values([np.nan])[0] == calibration.smallest_rate == 0.1


@unhurried
@given(some_scores, some_scores)
def test_p_values_lie_between_the_smallest_rate_and_one(held_out, scores):
    calibration = Calibration(np.array(held_out))
    p_values = calibration.p_values(scores)
    assert (p_values >= calibration.smallest_rate).all()
    assert (p_values <= 1).all()


@unhurried
@given(some_scores, some_scores)
def test_a_higher_score_never_has_a_higher_p_value(held_out, scores):
    p_values = Calibration(np.array(held_out)).p_values(sorted(scores))
    assert (np.diff(p_values) <= 0).all()


@unhurried
@given(some_scores, some_scores, rates)
def test_exceeding_the_threshold_is_having_a_p_value_within_the_rate(held_out, scores, rate):
    calibration = Calibration(np.array(held_out))
    asked = np.array(scores + held_out)
    flagged = calibration.p_values(asked) <= rate
    assert (flagged == (asked > calibration.threshold(rate))).all()


@unhurried
@given(some_scores)
def test_a_rate_below_the_smallest_flags_nothing(held_out):
    calibration = Calibration(np.array(held_out))
    assert calibration.threshold(calibration.smallest_rate * 0.99) == np.inf


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_the_realised_rate_of_exchangeable_scores_is_the_promised_one(rate):
    nights = 4_000
    scores = np.random.default_rng(0).gamma(2, size=(nights, 100))
    flagged = sum(Calibration(row[1:]).p_values(row[:1])[0] <= rate for row in scores)
    four_deviations = 4 * np.sqrt(rate * (1 - rate) / nights)
    assert abs(flagged / nights - rate) <= four_deviations


def test_tied_scores_only_lower_the_realised_rate():
    scores = np.random.default_rng(0).integers(0, 5, size=(2_000, 100)).astype(float)
    flagged = sum(Calibration(row[1:]).p_values(row[:1])[0] <= 0.1 for row in scores)
    assert flagged / len(scores) <= 0.1


@unhurried
@given(some_scores)
def test_the_order_of_the_held_out_scores_does_not_matter(held_out):
    forth, back = Calibration(np.array(held_out)), Calibration(np.array(held_out[::-1]))
    assert (forth.to_array() == back.to_array()).all()


@unhurried
@given(some_scores)
def test_kept_and_loaded_it_is_the_same(held_out):
    calibration = Calibration(np.array(held_out))
    kept = Calibration.from_array(calibration.to_array().copy())
    assert (kept.scores == calibration.scores).all()


def test_nobody_can_alter_it():
    given_scores = np.array([1.0, 2.0])
    calibration = Calibration(given_scores)
    given_scores[0] = 99
    assert calibration.scores.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        calibration.scores[0] = 99


@pytest.mark.parametrize("scores", [[], [1.0, np.nan], [np.inf]])
def test_scores_that_calibrate_nothing_are_refused(scores):
    with pytest.raises(TrainingRefused, match="calibration score"):
        Calibration(np.array(scores))


@pytest.mark.parametrize("kept", [np.array([2.0, 1.0]), np.ones((2, 2)), np.array([1, 2])])
def test_an_array_that_is_no_kept_calibration_is_refused(kept):
    with pytest.raises(ModelFileError, match="The calibration is an array"):
        Calibration.from_array(kept)


def test_above_all_calibration_scores_the_p_value_goes_on_falling():
    calibration = Calibration(exponential(1_000))
    strong = calibration.scores[-1] + np.array([0, 1e-9, 1, 5, 50, np.inf])
    p_values = calibration.p_values(strong)
    assert p_values[0] == 2 / 1_001
    assert p_values[1] == pytest.approx(calibration.smallest_rate)
    assert (np.diff(p_values) < 0).all()
    assert p_values[-1] > 0


def test_what_is_extrapolated_says_so():
    calibration = Calibration(exponential(1_000))
    largest = calibration.scores[-1]
    said = calibration.extrapolated([0, largest, largest + 1, np.inf, np.nan])
    assert said.tolist() == [False, False, True, True, False]
    assert not Calibration(exponential(99)).extrapolated([1e9]).any()


def test_ranks_do_not_move_where_there_is_a_tail():
    scores = exponential(1_000)
    asked = np.linspace(-1, scores.max(), 100)
    ranks = [(1 + (scores >= one).sum()) / 1_001 for one in asked]
    assert Calibration(scores).p_values(asked).tolist() == pytest.approx(ranks)


@pytest.mark.parametrize(
    "scores",
    [
        exponential(99),
        np.ones(1_000),
        np.repeat(exponential(100), 10),
        np.round(exponential(1_000)),
        np.r_[exponential(999), 1.7e308],
        np.r_[np.full(960, -1.7e308), np.linspace(1e308, 1.7e308, 40)],
        np.r_[np.zeros(960), np.arange(40) * 5e-324],
    ],
    ids=["few", "constant", "repeated", "whole numbers", "one huge", "all huge", "all tiny"],
)
def test_without_a_tail_to_speak_of_ranks_are_all(scores):
    calibration = Calibration(scores)
    p_values = calibration.p_values([np.inf, np.nan])
    assert (p_values <= calibration.smallest_rate).all()
    if calibration.tail is None:
        assert (p_values == calibration.smallest_rate).all()


@pytest.mark.parametrize("shape", [0, 0.5, 1, 2])
def test_with_many_scores_it_comes_near_the_generalised_pareto_tail(shape):
    calibration = Calibration(genpareto(shape).isf(np.arange(1, 200_000) / 200_000))
    asked = genpareto(shape).isf([2e-6, 1e-6, 5e-7])
    assert calibration.p_values(asked) == pytest.approx([2e-6, 1e-6, 5e-7], rel=0.5)


@pytest.mark.parametrize("shape", [0, 0.5, 1])
@pytest.mark.parametrize("count", [200, 1_000])
def test_a_tenth_of_what_ranks_reach_is_about_kept(shape, count):
    rate = 0.1 / (count + 1)
    scores = genpareto(shape).rvs((200, count), random_state=np.random.default_rng(0))
    thresholds = [Calibration(row).threshold(rate) for row in scores]
    realised = genpareto(shape).sf(thresholds).mean()
    assert 0.05 * rate < realised < 2 * rate


@pytest.mark.parametrize("rate", [9e-4, 1e-4, 1e-6, 1e-30])
def test_the_threshold_of_an_extrapolated_rate_parts_flags_from_others(rate):
    calibration = Calibration(exponential(1_000))
    threshold = calibration.threshold(rate)
    asked = [threshold, np.nextafter(threshold, np.inf)]
    assert (calibration.p_values(asked) <= rate).tolist() == [False, True]


def test_a_rate_that_no_p_value_reaches_has_an_infinite_threshold():
    calibration = Calibration(exponential(1_000))
    assert calibration.threshold(1e-307) == np.inf


def test_extrapolated_p_values_do_not_depend_on_their_batch():
    calibration = Calibration(exponential(1_000))
    asked = calibration.scores[-1] + np.random.default_rng(1).exponential(size=501)
    together = calibration.p_values(asked)
    alone = np.concatenate([calibration.p_values([one]) for one in asked])
    assert (together == alone).all()
