"""Training: on which records, and the model that comes out of it."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nightflag import (
    answers,
    blocks,
    detectors,
    exclusions,
    explanation,
    features,
    images,
    provenance,
    references,
    retraining,
    rivals,
    sequences,
    succession,
)
from nightflag.calibration import Calibration
from nightflag.candidates import kinds, too_few
from nightflag.drift import Reference
from nightflag.drift.days import days
from nightflag.failpoints import reached
from nightflag.features import History, Matrix, Pipeline, SequencePipeline
from nightflag.judgement import judged
from nightflag.locks import Lock
from nightflag.models import Entry, Model, Snapshot, register
from nightflag.models.model import Records, Scores, bounded, scored
from nightflag.models.registry import Training
from nightflag.monitors import Monitor
from nightflag.records import Batch, pull
from nightflag.results.reading import ORDER
from nightflag.validation import RowSuite, split
from nightflag.verdicts import confirmed
from nightflag.windows import Window
from nightflag.workplace import Workplace

# Not to be confused with a column of the source.
EVENT_TIME, FINGERPRINT = "nightflag event time", "nightflag fingerprint"


def train(
    workplace: Workplace,
    lock: Lock | None = None,
    *,
    as_of: datetime,
    before: datetime,
    reason: str,
) -> Entry:
    """A new model, trained on records with event times before ``before``.

    Its status says whether it became champion. The newest share of them calibrates it and is not
    trained on. Raises :class:`TrainingRefused` for too few records, or for a network that learned
    nothing; for ``lock`` see :func:`register`.
    """
    monitor = workplace.monitor
    start = before - monitor.training.window if monitor.training.window else None
    older, newest = parted(workplace, Window(start, before))
    training = Training(
        as_of=as_of,
        reason=reason,
        detector=monitor.detector.name,
        training_start=start,
        training_end=before,
        training_records=len(older),
        calibration_records=len(newest),
        config_hash=retraining.recipe_hash(monitor),
        trained_at=workplace.now(),
    )
    reached("sampled")
    model = fit(workplace, older, newest)
    reached("trained")
    status, decision = succession.outcome(workplace, model, newest, before, reason)
    if monitor.training.cross_calibration:
        model = refitted(workplace, model, older, newest)
        count = len(older) + len(newest)
        training = replace(training, training_records=count, calibration_records=count)
    snapshot = Snapshot(older, newest, workplace.layout.columns)
    return register(
        workplace.results,
        monitor.name,
        model,
        training,
        folder=workplace.models,
        lock=lock,
        status=status,
        decision=decision,
        snapshot=snapshot if monitor.training.snapshot else None,
    )


def parted(workplace: Workplace, window: Window) -> tuple[Records, Records]:
    """The records of the window to train on, and the newest of them to calibrate with."""
    share = workplace.monitor.training.calibration
    if workplace.monitor.sequence is not None:
        return sequences.parted(workplace, workplace.monitor.sequence, window)
    frame = sample(workplace, window)
    held_out = math.ceil(len(frame) * share)
    return frame.iloc[:-held_out], frame.iloc[-held_out:]


def fit(workplace: Workplace, older: Records, newest: Records) -> Model:
    """A model trained on the ``older`` records and calibrated on the ``newest``.

    Its detector's ``about`` says how it was judged, under "view" with how much of their past it
    sees records, under "left_out" which columns it does not see, and why, and under "origin" what
    it takes to make the model again.
    """
    monitor, seed = workplace.monitor, workplace.monitor.detector.seed
    inferred = _kinds(workplace, older)
    pipeline, detector, trained_on = _trained(monitor, older, inferred.kinds)
    scores = scored(detector, pipeline, newest)
    held_out, kept = bounded(pipeline, newest)
    seen = {"view": pipeline.view and pipeline.view.model_dump(), "left_out": inferred.left_out}
    seen |= explanation.usual(detector, pipeline, held_out)
    seen |= {"columns": retraining.columns(workplace.layout)}
    seen |= {ORDER: workplace.layout.columns.names}
    seen |= {provenance.KEY: provenance.of(workplace, (older, newest))}
    detector = replace(detector, about={**detector.about, **seen})
    compared = references.fit(trained_on, held_out, seed=seed)
    given = answers.known(workplace, newest)
    rivalry = rivals.among(given[kept], scores[kept], compared, seed=seed)
    known = judged(detector, held_out, scores[kept], compared, rivalry, seed=seed)
    reference = _reference(monitor, pipeline, older, newest, scores)
    return Model(pipeline, known, Calibration(scores), reference)


def refitted(workplace: Workplace, model: Model, older: Records, newest: Records) -> Model:
    """The ``model`` of the older records, trained on all and calibrated by blocks of time in turn.

    The newest records have its scores already; each block of the older ones gets those of a model
    of all others. What was found of the model on the newest records stays with it.
    """
    monitor, found_kinds = workplace.monitor, _kinds(workplace, older).kinds
    records = blocks.together(older, newest)
    count = round(1 / monitor.training.calibration) - 1
    found = [model.calibration.scores]
    for others, block in blocks.in_turn(records, len(older), count):
        pipeline, detector, _ = _trained(monitor, others, found_kinds)
        found.append(scored(detector, pipeline, block))
    scores = np.concatenate(found)
    pipeline, detector, _ = _trained(monitor, records, found_kinds)
    about = {**model.detector.about, **detector.about, "calibrated_in_turn": count + 1}
    return Model(
        pipeline,
        replace(detector, about=about),
        Calibration(scores),
        model.reference and model.reference.recalibrated(scores),
    )


def _kinds(workplace: Workplace, older: Records) -> features.Inferred:
    return kinds(workplace, older.records if isinstance(older, History) else older)


def _trained(
    monitor: Monitor, records: Records, kinds: Mapping[str, str]
) -> tuple[Pipeline | SequencePipeline, detectors.Detector, Matrix]:
    """The features of the records, a detector trained on them, and their matrix."""
    pipeline = _pipeline(monitor, records, kinds)
    rows, _ = bounded(pipeline, records)
    clean = monitor.training_rows == "clean"
    known = detectors.TrainingSet(rows, pipeline.names, pipeline.shape, clean=clean)
    chosen = monitor.detector
    detector = detectors.fit(chosen.name, known, settings=chosen.settings, seed=chosen.seed)
    return pipeline, detector, rows


def _reference(
    monitor: Monitor,
    pipeline: Pipeline | SequencePipeline,
    older: Records,
    newest: Records,
    scores: Scores,
) -> Reference:
    """What a night is compared with, to see whether it has drifted."""
    kinds = (pipeline.plain if isinstance(pipeline, SequencePipeline) else pipeline).fitted
    parts = (older, newest)
    frames = [one.records if isinstance(one, History) else one for one in parts]
    found = np.concatenate([days(one, monitor.source) for one in parts])
    return Reference.of(kinds, pd.concat(frames, ignore_index=True), found, scores)


def _pipeline(
    monitor: Monitor, older: Records, kinds: Mapping[str, str]
) -> Pipeline | SequencePipeline:
    if isinstance(older, History):
        return features.fit_sequence(older, kinds=kinds, clean=monitor.training_rows == "clean")
    return features.fit(older, kinds=kinds, image=monitor.features.image)


def sample(workplace: Workplace, window: Window) -> pd.DataFrame:
    """Up to ``at_most`` good records of the window, by event time.

    Confirmed anomalies and excluded incidents are not among them.

    The sample holds the records with the smallest fingerprints (a bottom-k sample, Cohen and Kaplan
    2007): uniform, in one pass, in bounded memory, and the same however the records arrive.
    """
    monitor = workplace.monitor
    suite = RowSuite(split(monitor.expectations)[0])
    batches = pull(
        workplace.source, workplace.layout, window, batch_size=monitor.execution.batch_size
    )
    anomalies, incidents = confirmed.anomalies(workplace), exclusions.of_monitor(workplace)
    kept: list[pa.Table] = []
    for batch in batches:
        batch = batch.keep(exclusions.outside(batch.event_time, incidents))
        good = _good(batch, suite, monitor.source.key, anomalies)
        kept = [_smallest([*kept, good], monitor.training.at_most)]
    found = kept[0].num_rows if kept else 0
    if found < monitor.training.at_least:
        raise too_few(monitor, window, found)
    ordered = kept[0].sort_by([(EVENT_TIME, "ascending"), (FINGERPRINT, "ascending")])
    frame: pd.DataFrame = ordered.drop_columns([EVENT_TIME, FINGERPRINT]).to_pandas()
    usable = images.readable(frame, kinds(workplace, frame).kinds, monitor)
    if len(usable) < monitor.training.at_least:
        raise too_few(monitor, window, len(usable))
    return usable


def _good(
    batch: Batch, suite: RowSuite, key: tuple[str, ...], anomalies: confirmed.Hashes
) -> pa.Table:
    good = ~confirmed.among(batch.records, key, anomalies)
    good[suite.check(batch.frame()).records["row"]] = False
    kept = batch.keep(good)
    return (
        pa.Table.from_batches([kept.records])
        .append_column(EVENT_TIME, kept.event_time)
        .append_column(FINGERPRINT, pa.array(kept.fingerprint))
    )


def _smallest(parts: list[pa.Table], count: int) -> pa.Table:
    together = pa.concat_tables(parts)
    if together.num_rows <= count:
        return together
    return together.take(pc.select_k_unstable(together, count, [(FINGERPRINT, "ascending")]))
