"""Frozen random filters over images: how much structure of each kind there is at each place.

Each image is brought to one brightness and contrast, looked at through random zero-mean 5 x 5
filters at its own and at half its size, and kept as the logarithm of the local energy of their
responses. Logarithms make too little structure as visible as too much; random filters do as well
as trained ones for telling textures apart (Jarrett et al., 2009; Saxe et al., 2011).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nightflag.detectors.network import frozen_dense, keras, outputs

SIDE = 5
SCALES = (1, 2)
GRID = 4
SMALLEST_CONTRAST = 0.02
SMALLEST_ENERGY = 0.01
SMALLEST_RESPONSE = 1e-3

Rows = NDArray[np.float32]
Shape = tuple[int, ...]


class View(NamedTuple):
    """Images inside the network, of shape (height, width, channels).

    ``pixels`` (n, width) as they come; ``level`` and ``contrast`` (n, 1) of each; ``normal``
    (n, width) without them; ``energies``: for each scale one map (n, height, width, filters);
    ``summary`` (n, features): the maps' means over a grid, the level and the contrast.
    """

    pixels: Any
    level: Any
    contrast: Any
    normal: Any
    energies: tuple[Any, ...]
    summary: Any


def fit(rows: Rows, shape: Shape, filters: int, seed: int) -> View:
    """The view through ``filters`` random filters a scale, each with an average response of 1.

    ``rows`` are the training images (n, width), values of one record row by row.
    """
    random = np.random.default_rng(seed)
    kernels = [_random_filters(random, shape[-1], filters) for _ in SCALES]
    plain = _contrast_normalised(shape)
    responses = _responses(plain, kernels, shape)
    squares = {f"{at}": _mean_square(one) for at, one in enumerate(responses)}
    sizes = outputs(keras.Model(plain.pixels, squares), rows)
    means = [np.sqrt(sizes[f"{at}"].mean(axis=0)) for at in range(len(SCALES))]
    even = [
        kernel / np.maximum(mean, SMALLEST_RESPONSE)
        for kernel, mean in zip(kernels, means, strict=True)
    ]
    energies = tuple(_log_energy(one) for one in _responses(plain, even, shape))
    parts = [_on_grid(one) for one in energies]
    summary = keras.layers.Concatenate(name="summary")([*parts, plain.level, plain.contrast])
    return plain._replace(energies=energies, summary=summary)


def _random_filters(random: np.random.Generator, channels: int, filters: int) -> Rows:
    """Filters (5, 5, channels, filters) whose weights add up to 0 and have unit length."""
    kernel = random.normal(size=(SIDE * SIDE * channels, filters))
    kernel -= kernel.mean(axis=0)
    kernel /= np.linalg.norm(kernel, axis=0)
    return kernel.reshape(SIDE, SIDE, channels, filters).astype(np.float32)


def _contrast_normalised(shape: Shape) -> View:
    width = int(np.prod(shape))
    mean = np.full((width, 1), 1 / width, np.float32)
    pixels = keras.Input((width,), name="features")
    level = frozen_dense(mean, name="level")(pixels)
    centred = pixels - level
    variance = frozen_dense(mean, name="variance")(keras.ops.square(centred))
    contrast = keras.ops.sqrt(variance)
    normal = centred / (contrast + SMALLEST_CONTRAST)
    return View(pixels, level, contrast, normal, (), None)


def _responses(view: View, kernels: list[Rows], shape: Shape) -> list[Any]:
    """The filters' responses (n, height, width, filters), one for each scale."""
    images = keras.layers.Reshape(shape)(view.normal)
    return [
        _convolved(_smaller(images, scale), kernel)
        for scale, kernel in zip(SCALES, kernels, strict=True)
    ]


def _smaller(images: Any, scale: int) -> Any:
    if scale == 1:
        return images
    return keras.layers.AveragePooling2D(scale, padding="same")(images)


def _convolved(images: Any, kernel: Rows) -> Any:
    """Mirrored at the edges, so that no border looks like structure."""
    edge = (SIDE // 2, SIDE // 2)
    wide = keras.ops.pad(images, ((0, 0), edge, edge, (0, 0)), mode="reflect")
    layer = keras.layers.Conv2D(kernel.shape[-1], SIDE, use_bias=False, trainable=False)
    layer.build(wide.shape)
    layer.set_weights([kernel])
    return layer(wide)


def _mean_square(response: Any) -> Any:
    return keras.layers.GlobalAveragePooling2D()(keras.ops.square(response))


def _log_energy(response: Any) -> Any:
    nearby = keras.layers.AveragePooling2D(3, strides=1, padding="same")
    return keras.ops.log(nearby(keras.ops.square(response)) + SMALLEST_ENERGY)


def _on_grid(energy: Any) -> Any:
    """The map's means over a grid of 4 x 4 cells, shape (n, filters * 16)."""
    _, height, width, filters = energy.shape
    flat = keras.layers.Reshape((height * width, filters))(energy)
    cells = np.kron(_cells(height), _cells(width)).T.astype(np.float32)
    means = frozen_dense(cells, name=f"grid_of_{height}_by_{width}")(
        keras.layers.Permute((2, 1))(flat)
    )
    return keras.layers.Flatten()(means)


def _cells(length: int) -> NDArray[np.float64]:
    """How much of each of ``length`` places lies in each of the grid's cells, (4, length)."""
    edges = np.linspace(0, length, GRID + 1)
    places = np.arange(length)
    inside = np.minimum(edges[1:, None], places + 1) - np.maximum(edges[:-1, None], places)
    share = np.clip(inside, 0, None)
    return np.asarray(share / share.sum(axis=1, keepdims=True))
