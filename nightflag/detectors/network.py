"""Keras and TensorFlow, imported without a word on the screen, and the way out of them.

Only fitting comes here: scoring runs the exported graph.
"""

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightflag.detectors import guards
from nightflag.detectors.detector import Detector

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def silence() -> Iterator[None]:
    """Nothing on standard error meanwhile, not even from native code, which asks no logger.

    What Python raises still arrives: only what is printed is lost.
    """
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


with silence():
    import keras
    import tensorflow as tf

for library in ("tensorflow", "tf2onnx"):
    logging.getLogger(library).setLevel(logging.ERROR)
__all__ = ["exported", "frozen_dense", "frozen_scale", "keras", "outputs", "tf"]
ROWS_AT_ONCE, VALUES_AT_ONCE = 8_192, 2**18


def frozen_dense(kernel: Any, bias: Any = None, *, name: str) -> Any:
    """A dense layer with these weights that no training changes. Shapes (m, n) and (n,).

    It computes in the precision of the kernel, float32 or float64.
    """
    weights = [kernel] if bias is None else [kernel, bias]
    layer = keras.layers.Dense(
        kernel.shape[1],
        use_bias=bias is not None,
        trainable=False,
        name=name,
        dtype=str(kernel.dtype),
    )
    layer.build((None, kernel.shape[0]))
    layer.set_weights(weights)
    return layer


def frozen_scale(mean: Any, deviation: Any, *, name: str) -> Any:
    """A layer that gives z-scores by this mean and deviation, both (n,), that no training changes.

    Batch normalisation at rest: of the layers that keep such numbers as weights, the one at hand.
    """
    layer = keras.layers.BatchNormalization(
        center=False, scale=False, epsilon=0.0, trainable=False, name=name
    )
    layer.build((None, len(mean)))
    layer.set_weights([mean, np.square(deviation)])
    return layer


def outputs(model: Any, rows: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Each output of the model for ``rows`` (n, width), by name, computed block by block."""
    step = max(1, min(ROWS_AT_ONCE, VALUES_AT_ONCE // rows.shape[1]))
    blocks = [model(rows[i : i + step]) for i in range(0, len(rows), step)]
    return {
        name: np.concatenate([keras.ops.convert_to_numpy(block[name]) for block in blocks])
        for name in blocks[0]
    }


def exported(
    model: Any, rows: NDArray[np.float32], features: tuple[str, ...], about: Mapping[str, Any]
) -> Detector:
    """The detector of a model with the three outputs, its graph compared on ``rows`` (n, width)."""
    predicted = outputs(model, rows)
    detector = Detector(_graph(model), _saved(model), {"features": list(features), **about})
    guards.check_parity(detector, rows, predicted)
    return detector


def _saved(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def _graph(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder, silence(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "graph.onnx"
        model.export(path, format="onnx", verbose=False)
        return path.read_bytes()
