"""The reference: how training and held-out records spread, and how unlike its days are."""

from collections.abc import Mapping
from typing import Annotated, Self, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nightflag.drift.bins import AnyBins, Places, bins_of, bins_of_numbers
from nightflag.drift.distance import Change, Counts, change
from nightflag.errors import ModelFileError
from nightflag.features import Column, Kind
from nightflag.features.image import Image

SCORES = "(scores)"
"""What the scores are called among the columns."""

ENOUGH = 100
"""Records that a night must have to be judged, and a day to be compared with others."""

LEAST_DAYS, USUAL_DAYS = 3, 0.95

Days: TypeAlias = NDArray[np.int64]


class Spread(BaseModel):
    """The training values of a column: bins, a count for each, and how unlike each other days are.

    ``usual`` is the change that 19 in 20 of the training's days stay within, each compared with
    all others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    bins: Annotated[AnyBins, Field(discriminator="how")]
    counts: tuple[int, ...]
    usual: Change = Change(0.0, 0.0, 0.0)

    @classmethod
    def of(cls, bins: AnyBins, column: Column, days: Days) -> Self:
        """The spread of a column (n,), whose values are of these ``days`` (n,)."""
        parts = _parts(bins.places(column), days)
        found = [_counted(one, bins.size) for one in parts]
        counts = np.sum(found, axis=0)
        unlike = [change(counts - one, one) for one in found] if len(found) >= LEAST_DAYS else []
        usual = np.quantile(unlike, USUAL_DAYS, axis=0, method="lower") if unlike else np.zeros(3)
        return cls(bins=bins, counts=tuple(counts.tolist()), usual=Change(*usual.tolist()))

    @property
    def before(self) -> Counts:
        """The counts (bins,)."""
        return np.array(self.counts)

    def count(self, places: NDArray[np.integer]) -> Counts:
        """How many of the places (n,) there are of each."""
        return _counted(places, self.bins.size)


class Reference(BaseModel):
    """What a model knows of the records it was made from: a spread for each column, and scores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, Spread]
    scores: Spread

    @classmethod
    def of(
        cls,
        kinds: Mapping[str, Kind],
        records: pd.DataFrame,
        days: Days,
        scores: NDArray[np.float64],
    ) -> Self:
        """The reference of training records (n), of their ``days`` (n,), and of scores.

        The scores (m,) are those of the last m records. Images have no spread.
        """
        columns = {
            name: Spread.of(bins_of(kind, records[name]), records[name], days)
            for name, kind in kinds.items()
            if not isinstance(kind, Image)
        }
        return cls(columns=columns, scores=_of_scores(scores, days[len(days) - len(scores) :]))

    def recalibrated(self, scores: NDArray[np.float64]) -> Self:
        """The same of a model that is calibrated on other scores (n,)."""
        other = _of_scores(scores, np.zeros(len(scores), np.int64))
        return self.model_copy(
            update={"scores": other.model_copy(update={"usual": self.scores.usual})}
        )

    def spreads(self) -> dict[str, Spread]:
        """The spread of each column, and last that of the scores."""
        return {**self.columns, SCORES: self.scores}

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """The reference that ``model_dump_json`` wrote; :class:`ModelFileError` for another."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ModelFileError(
                f"The model's reference for drift cannot be read: {error.errors()[0]['msg']}.",
                expected="the JSON that training wrote with this version of nightflag",
                mend="train a new version with `nightflag retrain MONITOR`",
            ) from None


def _of_scores(scores: NDArray[np.float64], days: Days) -> Spread:
    return Spread.of(bins_of_numbers(scores), pd.Series(scores), days)


def _parts(places: Places, days: Days) -> list[Places]:
    """The places of each day, a day of few records with those after it."""
    order = np.argsort(days, kind="stable")
    cuts, last = [], 0
    for cut in (np.flatnonzero(np.diff(days[order])) + 1).tolist():
        if min(cut - last, len(days) - cut) >= ENOUGH:
            cuts.append(cut)
            last = cut
    return np.split(places[order], cuts)


def _counted(places: NDArray[np.integer], size: int) -> Counts:
    return np.bincount(places, minlength=size + 2)
