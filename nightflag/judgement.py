"""Judgement: what can be said of a freshly trained detector where nothing has a label."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightflag import rivals, synthetic
from nightflag.detectors import Detector
from nightflag.references import Compared
from nightflag.rivals import DEFAULT, Rivalry

Rows = NDArray[np.float32]


def judged(
    detector: Detector,
    held_out: Rows,
    scores: NDArray[np.float64],
    compared_with: Compared,
    rivalry: Rivalry | None = None,
    *,
    seed: int,
) -> Detector:
    """The same detector, its ``about`` telling how it fares beside others and on spoilt records.

    ``scores`` (n,) are those of the ``held_out`` rows (n, width), which the references in
    ``compared_with`` rank as well. Under "references" stands how far
    well-known detectors agree with it, under "synthetic" how well it tells spoilt records apart,
    under "rivals" its ``rivalry`` with them where labels tell of one, under "judgement" all in a
    line, after the reason why it was chosen. TrainingRefused where it tells no spoilt record apart.
    """
    compared = compared_with.correlations(scores)
    apart = synthetic.told_apart(detector.score, held_out, seed=seed)
    synthetic.check(apart)
    found = {"references": compared, "synthetic": apart}
    found |= {rivals.KEY: rivalry.to_json()} if rivalry else {}
    line = _sentence(detector.about, compared, apart)
    found |= {"judgement": f"{line}; {rivalry}" if rivalry else line}
    return replace(detector, about={**detector.about, **found})


def _sentence(
    about: Mapping[str, Any],
    compared: Mapping[str, Mapping[str, float | None]],
    apart: Mapping[str, float],
) -> str:
    chosen = "the default" if about["kind"] == DEFAULT else "named in the monitor"
    told = ", ".join(f"{name} {value:.2f}" for name, value in apart.items())
    return (
        f"{about['kind']} is {chosen} for {about['training_rows']} rows, and no data choose; "
        f"agrees with the references {_agreement(compared)}; spoilt records told apart: {told}"
    )


def _agreement(compared: Mapping[str, Mapping[str, float | None]]) -> str:
    """The detector's correlation with the consensus, beside those of the references."""
    every = {name: one["with_consensus"] for name, one in compared.items()}
    own = every.pop("detector")
    others = [value for value in every.values() if value is not None]
    if own is None or not others:
        return "in nothing that could be measured"
    return f"{own:.2f} (they with each other {min(others):.2f} to {max(others):.2f})"
