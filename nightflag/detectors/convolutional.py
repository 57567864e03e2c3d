"""The convolutional autoencoder of sequences: the same patterns, wherever in the window.

Two strided convolutions to a code of few numbers, and back by upsampling. Score and read-out are
those of every autoencoder (``reconstruction``).
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from nightflag.detectors import layers, reconstruction
from nightflag.detectors.detector import Detector
from nightflag.detectors.network import keras
from nightflag.detectors.settings import ConvolutionalSettings
from nightflag.detectors.training_set import TrainingSet

SPAN, STRIDE = 7, 2


def fit(train: TrainingSet, *, settings: ConvolutionalSettings, seed: int) -> Detector:
    """The detector trained on sequences; see ``reconstruction.fit``."""
    return reconstruction.fit(train, lambda: trunk(train.shape, settings, seed), settings, seed)


def trunk(shape: tuple[int, ...], settings: ConvolutionalSettings, seed: int) -> keras.Model:
    """The untrained network over sequences of this (columns, steps)."""
    columns, steps = shape
    seeds = iter(np.random.SeedSequence(seed).generate_state(7).tolist())
    features, clipped = layers.inputs(columns * steps)
    series = keras.layers.Permute((2, 1))(keras.layers.Reshape((columns, steps))(clipped))
    inner = _convolved(series, settings.filters, seeds, strides=STRIDE)
    inner = _convolved(inner, settings.filters, seeds, strides=STRIDE)
    code = _dense(keras.layers.Flatten()(inner), math.ceil(math.sqrt(columns * steps)), seeds)
    outer = keras.layers.Reshape(inner.shape[1:])(_dense(code, math.prod(inner.shape[1:]), seeds))
    for _ in range(2):
        outer = _convolved(keras.layers.UpSampling1D(STRIDE)(outer), settings.filters, seeds)
    rebuilt = _convolved(outer, columns, seeds, activation=None)[:, :steps]
    expected = keras.layers.Flatten(name="expected")(keras.layers.Permute((2, 1))(rebuilt))
    return reconstruction.ending(features, clipped, code, expected)


def _convolved(
    tensor: Any, filters: int, seeds: Iterator[int], *, strides: int = 1, activation: Any = "silu"
) -> Any:
    start = keras.initializers.GlorotUniform(seed=next(seeds))
    return keras.layers.Conv1D(
        filters, SPAN, strides, "same", activation=activation, kernel_initializer=start
    )(tensor)


def _dense(tensor: Any, width: int, seeds: Iterator[int]) -> Any:
    start = keras.initializers.GlorotUniform(seed=next(seeds))
    return keras.layers.Dense(width, kernel_initializer=start)(tensor)
