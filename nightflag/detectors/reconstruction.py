"""Autoencoders: how far a record lies from what a network makes of it, and where.

The score is not the mean squared error but the squared Mahalanobis distance of residual and code
together, -2 log p of a Gaussian but for a constant: the same network, a far better ranking. What
the network is, its trunk says: from features (n, width) to ``residual``, ``code`` and ``expected``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightflag.detectors import descent, guards, layers, mahalanobis, trimming
from nightflag.detectors.detector import Detector
from nightflag.detectors.network import exported, frozen_dense, keras, outputs
from nightflag.detectors.settings import StepSettings
from nightflag.detectors.training_set import TrainingSet

ROWS_JUDGED = 4_096
RECORDS, SEQUENCES = 1e-4, 1e-2
"""The least eigenvalue of residuals that counts: in sequences they run in step, down to noise."""

Rows = NDArray[np.float32]


def fit(
    train: TrainingSet, trunk: Callable[[], keras.Model], settings: StepSettings, seed: int
) -> Detector:
    """The detector that the network becomes, trained on ``train``, its features clipped at 20.

    Where the rows are unlabelled, the worst-fitting share of them is dropped first. Same rows,
    settings and seed give the same network in any process on one machine's CPU. Raises
    TrainingRefused where training failed.
    """
    share = settings.trimmed_share if not train.clean else 0.0
    trimmed = trimming.to_drop(len(train), share)
    rows = np.clip(train.x, -layers.CLIP, layers.CLIP)
    rows = rows[trimming.best_fitting(rows, trimmed, seed)] if trimmed else rows
    smallest = SEQUENCES if len(train.shape) > 1 else RECORDS
    model, loss = trained(rows, trunk(), settings, seed, smallest=smallest)
    about = {"loss": loss, "rows_trimmed": trimmed}
    return exported(model, rows[:ROWS_JUDGED], train.features, about)


def trained(
    rows: Rows, trunk: keras.Model, settings: StepSettings, seed: int, *, smallest: float
) -> tuple[keras.Model, dict[str, float]]:
    """The model with all three outputs, and its loss before and after training.

    ``smallest`` is the least eigenvalue of the residuals' correlations that counts as it is.
    """
    judged = rows[:: max(1, len(rows) // ROWS_JUDGED)]
    learner = keras.Model(trunk.input, trunk.output["expected"])
    learner.compile(optimizer=descent.optimizer(settings), loss="mse", jit_compile=False)
    batches = descent.batches(rows, settings, seed).map(lambda batch: (batch, batch))
    before = _loss(trunk, judged)
    learner.fit(batches, shuffle=False, verbose=0)
    after = _loss(trunk, judged)
    guards.check_loss(before, after)
    return _with_read_out(trunk, rows, smallest), {"first": before, "last": after}


def ending(features: Any, clipped: Any, code: Any, expected: Any) -> keras.Model:
    """The trunk with these ends: shapes (n, width), (n, width), (n, k) and (n, width)."""
    residual = keras.layers.Subtract(name="residual")([clipped, expected])
    return keras.Model(features, {"residual": residual, "code": code, "expected": expected})


def _loss(trunk: keras.Model, rows: Rows) -> float:
    return float(np.mean(np.square(outputs(trunk, rows)["residual"])))


def _with_read_out(trunk: keras.Model, rows: Rows, smallest: float) -> keras.Model:
    """The trained network with score, contributions and expected as its outputs.

    The sums are matrix products: other reductions round by a row's place in memory.
    """
    seen = outputs(trunk, rows)
    read_out = mahalanobis.fit(seen["residual"], seen["code"], rows, smallest=smallest)
    whiten = frozen_dense(read_out.kernel, read_out.bias, name="whiten")
    total = frozen_dense(np.ones((len(read_out.bias), 1), np.float32), name="total")
    parts = trunk.output
    white = whiten(keras.layers.Concatenate(name="parts")([parts["residual"], parts["code"]]))
    squares = keras.ops.square(white)
    named = {
        "score": keras.ops.squeeze(total(squares), axis=-1),
        "contributions": frozen_dense(read_out.shares, name="shares")(squares),
        "expected": parts["expected"],
    }
    return keras.Model(trunk.input, named)
