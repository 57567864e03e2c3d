"""Records with their past: numbers beside their entity's own level, and windows of them.

A number becomes (value - baseline) / spread. The baseline is the entity's median over the departure
before the record, or where that is empty its center in training; the spread is the entity's own
(see ``levels``). Of a window all steps are taken from the record's baseline, so that a slow trend
stays and a level does not.

A view of one record leaves all kinds of columns their features. A longer one is of numbers only, a
matrix (n, columns * steps), latest step last. A NULL is a signal at the record's own step; in the
windows of later records, as a quarantined one, it is bridged by the value before it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from nightflag.errors import FeatureError
from nightflag.features import pipeline, trailing
from nightflag.features.columns import check_columns, numbers_only
from nightflag.features.history import History, View
from nightflag.features.kind import Kind, Mask, Matrix
from nightflag.features.levels import Levels
from nightflag.features.numeric import Numeric, numbers, straight
from nightflag.features.pipeline import Pipeline

Values = NDArray[np.float64]


class Scale(BaseModel):
    """What a fitted pipeline with context knows beside its columns' kinds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    view: View
    levels: Levels


@dataclass(frozen=True)
class Reading:
    """The numbers of a history's rows, and each record's baseline and spread (n, columns)."""

    values: Values
    baselines: Values
    spreads: Values


