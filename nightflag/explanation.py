"""Reasons: which columns made a record's score, with the value found and the value expected."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nightflag.detectors.detector import Detector
from nightflag.features import History, Pipeline, SequencePipeline
from nightflag.models import Model
from nightflag.models.model import unreadable

REASONS_PER_FLAG = 5


@dataclass(frozen=True)
class Reasons:
    """One entry for each record and rank, best first; ``row`` is the record's position.

    ``records_back`` says of a window how many records before its last the reason lies, with the
    value and the expected value there; it is None for records that are seen alone.
    """

    row: np.ndarray
    rank: np.ndarray
    feature: list[str]
    contribution: np.ndarray
    value: list[str | None]
    expected: list[str | None]
    records_back: list[int | None]


@dataclass(frozen=True)
class Account:
    """What each record (n) and column has in the score: part, value, expected value, and when."""

    contributions: np.ndarray
    values: pd.DataFrame
    expected: pd.DataFrame
    back: np.ndarray | None = None


def reasons(
    model: Model, records: pd.DataFrame | History, *, limit: int = REASONS_PER_FLAG
) -> Reasons:
    """The up to ``limit`` columns that contributed most to the score of each record.

    Contributions are those of the detector, added up over a column's features; over all columns
    they add up to the score. Values and expected values are in the units of the source.
    """
    found = account(model, records)
    count = min(limit, found.contributions.shape[1])
    order = np.argsort(-found.contributions, axis=1, kind="stable")[:, :count]
    row = np.repeat(np.arange(len(records)), count)
    names = [model.features.columns[position] for position in order.ravel()]
    back = found.back
    return Reasons(
        row,
        np.tile(np.arange(1, count + 1), len(records)),
        names,
        np.take_along_axis(found.contributions, order, axis=1).ravel(),
        _texts(found.values, row, names),
        _texts(found.expected, row, names),
        [None] * len(row) if back is None else np.take_along_axis(back, order, 1).ravel().tolist(),
    )


def account(model: Model, records: pd.DataFrame | History) -> Account:
    """The account of each record, its columns in the order of the model's."""
    match model.features, records:
        case SequencePipeline() as pipeline, History() as history:
            return _account_of_sequences(model.detector, pipeline, history)
        case Pipeline() as plain, pd.DataFrame() as frame:
            matrix = plain.transform(frame)
            expected = model.detector.expected(matrix).astype(np.float32)
            parts = plain.fold(model.detector.explain(matrix))
            return Account(parts, frame, plain.expected(expected))
    raise unreadable(model.features, records)


def _account_of_sequences(
    detector: Detector, pipeline: SequencePipeline, history: History
) -> Account:
    matrix = pipeline.transform(history)
    parts = detector.explain(matrix)
    expected = detector.expected(matrix).astype(np.float32)
    if pipeline.view.length == 1:
        values = history.records.reset_index(drop=True)
        settled = pipeline.plain.expected(expected)
        return Account(pipeline.plain.fold(parts), values, pipeline.in_units(history, settled))
    windows = parts.reshape(len(history), *pipeline.shape)
    latest = pipeline.view.length - 1
    step = latest - windows[:, :, ::-1].argmax(axis=2)  # of equal parts the latest
    at = np.maximum(history.own[:, None] - (latest - step), history.first[:, None])
    settled = pipeline.expected_at(expected, step)
    return Account(
        windows.sum(axis=2),
        pd.DataFrame(
            {
                name: history.frame[name].iloc[at[:, place]].array
                for place, name in enumerate(pipeline.columns)
            }
        ),
        pipeline.in_units(history, settled),
        history.own[:, None] - at,
    )


def _texts(frame: pd.DataFrame, row: np.ndarray, names: list[str]) -> list[str | None]:
    columns = {name: frame[name].tolist() for name in set(names)}
    return [_text(columns[name][at]) for at, name in zip(row, names, strict=True)]


def _text(value: Any) -> str | None:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text.replace("\0", "\\0")
