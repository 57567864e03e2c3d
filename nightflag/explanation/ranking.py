"""Reasons in order: the columns that made a score, best first, each in words."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nightflag.explanation.accounts import Account, account
from nightflag.features import History, Pipeline, SequencePipeline
from nightflag.features.wording import Expected
from nightflag.models import Model
from nightflag.results.columns import EVERYTHING_ELSE

REASONS_PER_FLAG = 5

Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Reasons:
    """One entry for each record and rank, best first; ``row`` is the record's position.

    The contributions of a record's entries add up to its score: where columns are left out, the
    last entry is that of ``EVERYTHING_ELSE``, without values. ``records_back`` says of a window how
    many records before its last the reason lies, with the value and the expected value there; it is
    None for records that are seen alone. ``words`` say it all in a sentence.
    """

    row: NDArray[np.intp]
    rank: NDArray[np.int32]
    feature: list[str]
    contribution: NDArray[np.float64]
    value: list[str | None]
    expected: list[str | None]
    records_back: list[int | None]
    words: list[str]


def reasons(
    model: Model, records: pd.DataFrame | History, *, limit: int = REASONS_PER_FLAG
) -> Reasons:
    """The up to ``limit`` columns that contributed most to the score of each record, and the rest.

    For the meaning of contributions and values see ``account``.
    """
    found, columns = account(model, records), model.features.columns
    count = min(limit, len(columns))
    order = np.argsort(-found.contributions, axis=1, kind="stable")[:, :count]
    parts = np.take_along_axis(found.contributions, order, axis=1)
    back = None if found.back is None else np.take_along_axis(found.back, order, axis=1)
    told = [np.array(columns, dtype=object)[order], parts, *_told(model, found, order)]
    told += [np.full(order.shape, None) if back is None else back.astype(object)]
    told[4] = told[4] + _when(back)
    if count < len(columns):
        rest = _the_rest(found.contributions.sum(axis=1), parts, len(columns) - count)
        told = [np.column_stack(pair) for pair in zip(told, rest, strict=True)]
    return _listed(*told)


def _listed(
    feature: Texts, part: NDArray[Any], value: Texts, expected: Texts, words: Texts, back: Texts
) -> Reasons:
    """The reasons of these arrays (n, ranks)."""
    rows, ranks = feature.shape
    return Reasons(
        np.repeat(np.arange(rows), ranks),
        np.tile(np.arange(1, ranks + 1, dtype=np.int32), rows),
        feature.ravel().tolist(),
        part.ravel().astype(np.float64),
        value.ravel().tolist(),
        expected.ravel().tolist(),
        back.ravel().tolist(),
        words.ravel().tolist(),
    )


def _told(model: Model, found: Account, order: NDArray[np.intp]) -> tuple[Texts, Texts, Texts]:
    """Value, expected value and words (n, ranks) of the columns at places ``order``."""
    plain = _plain(model.features)
    value, expected, words = (np.full(order.shape, None, dtype=object) for _ in range(3))
    for place, name in enumerate(model.features.columns):
        at = np.nonzero(order == place)
        values = found.values[name].take(at[0])
        other, low, high = (
            (frame if name in frame else found.expected)[name].to_numpy()[at[0]]
            for frame in (found.expected, found.low, found.high)
        )
        clauses = plain.fitted[name].words(values, Expected(other, low, high))
        value[at], expected[at] = _texts(values), _texts(other)
        words[at] = [f"{name} {clause}".replace("\0", "\\0") for clause in clauses]
    return value, expected, words


def _plain(features: Pipeline | SequencePipeline) -> Pipeline:
    return features.plain if isinstance(features, SequencePipeline) else features


def _when(back: NDArray[np.int64] | None) -> Texts | str:
    """What to say of how many records before (n, ranks) a reason lies."""
    if back is None:
        return ""
    words = {0: "", 1: ", one record before"}
    said = {many: words.get(many, f", {many} records before") for many in np.unique(back).tolist()}
    return np.array([said[many] for many in back.ravel().tolist()], object).reshape(back.shape)


def _the_rest(score: NDArray[np.float64], parts: NDArray[np.float64], columns: int) -> list[Any]:
    """What the columns that are left out have in the score, as one more reason of each record."""
    part = np.maximum(score - parts.sum(axis=1), 0.0)
    share = np.rint(100 * part / np.where(score > 0, score, 1.0))
    others = "1 other column" if columns == 1 else f"{columns} other columns"
    words = [f"{others} made {one:.0f} % of the score" for one in share.tolist()]
    nothing = np.full(len(score), None)
    feature = np.full(len(score), EVERYTHING_ELSE, dtype=object)
    return [feature, part, nothing, nothing, np.array(words, dtype=object), nothing]


def _texts(values: "pd.Series[Any] | NDArray[Any]") -> list[str | None]:
    missing = np.asarray(pd.isna(values))
    return [
        None if null else _text(value) for value, null in zip(values.tolist(), missing, strict=True)
    ]


def _text(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text.replace("\0", "\\0")
