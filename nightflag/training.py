"""Training: whether it is due, on which records, and the new champion that comes out of it."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightflag import detectors, explanation, features, images, sequences
from nightflag.calibration import Calibration
from nightflag.candidates import kinds, too_few
from nightflag.failpoints import reached
from nightflag.features import History, Matrix, Pipeline, SequencePipeline
from nightflag.judgement import judged
from nightflag.models import Entry, Model, register
from nightflag.models.model import VALUES_AT_ONCE, scored, unreadable
from nightflag.models.registry import Training
from nightflag.monitors import Monitor
from nightflag.records import Batch, pull
from nightflag.validation import RowSuite, split
from nightflag.verdicts import confirmed
from nightflag.windows import Window
from nightflag.workplace import Workplace

# Not to be confused with a column of the source.
EVENT_TIME, FINGERPRINT = "nightflag event time", "nightflag fingerprint"
MOST_VALUES = 2**25

Records = pd.DataFrame | History


def due(champion: Entry | None, monitor: Monitor, as_of: datetime) -> str | None:
    """Why a model is to be trained for this logical date, or None where the champion serves."""
    if champion is None:
        return "no champion yet"
    if champion.training.config_hash != recipe_hash(monitor):
        return "the monitor's source, features or detector changed"
    age = as_of - champion.training.as_of
    if age >= monitor.training.every:
        return f"{age.days} days since the last training; the cadence is {monitor.training.every}"
    return None


def recipe_hash(monitor: Monitor) -> str:
    """16 hexadecimal digits that change when the monitor would train another model."""
    recipe = monitor.model_dump(
        mode="json", include={"source", "features", "sequence", "training_rows", "detector"}
    )
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]


def train(workplace: Workplace, *, as_of: datetime, before: datetime, reason: str) -> Entry:
    """The new champion, trained on records with event times before ``before``.

    The newest share of them calibrates it and is not trained on. Raises
    :class:`TrainingRefused` for too few records, or for a network that learned nothing.
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
        config_hash=recipe_hash(monitor),
        trained_at=workplace.now(),
    )
    reached("sampled")
    model = fit(workplace, older, newest)
    reached("trained")
    return register(workplace.results, monitor.name, model, training, folder=workplace.models)


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
    sees records, and under "left_out" which columns it does not see, and why.
    """
    monitor, seed = workplace.monitor, workplace.monitor.detector.seed
    inferred = kinds(workplace, older.records if isinstance(older, History) else older)
    pipeline = _pipeline(monitor, older, inferred.kinds)
    trained_on, _ = bounded(pipeline, older)
    detector = detectors.fit(
        monitor.detector.name,
        detectors.TrainingSet(
            trained_on, pipeline.names, pipeline.shape, clean=monitor.training_rows == "clean"
        ),
        settings=monitor.detector.settings,
        seed=seed,
    )
    scores = scored(detector, pipeline, newest)
    held_out, kept = bounded(pipeline, newest)
    seen = {"view": pipeline.view and pipeline.view.model_dump(), "left_out": inferred.left_out}
    seen |= explanation.usual(detector, pipeline, held_out)
    detector = replace(detector, about={**detector.about, **seen})
    known = judged(detector, trained_on, held_out, scores[kept], seed=seed)
    return Model(pipeline, known, Calibration(scores))


def bounded(
    pipeline: Pipeline | SequencePipeline, records: Records
) -> tuple[Matrix, NDArray[np.intp]]:
    """The features of the records, and the positions of those: of windows evenly spaced ones.

    The matrix of windows holds at most 32 million values, 128 MiB.
    """
    every = np.arange(len(records))
    match pipeline, records:
        case SequencePipeline() as sequenced, History() as history:
            width = len(sequenced.names)
            most = max(1, min(len(records), MOST_VALUES // width))
            every = np.unique(np.linspace(0, len(records) - 1, most).astype(np.intp))
            slices = history.keep(every).slices(max(1, VALUES_AT_ONCE // width))
            return np.concatenate([sequenced.transform(one) for one in slices]), every
        case Pipeline() as plain, pd.DataFrame() as frame:
            return plain.transform(frame), every
    raise unreadable(pipeline, records)


def _pipeline(
    monitor: Monitor, older: Records, kinds: Mapping[str, str]
) -> Pipeline | SequencePipeline:
    if isinstance(older, History):
        return features.fit_sequence(older, kinds=kinds, clean=monitor.training_rows == "clean")
    return features.fit(older, kinds=kinds, image=monitor.features.image)


def sample(workplace: Workplace, window: Window) -> pd.DataFrame:
    """Up to ``at_most`` good records of the window, by event time, without confirmed anomalies.

    The sample holds the records with the smallest fingerprints (a bottom-k sample, Cohen and Kaplan
    2007): uniform, in one pass, in bounded memory, and the same however the records arrive.
    """
    monitor = workplace.monitor
    suite = RowSuite(split(monitor.expectations)[0])
    batches = pull(
        workplace.source, workplace.layout, window, batch_size=monitor.execution.batch_size
    )
    anomalies = confirmed.anomalies(workplace)
    kept: list[pa.Table] = []
    for batch in batches:
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
