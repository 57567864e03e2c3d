"""Records that calibrate a model are held to what the champion promised."""

import numpy as np
import pytest

from nightflag.calibration import Calibration
from nightflag.promise import Promise


@pytest.mark.parametrize(
    ("flagged", "broken"), [(0, True), (12, True), (26, False), (50, False), (99, False)]
)
@pytest.mark.parametrize("many", [1_000])
def test_half_or_twice_the_promised_share_is_kept(flagged: int, broken: bool, many: int) -> None:
    assert Promise(0.05, flagged, many, 1_000).is_broken == broken


@pytest.mark.parametrize("flagged", [130, 140, 1_000])
def test_much_more_than_promised_is_broken(flagged: int) -> None:
    found = Promise(0.05, flagged, 1_000, 1_000)
    assert found.is_broken
    assert f"flags {flagged / 1_000:.1%} of the 1,000 records that calibrate it" in str(found)
    assert "where 5.0% was promised" in str(found)


@pytest.mark.parametrize(("flagged", "count", "calibrated_on"), [(3, 20, 1_000), (30, 200, 20)])
def test_of_few_records_or_few_ranks_more_may_be_chance(
    flagged: int, count: int, calibrated_on: int
) -> None:
    assert not Promise(0.05, flagged, count, calibrated_on).is_broken
    assert Promise(0.05, 50 * flagged, 50 * count, 50 * calibrated_on).is_broken


@pytest.mark.parametrize(("beyond", "broken"), [(0, False), (1, False), (4, False), (9, True)])
def test_below_the_rates_that_ranks_give_the_first_rank_tells(beyond: int, broken: bool) -> None:
    calibration = Calibration(np.arange(90.0))
    found = Promise.of(calibration, np.r_[np.arange(90.0 - beyond), [100.0] * beyond], 0.001)
    assert found.flagged == beyond
    assert found.is_broken == broken


def test_records_like_the_calibrations_break_it_no_more_often_than_said() -> None:
    """1 % above and 1 % below, of which those within half and twice the share are forgiven."""
    random = np.random.default_rng(2)
    broken = [
        Promise.of(Calibration(random.gamma(2, size=100)), random.gamma(2, size=300), 0.05)
        for _ in range(200)
    ]
    assert sum(one.is_broken for one in broken) <= 8


def test_records_half_of_which_are_broken_are_found_out() -> None:
    random = np.random.default_rng(2)
    scores = np.r_[random.gamma(2, size=150), random.gamma(2, size=150) + 3]
    found = Promise.of(Calibration(random.gamma(2, size=300)), scores, 0.05)
    assert found.is_broken
    assert found.flagged == pytest.approx(80, abs=30)
