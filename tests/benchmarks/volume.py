"""VUS-PR: the volume under the precision-recall surface over buffers around the labelled ranges.

Paparrizos, Boniol, Palpanas, Tsay, Elmore and Franklin, "Volume Under the Surface: A New Accuracy
Evaluation Measure for Time-Series Anomaly Detection", PVLDB 15 (2022). A range of anomalies gets
soft edges of up to half a buffer on either side, sqrt(1 - distance / buffer); where a threshold
flags none of a soft edge, it does not count. Recall is scaled by the share of ranges found. As the
authors' benchmark does (TSB-AD), 250 thresholds at evenly spaced ranks, and buffers from 0 to the
series' period.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = 250
SHORTEST, LONGEST, USUAL = 3, 300, 125
LAGS, POINTS = 400, 20_000

Values = NDArray[np.float64]


def vus_pr(anomalous: NDArray[np.bool_], scores: Values, buffer: int) -> float:
    """The mean area (0 to 1) under the range-based curve over buffers of 0 to ``buffer`` points."""
    flagged = _flagged(scores)
    counts = flagged.sum(axis=1), flagged[:, anomalous].sum(axis=1)
    areas = [
        _area(_softened(anomalous, at), anomalous, flagged, *counts) for at in range(buffer + 1)
    ]
    return float(np.mean(areas))


def period(values: Values) -> int:
    """The lag of the highest peak of the autocorrelation of the first 20,000 values (n,).

    125 where that is under 3 or over 300 lags beyond the third, or there is none.
    """
    off = values[:POINTS] - values[:POINTS].mean()
    size = 1 << (2 * len(off)).bit_length()
    found = np.fft.irfft(np.abs(np.fft.rfft(off, size)) ** 2, size)
    found = found[SHORTEST : min(LAGS, len(off) - 1) + 1]
    inner = found[1:-1]
    peaks = 1 + np.flatnonzero((inner > found[:-2]) & (inner > found[2:]))
    if not len(peaks):
        return USUAL
    best = int(peaks[np.argmax(found[peaks])])
    return best + SHORTEST if SHORTEST <= best <= LONGEST else USUAL


def _flagged(scores: Values) -> NDArray[np.bool_]:
    """What each threshold flags, (thresholds, n)."""
    ranks = np.linspace(0, len(scores) - 1, THRESHOLDS).astype(int)
    return scores >= np.sort(scores)[::-1][ranks][:, None]


def _area(
    soft: Values,
    anomalous: NDArray[np.bool_],
    flagged: NDArray[np.bool_],
    alarms: NDArray[np.int64],
    true_alarms: NDArray[np.int64],
) -> float:
    """The area under precision over recall for one softening of the labels."""
    found = np.mean([flagged[:, a:b].any(axis=1) for a, b in _ranges(soft > 0)], axis=0)
    edge = (soft > 0) & ~anomalous
    near = flagged[:, edge] @ soft[edge]
    hits = true_alarms + near
    recall = np.append(0.0, np.minimum(hits / (anomalous.sum() + near / 2), 1) * found)
    return float(np.sum(np.diff(recall) * hits / alarms))


def _softened(anomalous: NDArray[np.bool_], buffer: int) -> Values:
    """The labels with soft edges, at most 1."""
    soft = anomalous.astype(np.float64)
    for start, stop in _ranges(anomalous):
        for distance in range(1, buffer // 2 + 1):
            edge = np.sqrt(1 - distance / buffer)
            for at in (start - distance, stop - 1 + distance):
                if 0 <= at < len(soft):
                    soft[at] += edge
    return np.minimum(soft, 1.0)


def _ranges(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where the mask starts and stops to hold."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in list(pairwise(edges))[::2]]
