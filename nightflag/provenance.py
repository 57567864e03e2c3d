"""Provenance: what a model was made of, so that it can be made again."""

import hashlib
import platform
from collections.abc import Iterable
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from nightflag.features import History
from nightflag.models.model import Records
from nightflag.monitors import Monitor
from nightflag.workplace import Workplace

KEY = "origin"
SECTIONS = {
    *("source", "features", "sequence", "expectations"),
    *("training_rows", "detector", "training"),
}
LIBRARIES = (
    *("nightflag", "tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime"),
    *("numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "great-expectations"),
)


def of(workplace: Workplace, parts: Iterable[Records]) -> dict[str, Any]:
    """The recipe, a hash of the ``parts`` of the training sample, and the versions; plain JSON."""
    return {
        "recipe": recipe(workplace.monitor),
        "sample": digest(parts, workplace.layout.inputs),
        "versions": versions(),
    }


def recipe(monitor: Monitor) -> dict[str, Any]:
    """Every setting that has a say in a model, among them query, seed and expectations."""
    lines = {"expectations": {"__all__": {"line"}}}
    return monitor.model_dump(mode="json", include=SECTIONS, exclude=lines)


def digest(parts: Iterable[Records], columns: Iterable[str]) -> str:
    """A SHA-256 over the fingerprints of the records, in order, by these columns of them."""
    names, hashed = list(columns), hashlib.sha256()
    for part in parts:
        frame = part.records if isinstance(part, History) else part
        hashes = pd.util.hash_pandas_object(frame[names], index=False)
        hashed.update(hashes.to_numpy(np.uint64).tobytes() + b"|")
    return hashed.hexdigest()


def versions() -> dict[str, str]:
    """The installed versions of all that computes, and the processor's kind."""
    installed = {name: metadata.version(name) for name in LIBRARIES}
    return {**installed, "python": platform.python_version(), "machine": platform.machine()}
