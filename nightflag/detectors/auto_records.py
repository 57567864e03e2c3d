"""The default recipe for records: several closed-form scores of one network, added up as surprises.

Two recipes, because nothing in the data reveals whether anomalies are among the training rows:

- clean: a narrow random-feature head over all features, and two readings of the nearest
  neighbours. All judge the training rows as if each had been left out.
- unlabelled: broad heads over two and three features at a time; then, without the training rows
  that those two fit worst, another over three and a Gaussian.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nightflag.detectors import (
    conditional,
    cosines,
    layers,
    mahalanobis,
    neighbours,
    surprise,
    trimming,
)
from nightflag.detectors.cosines import Recipe, Rows
from nightflag.detectors.detector import Detector
from nightflag.detectors.network import exported
from nightflag.detectors.settings import AutoSettings
from nightflag.detectors.training_set import TrainingSet

NARROW = Recipe(1.4, 1e-5)
PAIRS = Recipe(1.5, 0.1, mixing=2)
TRIPLES = Recipe(0.7, 1e-2, mixing=3)
ROWS_COMPARED = 4_096


class Member(NamedTuple):
    """One of the scores: its layers, and the surprise of its scores."""

    name: str
    layers: Callable[[Any], Any]
    surprise: surprise.Surprise
    surprises: NDArray[np.float64]


def fit(train: TrainingSet, *, settings: AutoSettings, seed: int) -> Detector:
    """The detector trained on ``train``, its features clipped at 20."""
    rows = np.clip(train.x, -layers.CLIP, layers.CLIP)
    seeds = np.random.SeedSequence(seed).generate_state(3).tolist()
    if train.clean:
        members, kept = _clean(rows, settings, seeds), rows
    else:
        members, kept = _unlabelled(rows, settings, seeds)
    about = {"members": [one.name for one in members], "rows_trimmed": len(rows) - len(kept)}
    return exported(_model(members, kept), rows[:ROWS_COMPARED], train.features, about)


def _clean(rows: Rows, settings: AutoSettings, seeds: Sequence[int]) -> list[Member]:
    distinct = np.unique(rows, axis=0)
    recipe = NARROW._replace(cosines=settings.cosines)
    head = cosines.fit(distinct, recipe, seeds[0])
    return [
        _head("narrow", head, head.held_out(distinct)),
        *_neighbours(neighbours.fit(distinct, seeds[1])),
    ]


def _neighbours(memory: neighbours.Memory) -> list[Member]:
    """Two readings of the distances, which the network computes once."""
    nearest, relative = memory.held_out(memory.rows)
    near = cache(partial(layers.near, memory))
    return [
        _member("nearest", lambda clipped: layers.nearest(near(clipped)), nearest),
        _member("relative", lambda clipped: layers.relative(memory, near(clipped)), relative),
    ]


def _unlabelled(
    rows: Rows, settings: AutoSettings, seeds: Sequence[int]
) -> tuple[list[Member], Rows]:
    """The members, and the rows that the last two of them were fitted on."""
    pairs, triples = (recipe._replace(cosines=settings.cosines) for recipe in (PAIRS, TRIPLES))
    first = [
        _on("pairs", rows, pairs, seeds[0]),
        _on("triples", rows, triples, seeds[1]),
    ]
    dropped = trimming.to_drop(len(rows), settings.trimmed_share)
    misfit = np.sum([one.surprises for one in first], axis=0)
    kept = rows[trimming.lowest(misfit, dropped)]
    white = mahalanobis.whitening(kept)
    again = [
        _on("trimmed triples", kept, triples, seeds[2]),
        _member("trimmed gaussian", partial(layers.gaussian, white), white.distance(kept)),
    ]
    return [*first, *again], kept


def _on(name: str, rows: Rows, recipe: Recipe, seed: int) -> Member:
    head = cosines.fit(rows, recipe, seed)
    return _head(name, head, head.score(rows))


def _head(name: str, head: cosines.Head, scores: NDArray[np.float64]) -> Member:
    build = partial(layers.head_score, head, name=name.replace(" ", "_"))
    return _member(name, build, scores)


def _member(name: str, build: Callable[[Any], Any], scores: NDArray[np.float64]) -> Member:
    fitted = surprise.fit(scores)
    return Member(name, build, fitted, fitted.of(scores))


def _model(members: Sequence[Member], rows: Rows) -> Any:
    """The network whose score is the sum of the members' surprises."""
    start = layers.inputs(rows.shape[1])
    surprises = [
        layers.surprise(one.surprise, one.layers(start.clipped), one.name.replace(" ", "_"))
        for one in members
    ]
    return layers.shared_model(start, sum(surprises[1:], surprises[0]), conditional.fit(rows))
