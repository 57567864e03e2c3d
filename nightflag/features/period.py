"""The period of series, from their autocorrelation, and the window that suits it."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

SHORTEST, LONGEST = 128, 1_024
MOST_VALUES_SEEN = 2_048
LAGS = 512
FAINTEST = 0.1
SHORTEST_SERIES = 6

Values = NDArray[np.float64]


def window_length(series: Iterable[Values], columns: int) -> int:
    """Two periods, at least 128 and at most 1,024 records, at most half of the median series.

    ``series`` are (n, columns), evenly spaced enough to be counted in records. A window holds at
    most 2,048 values, so that many columns make it shorter. Never shorter than 2.
    """
    held = [one for one in series if len(one) > SHORTEST_SERIES]
    if not held:
        return 2
    half = int(np.median([len(one) for one in held])) // 2
    wanted = min(max(2 * period(held), SHORTEST), LONGEST)
    return max(2, min(wanted, half, MOST_VALUES_SEEN // columns))


def period(series: Iterable[Values]) -> int:
    """The lag, in records, of the highest peak of the mean autocorrelation; 0 without a peak.

    The autocorrelation of each column of each series (n, columns) counts by the series' length;
    lags up to half of the series and up to 512 are looked at. A peak below 0.1 is none, nor is
    one that comes before the autocorrelation has fallen to 0: that is noise on a slow decline.
    """
    total, weight = np.zeros(LAGS + 1), np.zeros(LAGS + 1)
    for one in series:
        for column in one.T:
            found = _autocorrelation(column)
            total[: len(found)] += found * len(column)
            weight[: len(found)] += len(column)
    mean = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    peaks = _peaks(mean)
    return int(peaks[np.argmax(mean[peaks])]) if len(peaks) else 0


def _peaks(mean: Values) -> NDArray[np.intp]:
    """The lags of the peaks after the first fall to 0, or else to the lowest point."""
    fallen = int(np.argmax(mean <= 0)) or int(np.argmin(mean))
    inner = mean[1:-1]
    peaks = 1 + np.flatnonzero((inner > mean[:-2]) & (inner >= mean[2:]) & (inner > FAINTEST))
    return np.asarray(peaks[peaks > fallen])


def _autocorrelation(values: Values) -> Values:
    """The autocorrelation at lags 0 to half of the length; all 0 for a constant."""
    lags = min(LAGS, len(values) // 2)
    level = np.nanmean(values) if np.isfinite(values).any() else 0.0
    off = np.nan_to_num(values - level, nan=0.0, posinf=0.0, neginf=0.0)
    size = 1 << (2 * len(off) - 1).bit_length()
    power = np.abs(np.fft.rfft(off, size)) ** 2
    found = np.fft.irfft(power, size)[: lags + 1]
    return np.asarray(found / found[0] if found[0] > 0 else np.zeros(lags + 1))
