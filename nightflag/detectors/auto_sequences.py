"""The default recipe for sequences: three scores of a window, added up as surprises.

A Gaussian of the window as it is sees levels and how columns go together; a random-feature head
and a dense autoencoder on the window minus its columns' own means see shapes at any level. A window
is never divided by its own deviation: that makes noise of quiet stretches look like signal. Where
the training rows are unlabelled, the windows that fit worst are left out and the head is softer.
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
ROWS_COMPARED = 1_024


def fit(train: TrainingSet, *, settings: AutoSettings, seed: int) -> Detector:
    """The detector trained on windows (n, columns * steps), its features clipped at 20."""
    rows, center = np.clip(train.x, -layers.CLIP, layers.CLIP), _centering(train.shape)
    trimmed = trimming.to_drop(len(rows), 0.0 if train.clean else settings.trimmed_share)
    if trimmed:
        rows = rows[trimming.best_fitting(rows @ center, trimmed, seed)]
    recipe = (CLEAN if train.clean else UNLABELLED)._replace(cosines=settings.cosines)
    start = layers.inputs(train.width)
    scores, loss = _scores(start, rows, center, recipe, seed)
    model = layers.shared_model(start, _surprises(start, scores, rows), conditional.fit(rows))
    about = {"members": list(scores), "rows_trimmed": trimmed, "loss": loss}
    return exported(model, rows[:ROWS_COMPARED], train.features, about)


def _scores(
    start: layers.Inputs, rows: Rows, center: Rows, recipe: Recipe, seed: int
) -> tuple[dict[str, Any], dict[str, float]]:
    """The three scores (n, 1) by name, and the loss of the autoencoder's training."""
    seeds = np.random.SeedSequence(seed).generate_state(2).tolist()
    shapes, centered = rows @ center, frozen_dense(center, name="center")(start.clipped)
    trunk = autoencoder.trunk(rows.shape[1], DENSE, seeds[0])
    network, loss = reconstruction.trained(shapes, trunk, DENSE, seeds[0])
    scores = {
        "gaussian": _distance(rows, start.clipped),
        "shape": layers.head_score(cosines.fit(shapes, recipe, seeds[1]), centered, "shape"),
        "autoencoder": keras.ops.expand_dims(network(centered)["score"], -1),
    }
    return scores, loss


def _distance(rows: Rows, clipped: Any) -> Any:
    """The squared Mahalanobis distance from the training windows, shape (n, 1)."""
    whitening = mahalanobis.fit(rows, rows[:, :0], rows)
    white = frozen_dense(whitening.kernel, whitening.bias, name="whiten_window")(clipped)
    ones = np.ones((rows.shape[1], 1), np.float32)
    return frozen_dense(ones, name="distance")(keras.ops.square(white))


def _centering(shape: tuple[int, ...]) -> Rows:
    """The matrix (width, width) that takes each column's mean from its steps."""
    columns, steps = shape
    return np.kron(np.eye(columns), np.eye(steps) - 1 / steps).astype(np.float32)


def _surprises(start: layers.Inputs, scores: dict[str, Any], rows: Rows) -> Any:
    """The sum of the scores' surprises against the training rows, shape (n, 1)."""
    seen = outputs(keras.Model(start.features, scores), rows)
    surprises = [
        layers.surprise(surprise.fit(seen[name][:, 0].astype(np.float64)), score, f"{name}_known")
        for name, score in scores.items()
    ]
    return sum(surprises[1:], surprises[0])
