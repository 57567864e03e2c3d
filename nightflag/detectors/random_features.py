"""One random-feature head as a detector: a frozen random layer, a cosine, a closed form.

No gradient step is taken: training is one pass over the rows. See ``cosines`` for the method.
"""

from typing import Literal

import numpy as np

from nightflag.detectors import conditional, cosines, layers
from nightflag.detectors.cosines import Recipe, Rows
from nightflag.detectors.detector import Detector
from nightflag.detectors.network import exported
from nightflag.detectors.settings import RandomFeaturesSettings

RECIPES = {"clean": Recipe(1.4, 1e-5), "unlabelled": Recipe(0.7, 1e-2, mixing=3)}
ROWS_COMPARED = 4_096


def fit(
    train: Rows,
    *,
    features: tuple[str, ...],
    settings: RandomFeaturesSettings,
    seed: int,
    training_rows: Literal["unlabelled", "clean"],
) -> Detector:
    """The detector trained on ``train`` (n, width), standardised features clipped at 20.

    Where rows are clean the kernel is narrow, and copies of a row count once; otherwise it is
    broad, over three features at a time, and anomalies too few to weigh are not learned.
    """
    rows = np.clip(train, -layers.CLIP, layers.CLIP)
    known = np.unique(rows, axis=0) if training_rows == "clean" else rows
    recipe = _recipe(settings, training_rows)
    head = cosines.fit(known, recipe, seed)
    start = layers.inputs(rows.shape[1])
    score = layers.head_score(head, start.clipped, "head")
    model = layers.shared_model(start, score, conditional.fit(rows))
    about = {"features": list(features), "head": recipe._asdict(), "rows_distinct": len(known)}
    return exported(model, rows[:ROWS_COMPARED], about)


def _recipe(settings: RandomFeaturesSettings, training_rows: str) -> Recipe:
    usual = RECIPES[training_rows]
    return usual._replace(
        cosines=settings.cosines,
        breadth=settings.breadth or usual.breadth,
        ridge=settings.ridge or usual.ridge,
    )
