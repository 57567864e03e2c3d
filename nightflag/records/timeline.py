"""Records in the order of their entities and times, and what each of them is seen with."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightflag.features.history import History, Positions, View

SECOND = 1_000_000
NULL, BETWEEN, ESCAPE = "\0", "\x1f", "\x1b"
MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Timeline:
    """Rows by entity and time, each with its instant.

    ``fingerprint`` covers the row alone, ``moments`` are UTC microseconds that never fall within an
    entity. ``series`` numbers the row's entity among ``entities``, ``starts`` is the first row of
    each row's entity.
    """

    rows: pa.RecordBatch
    event_time: pa.Array
    fingerprint: NDArray[np.int64]
    moments: NDArray[np.int64]
    series: Positions
    starts: Positions
    entities: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def windows(self, view: View) -> Positions:
        """The first row (n,) of each row's window: no longer than the view, within its series."""
        at = np.arange(len(self))
        opens = self.starts == at
        if view.gap is not None:
            opens[1:] |= np.diff(self.moments) > view.gap * SECOND
        opening = np.maximum.accumulate(np.where(opens, at, 0))
        return np.asarray(np.maximum(opening, at - view.length + 1))

    def fingerprints(self, view: View) -> NDArray[np.int64]:
        """A hash (n,) of each row, of all whose values it is seen with, and of how many it knows.

        The order of those rows is in their own times and keys, so their hashes are added up.
        """
        mixed = _mixed(self.fingerprint.view(np.uint64))
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
        seen = self.windows(view)
        if view.departure is not None:
            seen = np.minimum(seen, self._since(view.departure))
        around = sums[:-1] - sums[seen] + self.known(view).view(np.uint64)
        return np.asarray(_mixed(mixed + _mixed(around)).view(np.int64))

    def known(self, view: View) -> Positions:
        """How many earlier rows of its entity each row (n,) has, as far as the view counts."""
        return np.asarray(np.minimum(np.arange(len(self)) - self.starts, view.learning))

    def history(self, view: View, own: Positions, usable: NDArray[np.bool_]) -> History:
        """The rows at ``own`` as records among those they are seen with."""
        return History(
            view,
            self.rows.to_pandas(split_blocks=True),
            self.entities,
            self.series,
            self.moments.view("datetime64[us]"),
            usable,
            own,
            self.windows(view)[own],
            self.known(view)[own],
        )

    def tail(self, view: View) -> "Timeline":
        """The rows that a next row of the last entity could be seen with."""
        if not len(self):
            return self
        own = int(self.starts[-1])
        kept = max(own, len(self) - view.earlier)
        if view.departure is not None:
            earliest = self.moments[-1] - int(view.departure * SECOND)
            kept = min(kept, own + int(np.searchsorted(self.moments[own:], earliest)))
        return self.after(kept)

    def after(self, start: int) -> "Timeline":
        """The rows from ``start`` on, all of the last entity."""
        return Timeline(
            self.rows.slice(start),
            self.event_time.slice(start),
            self.fingerprint[start:],
            self.moments[start:],
            np.zeros(len(self) - start, np.int64),
            np.zeros(len(self) - start, np.int64),
            self.entities[-1:],
        )

    def _since(self, departure: float) -> Positions:
        """The first row of each row's entity within the departure before it."""
        found = np.empty(len(self), np.int64)
        opening = np.flatnonzero(self.starts == np.arange(len(self)))
        for start, stop in zip(opening, [*opening[1:], len(self)], strict=True):
            moments = self.moments[start:stop]
            found[start:stop] = start + np.searchsorted(moments, moments - int(departure * SECOND))
        return found


def joined(
    before: Timeline | None,
    rows: pa.RecordBatch,
    event_time: pa.Array,
    fingerprint: NDArray[np.int64],
    entity: tuple[str, ...],
) -> Timeline:
    """The rows of a batch, in their order, after those of ``before``."""
    if before is not None and len(before):
        rows = pa.concat_batches([before.rows, rows])
        event_time = pa.concat_arrays([before.event_time, event_time])
        fingerprint = np.concatenate([before.fingerprint, fingerprint])
    series, entities = _series(rows, entity)
    starts = np.flatnonzero(np.diff(series, prepend=-1))[series]
    moments = event_time.cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.int64)
    if before is not None and len(before):
        moments[: len(before)] = before.moments
    rising = pd.Series(moments).groupby(series).cummax().to_numpy()
    return Timeline(rows, event_time, fingerprint, rising, series, starts, entities)


def _series(rows: pa.RecordBatch, entity: tuple[str, ...]) -> tuple[Positions, tuple[str, ...]]:
    """The number of each row's entity in the order of the rows, and the entities as text."""
    if not entity or not rows.num_rows:
        return np.zeros(rows.num_rows, np.int64), ("",) if rows.num_rows else ()
    names = _texts(rows, entity)
    changed = np.append(True, names[1:] != names[:-1])
    return np.cumsum(changed) - 1, tuple(names[changed].tolist())


def _texts(rows: pa.RecordBatch, entity: tuple[str, ...]) -> NDArray[np.object_]:
    """Each row's entity as text, no two of them alike; NULL is an entity like any other."""
    parts = [pc.fill_null(_plain(_text(rows.column(name))), NULL) for name in entity]
    together = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, BETWEEN)
    return np.asarray(together.to_numpy(zero_copy_only=False), dtype=object)


def _plain(texts: pa.Array) -> pa.Array:
    """The texts without what stands for NULL or between two; models know all others as they are."""
    if not pc.any(pc.match_substring_regex(texts, f"[{ESCAPE}{BETWEEN}\\x00]")).as_py():
        return texts
    for character, letter in ((ESCAPE, "e"), (BETWEEN, "b"), (NULL, "n")):
        texts = pc.replace_substring(texts, character, ESCAPE + letter)
    return texts


def _text(column: pa.Array) -> pa.Array:
    if pa.types.is_binary(column.type):
        return pa.array([None if one is None else one.hex() for one in column.to_pylist()])
    return column.cast(pa.string())


def _mixed(values: Hashes) -> Hashes:
    """Each value with its bits mixed (the finalizer of SplitMix64; Steele et al., 2014)."""
    first = (values ^ (values >> np.uint64(30))) * MULTIPLIERS[0]
    second = (first ^ (first >> np.uint64(27))) * MULTIPLIERS[1]
    return np.asarray(second ^ (second >> np.uint64(31)))
