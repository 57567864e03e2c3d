"""What is compared: nightflag's detectors, scikit-learn's references, PyOD's networks."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler
from splits import Split

from nightflag import detectors, references
from nightflag.calibration import Calibration

PEERS = {"pyod_autoencoder": ("auto_encoder", "AutoEncoder"), "pyod_vae": ("vae", "VAE")}
"""Of PyOD, with its defaults; needs the dependency group ``peers``."""

HELD_OUT = 0.25
RATES = (0.01, 0.001)


@dataclass(frozen=True)
class Outcome:
    """The test records' scores, the seconds of training, and records scored a second."""

    scores: np.ndarray
    training_seconds: float
    rows_per_second: float


def outcome(name: str, split: Split, seed: int) -> Outcome:
    """What the contender ``name`` makes of the split."""
    if name in detectors.DETECTORS:
        return of_detector(name, split, seed)
    train, test = z_scores(split)
    start = perf_counter()
    if name in PEERS:
        module, kind = PEERS[name]
        model = getattr(import_module(f"pyod.models.{module}"), kind)(random_state=seed, verbose=0)
        return timed(start, test, model.fit(train).decision_function)
    # A reference fits while it scores, so the seconds are those of both.
    scores = references.REFERENCES[name](train, test, seed)
    seconds = perf_counter() - start
    return Outcome(scores, seconds, len(test) / seconds)


def of_detector(name: str, split: Split, seed: int) -> Outcome:
    """A detector with its defaults, over the features a monitor would have."""
    _, _, test = split.matrices()
    start = perf_counter()
    detector, _ = fitted(name, split, seed)
    return timed(start, test, detector.score)


def fitted(name: str, split: Split, seed: int) -> tuple[detectors.Detector, Any]:
    """The detector trained on the split, and its feature pipeline."""
    pipeline, train, _ = split.matrices()
    training = detectors.TrainingSet(train, pipeline.names, pipeline.shape, clean=split.clean)
    return detectors.fit(name, training, settings={}, seed=seed), pipeline


def timed(start: float, test: np.ndarray, score: Callable[[Any], np.ndarray]) -> Outcome:
    """The scores of ``test``, and how long training, begun at ``start``, and scoring took."""
    trained = perf_counter()
    scores = np.asarray(score(test))
    return Outcome(scores, trained - start, len(test) / (perf_counter() - trained))


def z_scores(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Both parts standardised: numbers as they are, words as the pipeline's one-hot features."""
    if set(split.kinds.values()) == {"numeric"}:
        train, test = split.train.to_numpy(), split.test.to_numpy()
    else:
        _, train, test = split.matrices()
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


def false_alarms(name: str, split: Split, seed: int) -> dict[float, tuple[int, int]]:
    """By rate, how many normal test records were flagged, and of how many.

    As on a night: a quarter of the clean training records calibrates and is not trained on. Rates
    that so few of them cannot promise are left out.
    """
    order = np.random.default_rng(seed).permutation(len(split.train))
    calibrating = order[: round(HELD_OUT * len(order))]
    rates = [rate for rate in RATES if 1 / (len(calibrating) + 1) <= rate]
    if not rates:
        return {}
    rest = split.train.iloc[np.setdiff1d(order, calibrating)]
    shorter = Split(rest, split.test, split.anomalous, split.kinds, clean=True)
    detector, pipeline = fitted(name, shorter, seed)
    known = detector.score(pipeline.transform(split.train.iloc[calibrating]))
    new = detector.score(pipeline.transform(split.test[split.anomalous == 0]))
    p_values = Calibration(known).p_values(new)
    return {rate: (int((p_values <= rate).sum()), len(new)) for rate in rates}
