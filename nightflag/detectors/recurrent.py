"""The recurrent autoencoder of sequences: a GRU reads the window, another one writes it again.

After Malhotra et al., LSTM-based Encoder-Decoder for Multi-sensor Anomaly Detection (2016), with
gated recurrent units (Cho et al., 2014); what passes from one to the other is the code. A long
window is read several records at a time, so that the recurrence has few steps: it trains faster
and forgets less. Score and read-out are those of every autoencoder (``reconstruction``).
"""

import math
from typing import Any

import numpy as np

from nightflag.detectors import layers, reconstruction
from nightflag.detectors.detector import Detector
from nightflag.detectors.network import keras
from nightflag.detectors.settings import RecurrentSettings
from nightflag.detectors.training_set import TrainingSet


def fit(train: TrainingSet, *, settings: RecurrentSettings, seed: int) -> Detector:
    """The detector trained on sequences; see ``reconstruction.fit``."""
    return reconstruction.fit(train, lambda: trunk(train.shape, settings, seed), settings, seed)


def trunk(shape: tuple[int, ...], settings: RecurrentSettings, seed: int) -> keras.Model:
    """The untrained network over sequences of this (columns, steps)."""
    columns, steps = shape
    at_once = math.ceil(steps / settings.cells)
    cells = math.ceil(steps / at_once)
    seeds = np.random.SeedSequence(seed).generate_state(5).tolist()
    features, clipped = layers.inputs(columns * steps)
    series = keras.layers.Permute((2, 1))(keras.layers.Reshape((columns, steps))(clipped))
    read = _in_cells(series, cells, at_once)
    code = _recurrence(settings.units, seeds[:2], every_cell=False)(read)
    told = keras.layers.RepeatVector(cells)(code)
    written = _recurrence(settings.units, seeds[2:4], every_cell=True)(told)
    start = keras.initializers.GlorotUniform(seed=seeds[4])
    rebuilt = keras.layers.Dense(at_once * columns, kernel_initializer=start)(written)
    rebuilt = keras.layers.Reshape((cells * at_once, columns))(rebuilt)[:, -steps:]
    expected = keras.layers.Flatten(name="expected")(keras.layers.Permute((2, 1))(rebuilt))
    return reconstruction.ending(features, clipped, code, expected)


def _in_cells(series: Any, cells: int, at_once: int) -> Any:
    """The series (n, steps, columns) in cells, the first one filled up with the first record."""
    _, steps, columns = series.shape
    missing = cells * at_once - steps
    if missing:
        first = keras.ops.repeat(series[:, :1], missing, axis=1)
        series = keras.ops.concatenate([first, series], axis=1)
    return keras.layers.Reshape((cells, at_once * columns))(series)


def _recurrence(units: int, seeds: list[int], *, every_cell: bool) -> keras.layers.GRU:
    """Unrolled: a loop would not survive the export."""
    return keras.layers.GRU(
        units,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seeds[0]),
        recurrent_initializer=keras.initializers.Orthogonal(seed=seeds[1]),
        return_sequences=every_cell,
        unroll=True,
    )
