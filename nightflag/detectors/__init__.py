"""Detectors: each a Keras network that scores records, in one file of its own.

``fit`` trains the one a monitor names and returns a ``Detector``, which scores by its exported
graph, so that only training imports Keras. To add a detector, write its file with a ``fit`` like
``autoencoder.fit``, its settings in settings.py, and one line in ``DETECTORS``.
"""

import importlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel, ValidationError
from threadpoolctl import threadpool_limits

from nightflag.detectors import guards
from nightflag.detectors.detector import Detector
from nightflag.detectors.settings import (
    AutoencoderSettings,
    AutoSettings,
    ConvolutionalSettings,
    DensitySettings,
    LogEnergySettings,
    RandomFeaturesSettings,
    RecurrentSettings,
)
from nightflag.detectors.training_set import TrainingSet
from nightflag.errors import MonitorError

__all__ = [
    "DETECTORS",
    "Detector",
    "DetectorKind",
    "TrainingSet",
    "check_settings",
    "fit",
    "refuse_other_records",
]

TAKES = {1: "plain records", 2: "sequences", 3: "images"}
LIBRARIES = ("keras", "numpy", "onnxruntime", "scikit-learn", "tensorflow")


@dataclass(frozen=True)
class DetectorKind:
    """Where a detector's ``fit`` lives, what its settings are, and which records it takes."""

    module: str
    settings: type[BaseModel]
    takes: tuple[str, ...] = ("plain records", "sequences")


DETECTORS: Mapping[str, DetectorKind] = {
    "auto": DetectorKind("nightflag.detectors.auto", AutoSettings, tuple(TAKES.values())),
    "autoencoder": DetectorKind("nightflag.detectors.autoencoder", AutoencoderSettings),
    "convolutional": DetectorKind(
        "nightflag.detectors.convolutional", ConvolutionalSettings, takes=("sequences",)
    ),
    "density": DetectorKind("nightflag.detectors.density", DensitySettings),
    "log_energy": DetectorKind("nightflag.detectors.log_energy", LogEnergySettings, ("images",)),
    "random_features": DetectorKind("nightflag.detectors.random_features", RandomFeaturesSettings),
    "recurrent": DetectorKind(
        "nightflag.detectors.recurrent", RecurrentSettings, takes=("sequences",)
    ),
}


def fit(name: str, train: TrainingSet, *, settings: Mapping[str, Any], seed: int) -> Detector:
    """The detector ``name``, trained on ``train``.

    Raises MonitorError for an unknown name or setting, or a detector that does not take records of
    this shape, FeatureError for rows that are not as stated, TrainingRefused where no trustworthy
    network came out.
    """
    checked = check_settings(name, settings)
    refuse_other_records(name, (TAKES[len(train.shape)],))
    guards.check_rows(train)
    module = importlib.import_module(DETECTORS[name].module)
    # Linear algebra on two threads adds up in another order than on one, and the last bits of an
    # eigenproblem would depend on how many cores there are.
    with threadpool_limits(1, user_api="blas"):
        detector: Detector = module.fit(train, settings=checked, seed=seed)
    guards.check_scores(detector.score(train.x))
    about = {"kind": name, "settings": checked.model_dump(), "seed": seed, "rows": len(train)}
    about |= {"training_rows": "clean" if train.clean else "unlabelled", "shape": list(train.shape)}
    about |= {"versions": {key: version(key) for key in LIBRARIES}}
    return replace(detector, about={**detector.about, **about})


def refuse_other_records(name: str, found: Collection[str]) -> None:
    """Nothing, if the detector ``name`` takes one of these; they are values of ``TAKES``.

    Raises MonitorError that names the detectors which do.
    """
    taken = DETECTORS[name].takes
    if not set(found) & set(taken):
        fitting = sorted(other for other, kind in DETECTORS.items() if set(found) & set(kind.takes))
        raise MonitorError(
            f"The {name} takes {' or '.join(taken)}; the monitor's features are "
            f"{' or '.join(found)}.",
            expected=f"one of {', '.join(fitting)}",
            mend="Correct `detector: {name: ...}` in the monitor, or leave it out.",
        )


def check_settings(name: str, settings: Mapping[str, Any]) -> BaseModel:
    """The settings of the detector ``name``, complete; MonitorError says which one is wrong."""
    if name not in DETECTORS:
        raise _unknown(f"There is no detector called {name!r}.", name, DETECTORS)
    model = DETECTORS[name].settings
    for key in settings:
        if key not in model.model_fields:
            raise _unknown(f"The {name} has no setting {key!r}.", key, model.model_fields)
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        raise MonitorError(
            f"The {name}'s setting {key} is {first['input']!r}: {first['msg']}.",
            expected=f"{key}: {model.model_fields[key].description}",
            mend=f"Correct `detector.settings.{key}` in the monitor, or leave it out.",
        ) from error


def _unknown(what: str, found: str, known: Iterable[str]) -> MonitorError:
    nearest = get_close_matches(found, known, n=1)
    return MonitorError(
        what,
        expected=f"one of {', '.join(sorted(known))}",
        mend=f"Did you mean {nearest[0]}?" if nearest else "Correct the name in the monitor.",
    )
