"""NULL as a signal, for the kinds whose features are measures of a value."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from nightflag.features.kind import Mask, Matrix
from nightflag.features.scaling import LIMIT, switch
from nightflag.features.wording import percent


class Missing(BaseModel):
    """How many training values were NULL, and so what a NULL looks like.

    Where training had NULLs, a NULL's features are 0 (the mean) and one more feature says
    "missing". Where it had none there is no such feature, as it would be constant: a NULL then has
    all its features at the limit of 20, as far out as a value can be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    rows: int = Field(ge=1, description="training rows")
    nulls: int = Field(ge=0, description="training rows in which the column was NULL")

    @model_validator(mode="after")
    def _nulls_are_rows(self) -> Self:
        if self.nulls > self.rows:
            raise ValueError(f"{self.nulls} NULLs in {self.rows} rows")
        return self

    @classmethod
    def fit(cls, missing: Mask) -> Self:
        """The count of a training column's NULLs."""
        return cls(rows=len(missing), nulls=int(missing.sum()))

    def names(self, column: str) -> tuple[str, ...]:
        """The indicator's name, or nothing where training had no NULL."""
        return (f"{column} is missing",) if self.nulls else ()

    def mark(self, features: Matrix, missing: Mask) -> Matrix:
        """The features (n, width) with NULL rows overwritten in place, and the indicator.

        They lie column by column if they came so.
        """
        if missing.any():
            features[missing] = 0.0 if self.nulls else LIMIT
        if not self.nulls:
            return features
        off, on = self._switch()
        return np.vstack([features.T, np.where(missing, on, off).astype(np.float32)]).T

    def expected(self, features: Matrix) -> Mask:
        """Whether features (n, width) stand for NULL."""
        if not self.nulls:
            return np.zeros(len(features), dtype=bool)
        return features[:, -1] >= np.mean(self._switch())

    def erase(self, values: NDArray[Any], features: Matrix) -> NDArray[Any]:
        """The values (n,) as objects, None where the features (n, width) stand for NULL."""
        objects = values.astype(object)
        objects[self.expected(features)] = None
        return objects

    @property
    def words(self) -> str:
        """What to say of a NULL where one was expected."""
        if not self.nulls:
            return "missing, which was never so in training"
        return f"missing, as in {percent(self.nulls, self.rows)} of the training records"

    def _switch(self) -> tuple[float, float]:
        return switch(self.nulls / self.rows, self.rows)
