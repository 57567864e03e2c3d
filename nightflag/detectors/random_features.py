"""One random-feature head as a detector: a frozen random layer, a cosine, a closed form.

No gradient step is taken: training is one pass over the rows. See ``cosines`` for the method.
"""

import numpy as np

from nightflag.detectors import conditional, cosines, layers
from nightflag.detectors.cosines import Recipe
from nightflag.detectors.detector import Detector
from nightflag.detectors.network import exported
from nightflag.detectors.settings import RandomFeaturesSettings
from nightflag.detectors.training_set import TrainingSet

CLEAN, UNLABELLED = Recipe(1.4, 1e-5), Recipe(0.7, 1e-2, mixing=3)
ROWS_COMPARED = 4_096


def fit(train: TrainingSet, *, settings: RandomFeaturesSettings, seed: int) -> Detector:
    """The detector trained on ``train``, its features clipped at 20.

    Where rows are clean the kernel is narrow, and copies of a row count once; otherwise it is
    broad, over three features at a time, and anomalies too few to weigh are not learned.
    """
    rows = np.clip(train.x, -layers.CLIP, layers.CLIP)
    known = np.unique(rows, axis=0) if train.clean else rows
    recipe = _recipe(settings, CLEAN if train.clean else UNLABELLED)
    head = cosines.fit(known, recipe, seed)
    start = layers.inputs(rows.shape[1])
    score = layers.head_score(head, start.clipped, "head")
    model = layers.shared_model(start, score, conditional.fit(rows))
    about = {"head": recipe._asdict(), "rows_distinct": len(known)}
    return exported(model, rows[:ROWS_COMPARED], train.features, about)


def _recipe(settings: RandomFeaturesSettings, usual: Recipe) -> Recipe:
    return usual._replace(
        cosines=settings.cosines,
        breadth=settings.breadth or usual.breadth,
        ridge=settings.ridge or usual.ridge,
    )
