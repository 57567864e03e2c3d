"""Records among those they are seen with: the input of a pipeline with context."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from nightflag.features.kind import Mask

Positions = NDArray[np.int64]


class View(BaseModel):
    """How much of its entity's past a record is seen with; all of it decided. Plain JSON.

    ``gap`` and ``departure`` are seconds; a gap of None never ends a series.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    entity: tuple[str, ...] = ()
    length: int = Field(ge=1)
    gap: float | None = Field(default=None, gt=0)
    departure: float | None = Field(default=None, gt=0)
    learning: int = Field(default=0, ge=0)

    @property
    def earlier(self) -> int:
        """How many records before its own a record is to be delivered with, at most."""
        return max(self.length - 1, self.learning)

    @property
    def reach(self) -> float | None:
        """How many seconds back these may lie; None: however far."""
        if self.length > 1 and self.gap is None:
            return None
        return max((self.length - 1) * (self.gap or 0.0), self.departure or 0.0)


@dataclass(frozen=True, eq=False)
class History:
    """Records at the positions ``own`` of a frame that also holds what each is seen with.

    The frame is ordered by entity and time. For each row of it, ``series`` is the number of its
    entity among ``entities`` (as text), ``moments`` its time (never falling within a series), and
    ``usable`` whether others may see it. For each record, ``first`` is the earliest row of its
    window, which ends at its own, and ``known`` how many earlier records of its entity are known.
    """

    view: View
    frame: pd.DataFrame
    entities: tuple[str, ...]
    series: Positions
    moments: NDArray[np.datetime64]
    usable: Mask
    own: Positions
    first: Positions
    known: Positions

    def __len__(self) -> int:
        return len(self.own)

    @property
    def records(self) -> pd.DataFrame:
        """The records themselves, in order."""
        return self.frame.iloc[self.own]

    def keep(self, chosen: Mask | Positions | slice) -> "History":
        """The records that ``chosen`` picks, with all rows they may see."""
        return self.with_records(self.own[chosen], self.first[chosen], self.known[chosen])

    def with_records(self, own: Positions, first: Positions, known: Positions) -> "History":
        """Other records of the same frame, each of shape (n,)."""
        return replace(self, own=own, first=first, known=known)

    def slices(self, records: int) -> Iterator["History"]:
        """The same records, at most so many at a time; once, where there are none."""
        for start in range(0, max(len(self), 1), records):
            yield self.keep(slice(start, start + records))
