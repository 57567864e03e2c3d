"""Where in an image its score comes from, and what the image should have looked like.

A pixel's share of the score is how unusual the structure around it is for that place, times how far
it lies from the nearest image that the training images' principal components can make. Either
alone misses defects that the other finds: structure says little about a shadow, components little
about a blur.
"""

from typing import Any, NamedTuple

import numpy as np

from nightflag.detectors.image_filters import SMALLEST_CONTRAST, Rows, Shape, View
from nightflag.detectors.network import frozen_dense, frozen_scale, keras, outputs

MOST_COMPONENTS = 64
RECORDS_A_COMPONENT = 4
ROWS_LOOKED_AT = 1_024
VALUES_LOOKED_AT = 2**20
FEWEST_MAPS, MOST_MAPS = 64, 512
SMALLEST_DEVIATION = 0.1
FAINTEST = 1e-9


class Usual(NamedTuple):
    """What training images look like, pixel by pixel.

    ``energies``: for each scale the mean and the deviation, both (height, width, filters);
    ``centre`` (width,) and ``components`` (k, width) of the contrast-normalised images.
    """

    energies: tuple[tuple[Rows, Rows], ...]
    centre: Rows
    components: Rows


def fit(view: View, rows: Rows) -> Usual:
    """What is usual among a part of the training images ``rows`` (n, width): at most 1,024."""
    count = min(MOST_MAPS, max(FEWEST_MAPS, VALUES_LOOKED_AT // rows.shape[1]))
    maps = {f"{at}": one for at, one in enumerate(view.energies)}
    found = outputs(keras.Model(view.pixels, maps), _evenly(rows, count))
    model = keras.Model(view.pixels, {"normal": view.normal})
    normal = outputs(model, _evenly(rows, ROWS_LOOKED_AT))["normal"]
    spread = tuple(_mean_and_deviation(found[name]) for name in maps)
    return Usual(spread, *_principal_components(normal))


def _evenly(rows: Rows, count: int) -> Rows:
    return rows[:: -(-len(rows) // count)]


def _mean_and_deviation(maps: Rows) -> tuple[Rows, Rows]:
    return maps.mean(axis=0), np.maximum(maps.std(axis=0), SMALLEST_DEVIATION)


def _principal_components(normal: Rows) -> tuple[Rows, Rows]:
    """The images' mean (width,) and their first principal components (k, width)."""
    exact = normal.astype(np.float64)
    centre = exact.mean(axis=0)
    rows, width = exact.shape
    count = max(1, min(MOST_COMPONENTS, rows // RECORDS_A_COMPONENT, width // RECORDS_A_COMPONENT))
    _, vectors = np.linalg.eigh((exact - centre) @ (exact - centre).T)
    components, _ = np.linalg.qr((exact - centre).T @ vectors[:, -count:])
    return centre.astype(np.float32), components.T.astype(np.float32)


def shared_model(view: View, usual: Usual, score: Any, shape: Shape) -> keras.Model:
    """The network with this score (n, 1), shared among the pixels, and the expected image."""
    made = _nearest_usual(view.normal, usual)
    expected = made * (view.contrast + SMALLEST_CONTRAST) + view.level
    off = keras.ops.square(view.normal - made)
    parts = _per_channel(off, _oddity(view, usual, shape) * _nearby(off, shape), shape) + FAINTEST
    width = int(np.prod(shape))
    total = frozen_dense(np.ones((width, 1), np.float32), name="total")(parts)
    named = {
        "score": keras.ops.squeeze(score, axis=-1),
        "contributions": parts / total * score,
        "expected": keras.ops.clip(expected, 0.0, 1.0),
    }
    return keras.Model(view.pixels, named)


def _nearest_usual(normal: Any, usual: Usual) -> Any:
    """The normalised image that the components can make, (n, width)."""
    into = frozen_dense(usual.components.T, -usual.components @ usual.centre, name="components")
    return frozen_dense(usual.components, usual.centre, name="made_of_components")(into(normal))


def _oddity(view: View, usual: Usual, shape: Shape) -> Any:
    """The mean squared z-score of all energies at each pixel, (n, height * width)."""
    height, width, _ = shape
    maps = [
        _mean_squared(energy, *spread, name=f"oddity_{at}")
        for at, (energy, spread) in enumerate(zip(view.energies, usual.energies, strict=True))
    ]
    same, half = maps
    large = keras.layers.UpSampling2D(2)(half)[:, :height, :width, :]
    return keras.layers.Reshape((height * width,))(same + large)


def _mean_squared(energy: Any, mean: Rows, deviation: Rows, *, name: str) -> Any:
    """The mean over filters of the squared z-scores, (n, height, width, 1)."""
    flat = keras.layers.Flatten()(energy)
    scores = frozen_scale(mean.ravel(), deviation.ravel(), name=name)(flat)
    squares = keras.layers.Reshape(mean.shape)(keras.ops.square(scores))
    filters = mean.shape[-1]
    share = np.full((filters, 1), 1 / filters, np.float32)
    return frozen_dense(share, name=f"{name}_mean")(squares)


def _nearby(off: Any, shape: Shape) -> Any:
    """The squared residual around each pixel, over all channels, (n, height * width)."""
    height, width, channels = shape
    images = keras.layers.Reshape(shape)(off)
    share = np.full((channels, 1), 1 / channels, np.float32)
    grey = frozen_dense(share, name="grey")(images)
    around = keras.layers.AveragePooling2D(3, strides=1, padding="same")(grey)
    return keras.layers.Reshape((height * width,))(around)


def _per_channel(off: Any, parts: Any, shape: Shape) -> Any:
    """The parts (n, height * width) shared among the channels by their residual, (n, width)."""
    height, width, channels = shape
    pixels = keras.layers.Reshape((height * width, channels))(off) + FAINTEST
    total = frozen_dense(np.ones((channels, 1), np.float32), name="channels")(pixels)
    shares = pixels / total * keras.ops.expand_dims(parts, -1)
    return keras.layers.Flatten()(shares)
