"""Yes and no, also as the 0 and 1 of databases without a boolean type."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from nightflag.features.kind import Column, Kind, Mask, Matrix, wrong_values
from nightflag.features.missing import Missing
from nightflag.features.numeric import numbers
from nightflag.features.scaling import switch
from nightflag.features.wording import Expected, percent


class Boolean(Kind):
    """A truth value as one standardised feature."""

    share: float = Field(ge=0, le=1, description="share of True among the training values")
    missing: Missing

    @classmethod
    def claims(cls, values: Column) -> bool:
        """Whether all values are booleans; 0 and 1 count as numbers unless overridden."""
        return pd.api.types.infer_dtype(values) == "boolean"

    @classmethod
    def fit(cls, column: Column) -> Self:
        """The share of True; 0.5 where all values are NULL."""
        truth, missing = _truth(column)
        present = len(truth) - int(missing.sum())
        share = int(truth.sum()) / present if present else 0.5
        return cls(share=share, missing=Missing.fit(missing))

    def names(self, column: str) -> tuple[str, ...]:
        """The column's name, and its indicator of missing values."""
        return (column, *self.missing.names(column))

    def transform(self, column: Column) -> Matrix:
        """Features (n, 1), or (n, 2) with the indicator."""
        truth, missing = _truth(column)
        off, on = self._switch()
        return self.missing.mark(np.where(truth, on, off).astype(np.float32)[:, None], missing)

    def expected(self, features: Matrix) -> NDArray[Any]:
        """True, False or None (n,), whichever is nearer."""
        return self.missing.erase(features[:, 0] >= np.mean(self._switch()), features)

    def words(self, column: Column, expected: Expected) -> list[str]:
        """Such as: true as in 0.3 % of the training records, false was expected."""
        truth, missing = _truth(column)
        values = [
            None if null else value for value, null in zip(truth.tolist(), missing, strict=True)
        ]
        every = (True, False, None)
        told = {(value, other): self._told(value, other) for value in every for other in every}
        return [told[pair] for pair in zip(values, expected.value.tolist(), strict=True)]

    def _told(self, value: bool | None, expected: bool | None) -> str:
        wanted = {True: "true", False: "false", None: "nothing"}[expected]
        if value is None:
            known = expected is not None
            return f"missing where {wanted} was expected" if known else self.missing.words
        instead = "" if value == expected else f", {wanted} was expected"
        present = self.missing.rows - self.missing.nulls
        seen = round((self.share if value else 1 - self.share) * present)
        share = percent(seen, self.missing.rows)
        return f"{str(value).lower()} as in {share} of the training records{instead}"

    def _switch(self) -> tuple[float, float]:
        return switch(self.share, self.missing.rows)


def _truth(column: Column) -> tuple[Mask, Mask]:
    """Which values are true, and which are NULL."""
    expected = "True, False, 0, 1 or NULL"
    if pd.api.types.infer_dtype(column, skipna=True) == "string":
        raise wrong_values(column, expected=expected)
    values = numbers(column)
    missing = np.isnan(values)
    if not np.isin(values[~missing], (0.0, 1.0)).all():
        raise wrong_values(column, expected=expected)
    return values == 1.0, missing
