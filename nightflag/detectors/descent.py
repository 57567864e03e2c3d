"""Gradient steps: the batches they see and the optimizer that takes them."""

import numpy as np
from numpy.typing import NDArray

from nightflag.detectors.network import keras, tf
from nightflag.detectors.settings import StepSettings


def optimizer(settings: StepSettings) -> keras.optimizers.Optimizer:
    """Adam, its rate falling to 0 along a cosine, its gradients clipped at norm 1."""
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.steps)
    return keras.optimizers.Adam(rate, clipnorm=1.0)


def batches(rows: NDArray[np.float32], settings: StepSettings, seed: int) -> tf.data.Dataset:
    """One batch of ``rows`` (n, width), drawn with replacement, for each step."""
    drawn = np.random.default_rng(seed).integers(
        len(rows), size=(settings.steps, settings.batch_size), dtype=np.int32
    )
    table = tf.constant(rows)
    return tf.data.Dataset.from_tensor_slices(drawn).map(lambda i: tf.gather(table, i))
