"""A fitted kind per column, side by side: records to matrix and back."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from nightflag import monitors
from nightflag.errors import FeatureError
from nightflag.features.columns import check_columns
from nightflag.features.image import NO_SETTINGS, Image
from nightflag.features.kind import Column, Kind, Matrix
from nightflag.features.kinds import KINDS, named
from nightflag.features.numeric import Numeric

READABLE = "image_is_readable"


@dataclass(frozen=True)
class Pipeline:
    """Fitted kinds by column name, in the order of the matrix's features."""

    fitted: Mapping[str, Kind]

    @property
    def columns(self) -> tuple[str, ...]:
        """The source columns that ``transform`` needs, in order."""
        return tuple(self.fitted)

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names, a column's features next to each other."""
        return tuple(name for column, kind in self.fitted.items() for name in kind.names(column))

    @property
    def numeric(self) -> tuple[str, ...]:
        """The columns of numbers; the first feature of each is its measure."""
        return tuple(name for name, kind in self.fitted.items() if isinstance(kind, Numeric))

    @property
    def spans(self) -> dict[str, slice]:
        """Where each column's features are."""
        widths = [len(kind.names(column)) for column, kind in self.fitted.items()]
        edges = pairwise([0, *np.cumsum(widths).tolist()])
        return {name: slice(*edge) for name, edge in zip(self.fitted, edges, strict=True)}

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one record, of which a row of the matrix holds the values."""
        return (len(self.names),) if self.image is None else self.image.shape

    @property
    def image(self) -> Image | None:
        """The kind of the one column, where records are images."""
        only = next(iter(self.fitted.values()))
        return only if isinstance(only, Image) and len(self.fitted) == 1 else None

    def prepare(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The frame with every value read, and the records that cannot be.

        The latter with ``row`` (position), ``rule``, ``column`` and ``value`` (what is wrong with
        it, None for a NULL), ordered by row. FeatureError names the columns that are missing.
        """
        check_columns(frame, self.columns)
        found = {column: kind.prepare(frame[column]) for column, kind in self.fitted.items()}
        read = {column: one for column, one in found.items() if one is not None}
        wrong = [
            (row, READABLE, column, value)
            for column, one in read.items()
            for row, value in sorted(one.wrong.items())
        ]
        unreadable = pd.DataFrame(wrong, columns=["row", "rule", "column", "value"], dtype=object)
        return frame.assign(**{column: one.column for column, one in read.items()}), unreadable

    @property
    def view(self) -> None:
        """A plain pipeline sees each record alone."""
        return

    def transform(self, frame: pd.DataFrame) -> Matrix:
        """Features (n, width): finite, float32, C-contiguous, each row from its record alone.

        Columns may come in any order, and others are ignored. FeatureError names all missing
        columns, or the one whose values cannot be read.
        """
        check_columns(frame, self.columns)
        parts = (kind.transform(frame[column]) for column, kind in self.fitted.items())
        return _side_by_side(parts, (len(frame), len(self.names)))

    def fold(self, matrix: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sums (n, columns) over each column's features (n, width): rows keep their sums."""
        self._check_width(matrix)
        starts = [span.start for span in self.spans.values()]
        return np.add.reduceat(matrix, starts, axis=1, dtype=np.float64)

    def expected(self, matrix: Matrix, *, of: tuple[str, ...] | None = None) -> pd.DataFrame:
        """The values (n rows) that features (n, width) stand for, in the source's units.

        Those ``of`` some columns, or of all.

        Numbers as float (NaN for NULL); objects (None for NULL) are levels as text, booleans, and
        moments as "Tue 03:00".
        """
        self._check_width(matrix)
        values = {
            column: self.fitted[column].expected(matrix[:, span])
            for column, span in self.spans.items()
            if of is None or column in of
        }
        return pd.DataFrame({name: _as_they_are(held) for name, held in values.items()})

    def to_json(self) -> str:
        """All fitted state as JSON, from which ``from_json`` makes an equal pipeline."""
        kind_names = {kind: name for name, kind in KINDS.items()}
        columns = {
            column: {"kind": kind_names[type(kind)], "state": kind.model_dump()}
            for column, kind in self.fitted.items()
        }
        return json.dumps({"version": 1, "columns": columns})

    @classmethod
    def from_json(cls, text: str) -> "Pipeline":
        """The pipeline of ``to_json``. FeatureError on anything else."""
        try:
            columns = _Document.model_validate_json(text).columns
            return cls({name: column.revived(name) for name, column in columns.items()})
        except ValidationError as error:
            raise FeatureError(
                f"The text is not a feature pipeline: {error.errors()[0]['msg']}.",
                expected="the JSON that Pipeline.to_json wrote with this version of nightflag",
                mend="Train the model again, or restore its folder from a backup.",
            ) from error

    def _check_width(self, matrix: NDArray[Any]) -> None:
        if matrix.ndim != 2 or matrix.shape[1] != len(self.names):
            raise FeatureError(
                f"A matrix of shape {matrix.shape} does not belong to this pipeline.",
                expected=f"shape (n, {len(self.names)})",
                mend="Use a matrix made by this pipeline, or a model fitted on one.",
            )


class _FittedColumn(BaseModel):
    """One column of the JSON document."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: str
    state: dict[str, JsonValue]

    def revived(self, column: str) -> Kind:
        """The fitted kind."""
        return named(self.kind, column=column).model_validate_json(json.dumps(self.state))


class _Document(BaseModel):
    """The JSON document; the version changes when an old one can no longer be read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    columns: dict[str, _FittedColumn] = Field(min_length=1)


def fit(
    frame: pd.DataFrame, *, kinds: Mapping[str, str], image: monitors.Image = NO_SETTINGS
) -> Pipeline:
    """A pipeline for the columns that ``kinds`` names, fitted on training records.

    ``image`` says how images are read.

    FeatureError if there are no records or no columns, or a column does not fit its kind.
    """
    if frame.empty or not kinds:
        raise FeatureError(
            f"There is nothing to learn from: {len(frame)} records, {len(kinds)} columns to use.",
            expected="at least one record and one column",
            mend="Widen the training window, or name columns and kinds in the monitor's features.",
        )
    check_columns(frame, tuple(kinds))
    return Pipeline({name: _fitted(frame[name], kind, image) for name, kind in kinds.items()})


def _side_by_side(parts: Iterable[Matrix], shape: tuple[int, int]) -> Matrix:
    """The parts as one C-contiguous matrix of this shape, each made only when its turn has come.

    Neighbours that lie column by column are turned over together: to write each column into its
    place in every row takes five times as long.
    """
    features = np.empty(shape, dtype=np.float32)
    start = 0
    for by_column, neighbours in groupby(parts, key=lambda part: part.flags.f_contiguous):
        for block in [_turned(neighbours)] if by_column else neighbours:
            end = start + block.shape[1]
            features[:, start:end] = block
            start = end
    return features


def _turned(parts: Iterable[Matrix]) -> Matrix:
    return np.ascontiguousarray(np.concatenate([part.T for part in parts]).T)


def _as_they_are(values: NDArray[Any]) -> "NDArray[Any] | pd.Series[Any]":
    """The values for a frame's column, objects as objects: pandas would make text of some."""
    return pd.Series(values, dtype=object) if values.dtype == object else values


def _fitted(column: Column, kind: str, image: monitors.Image) -> Kind:
    chosen = named(kind, column=str(column.name))
    return chosen.fit(column, image) if issubclass(chosen, Image) else chosen.fit(column)