@dataclass(frozen=True)
class SequencePipeline:
    """A plain pipeline over numbers in their context, and over other columns as they are."""

    plain: Pipeline
    scale: Scale

    @property
    def view(self) -> View:
        """With how much of its past a record is to be delivered."""
        return self.scale.view

    @property
    def columns(self) -> tuple[str, ...]:
        """The source columns that ``transform`` needs, in order."""
        return self.plain.columns

    @property
    def numeric(self) -> tuple[str, ...]:
        """The columns that are seen in their context."""
        return self.plain.numeric

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names: of a window, ``column`` and ``column, 1 earlier`` and so on."""
        if self.view.length == 1:
            return self.plain.names
        backwards = range(self.view.length - 1, -1, -1)
        return tuple(
            f"{name}, {back} earlier" if back else name
            for name in self.columns
            for back in backwards
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """(columns, steps); (width,) for a view of one record."""
        length = self.view.length
        return self.plain.shape if length == 1 else (len(self.columns), length)

    def prepare(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """See ``Pipeline.prepare``."""
        return self.plain.prepare(frame)

    def transform(self, history: History) -> Matrix:
        """Features (n, width) of the records: finite, float32, each row from its view alone."""
        check_columns(history.frame, self.columns)
        reading = read(history, self.numeric, self.scale)
        if self.view.length == 1:
            return self.plain.transform(settled(history, self.numeric, reading))
        at = trailing.lags(history, self.view.length)
        features = np.empty((len(history), *self.shape), dtype=np.float32)
        for place, name in enumerate(self.columns):
            features[:, place] = self._window(name, place, reading, history, at)
        return features.reshape(len(history), -1)

    def learned(self, history: History) -> Mask:
        """Whether enough earlier records of each record's entity are known to raise an alarm."""
        trained = self.scale.levels.known(history.entities, history.series[history.own]).records
        return np.maximum(trained, history.known) >= self.view.learning

    def expected_at(self, matrix: Matrix, step: NDArray[np.int64]) -> pd.DataFrame:
        """The settled values that features (n, width) stand for at one step a column, (n, m)."""
        windows = matrix.reshape(len(matrix), *self.shape)
        chosen = np.take_along_axis(windows, step[:, :, None], axis=2)
        return pd.DataFrame(
            {
                name: kind.expected(_without_indicator(chosen[:, place], kind))
                for place, (name, kind) in enumerate(self.plain.fitted.items())
            }
        )

    def in_units(self, history: History, *settled: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """The same values of the records, numbers in the units of the source."""
        reading = read(history, self.numeric, self.scale)
        for frame in settled:
            raised = {
                name: frame[name] * reading.spreads[:, place] + reading.baselines[:, place]
                for place, name in enumerate(self.numeric)
            }
            yield frame.assign(**raised)

    def to_json(self) -> str:
        """All fitted state as JSON, from which ``from_json`` makes an equal pipeline."""
        plain = json.loads(self.plain.to_json())
        return json.dumps({"plain": plain, "scale": self.scale.model_dump(mode="json")})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The pipeline of ``to_json``. FeatureError on anything else."""
        try:
            document = json.loads(text)
            scale = Scale.model_validate(document["scale"])
            return cls(Pipeline.from_json(json.dumps(document["plain"])), scale)
        except (KeyError, TypeError, ValidationError) as error:
            raise FeatureError(
                f"The text is not a pipeline over sequences: {error!s:.200}.",
                expected="the JSON that SequencePipeline.to_json wrote",
                mend="Train the model again, or restore its folder from a backup.",
            ) from error

    def _window(
        self, name: str, place: int, reading: Reading, history: History, at: NDArray[np.int64]
    ) -> Matrix:
        values = trailing.bridged(reading.values[:, place], at)
        own = numbers(history.frame[name])[history.own]
        kind = self.plain.fitted[name]
        if isinstance(kind, Numeric) and not kind.missing.nulls:
            values[:, -1] = own
        else:
            values[:, -1] = np.where(np.isnan(own), values[:, -1], own)
        off = values - reading.baselines[:, place, None]
        off /= reading.spreads[:, place, None]
        features = kind.transform(pd.Series(off.ravel(), name=name))[:, 0]
        return features.reshape(off.shape)


def read(history: History, columns: tuple[str, ...], scale: Scale) -> Reading:
    """The numbers of these columns, with the baselines and spreads that ``scale`` knows."""
    values = values_of(history, columns)
    known = scale.levels.known(history.entities, history.series[history.own])
    return Reading(values, _baselines(history, values, scale.view, known.centers), known.spreads)


def values_of(history: History, columns: tuple[str, ...]) -> Values:
    """The numbers (rows, columns) of all rows; NaN for NULL, and in rows that none may see."""
    if not columns:
        return np.empty((len(history.frame), 0))
    values = np.column_stack([numbers(history.frame[name]) for name in columns])
    values[~history.usable] = np.nan
    return values


def settled(history: History, columns: tuple[str, ...], reading: Reading) -> pd.DataFrame:
    """The records, the numbers of these columns as departures in units of the spread."""
    records = history.records.reset_index(drop=True)
    for place, name in enumerate(columns):
        own = numbers(records[name])
        records[name] = (own - reading.baselines[:, place]) / reading.spreads[:, place]
    return records


def _baselines(history: History, values: Values, view: View, centers: Values) -> Values:
    if view.departure is None or not values.shape[1]:
        return centers
    before = trailing.medians(history, values, view.departure)
    return np.where(np.isfinite(before), before, centers)


def fit(history: History, *, kinds: Mapping[str, str], clean: bool = False) -> SequencePipeline:
    """A pipeline for the columns that ``kinds`` names, fitted on the records of ``history``.

    It will see records as these are seen. ``clean`` says that there is no anomaly among them.
    FeatureError if there are no records, no columns, or in a view longer than one no number.
    """
    view = history.view
    chosen = kinds if view.length == 1 else numbers_only(kinds)
    numeric = tuple(name for name, kind in chosen.items() if kind == "numeric")
    values = values_of(history, numeric)
    nothing = np.full((len(history), len(numeric)), np.nan)
    entities = np.array(history.entities, dtype=object)[history.series[history.own]]
    levels = Levels.fit(entities, values[history.own], _baselines(history, values, view, nothing))
    scale = Scale(view=view, levels=levels)
    records = settled(history, numeric, read(history, numeric, scale))
    plain = pipeline.fit(records, kinds=chosen)
    if clean and view.length > 1:
        plain = Pipeline(straight(records[[*chosen]]))
    return SequencePipeline(plain, scale)


def _without_indicator(features: Matrix, kind: Kind) -> Matrix:
    """The features (n, 1) as its kind makes them: in a window no step is said to be missing."""
    if not isinstance(kind, Numeric) or not kind.missing.nulls:
        return features
    return kind.missing.mark(features, np.zeros(len(features), dtype=bool))


def revived(text: str) -> Pipeline | SequencePipeline:
    """The pipeline, with context or without, whose ``to_json`` wrote the text."""
    return SequencePipeline.from_json(text) if _has_scale(text) else Pipeline.from_json(text)


def _has_scale(text: str) -> bool:
    with suppress(ValueError):
        document = json.loads(text)
        return isinstance(document, dict) and "scale" in document
    return False
