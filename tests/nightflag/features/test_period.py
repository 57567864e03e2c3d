"""The window is two periods of the series, within bounds that are stated."""

import numpy as np
import pytest

from nightflag.features.period import LONGEST, SHORTEST, period, window_length


def wave(length, rows=3_000, noise=0.3, seed=0):
    moments = np.arange(rows)
    random = np.random.default_rng(seed)
    return (np.sin(2 * np.pi * moments / length) + random.normal(0, noise, rows))[:, None]


@pytest.mark.parametrize("length", [24, 96, 288])
def test_the_period_of_a_noisy_wave_is_found(length):
    assert period([wave(length)]) == pytest.approx(length, rel=0.03)


def test_noise_and_constants_have_no_period():
    assert period([np.random.default_rng(0).normal(size=(3_000, 1))]) == 0
    assert period([np.zeros((500, 1))]) == 0


def test_a_window_is_two_periods_and_at_least_128():
    assert window_length([wave(96)], 1) == pytest.approx(192, abs=4)
    assert window_length([wave(24)], 1) == SHORTEST


def test_a_window_is_bounded_by_half_the_series_by_1024_and_by_its_values():
    assert window_length([wave(24, rows=100)], 1) == 50
    assert window_length([wave(508, rows=9_000, noise=0.0)], 1) == pytest.approx(LONGEST, abs=16)
    assert window_length([np.tile(wave(96), 32)], 32) == 2_048 // 32
    assert window_length([np.zeros((3, 1))], 1) == 2


def test_missing_values_hide_no_period():
    gappy = wave(96)
    gappy[::7] = np.nan
    assert period([gappy]) == pytest.approx(96, abs=2)
