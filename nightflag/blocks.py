"""Blocks of time that calibrate in turn: few records, each scored by a model that has not seen it.

Cross-conformal calibration (Vovk, Annals of Mathematics and Artificial Intelligence 74, 2015), its
folds contiguous and without the windows that reach into them (Racine, Journal of Econometrics 99,
2000): neighbours in time are too alike to be strangers. A block at either end is scored from
outside its time, so the calibration knows how far records drift. Vovk shows that exchangeable
records fare little worse so than promised; drifting ones are promised nothing, here or elsewhere.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nightflag.features import History
from nightflag.models.model import Records


def together(older: Records, newest: Records) -> Records:
    """All of the records, those of a history in its own order; both must be of one frame."""
    if isinstance(older, History) and isinstance(newest, History):
        own = np.concatenate([older.own, newest.own])
        first = np.concatenate([older.first, newest.first])
        known = np.concatenate([older.known, newest.known])
        order = np.argsort(own)
        return older.with_records(own[order], first[order], known[order])
    if isinstance(older, pd.DataFrame) and isinstance(newest, pd.DataFrame):
        return pd.concat([older, newest], ignore_index=True)
    raise TypeError(f"{type(older).__name__} and {type(newest).__name__} do not go together.")


def in_turn(records: Records, older: int, count: int) -> Iterator[tuple[Records, Records]]:
    """The ``older`` first of the records in ``count`` blocks of time, each after all others.

    Yields (others, block). Of others, none sees a record of the block.
    """
    order = _by_time(records)
    for block in np.array_split(order[:older], count):
        inside = np.zeros(len(records), dtype=bool)
        inside[block] = True
        yield _keep(records, ~_reaching(records, inside)), _keep(records, inside)


def _by_time(records: Records) -> NDArray[np.intp]:
    """Positions, earliest record first; a frame is in that order already."""
    if isinstance(records, History):
        return np.argsort(records.moments[records.own], kind="stable")
    return np.arange(len(records))


def _reaching(records: Records, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which records (n,) are inside, or see one that is."""
    if not isinstance(records, History):
        return inside
    rows = np.zeros(len(records.frame) + 1, dtype=np.int64)
    rows[records.own[inside] + 1] = 1
    seen = np.cumsum(rows)
    return np.asarray(seen[records.own + 1] > seen[records.first])


def _keep(records: Records, chosen: NDArray[np.bool_]) -> Records:
    return records.keep(chosen) if isinstance(records, History) else records[chosen]
