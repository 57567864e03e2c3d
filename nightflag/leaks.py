"""Leaks: columns that tell the label under another name."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa

from nightflag.errors import SourceError
from nightflag.evaluation.words import as_anomaly
from nightflag.features.kind import Column

MOST_VALUES = 20
FEWEST_ROWS = 5
AGREEMENT = 0.99


def found(frame: pd.DataFrame, label: str | None, columns: Iterable[str]) -> dict[str, str]:
    """Each of the columns that gives the label away, and how: in words, for people.

    It is one of at most 20 values of which some go with 99 % of the anomalies, and the others with
    99 % of the normal rows. Nothing is known unless there are five of each.
    """
    if label is None:
        return {}
    try:
        answers = as_anomaly(pa.array(frame[label], from_pandas=True), label)
    except SourceError:
        return {}  # evaluation tells; without an answer nothing can be given away
    known = answers.is_valid().to_numpy(zero_copy_only=False)
    anomalous = answers.fill_null(False).to_numpy(zero_copy_only=False)[known]
    if min(anomalous.sum(), (~anomalous).sum()) < FEWEST_ROWS:
        return {}
    shares = {name: _agreement(frame[name][known], anomalous) for name in columns}
    return {
        name: f"agrees with the label {label} in {share:.1%} of {len(anomalous):,} rows"
        for name, share in shares.items()
        if share >= AGREEMENT
    }


def _agreement(values: Column, anomalous: np.ndarray) -> float:
    """The share of anomalies, or of normal rows, that the values tell apart: the lower one."""
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    if len(distinct) > MOST_VALUES:
        return 0.0
    each = [np.bincount(codes[of], minlength=len(distinct)) for of in (anomalous, ~anomalous)]
    anomalies, normals = (counts / counts.sum() for counts in each)
    tells = anomalies > normals
    return float(min(anomalies[tells].sum(), normals[~tells].sum()))
