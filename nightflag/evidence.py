"""Evidence for a contest: what both models make of the records that the challenger did not learn.

Labels tell of held-out records, people of those that were scored. A confirmed anomaly is held out
from nobody, as it trains nothing: it is read from the source again, with all that was judged in
the time of the held-out records.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from nightflag import answers, references
from nightflag.contest import Evidence, Known
from nightflag.drift.days import moments
from nightflag.models import Model
from nightflag.models.model import Records, Scores, bounded, scored
from nightflag.precision import FEWEST_OF_EACH
from nightflag.promise import Promise
from nightflag.verdicts import confirmed, judged
from nightflag.verdicts.confirmed import Confirmed
from nightflag.windows import Window
from nightflag.workplace import Workplace


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
    unjudged = np.isnan(answers.verdicts(workplace, held_out, verdicts)[kept])
    labels = answers.labels(workplace, held_out)
    labelled = Known.labelled(champion, challenger, labels, kept[unjudged])
    return Evidence(
        champion[kept][unjudged],
        challenger[kept][unjudged],
        agreed.consensus[unjudged],
        Known.together([labelled, *_judged(workplace, models, window, verdicts, labelled)]),
        seed,
        Promise.of(models.champion.calibration, champion, workplace.monitor.alarm.rate),
    )


def _first(held_out: Records, workplace: Workplace) -> datetime:
    first: datetime = moments(held_out, workplace.monitor.source).min().item()
    return first.replace(tzinfo=UTC)


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
