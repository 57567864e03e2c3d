"""Succession: whether a freshly trained model becomes champion, waits or is refused."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from nightflag import contest, models, references, runs
from nightflag.contest import Decision, Evidence
from nightflag.errors import FeatureError, ModelFileError, NightflagError
from nightflag.evaluation.words import as_anomaly
from nightflag.features import History, SequencePipeline
from nightflag.models import Entry, Model
from nightflag.models.model import Records, bounded, scored
from nightflag.models.registry import Status
from nightflag.retraining import recipe_hash
from nightflag.workplace import Workplace


def outcome(workplace: Workplace, challenger: Model, held_out: Records) -> tuple[Status, str]:
    """What becomes of the model, and why; it was not trained on the ``held_out`` records."""
    champion = models.champion(workplace.results, workplace.monitor.name)
    if champion is None:
        return "champion", "the first model"
    decision = _decision(workplace, champion, challenger, held_out)
    why = f"{decision.why}; the champion was model {champion.version}"
    if not decision.takes_over:
        return "refused", why
    if workplace.monitor.training.promotion == "by hand":
        return "challenger", f"waits to be promoted; {why}"
    return "champion", why


def _decision(
    workplace: Workplace, champion: Entry, challenger: Model, held_out: Records
) -> Decision:
    try:
        model = models.load(champion, folder=workplace.models)
        if champion.training.config_hash != recipe_hash(workplace.monitor):
            return Decision(True, "the monitor asks for another model, which is not compared")
        if _view(model) != _view(challenger):
            return Decision(True, "it sees more or less of the past, and cannot be compared")
        before = scored(model.detector, model.features, held_out)
        rows, positions = bounded(model.features, held_out)
    except (FeatureError, ModelFileError) as error:
        return Decision(True, f"the champion cannot be used: {error.what}")
    if not np.isfinite(before).all() or not np.ptp(before):
        return Decision(True, "the champion's scores are not finite, or all alike")
    after = scored(challenger.detector, challenger.features, held_out)
    seed = workplace.monitor.detector.seed
    # Fitted on neither model's training records, so that the references take no side.
    agreed = references.fit(rows, rows, seed=seed)
    kept = positions[agreed.positions]
    truth = _truth(workplace, held_out)
    return contest.decide(Evidence(before[kept], after[kept], agreed.consensus, truth[kept], seed))


def _view(model: Model) -> object:
    return model.features.view if isinstance(model.features, SequencePipeline) else None


def _truth(workplace: Workplace, held_out: Records) -> NDArray[np.float64]:
    """What the labels say of the records (n,): 1 anomaly, 0 normal, NaN nothing."""
    label = workplace.monitor.source.label
    frame: pd.DataFrame = held_out.records if isinstance(held_out, History) else held_out
    if label is None or label not in frame:
        return np.full(len(frame), np.nan)
    said = as_anomaly(pa.array(frame[label], from_pandas=True), label)
    return np.asarray(pd.array(said.to_pylist(), dtype="Float64").to_numpy(np.float64, np.nan))


def promote(workplace: Workplace, version: int, *, why: str) -> Entry:
    """The model of that version, in use from the night after the newest published one.

    Its files are checked first. Raises :class:`ModelFileError` where it, or they, are not there.
    """
    results, name = workplace.results, workplace.monitor.name
    models.load(models.of_version(results, name, version), folder=workplace.models)
    now = workplace.now()
    as_of = runs.newest_published(results, name) or now
    return models.promote(results, name, version, as_of=as_of, why=why, now=now)


def rollback(workplace: Workplace, *, why: str) -> Entry:
    """The champion before the present one, in use again; NightflagError where there was none."""
    before = models.champion_before(workplace.results, workplace.monitor.name)
    if before is None:
        raise NightflagError(
            f"{workplace.monitor.name} has had no other champion to go back to.",
            expected="a champion that took another one's place",
            mend=f"`nightflag models {workplace.monitor.name}` lists what there is",
        )
    return promote(workplace, before, why=why)
