"""Reasons: which columns made a record's score, with the value found and the value expected."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nightflag.models import Model

REASONS_PER_FLAG = 5


@dataclass(frozen=True)
class Reasons:
    """One entry for each record and rank, best first; ``row`` is the record's position."""

    row: np.ndarray
    rank: np.ndarray
    feature: list[str]
    contribution: np.ndarray
    value: list[str | None]
    expected: list[str | None]


def reasons(model: Model, frame: pd.DataFrame, *, limit: int = REASONS_PER_FLAG) -> Reasons:
    """The up to ``limit`` columns that contributed most to the score of each record.

    Contributions are those of the detector, added up over a column's features; over all columns
    they add up to the score. Values and expected values are in the units of the source.
    """
    matrix = model.features.transform(frame)
    contributions = model.features.fold(model.detector.explain(matrix))
    expected = model.features.expected(model.detector.expected(matrix).astype(np.float32))
    count = min(limit, contributions.shape[1])
    order = np.argsort(-contributions, axis=1, kind="stable")[:, :count]
    row = np.repeat(np.arange(len(frame)), count)
    column = order.ravel()
    names = [model.features.columns[position] for position in column]
    return Reasons(
        row,
        np.tile(np.arange(1, count + 1), len(frame)),
        names,
        np.take_along_axis(contributions, order, axis=1).ravel(),
        _texts(frame, row, names),
        _texts(expected, row, names),
    )


def _texts(frame: pd.DataFrame, row: np.ndarray, names: list[str]) -> list[str | None]:
    columns = {name: frame[name].tolist() for name in set(names)}
    return [_text(columns[name][at]) for at, name in zip(row, names, strict=True)]


def _text(value: Any) -> str | None:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text.replace("\0", "\\0")
