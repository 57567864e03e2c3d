"""The default recipe for sequences: three scores of a window, added up as surprises.

A random-feature head on the window as it is sees levels and shapes together; another one, and a
dense autoencoder, on the window minus its columns' own means see shapes at any level. A window is
never divided by its own deviation: that makes noise of quiet stretches look like signal. Where the
training rows are unlabelled, the windows that fit worst are left out and the heads are broad.
"""

from collections.abc import Sequence

import numpy as np

from nightflag.detectors import autoencoder, cosines, layers, reconstruction, surprise, trimming
from nightflag.detectors.cosines import Recipe
from nightflag.detectors.detector import Detector
from nightflag.detectors.network import exported, frozen_dense, keras, outputs
from nightflag.detectors.settings import AutoencoderSettings, AutoSettings
from nightflag.detectors.training_set import Rows, TrainingSet

CLEAN, UNLABELLED = Recipe(1.4, 1e-5), Recipe(0.7, 1e-2)
DENSE = AutoencoderSettings()
ROWS_COMPARED = 1_024


def fit(train: TrainingSet, *, settings: AutoSettings, seed: int) -> Detector:
    """The detector trained on windows (n, columns * steps), its features clipped at 20."""
    seeds = np.random.SeedSequence(seed).generate_state(3).tolist()
    rows = np.clip(train.x, -layers.CLIP, layers.CLIP)
    center = _centering(train.shape)
    trimmed = trimming.to_drop(len(rows), 0.0 if train.clean else settings.trimmed_share)
    if trimmed:
        rows = rows[trimming.best_fitting(rows @ center, trimmed, seeds[0])]
    shapes = rows @ center
    recipe = (CLEAN if train.clean else UNLABELLED)._replace(cosines=settings.cosines)
    seen = zip((rows, shapes), seeds[:2], strict=True)
    heads = [cosines.fit(part, recipe, one) for part, one in seen]
    trunk = autoencoder.trunk(train.width, DENSE, seeds[2])
    network, loss = reconstruction.trained(shapes, trunk, DENSE, seeds[2])
    model = _model(heads, network, center, rows)
    about = {"members": ["window", "shape", "autoencoder"], "rows_trimmed": trimmed, "loss": loss}
    return exported(model, rows[:ROWS_COMPARED], train.features, about)


def _centering(shape: tuple[int, ...]) -> Rows:
    """The matrix (width, width) that takes each column's mean from its steps."""
    columns, steps = shape
    return np.kron(np.eye(columns), np.eye(steps) - 1 / steps).astype(np.float32)


def _model(
    heads: Sequence[cosines.Head], network: keras.Model, center: Rows, rows: Rows
) -> keras.Model:
    """The network whose score is the sum of its members' surprises.

    The parts of the autoencoder share the score, and its expectation has the window's own mean.
    """
    start = layers.inputs(rows.shape[1])
    shape = frozen_dense(center, name="center")(start.clipped)
    rebuilt = network(shape)
    scores = [
        layers.head_score(heads[0], start.clipped, "window"),
        layers.head_score(heads[1], shape, "shape"),
        keras.ops.expand_dims(rebuilt["score"], -1),
    ]
    raw = keras.Model(start.features, {str(at): one for at, one in enumerate(scores)})
    seen = outputs(raw, rows)
    surprises = [
        layers.surprise(surprise.fit(seen[str(at)][:, 0].astype(np.float64)), one, f"surprise_{at}")
        for at, one in enumerate(scores)
    ]
    score = surprises[0] + surprises[1] + surprises[2]
    parts = rebuilt["contributions"] + layers.FAINTEST
    ones = np.ones((rows.shape[1], 1), np.float32)
    named = {
        "score": keras.ops.squeeze(score, axis=-1),
        "contributions": parts / frozen_dense(ones, name="all_parts")(parts) * score,
        "expected": rebuilt["expected"] + start.clipped - shape,
    }
    return keras.Model(start.features, named)
