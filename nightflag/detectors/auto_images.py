"""The default recipe for images: log energies of frozen random filters.

- unlabelled: their Mahalanobis distance, without the worst-fitting training images.
- clean: the same, and the nearest neighbours among the training images, which know several kinds
  of normal image apart. Both are surprises against the training images, each as if left out, and
  added up. Anomalies among the training images would be each other's neighbours, so that this is
  for clean ones only.
"""

import numpy as np

from nightflag.detectors import layers, log_energy, neighbours, surprise
from nightflag.detectors.detector import Detector
from nightflag.detectors.log_energy import Energies
from nightflag.detectors.settings import AutoSettings, LogEnergySettings
from nightflag.detectors.training_set import TrainingSet

FILTERS: int = LogEnergySettings().filters


def fit(train: TrainingSet, *, settings: AutoSettings, seed: int) -> Detector:
    """The detector trained on ``train``."""
    share = 0.0 if train.clean else settings.trimmed_share
    known = log_energy.learn(train, filters=FILTERS, trimmed_share=share, seed=seed)
    if train.clean:
        return _with_neighbours(train, known, seed)
    score = log_energy.squared_distance(known.distance, log_energy.scaled(known))
    return log_energy.detector(train, known, score, members=["log energy"])


def _with_neighbours(train: TrainingSet, known: Energies, seed: int) -> Detector:
    standardised = known.distance.standardised(known.summaries)
    memory = neighbours.fit(np.unique(standardised, axis=0), seed)
    _, relative = memory.held_out(memory.rows)
    usual = [surprise.fit(known.distance.held_out(known.summaries)), surprise.fit(relative)]
    scores = log_energy.scaled(known)
    far = log_energy.squared_distance(known.distance, scores)
    alone = layers.relative(memory, layers.near(memory, scores))
    score = layers.surprise(usual[0], far, "far") + layers.surprise(usual[1], alone, "alone")
    return log_energy.detector(train, known, score, members=["log energy", "neighbours"])
