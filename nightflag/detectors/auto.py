"""The default detector: one fixed recipe for each shape of record.

Nothing in unlabelled data ranks detectors reliably, so the recipe is not chosen by the data. The
monitor says the one thing that matters and that no data reveal: whether its training rows are
clean.
"""

from collections.abc import Callable
from importlib import import_module

from nightflag.detectors.detector import Detector
from nightflag.detectors.settings import AutoSettings
from nightflag.detectors.training_set import TrainingSet

RECIPES = {
    1: "nightflag.detectors.auto_records",
    2: "nightflag.detectors.auto_sequences",
    3: "nightflag.detectors.auto_images",
}
"""By the number of dimensions of one record: plain records, sequences, images."""


def fit(train: TrainingSet, *, settings: AutoSettings, seed: int) -> Detector:
    """The detector that the recipe for records of this shape makes of ``train``."""
    recipe: Callable[..., Detector] = import_module(RECIPES[len(train.shape)]).fit
    return recipe(train, settings=settings, seed=seed)
