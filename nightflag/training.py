"""Training: whether it is due, on which records, and the new champion that comes out of it."""

import hashlib
import json
import math
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nightflag import detectors, features, images
from nightflag.calibration import Calibration
from nightflag.errors import TrainingRefused
from nightflag.failpoints import reached
from nightflag.judgement import judged
from nightflag.models import Entry, Model, register
from nightflag.models.registry import Training
from nightflag.monitors import Monitor
from nightflag.records import Batch, pull
from nightflag.validation import RowSuite, split
from nightflag.windows import Window
from nightflag.workplace import Workplace

# Not to be confused with a column of the source.
EVENT_TIME, FINGERPRINT = "nightflag event time", "nightflag fingerprint"


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
        mode="json", include={"source", "features", "training_rows", "detector"}
    )
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]


def train(workplace: Workplace, *, as_of: datetime, before: datetime, reason: str) -> Entry:
    """The new champion, trained on records with event times before ``before``.

    The newest share of them calibrates it and is not trained on. Raises
    :class:`TrainingRefused` for too few records, or for a network that learned nothing.
    """
    monitor = workplace.monitor
    start = before - monitor.training.window if monitor.training.window else None
    frame = sample(workplace, Window(start, before))
    held_out = math.ceil(len(frame) * monitor.training.calibration)
    older, newest = frame.iloc[:-held_out], frame.iloc[-held_out:]
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


def fit(workplace: Workplace, older: pd.DataFrame, newest: pd.DataFrame) -> Model:
    """A model trained on the ``older`` records and calibrated on the ``newest``.

    Its detector's ``about`` says how it was judged, and under "left_out" which columns it does not
    see, and why.
    """
    monitor = workplace.monitor
    inferred = kinds(workplace, older)
    pipeline = features.fit(older, kinds=inferred.kinds, image=monitor.features.image)
    trained_on = pipeline.transform(older)
    detector = detectors.fit(
        monitor.detector.name,
        detectors.TrainingSet(
            trained_on, pipeline.names, pipeline.shape, clean=monitor.training_rows == "clean"
        ),
        settings=monitor.detector.settings,
        seed=monitor.detector.seed,
    )
    held_out = pipeline.transform(newest)
    scores = detector.score(held_out)
    detector = replace(detector, about={**detector.about, "left_out": inferred.left_out})
    known = judged(detector, trained_on, held_out, scores, seed=monitor.detector.seed)
    return Model(pipeline, known, Calibration(scores))


def kinds(workplace: Workplace, frame: pd.DataFrame) -> features.Inferred:
    """The kind of each feature column of ``frame``, and why the others are left out."""
    candidates = frame[list(workplace.layout.feature_candidates)]
    chosen = workplace.monitor.features
    return features.infer(candidates, exclude=chosen.exclude, overrides=chosen.kinds)


def sample(workplace: Workplace, window: Window) -> pd.DataFrame:
    """Up to ``at_most`` good records of the window, by event time.

    The sample holds the records with the smallest fingerprints (a bottom-k sample, Cohen and Kaplan
    2007): uniform, in one pass, in bounded memory, and the same however the records arrive.
    """
    monitor = workplace.monitor
    suite = RowSuite(split(monitor.expectations)[0])
    batches = pull(
        workplace.source, workplace.layout, window, batch_size=monitor.execution.batch_size
    )
    kept: list[pa.Table] = []
    for batch in batches:
        kept = [_smallest([*kept, _good(batch, suite)], monitor.training.at_most)]
    found = kept[0].num_rows if kept else 0
    if found < monitor.training.at_least:
        raise _too_few(monitor, window, found)
    ordered = kept[0].sort_by([(EVENT_TIME, "ascending"), (FINGERPRINT, "ascending")])
    frame: pd.DataFrame = ordered.drop_columns([EVENT_TIME, FINGERPRINT]).to_pandas()
    usable = images.readable(frame, kinds(workplace, frame).kinds, monitor)
    if len(usable) < monitor.training.at_least:
        raise _too_few(monitor, window, len(usable))
    return usable


def _good(batch: Batch, suite: RowSuite) -> pa.Table:
    good = np.ones(len(batch), dtype=bool)
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


def _too_few(monitor: Monitor, window: Window, found: int) -> TrainingRefused:
    start = window.start.isoformat() if window.start else "the first record"
    return TrainingRefused(
        f"{found} good records are there to train on, from {start} to {window.end.isoformat()}.",
        expected=f"at least {monitor.training.at_least} (training: at_least)",
        mend="wait for more records, widen `training: {window: ...}`, or take a later --as-of",
    )
