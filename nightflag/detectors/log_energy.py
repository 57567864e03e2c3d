"""Images judged by the local energy of frozen random filters: no gradient step is taken.

The score is the squared Mahalanobis distance of an image's log energies on a 4 x 4 grid. See
``image_filters`` for the energies, ``image_shares`` for where in the image the score comes from.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nightflag.detectors import distance, image_filters, image_shares, trimming
from nightflag.detectors.detector import Detector
from nightflag.detectors.distance import Distance
from nightflag.detectors.image_filters import View
from nightflag.detectors.network import exported, frozen_dense, frozen_scale, keras, outputs
from nightflag.detectors.settings import LogEnergySettings
from nightflag.detectors.training_set import TrainingSet

ROWS_FITTED_ON = 20_000
ROWS_COMPARED = 256

Rows = NDArray[np.float32]


class Energies(NamedTuple):
    """What is known of the training images.

    ``images`` (n, width) are those that were fitted on, at most 20,000 and without the
    ``trimmed`` worst-fitting ones; ``summaries`` (n, features) their log energies.
    """

    view: View
    distance: Distance
    images: Rows
    summaries: Rows
    trimmed: int


def fit(train: TrainingSet, *, settings: LogEnergySettings, seed: int) -> Detector:
    """The detector trained on ``train``; where its rows are unlabelled, the worst are left out."""
    share = 0.0 if train.clean else settings.trimmed_share
    known = learn(train, filters=settings.filters, trimmed_share=share, seed=seed)
    return detector(train, known, squared_distance(known.distance, scaled(known)))


def learn(train: TrainingSet, *, filters: int, trimmed_share: float, seed: int) -> Energies:
    """The log energies of the training images, and the distance from them."""
    images = _at_most(train.x, seed)
    view = image_filters.fit(images, train.shape, filters, seed)
    summaries = outputs(keras.Model(view.pixels, {"summary": view.summary}), images)["summary"]
    trimmed = trimming.to_drop(len(images), trimmed_share)
    if trimmed:
        kept = trimming.lowest(distance.fit(summaries).of(summaries), trimmed)
        images, summaries = images[kept], summaries[kept]
    return Energies(view, distance.fit(summaries), images, summaries, trimmed)


def scaled(known: Energies) -> Any:
    """The z-scores of the log energies inside the network, (n, features)."""
    away = known.distance
    scores = frozen_scale(away.mean, away.deviation, name="scale")(known.view.summary)
    return keras.ops.clip(scores, -distance.CLIP, distance.CLIP)


def squared_distance(away: Distance, scores: Any) -> Any:
    """The squared distance inside the network, (n, 1)."""
    white = frozen_dense(away.kernel, name="whiten")(scores)
    ones = np.ones((away.kernel.shape[1], 1), np.float32)
    return frozen_dense(ones, name="squared_distance")(keras.ops.square(white))


def detector(train: TrainingSet, known: Energies, score: Any, **about: Any) -> Detector:
    """The detector with this score (n, 1) of the network; ``about`` is added to its account."""
    usual = image_shares.fit(known.view, known.images)
    model = image_shares.shared_model(known.view, usual, score, train.shape)
    account = {"rows_fitted_on": len(known.images), "rows_trimmed": known.trimmed, **about}
    return exported(model, known.images[:ROWS_COMPARED], train.features, account)


def _at_most(images: Rows, seed: int) -> Rows:
    if len(images) <= ROWS_FITTED_ON:
        return images
    drawn = np.random.default_rng(seed).choice(len(images), ROWS_FITTED_ON, replace=False)
    return images[np.sort(drawn)]
