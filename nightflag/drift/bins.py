"""Bins: the few places that a column's values are counted in.

Behind the places of known values come two more in each kind of bins: of values beyond those that
training held (``size``), and of missing ones (``size + 1``).
"""

from abc import ABC, abstractmethod
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from nightflag.features import Column, Kind
from nightflag.features.boolean import Boolean
from nightflag.features.categorical import Categorical, places
from nightflag.features.numeric import Numeric, numbers

MOST, BEYOND, MARGIN = 20, 0.001, 0.25

Places: TypeAlias = NDArray[np.intp]


class Bins(BaseModel, ABC):
    """Where values are counted: frozen, plain JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @property
    @abstractmethod
    def size(self) -> int:
        """How many places there are for known values."""

    @abstractmethod
    def places(self, column: Column) -> Places:
        """The place (n,) of each value, from 0 to ``size + 1``."""


class Ranges(Bins):
    """Numbers up to each of the edges, of which two lie around nearly all training values."""

    how: Literal["ranges"] = "ranges"
    edges: tuple[float, ...] = Field(min_length=2)

    @property
    def size(self) -> int:
        """One less than there are edges."""
        return len(self.edges) - 1

    def places(self, column: Column) -> Places:
        """The range of each number; the first edge itself lies within."""
        values, first, last = numbers(column), self.edges[0], self.edges[-1]
        found = np.searchsorted(self.edges[1:-1], values)
        found = np.where((values < first) | (values > last), self.size, found)
        return np.where(np.isnan(values), self.size + 1, found)


class Values(Bins):
    """A few numbers, each for itself."""

    how: Literal["values"] = "values"
    values: tuple[float, ...]

    @property
    def size(self) -> int:
        """One for each value."""
        return len(self.values)

    def places(self, column: Column) -> Places:
        """The place of each number among the known ones."""
        values, known = numbers(column), np.array([*self.values, np.nan])
        found = np.searchsorted(known[:-1], values)
        found = np.where(known[found] == values, found, self.size)
        return np.where(np.isnan(values), self.size + 1, found)


class Levels(Bins):
    """The levels of a category, each for itself."""

    how: Literal["levels"] = "levels"
    levels: tuple[str, ...]

    @property
    def size(self) -> int:
        """One for each level."""
        return len(self.levels)

    def places(self, column: Column) -> Places:
        """The place of each level among the known ones."""
        return places(column, self.levels)


class Presence(Bins):
    """Present or missing: all that is asked of a moment, since every night is later than others."""

    how: Literal["presence"] = "presence"

    @property
    def size(self) -> int:
        """One, for what is present."""
        return 1

    def places(self, column: Column) -> Places:
        """0 for what is present."""
        return np.where(column.isna(), self.size + 1, 0)


AnyBins: TypeAlias = Ranges | Values | Levels | Presence


def bins_of(kind: Kind, column: Column) -> AnyBins:
    """The bins for a column of that kind, from its training values."""
    if isinstance(kind, Categorical):
        return Levels(levels=kind.levels)
    if isinstance(kind, Numeric | Boolean):
        return bins_of_numbers(numbers(column))
    return Presence()


def bins_of_numbers(values: NDArray[Any]) -> Ranges | Values:
    """Twenty ranges that hold about as many values each; of at most twenty values each its own.

    The outer two go a quarter beyond the span of 998 in 1,000 values: broken records in training do
    not widen them, and a stable series that wanders a little further stays within.
    """
    finite = values[np.isfinite(values)]
    distinct = np.unique(finite)
    if len(distinct) <= MOST:
        return Values(values=tuple(distinct.tolist()))
    inner = np.quantile(finite, np.arange(1, MOST) / MOST, method="inverted_cdf")
    edges = np.unique([*_outer(finite), *inner])
    return Ranges(edges=tuple(edges.tolist()))


def _outer(finite: NDArray[np.float64]) -> NDArray[np.float64]:
    """The two edges around all that is to be expected."""
    low, high = np.quantile(finite, [BEYOND, 1 - BEYOND], method="inverted_cdf")
    if low == high:
        low, high = finite.min(), finite.max()
    margin = (high * MARGIN) - (low * MARGIN)
    with np.errstate(over="ignore"):
        return np.asarray(np.nan_to_num([low - margin, high + margin]))
