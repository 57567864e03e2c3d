"""What each entity's numbers are like: its own level and spread, as far as it is known.

An entity of few records is drawn towards all others by empirical Bayes (Efron and Morris, 1975):
own knowledge weighs t / (t + e), where t is how much entities differ and e the error of what is
known of this one. Spreads are compared as logarithms, so that one large entity decides nothing.
"""

from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

MOST_ENTITIES = 10_000
SMALLEST_SPREAD = 1e-12
NORMAL_SHARES = (0.1587, 0.8413)
"""Between these quantiles of a normal distribution lie two standard deviations."""

Values = NDArray[np.float64]


class Level(BaseModel):
    """An entity's training records, and the center and spread of each column."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    records: NonNegativeInt
    centers: tuple[float, ...]
    spreads: tuple[float, ...]


class Known(NamedTuple):
    """Centers and spreads (n, columns), and training records (n,), of the entities of n rows."""

    centers: Values
    spreads: Values
    records: NDArray[np.int64]


class Levels(BaseModel):
    """The levels of the entities with most training records, and that of an unknown one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    pooled: Level
    entities: dict[str, Level] = Field(max_length=MOST_ENTITIES)

    @classmethod
    def fit(cls, entities: NDArray[np.object_], values: Values, baselines: Values) -> Self:
        """The levels of training records: their entities (n,) and values (n, columns).

        Spreads are those around ``baselines`` (n, columns), where these are known, or else around
        the entity's center. NaN is not known.
        """
        codes, names = pd.factorize(entities)
        finite = pd.DataFrame(np.where(np.isfinite(values), values, np.nan))
        own = finite.groupby(codes).median().to_numpy()
        baselines = np.where(np.isfinite(baselines), baselines, own[codes])
        counts = finite.groupby(codes).count().to_numpy()
        spreads = _spreads(finite - baselines, codes)
        return cls._of(list(map(str, names)), counts, own, spreads, np.bincount(codes))

    @classmethod
    def _of(
        cls,
        names: list[str],
        counts: NDArray[np.int64],
        centers: Values,
        spreads: Values,
        records: NDArray[np.int64],
    ) -> Self:
        errors = 1 / (2 * np.maximum(counts, 1))
        unknown = (counts < 2) | ~(spreads > 0)
        logs = np.log(np.where(unknown, np.nan, spreads))
        logs, log = _drawn(logs, errors)
        centers, center = _drawn(centers, np.exp(2 * logs) / np.maximum(counts, 1))
        most = np.argsort(-records, kind="stable")[:MOST_ENTITIES]
        made = {names[at]: _level(int(records[at]), centers[at], np.exp(logs[at])) for at in most}
        return cls(pooled=_level(0, center, np.exp(log)), entities=made)

    def known(self, entities: tuple[str, ...], series: NDArray[np.int64]) -> Known:
        """What is known of each row's entity, given by its number in ``entities``."""
        found = [self.entities.get(name, self.pooled) for name in entities]
        width = len(self.pooled.centers)
        centers = np.array([level.centers for level in found]).reshape(-1, width)
        spreads = np.array([level.spreads for level in found]).reshape(-1, width)
        records = np.array([level.records for level in found], dtype=np.int64)
        return Known(centers[series], spreads[series], records[series])


def _level(records: int, centers: Values, spreads: Values) -> Level:
    kept = np.maximum(spreads, SMALLEST_SPREAD)
    return Level(records=records, centers=tuple(centers.tolist()), spreads=tuple(kept.tolist()))


def _spreads(residuals: pd.DataFrame, codes: NDArray[np.intp]) -> Values:
    """Half the range of the middle 68 %, or the deviation where that is 0; shape (entities, m)."""
    grouped = residuals.groupby(codes)
    low, high = (grouped.quantile(share).to_numpy() for share in NORMAL_SHARES)
    halves = (high - low) / 2
    return np.where(halves > 0, halves, grouped.std(ddof=0).to_numpy())


def _drawn(values: Values, errors: Values) -> tuple[Values, Values]:
    """Each entity's values (entities, m), drawn towards their median, and that median (m,).

    ``errors`` are their sampling variances. NaN becomes the median; without any, 0.
    """
    known = np.isfinite(values)
    columns = range(values.shape[1])
    pooled = np.array(
        [np.median(values[known[:, at], at]) if known[:, at].any() else 0.0 for at in columns]
    )
    off = np.where(known, values - pooled, 0.0)
    mean_error = np.sum(errors, axis=0, where=known) / np.maximum(known.sum(axis=0), 1)
    between = np.sum(off**2, axis=0) / np.maximum(known.sum(axis=0) - 1, 1) - mean_error
    alone = known.sum(axis=0) < 2
    between = np.maximum(between, 0.0)
    weights = np.where(alone, 1.0, between / (between + errors + 1e-300))
    return pooled + weights * off, pooled
