"""The truth of a night's records, as far as it is known, beside what the night made of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, select

from nightflag.evaluation.words import as_anomaly
from nightflag.features import View
from nightflag.models import champion
from nightflag.records import pull_seen
from nightflag.results.staging import inside
from nightflag.results.verdicts import given, on_record
from nightflag.runs import Run
from nightflag.workplace import Workplace

Known = Literal["labels", "verdicts"]
SCORED = pa.schema(
    [
        pa.field("fingerprint", pa.int64()),
        pa.field("score", pa.float64()),
        pa.field("is_anomaly", pa.bool_()),
    ]
)
JUDGED = pa.schema(
    [
        pa.field("score", pa.float64()),
        pa.field("is_anomaly", pa.bool_()),
        pa.field("verdict", pa.string()),
    ]
)


@dataclass(frozen=True, eq=False)
class Truth:
    """Records of which ``source`` says whether they are anomalies; every array has shape (n,).

    ``within_budget``: among the highest scores of their night, as many as its alarm rate allows.
    """

    source: Known
    anomalous: NDArray[np.bool_]
    score: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    within_budget: NDArray[np.bool_]

    @property
    def records(self) -> int:
        """How many records the truth is known of."""
        return len(self.anomalous)

    @cached_property
    def anomalies(self) -> int:
        """How many of them are anomalies."""
        return int(self.anomalous.sum())

    @cached_property
    def flags(self) -> int:
        """How many of them were flagged."""
        return int(self.flagged.sum())

    @cached_property
    def caught(self) -> int:
        """How many of the anomalies were flagged."""
        return int((self.anomalous & self.flagged).sum())

    @cached_property
    def in_budget(self) -> int:
        """How many of them have a score within the budget."""
        return int(self.within_budget.sum())

    @cached_property
    def caught_in_budget(self) -> int:
        """How many of the anomalies have a score within the budget."""
        return int((self.anomalous & self.within_budget).sum())


def together(truths: Iterable[Truth]) -> Truth:
    """The records of all these truths, which are of one source, as one."""
    parts = list(truths)
    names = ("anomalous", "score", "flagged", "within_budget")
    joined = {name: np.concatenate([getattr(one, name) for one in parts]) for name in names}
    return Truth(parts[0].source, **joined)


def labels(workplace: Workplace, night: Run) -> Truth | None:
    """What the labels say of the night's records; None where the source has no label.

    Records are matched by fingerprint, 17 bytes for each record of the night, so one that was
    corrected since is left out, as is one without a label. Raises :class:`SourceError` for a label
    that cannot be read as yes or no.
    """
    if workplace.monitor.source.label is None:
        return None
    fingerprint, score, flagged = _scored(workplace, night)
    at, anomalous = labelled(workplace, night, fingerprint)
    least = _least_in_budget(workplace, night)
    return Truth("labels", anomalous, score[at], flagged[at], score[at] >= least)


def labelled(
    workplace: Workplace, night: Run, fingerprint: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Positions of the night's records that have a label, and what it says.

    They stand in ``fingerprint`` (n,), which ascends.
    """
    label = str(workplace.monitor.source.label)
    batches = pull_seen(
        workplace.source,
        workplace.layout,
        night.window,
        _view(workplace),
        batch_size=workplace.monitor.execution.batch_size,
    )
    found: list[tuple[NDArray[np.intp], NDArray[np.bool_]]] = [_NOTHING]
    for batch in batches:
        answers = as_anomaly(batch.records.column(label), label)
        at = _positions(batch.fingerprint, fingerprint)
        known = (at >= 0) & answers.is_valid().to_numpy(zero_copy_only=False)
        says_anomaly = answers.fill_null(False).to_numpy(zero_copy_only=False)
        found.append((at[known], says_anomaly[known]))
    at, anomalous = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return at, anomalous


def verdicts(workplace: Workplace, night: Run) -> Truth:
    """What people said of the night's records, which are flags mostly: no recall follows."""
    scores = workplace.tables.scores
    judged = given(scores.schema)
    same = on_record(judged, night.monitor, workplace.tables.keys_of(scores))
    statement = (
        select(scores.c.score, scores.c.is_anomaly, judged.c.verdict)
        .select_from(scores.join(judged, same))
        .where(_of_night(workplace, night))
    )
    score, flagged, verdict = columns_of(workplace, statement, JUDGED)
    least = _least_in_budget(workplace, night) if len(score) else np.inf
    return Truth("verdicts", verdict == "anomaly", score, flagged, score >= least)


def _of_night(workplace: Workplace, night: Run) -> ColumnElement[bool]:
    scores = workplace.tables.scores
    return inside(scores, night.window) & (scores.c.run_id == night.run_id)


def _scored(workplace: Workplace, night: Run) -> list[NDArray[Any]]:
    """Fingerprint, score and flag of each record of the night, by fingerprint."""
    scores = workplace.tables.scores
    statement = select(*(scores.c[name] for name in SCORED.names))
    columns = columns_of(workplace, statement.where(_of_night(workplace, night)), SCORED)
    order = np.argsort(columns[0])
    return [values[order] for values in columns]


def columns_of(
    workplace: Workplace, statement: Select[Any], columns: pa.Schema
) -> list[NDArray[Any]]:
    """The columns of what the statement selects from the results, each of shape (n,)."""
    size = workplace.monitor.execution.batch_size
    batches = list(workplace.results.read(statement, columns=columns, batch_size=size))
    read = pa.Table.from_batches(batches, columns)
    return [values.to_numpy() for values in read.columns]


def _positions(values: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where each value stands in ``known``, which is sorted; -1 where it does not."""
    if not known.size:
        return np.full(values.shape, -1)
    at = np.minimum(np.searchsorted(known, values), known.size - 1)
    return np.where(known[at] == values, at, -1)


def _least_in_budget(workplace: Workplace, night: Run) -> float:
    """The lowest score that is still among as many as the alarm rate allows."""
    scores, alarm = workplace.tables.scores, workplace.monitor.alarm
    accepted = int((night.alarm_rate or alarm.rate) * (night.records_scored or 0))
    allowed = max(1, min(accepted, alarm.at_most or accepted))
    statement = select(scores.c.score).where(_of_night(workplace, night))
    last = statement.order_by(scores.c.score.desc()).offset(allowed - 1).limit(1)
    with workplace.results.reading() as connection:
        found = connection.execute(last).scalar_one_or_none()
    return np.inf if found is None else float(found)


def _view(workplace: Workplace) -> View | None:
    """With how much of their past the champion sees the records, which their hashes cover."""
    if workplace.monitor.sequence is None:
        return None
    entry = champion(workplace.results, workplace.monitor.name)
    kept = entry.about.get("view") if entry else None
    return View.model_validate(kept) if kept else None


_NOTHING: tuple[NDArray[np.intp], NDArray[np.bool_]] = (np.empty(0, np.intp), np.empty(0, bool))
