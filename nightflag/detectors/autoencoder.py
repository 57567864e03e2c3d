"""The dense autoencoder: every feature with every other, through a bottleneck."""

import math

import numpy as np

from nightflag.detectors import layers, reconstruction
from nightflag.detectors.detector import Detector
from nightflag.detectors.network import keras
from nightflag.detectors.settings import AutoencoderSettings
from nightflag.detectors.training_set import TrainingSet

WIDTHS = (128, 64)


def fit(train: TrainingSet, *, settings: AutoencoderSettings, seed: int) -> Detector:
    """The detector trained on ``train``; see ``reconstruction.fit``."""
    return reconstruction.fit(train, lambda: trunk(train.width, settings, seed), settings, seed)


def trunk(width: int, settings: AutoencoderSettings, seed: int) -> keras.Model:
    """The untrained network, width-128-64-k-64-128-width, from features to code and back."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(6).tolist())

    def dense(size: int, name: str, activation: str | None = "silu") -> keras.layers.Dense:
        start = keras.initializers.GlorotUniform(seed=next(seeds))
        return keras.layers.Dense(size, activation, kernel_initializer=start, name=name)

    features, clipped = layers.inputs(width)
    inner = dense(WIDTHS[1], "encode_2")(dense(WIDTHS[0], "encode_1")(clipped))
    code = dense(_code_width(width, settings), "code", None)(inner)
    outer = dense(WIDTHS[0], "decode_2")(dense(WIDTHS[1], "decode_1")(code))
    return reconstruction.ending(features, clipped, code, dense(width, "expected", None)(outer))


def _code_width(width: int, settings: AutoencoderSettings) -> int:
    wanted = settings.code_width or math.ceil(math.sqrt(width))
    return max(1, min(width - 1, wanted))
