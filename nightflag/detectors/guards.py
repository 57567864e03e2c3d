"""What must hold before and after training; anything else raises TrainingRefused."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nightflag.detectors.detector import Detector, refuse_non_finite
from nightflag.detectors.training_set import TrainingSet
from nightflag.errors import FeatureError, TrainingRefused

FEWEST_ROWS = 20
SMALLEST_FALL = 0.01
PARITY = 1e-4


def check_rows(train: TrainingSet) -> None:
    """Nothing, if these rows can train a model: enough, finite and not all alike."""
    x, features = train.x, train.features
    if x.ndim != 2 or x.dtype != np.float32 or not x.shape[1] == len(features) == train.width:
        raise FeatureError(
            f"The training matrix is {x.dtype} of shape {x.shape}, of records {train.shape}.",
            expected=f"float32 of shape (n, {len(features)}) with the columns {list(features)}",
            mend="Transform the training records with the features fitted on them.",
        )
    refuse_non_finite(x, features)
    if len(train) < FEWEST_ROWS:
        raise TrainingRefused(
            f"There are {len(train)} records to train on.",
            expected=f"at least {FEWEST_ROWS}",
            mend="Widen the training window in the monitor.",
        )
    if not features or (x == x[0]).all():
        raise TrainingRefused(
            f"All {len(train)} training records are alike in all {len(features)} features.",
            expected="at least one feature that varies",
            mend="Add columns to the monitor's features, or widen its training window.",
        )


def check_loss(before: float, after: float) -> None:
    """Nothing, if training lowered the loss on the same rows by at least 1 %."""
    if np.isfinite(after) and after <= before * (1 - SMALLEST_FALL):
        return
    raise TrainingRefused(
        f"The training loss went from {before:.4g} to {after:.4g}.",
        expected="a loss that falls by at least 1 %",
        mend="Correct `learning_rate` and `steps` in the monitor's detector settings; the "
        "defaults train on all but constant data.",
    )


def check_scores(scores: NDArray[np.float64]) -> None:
    """Nothing, if the scores of the training rows are finite and tell records apart."""
    if np.isfinite(scores).all() and np.ptp(scores) > 1e-6 * np.abs(scores).max():
        return
    raise TrainingRefused(
        f"The trained network gives scores from {scores.min():.4g} to {scores.max():.4g}.",
        expected="finite scores that differ between records",
        mend="Look at the features: constant or exploding ones give the network nothing to learn.",
    )


def check_parity(
    detector: Detector, rows: NDArray[np.float32], predicted: Mapping[str, NDArray[np.float32]]
) -> None:
    """Nothing, if the exported graph gives for ``rows`` what the network ``predicted``."""
    score = np.maximum(predicted["score"], np.finfo(np.float32).tiny)
    worst = max(
        _difference(detector.score(rows), predicted["score"], score),
        _difference(detector.explain(rows), predicted["contributions"], score[:, None]),
        _difference(detector.expected(rows), predicted["expected"], np.float32(1)),
    )
    if worst <= PARITY:
        return
    raise TrainingRefused(
        f"The exported graph differs from the network by {worst:.2g}.",
        expected=f"the same scores, contributions and expected values to {PARITY}",
        mend="Train again; if it stays, report it with the library versions.",
    )


def _difference(
    graph: NDArray[np.float64], network: NDArray[np.float32], unit: NDArray[np.float32] | np.float32
) -> float:
    return float(np.max(np.abs(graph - network) / unit, initial=0))
