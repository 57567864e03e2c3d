"""Accounts: what part each column has in a score, and what was there and expected."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nightflag.explanation.residuals import shifts
from nightflag.features import History, Pipeline, SequencePipeline
from nightflag.models import Model
from nightflag.models.model import VALUES_AT_ONCE, unreadable


@dataclass(frozen=True)
class Account:
    """What each record (n) and column has in the score: part, value, expected value, and when.

    ``low`` and ``high`` hold, of the columns of numbers, between what they usually lie given the
    rest of the record. ``back`` (n, columns): of windows, how many records before the value lies.
    """

    contributions: NDArray[np.float64]
    back: NDArray[np.int64] | None
    values: pd.DataFrame
    expected: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame


def account(model: Model, records: pd.DataFrame | History) -> Account:
    """The account of each record, its columns in the order of the model's.

    Contributions are those of the detector, added up over a column's features; over all columns
    they add up to the score. Values and expected values are in the units of the source.
    """
    match model.features, records:
        case SequencePipeline() as pipeline, History() as history:
            at_once = max(1, VALUES_AT_ONCE // len(pipeline.names))
            return _joined([_of_sequences(model, pipeline, one) for one in history.slices(at_once)])
        case Pipeline() as plain, pd.DataFrame() as frame:
            parts, expected = model.detector.account(plain.transform(frame))
            return Account(plain.fold(parts), None, frame, *_settled(model, plain, expected))
    raise unreadable(model.features, records)


def _settled(
    model: Model, plain: Pipeline, expected: NDArray[np.float32]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The values that the expected features stand for, and the ends of what is usual of numbers."""
    ends = [
        plain.expected(expected + shift, of=plain.numeric)
        for shift in shifts(model.detector.about, model.features)
    ]
    return plain.expected(expected), ends[0], ends[1]


def _of_sequences(model: Model, pipeline: SequencePipeline, history: History) -> Account:
    parts, expected = model.detector.account(pipeline.transform(history))
    if pipeline.view.length == 1:
        usual = pipeline.in_units(history, *_settled(model, pipeline.plain, expected))
        values = history.records.reset_index(drop=True)
        return Account(pipeline.plain.fold(parts), None, values, *usual)
    windows = parts.reshape(len(history), *pipeline.shape)
    latest = pipeline.view.length - 1
    step = latest - windows[:, :, ::-1].argmax(axis=2)  # of equal parts the latest
    at = np.maximum(history.own[:, None] - (latest - step), history.first[:, None])
    shifted = (expected + shift for shift in (0, *shifts(model.detector.about, pipeline)))
    settled = (pipeline.expected_at(matrix, step) for matrix in shifted)
    return Account(
        windows.sum(axis=2),
        history.own[:, None] - at,
        _values_at(history, pipeline.columns, at),
        *pipeline.in_units(history, *settled),
    )


def _values_at(history: History, columns: tuple[str, ...], at: NDArray[np.int64]) -> pd.DataFrame:
    """The values of each column at rows ``at`` (n, columns)."""
    frame = history.frame
    return pd.DataFrame(
        {name: frame[name].iloc[at[:, place]].array for place, name in enumerate(columns)}
    )


def _joined(parts: Sequence[Account]) -> Account:
    if len(parts) == 1:
        return parts[0]
    frames = [
        pd.concat([getattr(one, name) for one in parts], ignore_index=True)
        for name in ("values", "expected", "low", "high")
    ]
    back = [one.back for one in parts if one.back is not None]
    contributions = np.concatenate([one.contributions for one in parts])
    return Account(contributions, np.concatenate(back) if back else None, *frames)
