"""Reproduction: a model trained again from what it was made of, and how like it that one is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from nightflag import models, provenance, retraining, training
from nightflag.detectors.weights import Weights, weights
from nightflag.errors import FeatureError, ModelFileError, SourceError, TrainingRefused
from nightflag.models import Entry, Model, Snapshot
from nightflag.models.model import Records, scored
from nightflag.monitors import Monitor
from nightflag.records import Layout
from nightflag.windows import Window
from nightflag.workplace import Workplace

MadeFrom = Literal["snapshot", "source"]


@dataclass(frozen=True)
class Reproduction:
    """How a model that was trained again differs from the one that is kept.

    ``weights`` and ``scores`` are the largest differences, 0 where they agree bit for bit, None
    where the networks have other shapes. ``versions`` names what is installed in another one,
    with that of then and of now, ``columns`` how those of the source differ, in words.
    ``made_from`` says whether the kept records were taken or those of the source.
    """

    version: int
    made_from: MadeFrom
    training_records: int
    held_out_records: int
    records_then: tuple[int, int]
    columns: str
    same_sample: bool
    same_features: bool
    weights: float | None
    scores: float | None
    versions: dict[str, tuple[str, str]]

    @property
    def agrees(self) -> bool:
        """Whether the second model is the first one, bit for bit."""
        same = self.same_sample and self.same_features
        return same and self.weights == 0 and self.scores == 0


def reproduce(workplace: Workplace, version: int) -> Reproduction:
    """The model of that version, trained again in memory; nothing is written.

    It is made of the records that were kept with it, or else of what the source now holds of its
    window. Settings and seed are those of then, and so are verdicts and exclusions. Raises
    :class:`ModelFileError` for a version that is not there, or that does not say how it was made,
    and :class:`SourceError` where the source has changed so much that nothing can be trained.
    """
    entry = models.of_version(workplace.results, workplace.monitor.name, version)
    kept = models.load(entry, folder=workplace.models)
    origin = _origin(entry)
    snapshot = models.snapshot_of(entry, folder=workplace.models)
    then = _at_training(workplace, entry, origin, snapshot)
    columns = retraining.difference(entry.about.get("columns"), retraining.columns(then.layout))
    try:
        return _made_again(then, entry, kept, origin, columns, snapshot)
    except (FeatureError, TrainingRefused) as error:
        raise _lost(entry, columns, error.what) from error


def _made_again(
    then: Workplace,
    entry: Entry,
    kept: Model,
    origin: Mapping[str, Any],
    columns: str,
    snapshot: Snapshot | None,
) -> Reproduction:
    window = Window(entry.training.training_start, entry.training.training_end)
    older, newest = training.parted(then, window) if snapshot is None else snapshot.parts
    made = training.fit(then, older, newest)
    if then.monitor.training.cross_calibration:
        made = training.refitted(then, made, older, newest)
    return Reproduction(
        entry.version,
        "source" if snapshot is None else "snapshot",
        len(older),
        len(newest),
        (entry.training.training_records, entry.training.calibration_records),
        columns,
        provenance.digest((older, newest), then.layout.inputs) == origin["sample"],
        kept.features.to_json() == made.features.to_json(),
        _furthest(weights(kept.detector), weights(made.detector)),
        _furthest(_scores(kept, newest), _scores(made, newest)),
        _changed(origin["versions"], provenance.versions()),
    )


def _origin(entry: Entry) -> dict[str, Any]:
    origin: dict[str, Any] | None = entry.about.get(provenance.KEY)
    if origin is None:
        raise ModelFileError(
            f"Model {entry.version} of {entry.monitor} does not say what it was made of.",
            expected="a model trained by a version of nightflag that writes it down",
            mend=f"name another one; `nightflag models {entry.monitor}` lists them",
        )
    return origin


def _lost(entry: Entry, columns: str, what: str) -> SourceError:
    """The error for a source from which nothing can be trained any more."""
    made = entry.training
    since = f" Its columns changed since: {columns}." if columns else ""
    return SourceError(
        f"Model {entry.version} of {entry.monitor} cannot be made again: {what}{since}",
        expected=f"the {made.training_records:,} records it was trained on and the "
        f"{made.calibration_records:,} that were held out, as they were then",
        mend="restore the source as it was then; the kept model itself is not touched by this. "
        "`training: {snapshot: true}` keeps the records of models that are trained from then on",
    )


def _at_training(
    workplace: Workplace, entry: Entry, origin: Mapping[str, Any], snapshot: Snapshot | None
) -> Workplace:
    """The workplace as it was when the model was trained, but for what the source holds."""
    now = workplace.monitor.model_dump(mode="json")
    monitor = Monitor.model_validate({**now, **origin["recipe"]})
    known = Layout(monitor.source, snapshot.columns) if snapshot else None
    return replace(workplace, monitor=monitor, moment=entry.training.trained_at, known=known)


def _scores(model: Model, records: Records) -> Weights:
    return {"score": scored(model.detector, model.features, records)}


def _furthest(before: Weights, after: Weights) -> float | None:
    """The largest difference between arrays of one name; None where names or shapes differ."""
    if _shapes(before) != _shapes(after):
        return None
    return max(float(np.abs(before[name] - after[name]).max(initial=0.0)) for name in before)


def _shapes(arrays: Weights) -> dict[str, tuple[int, ...]]:
    return {name: one.shape for name, one in arrays.items()}


def _changed(then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    both = {**now, **then}
    pairs = {name: (then.get(name, "none"), now.get(name, "none")) for name in both}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
