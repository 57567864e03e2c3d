"""The tally: an even sample of a night's records, counted while they are scored."""

from collections.abc import Iterable
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nightflag.drift.distance import Counts
from nightflag.drift.reference import SCORES, Reference

MOST = 20_000
SPREADING = np.uint64(0x9E3779B97F4A7C15)
EVERY_HASH = 2**64 - 1


class Tally:
    """The places of up to 20,000 records of a night in the bins of a reference.

    Those whose hash is among the smallest 1/1, 1/2, 1/4, ... are looked at, as many as there is
    room for: an even sample, and the same in whichever batches the records come.
    """

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.halvings = 0
        self.hashes = np.empty(0, np.uint64)
        self.places = np.empty((0, len(reference.spreads())), np.uint8)

    def __len__(self) -> int:
        return len(self.hashes)

    def add(
        self, fingerprint: NDArray[np.int64], records: pd.DataFrame, scores: NDArray[np.float64]
    ) -> None:
        """Count a batch: its fingerprints (n,), records (n) and scores (n,)."""
        hashes = fingerprint.view(np.uint64) * SPREADING
        self._make_room(hashes)
        chosen = np.flatnonzero(self._counts(hashes))
        places = self._places(records.iloc[chosen], scores[chosen])
        self._append(hashes[chosen], places)

    def together(self, others: Iterable["Tally"]) -> Self:
        """This tally, with those of the night's other partitions counted in."""
        for other in others:
            self.halvings = max(self.halvings, other.halvings)
            self._make_room(other.hashes)
            chosen = self._counts(other.hashes)
            self._append(other.hashes[chosen], other.places[chosen])
        return self

    def counts(self) -> dict[str, Counts]:
        """How many of the records are in each bin of each column, and of the scores."""
        return {
            name: spread.count(self.places[:, at])
            for at, (name, spread) in enumerate(self.reference.spreads().items())
        }

    def _make_room(self, hashes: NDArray[np.uint64]) -> None:
        """Halve the share that is looked at until it has room for these as well."""
        while self._counts(self.hashes).sum() + self._counts(hashes).sum() > MOST:
            self.halvings += 1
        kept = self._counts(self.hashes)
        self.hashes, self.places = self.hashes[kept], self.places[kept]

    def _counts(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        return hashes <= np.uint64(EVERY_HASH >> self.halvings)

    def _append(self, hashes: NDArray[np.uint64], places: NDArray[np.uint8]) -> None:
        self.hashes = np.concatenate([self.hashes, hashes])
        self.places = np.concatenate([self.places, places])

    def _places(self, records: pd.DataFrame, scores: NDArray[np.float64]) -> NDArray[np.uint8]:
        columns = {name: records[name] for name in self.reference.columns}
        columns[SCORES] = pd.Series(scores)
        found = [
            spread.bins.places(columns[name]) for name, spread in self.reference.spreads().items()
        ]
        return np.column_stack(found).astype(np.uint8)
