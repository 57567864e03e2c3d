"""The default recipe for sequences: four scores of a window, added up as surprises.

A Gaussian of the window sees levels and how columns go together, and what it expects of the latest
step, given all others, sees a single strange record, which a long window drowns. A random-feature
head and a dense autoencoder see shapes at any level: their window is minus its columns' own means,
unless it is too short to have a shape. It is never divided by its own deviation: that makes noise
of quiet stretches look like signal. Where the training rows are unlabelled, the windows that fit
worst are left out and the head is softer.
"""

from typing import Any

import numpy as np

from nightflag.detectors import (
    autoencoder,
    conditional,
    cosines,
    layers,
    mahalanobis,
    reconstruction,
    surprise,
    trimming,
)
from nightflag.detectors.cosines import Recipe
from nightflag.detectors.detector import Detector
from nightflag.detectors.network import exported, frozen_dense, keras, outputs
from nightflag.detectors.settings import AutoencoderSettings, AutoSettings
from nightflag.detectors.training_set import Rows, TrainingSet

CLEAN, UNLABELLED = Recipe(1.0, 1e-4), Recipe(1.0, 1e-2)
DENSE = AutoencoderSettings()
SHORT = 32
ROWS_COMPARED = 1_024


def fit(train: TrainingSet, *, settings: AutoSettings, seed: int) -> Detector:
    """The detector trained on windows (n, columns * steps), its features clipped at 20."""
    rows, center = np.clip(train.x, -layers.CLIP, layers.CLIP), _centering(train.shape)
    trimmed = trimming.to_drop(len(rows), 0.0 if train.clean else settings.trimmed_share)
    if trimmed:
        rows = rows[trimming.best_fitting(rows @ center, trimmed, seed)]
    recipe = (CLEAN if train.clean else UNLABELLED)._replace(cosines=settings.cosines)
    start = layers.inputs(train.width)
    expectation = conditional.fit(rows)
    scores, loss = _scores(start, rows, center, recipe, seed)
    scores["latest"] = _latest(expectation, train.shape, start.clipped)
    model = layers.shared_model(start, _surprises(start, scores, rows), expectation)
    about = {"members": list(scores), "rows_trimmed": trimmed, "loss": loss}
    return exported(model, rows[:ROWS_COMPARED], train.features, about)


def _scores(
    start: layers.Inputs, rows: Rows, center: Rows, recipe: Recipe, seed: int
) -> tuple[dict[str, Any], dict[str, float]]:
    """Three of the scores (n, 1) by name, and the loss of the autoencoder's training."""
    seeds = np.random.SeedSequence(seed).generate_state(2).tolist()
    shapes, centered = rows @ center, frozen_dense(center, name="center")(start.clipped)
    trunk = autoencoder.trunk(rows.shape[1], DENSE, seeds[0])
    network, loss = reconstruction.trained(
        shapes, trunk, DENSE, seeds[0], smallest=reconstruction.SEQUENCES
    )
    scores = {
        "gaussian": _distance(rows, start.clipped),
        "shape": layers.head_score(cosines.fit(shapes, recipe, seeds[1]), centered, "shape"),
        "autoencoder": keras.ops.expand_dims(network(centered)["score"], -1),
    }
    return scores, loss


def _distance(rows: Rows, clipped: Any) -> Any:
    """The squared Mahalanobis distance from the training windows, shape (n, 1)."""
    whitening = mahalanobis.fit(rows, rows[:, :0], rows)
    return _squares(clipped, whitening.kernel, whitening.bias, "distance")


def _latest(expectation: conditional.Conditional, shape: tuple[int, ...], clipped: Any) -> Any:
    """How far the latest steps are from what the window makes expect, squared, shape (n, 1)."""
    columns, steps = shape
    own = np.arange(1, columns + 1) * steps - 1
    return _squares(clipped, expectation.kernel[:, own], expectation.bias[own], "latest")


def _squares(clipped: Any, kernel: Rows, bias: Rows, name: str) -> Any:
    """The sum of the squares of x kernel + bias, shape (n, 1); in float64.

    Neighbouring steps are so alike that what matters is a small difference of large numbers.
    """
    exact = keras.ops.cast(clipped, "float64")
    white = frozen_dense(kernel.astype(np.float64), bias.astype(np.float64), name=name)(exact)
    total = frozen_dense(np.ones((kernel.shape[1], 1)), name=f"{name}_squared")
    return keras.ops.cast(total(keras.ops.square(white)), "float32")


def _centering(shape: tuple[int, ...]) -> Rows:
    """The matrix (width, width) that takes each column's mean from its steps, if they are many."""
    columns, steps = shape
    mean = 1 / steps if steps >= SHORT else 0.0
    return np.kron(np.eye(columns), np.eye(steps) - mean).astype(np.float32)


def _surprises(start: layers.Inputs, scores: dict[str, Any], rows: Rows) -> Any:
    """The sum of the scores' surprises against the training rows, shape (n, 1)."""
    seen = outputs(keras.Model(start.features, scores), rows)
    surprises = [
        layers.surprise(surprise.fit(seen[name][:, 0].astype(np.float64)), score, f"{name}_known")
        for name, score in scores.items()
    ]
    return sum(surprises[1:], surprises[0])
