"""Scoring a partition: from records to staged findings, one batch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nightflag import alarms, shadow
from nightflag.drift import Tally
from nightflag.examining import EMPTY, Examiner
from nightflag.failpoints import reached
from nightflag.models import Model
from nightflag.monitors import Alarm
from nightflag.overlap import ahead
from nightflag.records import Batch, pull_seen
from nightflag.records.changes import Ledger
from nightflag.results.staging import (
    Counts,
    Findings,
    clear,
    new_ticket,
    published_fingerprints,
    stage,
    stage_gone,
)
from nightflag.runs import Run
from nightflag.slices import Slice, whole
from nightflag.validation import RuleCount, total
from nightflag.windows import Window
from nightflag.workplace import Workplace


@dataclass(frozen=True)
class Partition:
    """What a partition came to: how many records went where, and which rules failed.

    The ``ticket`` is the one under which it is staged. ``seen`` counts all records of the window,
    due or not. The ``tally`` says how the due ones spread; a model without a reference takes none.
    ``trouble`` tells what failed beside all this.
    """

    ticket: int
    counts: Counts
    rules: tuple[RuleCount, ...]
    seen: int = 0
    tally: Tally | None = None
    trouble: str = ""


def score(workplace: Workplace, night: Run, model: Model) -> Partition:
    """Stage scores, reasons and quarantine of every record that is due, and say how many.

    The whole night is one partition, worked on here; what was staged before is cleared away.
    """
    clear(workplace.results, workplace.tables)
    return score_slice(workplace, night, whole(night.window), model)


def score_slice(workplace: Workplace, night: Run, piece: Slice, model: Model) -> Partition:
    """Stage what is due of a slice of the night, under a ticket of its own, and say how much.

    Reading, computing and staging overlap; in memory there are a few batches at a time.
    """
    monitor, ticket = workplace.monitor, new_ticket()
    known = workplace.layout.columns.names
    alarms.refuse_unknown_columns(monitor.alarm, known, what="a column of the source")
    ledger = Ledger(
        published_fingerprints(
            workplace.results,
            workplace.tables,
            piece.window,
            batch_size=monitor.execution.batch_size,
            undated=piece.undated,
        )
    )
    beside = shadow.of_night(workplace, night, model)
    examiner = Examiner(workplace, model, monitor.alarm, beside)
    read = _Reading(workplace, piece, model, ledger)
    batches = ahead(read.due())
    counts = stage(
        workplace.results,
        workplace.tables,
        ahead(examiner.findings(batch) for batch in batches),
        ticket=ticket,
    )
    stage_gone(workplace.results, workplace.tables, ledger.gone(), ticket=ticket)
    trouble = beside.trouble if beside else ""
    reached("staged")
    return Partition(ticket, counts, total(examiner.rules), read.seen, examiner.tally, trouble)


def explained(
    workplace: Workplace,
    model: Model,
    alarm: Alarm,
    window: Window,
    wanted: NDArray[np.int64],
) -> Iterator[Findings]:
    """The reasons, and nothing else, of the window's records with a ``wanted`` fingerprint (n,).

    Records are found as they were scored: one that has changed since has another fingerprint.
    """
    examiner, view = Examiner(workplace, model, alarm), model.features.view
    size = workplace.monitor.execution.batch_size
    for batch in pull_seen(workplace.source, workplace.layout, window, view, batch_size=size):
        chosen = batch.keep(np.isin(batch.fingerprint, wanted))
        if len(chosen):
            found = examiner.findings(chosen)
            yield replace(found, scores=EMPTY, quarantine=EMPTY, counts=Counts())


class _Reading:
    """The records of a slice as they are read; ``seen`` counts them, due or not."""

    def __init__(self, workplace: Workplace, piece: Slice, model: Model, ledger: Ledger) -> None:
        self.ledger = ledger
        self.seen = 0
        self.batches = pull_seen(
            workplace.source,
            workplace.layout,
            piece.window,
            model.features.view,
            batch_size=workplace.monitor.execution.batch_size,
            undated=piece.undated,
            known_from=piece.night.start,
        )

    def due(self) -> Iterator[Batch]:
        """The records that are new or have changed."""
        for batch in self.batches:
            reached("pulled a batch")
            self.seen += len(batch)
            due = batch.keep(self.ledger.due(batch.fingerprint))
            if len(due):
                yield due
