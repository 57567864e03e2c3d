"""Frozen Keras layers for what is fitted in closed form: heads, distances, surprise and shares.

Sums are matrix products: other reductions round by a row's place in memory.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nightflag.detectors.conditional import Conditional
from nightflag.detectors.cosines import Head
from nightflag.detectors.mahalanobis import Whitening
from nightflag.detectors.neighbours import Memory
from nightflag.detectors.network import frozen_dense, keras
from nightflag.detectors.surprise import Surprise

CLIP = 20.0
FAINTEST = 1e-12


class Inputs(NamedTuple):
    """The features as they come and clipped, both (n, width)."""

    features: Any
    clipped: Any


def inputs(width: int) -> Inputs:
    """The start of a network over ``width`` features."""
    features = keras.Input((width,), name="features")
    return Inputs(features, keras.ops.clip(features, -CLIP, CLIP))


def head_score(head: Head, clipped: Any, name: str) -> Any:
    """The head's score, shape (n, 1); in float64 where it is the difference of larger numbers."""
    angles = frozen_dense(head.directions, head.phases, name=f"{name}_project")(clipped)
    precision = np.dtype(np.float64 if head.rest else np.float32)
    cosines = keras.ops.cast(keras.ops.cos(angles), precision.name)
    scale = np.sqrt(2 / len(head.phases)).astype(precision)
    kernel, weights = (scale * head.kernel).astype(precision), head.weights.astype(precision)
    known = frozen_dense(kernel, name=f"{name}_kernel")(cosines)
    score = frozen_dense(weights[:, None], name=f"{name}_weigh")(keras.ops.square(known))
    if head.rest:
        rest = np.full((len(head.phases), 1), head.rest * scale**2)
        score += frozen_dense(rest, name=f"{name}_rest")(keras.ops.square(cosines))
    return keras.ops.cast(score, "float32")


class Near(NamedTuple):
    """The nearest remembered rows: squared distances (n, k), ascending, and places (n, k)."""

    squares: Any
    places: Any


def near(memory: Memory, clipped: Any) -> Near:
    """The remembered rows nearest to each row.

    In float64: a small distance is the small difference of large squares.
    """
    known = memory.rows.astype(np.float64)
    exact = keras.ops.cast(clipped, "float64")
    nearness = frozen_dense(2 * known.T, -(known**2).sum(axis=1), name="compare")(exact)
    length = frozen_dense(np.ones((known.shape[1], 1)), name="length")(keras.ops.square(exact))
    minus_squares = keras.ops.cast(nearness - length, "float32")
    nearest, places = keras.ops.top_k(minus_squares, memory.nearest)
    return Near(keras.ops.relu(-nearest), places)


def nearest(found: Near) -> Any:
    """The squared distance to the nearest remembered row, shape (n, 1)."""
    return found.squares[:, :1]


def relative(memory: Memory, found: Near) -> Any:
    """The mean distance over the root of what is usual there, shape (n, 1)."""
    mean = np.full((memory.nearest, 1), 1 / memory.nearest, np.float32)
    distance = frozen_dense(mean, name="distance")(keras.ops.sqrt(found.squares))
    rarity = keras.layers.Embedding(len(memory.rarity), 1, trainable=False, name="rarity")
    rarity.build()
    rarity.set_weights([memory.rarity[:, None]])
    around = keras.ops.squeeze(rarity(found.places), axis=-1)
    return distance * keras.ops.exp(frozen_dense(mean, name="around")(around))


def gaussian(white: Whitening, clipped: Any) -> Any:
    """The squared Mahalanobis distance, shape (n, 1)."""
    whiten = frozen_dense(white.kernel, white.bias, name="gaussian_whiten")
    total = frozen_dense(np.ones((len(white.bias), 1), np.float32), name="gaussian_total")
    return total(keras.ops.square(whiten(clipped)))


def surprise(fitted: Surprise, score: Any, name: str) -> Any:
    """The surprise of a score, shape (n, 1)."""
    ramps = len(fitted.starts)
    after = frozen_dense(np.ones((1, ramps), np.float32), -fitted.starts, name=f"{name}_after")
    climbed = keras.layers.Rescaling((1 / fitted.gaps).tolist(), name=f"{name}_gaps")(after(score))
    risen = frozen_dense(fitted.rises[:, None], name=f"{name}_rises")(
        keras.ops.clip(climbed, 0.0, 1.0)
    )
    beyond = keras.ops.relu(score - fitted.end)
    return risen + keras.ops.log(1.0 + beyond * (1 / fitted.excess))


def shared_model(start: Inputs, score: Any, conditional: Conditional) -> keras.Model:
    """The network with this score (n, 1), shared among the features by their squared z.

    Its other outputs are ``contributions`` and ``expected``, the conditional means.
    """
    squares = keras.ops.square(
        frozen_dense(conditional.kernel, conditional.bias, name="off")(start.clipped)
    )
    parts = squares + FAINTEST
    ones: NDArray[np.float32] = np.ones((conditional.kernel.shape[0], 1), np.float32)
    total = frozen_dense(ones, name="total")(parts)
    expected = frozen_dense(conditional.others, conditional.level, name="expected")
    named = {
        "score": keras.ops.squeeze(score, axis=-1),
        "contributions": parts / total * score,
        "expected": expected(start.clipped),
    }
    return keras.Model(start.features, named)
