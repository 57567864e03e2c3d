"""Succession: whether a freshly trained model becomes champion, waits or is refused."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from nightflag import contest, models, provenance, rivals, runs
from nightflag.contest import Decision
from nightflag.errors import FeatureError, ModelFileError, NightflagError
from nightflag.evidence import Contestants, gather
from nightflag.features import SequencePipeline
from nightflag.models import Entry, Model
from nightflag.models.model import Records
from nightflag.models.registry import Status
from nightflag.retraining import DRIFTED, recipe_hash
from nightflag.rivals import Rivalry
from nightflag.workplace import Workplace

SPOILT = "its calibration may be spoilt"
OTHERWISE = (
    "leave an incident out with `nightflag exclude` and retrain; what lasts until the next "
    "training is accepted then"
)


def outcome(
    workplace: Workplace,
    challenger: Model,
    held_out: Records,
    before: datetime,
    reason: str = "",
) -> tuple[Status, str]:
    """What becomes of the model that was trained for this reason, and why.

    It was not trained on the ``held_out`` records, nor on any record that was judged an anomaly,
    and knows nothing of what came from ``before`` on.
    """
    champion = models.champion(workplace.results, workplace.monitor.name)
    rivalry = rivals.of(challenger.detector.about)
    if champion is None:
        return "champion", _conceded("the first model", rivalry)
    lasts = _lasts(workplace, reason)
    decision = _decision(workplace, champion, challenger, held_out, before, drifted=lasts)
    if decision.spoilt and decision.takes_over:
        decision = _calibrated(decision, lasts=lasts)
    if rivalry and rivalry.is_behind:
        mend = rivals.mend(workplace.monitor.detector.name)
        decision = _beside(rivalry, decision, champion, mend)
    why = f"{decision.why}; the champion was model {champion.version}"
    if not decision.takes_over:
        return "refused", why
    if workplace.monitor.training.promotion == "by hand":
        return "challenger", f"waits to be promoted; {why}"
    return "champion", why


def told(workplace: Workplace, as_of: datetime) -> Iterator[str]:
    """What the night of that logical date has to say of the model that was trained for it."""
    for newest in models.latest(workplace.results, workplace.monitor.name, limit=1):
        rivalry = rivals.of(newest.about)
        if newest.training.as_of != as_of:
            continue
        if newest.status == "refused":
            yield f"model {newest.version}, trained tonight, was refused: {newest.decision}"
        elif rivalry and rivalry.is_behind:
            mend = rivals.mend(workplace.monitor.detector.name)
            yield f"model {newest.version}, trained tonight, is {rivalry}; {mend}"


def _beside(rivalry: Rivalry, decision: Decision, champion: Entry, mend: str) -> Decision:
    """The decision on a model that is behind a reference, unless keeping the champion is no help.

    It is none where the champion cannot go on, or was itself found to be behind one.
    """
    before = rivals.of(champion.about)
    if decision.gives_way or not decision.takes_over or (before and before.is_behind):
        return replace(decision, why=_conceded(decision.why, rivalry))
    return Decision(False, f"worse: {rivalry}; {mend}")


def _calibrated(decision: Decision, *, lasts: bool) -> Decision:
    """The decision on a model whose calibration records are unlike the champion's."""
    if lasts:
        return replace(decision, why=f"{decision.why}, although {decision.spoilt}, which lasts")
    return Decision(False, f"{SPOILT}: {decision.spoilt}; {OTHERWISE}")


def _lasts(workplace: Workplace, reason: str) -> bool:
    """Whether the records are known to have changed for good: by drift, or from last time."""
    newest = models.latest(workplace.results, workplace.monitor.name, limit=1)[0]
    before = newest.status == "refused" and (newest.decision or "").startswith(SPOILT)
    return before or reason.startswith(DRIFTED)


def _conceded(why: str, rivalry: Rivalry | None) -> str:
    return f"{why}, although {rivalry}" if rivalry and rivalry.is_behind else why


def _decision(
    workplace: Workplace,
    entry: Entry,
    challenger: Model,
    held_out: Records,
    before: datetime,
    *,
    drifted: bool,
) -> Decision:
    try:
        champion = models.load(entry, folder=workplace.models)
        if entry.training.config_hash != recipe_hash(workplace.monitor):
            why = "the monitor asks for another model, which is not compared"
            return Decision(True, why, gives_way=not _reads_alike(workplace, entry))
        if _view(champion) != _view(challenger):
            why = "it sees more or less of the past, and cannot be compared"
            return Decision(True, why, gives_way=True)
        evidence = gather(workplace, Contestants(champion, challenger), held_out, before)
        decision = contest.decide(replace(evidence, drifted=drifted))
        broken = evidence.promise and evidence.promise.is_broken and not decision.gives_way
        return replace(decision, spoilt=str(evidence.promise)) if broken else decision
    except (FeatureError, ModelFileError) as error:
        return Decision(True, f"the champion cannot be used: {error.what}", gives_way=True)


def _reads_alike(workplace: Workplace, champion: Entry) -> bool:
    """Whether the monitor asks for another detector only, and the champion reads its records."""
    then = champion.about.get(provenance.KEY, {}).get("recipe", {})
    now = provenance.recipe(workplace.monitor)
    return all(then.get(name) == now[name] for name in ("source", "features", "sequence"))


def _view(model: Model) -> object:
    return model.features.view if isinstance(model.features, SequencePipeline) else None


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
