"""Recalibrating: the model in use, held to the scores of the latest records instead of old ones."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import and_, exists, select

from nightflag import models, nights, runs
from nightflag.calibration import Calibration
from nightflag.errors import TrainingRefused
from nightflag.failpoints import reached
from nightflag.locks import Lock
from nightflag.models import Entry
from nightflag.results.settling import nights_of
from nightflag.results.verdicts import given, on_record
from nightflag.verdicts.giving import ANOMALY
from nightflag.workplace import Workplace


def recalibrate(
    workplace: Workplace,
    lock: Lock | None = None,
    *,
    window: timedelta | None = None,
    at_least: int = 200,
) -> Entry:
    """The new champion: the detector in use, calibrated on the scores that it gave since.

    None of these records was trained on. Those of the newest ``window`` are taken, or all the
    detector ever scored, but for confirmed anomalies. What else is unusual among them stays in, so
    the promise holds for records like them all, and where many of them are anomalies fewer are
    flagged. Raises :class:`TrainingRefused` for fewer than ``at_least``; for ``lock`` see
    :func:`nightflag.models.register`.
    """
    champion, model = nights.load_champion(workplace)
    scores = _scores(workplace, champion, window)
    if len(scores) < at_least:
        raise TrainingRefused(
            f"Model {champion.version} of {champion.monitor} has scored {len(scores)} records"
            + (f" in the newest {window}." if window else "."),
            expected=f"at least {at_least} to calibrate on",
            mend="wait for more nights, widen --window, or retrain",
        )
    reference = model.reference and model.reference.recalibrated(scores)
    calibrated = replace(model, calibration=Calibration(scores), reference=reference)
    reached("recalibrated")
    is_kept = workplace.monitor.training.snapshot
    made = replace(
        champion.training,
        reason=f"recalibrated from model {champion.version}",
        calibration_records=len(scores),
    )
    return models.register(
        workplace.results,
        champion.monitor,
        calibrated,
        made,
        folder=workplace.models,
        lock=lock,
        snapshot=models.snapshot_of(champion, folder=workplace.models) if is_kept else None,
    )


def _scores(workplace: Workplace, champion: Entry, window: timedelta | None) -> NDArray[np.float64]:
    scores, results = workplace.tables.scores, workplace.results
    said = given(scores.schema)
    confirmed = exists().where(
        on_record(said, champion.monitor, workplace.tables.keys_of(scores)),
        said.c.verdict == ANOMALY,
    )
    # What stands of a night that was cleaned away are its judged records, flags mostly.
    nights_there = nights_of(workplace.tables, None)
    of_model = and_(
        scores.c.model_version == champion.version,
        scores.c.run_id.in_(select(nights_there.c.run_id)),
    )
    statement = select(scores.c.score).where(of_model, ~confirmed)
    if window is not None and (newest := _newest(workplace)) is not None:
        statement = statement.where(scores.c.event_time >= newest - window)
    batches = results.read(
        statement,
        columns=pa.schema([pa.field("score", pa.float64())]),
        batch_size=workplace.monitor.execution.batch_size,
    )
    return np.concatenate([np.empty(0), *(batch.column(0).to_numpy() for batch in batches)])


def _newest(workplace: Workplace) -> datetime | None:
    mark = runs.watermark(workplace.results, workplace.monitor.name)
    return mark.scored_until if mark else None
