"""Numbers: standardised, with heavy tails tamed."""

from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from nightflag.features.kind import Column, Kind, Matrix, wrong_values
from nightflag.features.missing import Missing
from nightflag.features.scaling import LIMIT, TAIL, tame, untame
from nightflag.features.wording import Expected, compared

NUMBERS = frozenset({"integer", "floating", "decimal", "mixed-integer-float"})
SMALLEST_SPREAD = 1e-12
SMALLEST_DEVIATION = float(np.finfo(np.float64).tiny)
QUARTER = 0.25  # the difference of two doubles can overflow, that of their quarters cannot


class Numeric(Kind):
    """A number as one feature in [-20, 20]: z-score, tamed tails, standardised again.

    Mean and deviation are those of the finite training values. An infinity is not missing but the
    most extreme value there is: 20 or -20. A constant column has a deviation of 1e-12 of its value,
    so that any other value is far out.
    """

    center: float = Field(description="mean of the finite training values")
    deviation: float = Field(ge=SMALLEST_DEVIATION, description="their standard deviation")
    tamed_center: float = Field(ge=-LIMIT, le=LIMIT, description="mean of the tamed z-scores")
    tamed_deviation: float = Field(ge=1e-3, le=LIMIT, description="their standard deviation")
    tail: float = Field(default=TAIL, ge=TAIL, le=LIMIT, description="where taming starts")
    missing: Missing

    @classmethod
    def claims(cls, values: Column) -> bool:
        """Whether the values are integers, floats or decimals."""
        return pd.api.types.infer_dtype(values) in NUMBERS

    @classmethod
    def fit(cls, column: Column, tail: float = TAIL) -> Self:
        """The scales of the finite values; without any, center 0 and deviation 1."""
        values = numbers(column)
        finite = values[np.isfinite(values)]
        center, deviation = _moments(finite)
        tamed = _z_scores(finite, center, deviation)
        tame(tamed, tail)
        return cls(
            center=center,
            deviation=deviation,
            tamed_center=float(tamed.mean()) if tamed.size else 0.0,
            tamed_deviation=max(float(tamed.std()), 1e-3) if tamed.size > 1 else 1.0,
            tail=tail,
            missing=Missing.fit(np.isnan(values)),
        )

    def names(self, column: str) -> tuple[str, ...]:
        """The column's name, and its indicator of missing values."""
        return (column, *self.missing.names(column))

    def transform(self, column: Column) -> Matrix:
        """Features (n, 1), or (n, 2) with the indicator. Integers are read as float64."""
        scaled = _z_scores(numbers(column), self.center, self.deviation)
        tame(scaled, self.tail)
        scaled -= np.float32(self.tamed_center)
        scaled /= np.float32(self.tamed_deviation)
        np.clip(scaled, -LIMIT, LIMIT, out=scaled)
        return self.missing.mark(scaled[:, None], np.isnan(scaled))

    def expected(self, features: Matrix) -> NDArray[np.float64]:
        """Values (n,), the inverse within the limit of 20; NaN where NULL is expected."""
        tamed = np.clip(features[:, 0].astype(np.float64), -LIMIT, LIMIT) * self.tamed_deviation
        with np.errstate(over="ignore"):
            quarters = untame(tamed + self.tamed_center, self.tail) * (self.deviation * QUARTER)
            values = (quarters + self.center * QUARTER) / QUARTER
        largest = np.finfo(np.float64).max
        return np.where(self.missing.expected(features), np.nan, np.clip(values, -largest, largest))

    def words(self, column: Column, expected: Expected) -> list[str]:
        """Such as: 4,210 where 35 to 60 was expected."""
        whole = column.dtype.kind in "iu"
        told = compared(numbers(column), expected, whole=whole)
        return [one or self.missing.words for one in told]


def straight(records: pd.DataFrame) -> dict[str, Numeric]:
    """Each column of numbers, tamed only at the limit.

    In a window a drift of 8 deviations is to look twice as large as one of 4, or what has drifted a
    little and what has failed come out alike. Taming earlier is for records to train on that may
    hold anomalies, whose weight it bounds.
    """
    return {str(name): Numeric.fit(values, tail=LIMIT) for name, values in records.items()}


def numbers(column: Column) -> NDArray[np.float64]:
    """The values as float64, NULL as NaN; a view where they are already. FeatureError on others."""
    try:
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
            return column.to_numpy(dtype=np.float64)
        if column.dtype.kind not in "mMc":
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong_values(column, expected="numbers that fit a double, or NULL") from error
    raise wrong_values(column, expected="numbers or NULL")


def _moments(finite: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation, safe from overflow, the deviation safe to divide by."""
    if not finite.size:
        return 0.0, 1.0
    largest = float(np.abs(finite).max()) or 1.0
    unit = finite / largest
    center = float(unit.mean()) * largest
    spread = max(float(unit.std()), SMALLEST_SPREAD) * largest
    return center, max(spread, SMALLEST_DEVIATION)


def _z_scores(values: NDArray[np.float64], center: float, deviation: float) -> Matrix:
    with np.errstate(over="ignore"):
        scaled = values * QUARTER
        scaled -= center * QUARTER
        scaled /= deviation * QUARTER
        return scaled.astype(np.float32)
