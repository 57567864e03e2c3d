"""How far counts are apart, and what chance does."""

import numpy as np
import pytest
from scipy import stats

from nightflag.drift.distance import chance, chance_of_share, holm, stability_index

EVEN = np.full(20, 500)
SHARES = EVEN / EVEN.sum()


def drawn(count: int, seed: int, shares: np.ndarray = SHARES) -> np.ndarray:
    return np.random.default_rng(seed).multinomial(count, shares)


def test_the_index_of_the_same_shares_is_nothing() -> None:
    assert stability_index(EVEN, 3 * EVEN) == 0.0


def test_the_index_is_the_sum_over_bins_of_difference_times_log_ratio() -> None:
    before, now = np.array([600_000, 400_000]), np.array([300_000, 700_000])
    by_hand = -0.3 * np.log(0.3 / 0.6) + 0.3 * np.log(0.7 / 0.4)
    assert stability_index(before, now) == pytest.approx(by_hand, abs=1e-5)
    assert stability_index(now, before) == pytest.approx(by_hand, abs=1e-5)


@pytest.mark.parametrize("count", [200, 2_000, 20_000])
def test_chance_alone_gives_about_nothing_however_large_the_night(count: int) -> None:
    found = [
        stability_index(drawn(10_000, seed), drawn(count, 1_000 + seed)) for seed in range(200)
    ]
    assert np.mean(found) < 19 * (1 / count + 1 / 10_000) / 4
    assert max(found) < 0.15


def test_an_emptied_bin_weighs_the_same_in_samples_of_any_size() -> None:
    now = EVEN.copy()
    now[0] = 0
    small, large = stability_index(EVEN, now), stability_index(100 * EVEN, 100 * now)
    assert small == pytest.approx(large, abs=0.005)


def test_the_test_is_pearsons_where_every_bin_holds_enough() -> None:
    before, now = drawn(10_000, 1), drawn(2_000, 2)
    expected = stats.chi2_contingency(np.stack([before, now]), correction=False).pvalue
    assert chance(before, now) == pytest.approx(expected)


@pytest.mark.parametrize("count", [30, 200, 2_000])
def test_the_test_is_not_too_eager_also_where_bins_hold_few(count: int) -> None:
    shares = 1 / np.arange(1, 51)
    shares /= shares.sum()
    pairs = [
        (drawn(5_000, seed, shares), drawn(count, 5_000 + seed, shares)) for seed in range(999)
    ]
    assert np.mean([chance(*pair) <= 0.05 for pair in pairs]) == pytest.approx(0.05, abs=0.025)


def test_with_nothing_to_compare_chance_explains_all() -> None:
    assert chance(np.array([900, 0]), np.array([100, 0])) == 1.0
    assert chance(np.array([3, 2]), np.array([1, 0])) == 1.0


@pytest.mark.parametrize(
    ("before", "now"), [(0, 0), (0, 8), (40, 0), (40, 8), (900, 150), (1_000, 100)]
)
def test_a_share_is_tested_exactly_both_ways(before: int, now: int) -> None:
    counts = np.array([1_000 - before, before]), np.array([200 - now, now])
    exact = stats.fisher_exact(np.stack(counts)).pvalue
    found = chance_of_share(*counts, place=-1)
    assert found >= exact * 0.5
    assert (found < 0.01) == (exact < 0.01)


def test_holm_multiplies_the_smallest_by_all_and_never_reorders() -> None:
    found = holm(np.array([0.04, 0.001, 0.03]))
    assert found == pytest.approx([0.06, 0.003, 0.06])
    assert holm(np.array([0.5, 0.9])).max() == 1.0
