"""What the laws of detectors are tried on: records of each shape, and quick settings.

A new detector needs a line in QUICK, a new shape one in SAMPLES and a file that names it.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import onnxruntime

from nightflag import detectors

QUICK = {
    "auto": {"cosines": 128},
    "autoencoder": {"steps": 300},
    "convolutional": {"steps": 300},
    "density": {"steps": 300},
    "log_energy": {"filters": 8},
    "random_features": {"cosines": 128},
    "recurrent": {"steps": 300},
}
BY_STEPS = {
    "plain records": ("autoencoder", "density"),
    "sequences": ("convolutional", "recurrent"),
}
"""Trained by gradient steps, each on the first shape it takes; none of images alone."""

BOUNDED = ("recurrent",)
"""The gates of a recurrence are bounded: no rate makes it diverge."""

OTHER_ON_CLEAN = ("auto", "random_features")
"""Of another recipe on clean rows; the others do the same there, but for the trimming."""

LONGEST = 600
"""Seconds in which one process fits all detectors of one shape, on a busy machine."""

FEATURES = ("amount", "hour", "age", "distance", "visits", "balance")
WINDOW = tuple(f"{name}, {back} earlier" for name in FEATURES[:2] for back in range(5, -1, -1))
IMAGE = (12, 10, 1)
PATCH = [row * 10 + column for row in range(4, 8) for column in range(3, 7)]


class Sample(NamedTuple):
    """Records of one shape; ``plant`` returns anomalous ones and the features that make them so."""

    shape: tuple[int, ...]
    features: tuple[str, ...]
    rows: Callable[..., np.ndarray]
    plant: Callable[[np.ndarray], tuple[np.ndarray, list[int]]]


def records(rows=600, seed=0, width=6):
    """Correlated, standardised features, as the feature pipeline gives them."""
    random = np.random.default_rng(seed)
    causes = random.normal(size=(rows, 3))
    mixing = np.random.default_rng(99).normal(size=(3, width))
    x = causes @ mixing + 0.3 * random.normal(size=(rows, width))
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)


def another_distance(x):
    planted = x.copy()
    planted[:, 3] += np.where(planted[:, 3] > 0, 6, -6).astype(np.float32)
    return planted, [3]


def pictures(rows=600, seed=0):
    """Slanted waves of any phase with a little noise, 12 x 10 pixels, black 0 and white 1."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:12, :10]
    phase = random.uniform(0, 2 * np.pi, (rows, 1, 1))
    waves = 0.5 + 0.3 * np.sin(0.7 * down + 0.4 * across + phase)
    noisy = waves + random.normal(0, 0.02, waves.shape)
    return np.clip(noisy, 0, 1).reshape(rows, -1).astype(np.float32)


def a_scratched_patch(x):
    planted = x.copy()
    planted[:, PATCH] = np.tile([[0, 1, 0, 1], [1, 0, 1, 0]], (2, 1)).ravel()
    return planted, PATCH


SAMPLES = {
    "plain records": Sample((6,), FEATURES, records, another_distance),
    "sequences": Sample((2, 6), WINDOW, partial(records, width=12), another_distance),
    "images": Sample(IMAGE, tuple(f"pixel {i}" for i in range(120)), pictures, a_scratched_patch),
}


def taking(shape):
    """The names of the detectors that take such records."""
    return [name for name, kind in sorted(detectors.DETECTORS.items()) if shape in kind.takes]


def fitted(name, x, *, of=SAMPLES["plain records"], seed=7, clean=False, **settings):
    train = detectors.TrainingSet(x, of.features, of.shape, clean=clean)
    return detectors.fit(name, train, settings=QUICK[name] | settings, seed=seed)


def raw_outputs(detector, x):
    """What the graph itself gives for ``x``, by name."""
    session = onnxruntime.InferenceSession(detector.graph, providers=["CPUExecutionProvider"])
    outputs = ("score", "contributions", "expected")
    return dict(zip(outputs, session.run(outputs, {"features": x}), strict=True))
