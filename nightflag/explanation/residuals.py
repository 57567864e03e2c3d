"""How far numbers lie from what a detector expects of them, as long as nothing is wrong."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightflag.detectors.detector import Detector
from nightflag.features import Matrix, Pipeline, SequencePipeline

CENTRAL = (0.05, 0.95)
VALUES_LOOKED_AT = 2**22
RESIDUALS = "residuals"

Usual = dict[str, list[float]]


def usual(
    detector: Detector, pipeline: Pipeline | SequencePipeline, held_out: Matrix
) -> dict[str, Usual]:
    """Between which residuals the central 90 % of each column of numbers lie, for ``about``.

    The residuals are those of ``held_out`` features (n, width), in feature units; of windows, those
    of all steps. What was expected lies between the two.
    """
    names = pipeline.numeric
    rows = held_out[:: -(-held_out.size // VALUES_LOOKED_AT)]
    if not names:
        return {RESIDUALS: {}}
    off = (rows - detector.expected(rows)).astype(np.float32)
    found = {name: np.quantile(off[:, at], CENTRAL) for name, at in _places(pipeline).items()}
    return {RESIDUALS: {name: _around_nothing(*ends) for name, ends in found.items()}}


def shifts(
    about: Mapping[str, Any], pipeline: Pipeline | SequencePipeline
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What to add to expected features to have the ends of what is usual, twice (width,).

    Nothing for a model of an earlier version, which does not know.
    """
    low, high = (np.zeros(len(pipeline.names), dtype=np.float32) for _ in range(2))
    for name, at in _places(pipeline).items():
        low[at], high[at] = about.get(RESIDUALS, {}).get(name, (0.0, 0.0))
    return low, high


def _places(pipeline: Pipeline | SequencePipeline) -> dict[str, slice]:
    """Where the measures of each column of numbers are: of windows at every step."""
    if isinstance(pipeline, SequencePipeline) and pipeline.view.length > 1:
        steps = pipeline.view.length
        return {
            name: slice(place * steps, (place + 1) * steps)
            for place, name in enumerate(pipeline.columns)
        }
    plain = pipeline.plain if isinstance(pipeline, SequencePipeline) else pipeline
    return {
        name: slice(plain.spans[name].start, plain.spans[name].start + 1) for name in plain.numeric
    }


def _around_nothing(low: float, high: float) -> list[float]:
    return [min(float(low), 0.0), max(float(high), 0.0)]
