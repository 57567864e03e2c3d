"""Levels: one feature for each that training held often enough."""

import numbers
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from nightflag.features.kind import Column, Kind, Matrix, wrong_values
from nightflag.features.scaling import switch
from nightflag.features.wording import Expected, percent, quoted

MOST_LEVELS = 50
OTHER = "other"


class Categorical(Kind):
    """A level as one-hot features: each level seen, "other" for the rest, and "missing".

    The features of what was seen share the weight of one number: their variances add up to 1 at
    most. "other" and "missing", where training had neither, stand out by min(20, sqrt(rows + 1)).
    Levels are compared as text, so that 1, 1.0 and "1" are one level.
    """

    levels: tuple[str, ...] = Field(max_length=MOST_LEVELS, description="most frequent first")
    counts: tuple[PositiveInt, ...] = Field(description="training rows of each level")
    other: NonNegativeInt = Field(description="training rows of rarer levels")
    nulls: NonNegativeInt = Field(description="training rows in which the column was NULL")

    @model_validator(mode="after")
    def _counts_are_of_levels(self) -> Self:
        if len(self.counts) != len(self.levels) or len(set(self.levels)) != len(self.levels):
            raise ValueError(f"{len(self.counts)} counts for the levels {self.levels}")
        if not any(self._rows()):
            raise ValueError("no training rows")
        return self

    @classmethod
    def claims(cls, values: Column) -> bool:
        """Whether values are text of at most 50 levels that repeat: two rows a level or more."""
        if pd.api.types.infer_dtype(values) not in {"string", "categorical"}:
            return False
        return values.nunique() <= min(MOST_LEVELS, len(values) / 2)

    @classmethod
    def fit(cls, column: Column) -> Self:
        """The 50 most frequent levels; of equally frequent ones, the first by name."""
        codes, values = _coded(column)
        counts: Counter[str] = Counter()
        for level, count in zip(_texts(values), np.bincount(codes[codes >= 0]), strict=True):
            counts[level] += int(count)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls(
            levels=tuple(level for level, _ in ranked[:MOST_LEVELS]),
            counts=tuple(count for _, count in ranked[:MOST_LEVELS]),
            other=sum(count for _, count in ranked[MOST_LEVELS:]),
            nulls=int((codes < 0).sum()),
        )

    def names(self, column: str) -> tuple[str, ...]:
        """``column = level`` for each level, then other and missing."""
        named = (f"{column} = {level}" for level in self.levels)
        return (*named, f"{column} is other", f"{column} is missing")

    def transform(self, column: Column) -> Matrix:
        """Features (n, levels + 2), of which one is on in each row."""
        off, on = self._switches()
        rows = np.where(np.eye(len(on), dtype=bool), on, off)
        return rows.take(places(column, self.levels), axis=0)

    def expected(self, features: Matrix) -> NDArray[Any]:
        """The level (n,) that is most on, as text; "other" for a rare one, None for NULL."""
        off, on = self._switches()
        likeliest = ((features - off) / (on - off)).argmax(axis=1)
        levels: NDArray[Any] = np.array([*self.levels, OTHER, None], dtype=object)[likeliest]
        return levels

    def words(self, column: Column, expected: Expected) -> list[str]:
        """Such as: 'X' seen in 0.2 % of the training records, 'Y' was expected."""
        codes, distinct = _coded(column)
        levels = [*_texts(distinct), None]
        told = [self._told(level) for level in levels]
        return [
            told[code] + self._instead(levels[code], other)
            for code, other in zip(codes.tolist(), expected.value.tolist(), strict=True)
        ]

    def _told(self, level: str | None) -> str:
        rows = sum(self._rows())
        if level is None:
            seen = f" in {percent(self.nulls, rows)} of" if self.nulls else " never in"
            return f"missing{seen} the training records"
        if level in self.levels:
            share = percent(self.counts[self.levels.index(level)], rows)
            return f"{quoted(level)} seen in {share} of the training records"
        if self.other:
            return f"{quoted(level)} not among the {len(self.levels)} usual in training"
        return f"{quoted(level)} never seen in training"

    def _instead(self, level: str | None, expected: str | None) -> str:
        """What was expected, where it is something else."""
        if level == expected or (expected == OTHER and level not in (None, *self.levels)):
            return ""
        if expected is None:
            return ", nothing was expected"
        rare = expected == OTHER and OTHER not in self.levels
        return f", {'a rare one' if rare else quoted(expected)} was expected"

    def _rows(self) -> tuple[int, ...]:
        return (*self.counts, self.other, self.nulls)

    def _switches(self) -> tuple[Matrix, Matrix]:
        """Each feature when off and when on."""
        counts, rows = self._rows(), sum(self._rows())
        shared = sum(count > 0 for count in counts) ** 0.5
        pairs = [switch(count / rows, rows, weight=shared if count else 1.0) for count in counts]
        off, on = np.array(pairs, dtype=np.float32).T
        return off, on


def places(column: Column, levels: Sequence[str]) -> NDArray[np.intp]:
    """Where each value (n,) stands among the levels; behind them first any other, then NULL."""
    codes, values = _coded(column)
    known = {level: place for place, level in enumerate(levels)}
    other = len(levels)
    found = np.array([*(known.get(text, other) for text in _texts(values)), other + 1])
    return np.asarray(found[codes])


def _coded(column: Column) -> tuple[NDArray[np.intp], Iterable[Hashable]]:
    """Each value's place among the distinct ones, -1 for NULL, and the distinct ones."""
    try:
        return pd.factorize(column)
    except TypeError as error:
        raise wrong_values(column, expected="text, numbers, booleans or NULL") from error


def _texts(values: Iterable[Hashable]) -> list[str]:
    return [_text(value) for value in values]


def _text(value: Hashable) -> str:
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if not isinstance(value, numbers.Real | Decimal):
        return str(value)
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)
