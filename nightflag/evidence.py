"""Evidence for a contest: what both models make of the records that the challenger did not learn.

Labels tell of held-out records, people of those that were scored. A confirmed anomaly is held out
from nobody, as it trains nothing: it is read from the source again, with all that was judged in
the time of the held-out records.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from nightflag import references
from nightflag.contest import FEWEST_OF_EACH, Evidence, Known
from nightflag.drift.days import moments
from nightflag.evaluation.words import as_anomaly
from nightflag.features import History
from nightflag.models import Model
from nightflag.models.model import Records, Scores, bounded, scored
from nightflag.records import Layout
from nightflag.verdicts import confirmed, judged
from nightflag.verdicts.confirmed import Confirmed
from nightflag.windows import Window
from nightflag.workplace import Workplace

Answers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Contestants:
    """The model in use, and the one that was trained to take its place."""

    champion: Model
    challenger: Model

    def score(self, records: Records) -> tuple[Scores, Scores]:
        """What each makes of the records, (n,)."""
        old, new = self.champion, self.challenger
        before = scored(old.detector, old.features, records)
        return before, scored(new.detector, new.features, records)


def gather(
    workplace: Workplace, models: Contestants, held_out: Records, before: datetime
) -> Evidence:
    """What both models make of the records that were ``held_out`` and of those judged since.

    All of them lie ``before`` that moment. References are fitted on neither model's training
    records, so that they take no side.
    """
    seed = workplace.monitor.detector.seed
    window = Window(_first(held_out, workplace), before)
    verdicts = confirmed.read(workplace, window)
    champion, challenger = models.score(held_out)
    rows, positions = bounded(models.champion.features, held_out)
    agreed = references.fit(rows, rows, seed=seed)
    kept = positions[agreed.positions]
    unjudged = np.isnan(_said(workplace, held_out, verdicts)[kept])
    labelled = Known.labelled(champion, challenger, _labels(workplace, held_out), kept[unjudged])
    return Evidence(
        champion[kept][unjudged],
        challenger[kept][unjudged],
        agreed.consensus[unjudged],
        Known.together([labelled, *_judged(workplace, models, window, verdicts, labelled)]),
        seed,
    )


def _first(held_out: Records, workplace: Workplace) -> datetime:
    first: datetime = moments(held_out, workplace.monitor.source).min().item()
    return first.replace(tzinfo=UTC)


def _labels(workplace: Workplace, held_out: Records) -> Answers:
    """What the labels say of the records (n,): 1 anomaly, 0 normal, NaN nothing."""
    label, layout = workplace.monitor.source.label, workplace.layout
    if label is None or label not in layout.columns.names:
        return np.full(len(held_out), np.nan)
    said = as_anomaly(_columns(held_out, layout, [label]).column(label), label)
    return np.asarray(pd.array(said.to_pylist(), dtype="Float64").to_numpy(np.float64, np.nan))


def _said(workplace: Workplace, held_out: Records, verdicts: Confirmed) -> Answers:
    """What people said of the records (n,), likewise."""
    return verdicts.of(_columns(held_out, workplace.layout, workplace.layout.key))


def _columns(records: Records, layout: Layout, names: Iterable[str]) -> pa.RecordBatch:
    """These columns of the records as the source has them: pandas forgets the type of NULLs."""
    frame = records.records if isinstance(records, History) else records
    schema = pa.schema([layout.columns.field(name) for name in names])
    return pa.RecordBatch.from_pandas(frame[schema.names], schema, preserve_index=False)


def _judged(
    workplace: Workplace,
    models: Contestants,
    window: Window,
    verdicts: Confirmed,
    labelled: Known,
) -> Iterator[Known]:
    """The judged records of the window, a batch at a time; none where there are too few to ask."""
    anomalies = int(labelled.anomalous.sum() + verdicts.anomalous.sum())
    normals = len(labelled.anomalous) + len(verdicts.anomalous) - anomalies
    if min(anomalies, normals) < FEWEST_OF_EACH:
        return
    for records, anomalous in judged.records(
        workplace, window, verdicts, models.challenger.features
    ):
        yield Known(*models.score(records), anomalous, np.ones(len(anomalous), dtype=bool))
