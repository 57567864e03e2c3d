"""The contract of a column kind, and the refusal all kinds share."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from nightflag.errors import FeatureError
from nightflag.features.wording import Expected

Column: TypeAlias = "pd.Series[Any]"
Matrix: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]


class Readable(NamedTuple):
    """A column as ``transform`` takes it, and by position what is wrong with the other values.

    None stands for a NULL.
    """

    column: Column
    wrong: Mapping[int, str | None]


class Kind(BaseModel, ABC):
    """A column's values as features: frozen, fitted by construction, plain JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @classmethod
    @abstractmethod
    def claims(cls, values: Column) -> bool:
        """Whether values, of which none is NULL, look like this kind."""

    @classmethod
    @abstractmethod
    def fit(cls, column: Column) -> Self:
        """The kind fitted on a training column of at least one row; NULLs are welcome."""

    @abstractmethod
    def names(self, column: str) -> tuple[str, ...]:
        """What each feature is called, in order; as many as ``transform`` makes."""

    def prepare(self, column: Column) -> Readable | None:
        """The values read, where that takes time or may fail; None: ``transform`` takes all."""
        return None

    @abstractmethod
    def transform(self, column: Column) -> Matrix:
        """Features (n, width), finite. FeatureError if the values are of another type."""

    @abstractmethod
    def expected(self, features: Matrix) -> NDArray[Any]:
        """The n values that features (n, width) stand for, in the source's units."""

    @abstractmethod
    def words(self, column: Column, expected: Expected) -> list[str]:
        """What to say of each value (n,) after its column's name, beside what was expected."""


def wrong_values(column: Column, *, expected: str) -> FeatureError:
    """The error for a column whose values cannot be read as its kind."""
    present = column.dropna()
    example = f", such as {present.iloc[:1].tolist()[0]!r:.40}" if len(present) else ""
    return FeatureError(
        f"Column '{column.name}' holds {type_names(column)} values ({column.dtype}){example}.",
        expected=expected,
        mend=f"Cast '{column.name}' in the source's query, give it another kind, or exclude it.",
    )


def type_names(column: Column) -> str:
    """The Python types of the values that are not NULL, most frequent first: 'str and int'."""
    counts = Counter(type(value).__name__ for value in column.dropna())
    return " and ".join(name for name, _ in counts.most_common(3)) or "only NULL"
