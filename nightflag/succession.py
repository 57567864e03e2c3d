"""Succession: whether a freshly trained model becomes champion, waits or is refused."""

from datetime import datetime

from nightflag import contest, models, runs
from nightflag.contest import Decision
from nightflag.errors import FeatureError, ModelFileError, NightflagError
from nightflag.evidence import Contestants, gather
from nightflag.features import SequencePipeline
from nightflag.models import Entry, Model
from nightflag.models.model import Records
from nightflag.models.registry import Status
from nightflag.retraining import recipe_hash
from nightflag.workplace import Workplace


def outcome(
    workplace: Workplace, challenger: Model, held_out: Records, before: datetime
) -> tuple[Status, str]:
    """What becomes of the model, and why.

    It was not trained on the ``held_out`` records, nor on any record that was judged an anomaly,
    and knows nothing of what came from ``before`` on.
    """
    champion = models.champion(workplace.results, workplace.monitor.name)
    if champion is None:
        return "champion", "the first model"
    decision = _decision(workplace, champion, challenger, held_out, before)
    why = f"{decision.why}; the champion was model {champion.version}"
    if not decision.takes_over:
        return "refused", why
    if workplace.monitor.training.promotion == "by hand":
        return "challenger", f"waits to be promoted; {why}"
    return "champion", why


def _decision(
    workplace: Workplace, entry: Entry, challenger: Model, held_out: Records, before: datetime
) -> Decision:
    try:
        champion = models.load(entry, folder=workplace.models)
        if entry.training.config_hash != recipe_hash(workplace.monitor):
            return Decision(True, "the monitor asks for another model, which is not compared")
        if _view(champion) != _view(challenger):
            return Decision(True, "it sees more or less of the past, and cannot be compared")
        return contest.decide(
            gather(workplace, Contestants(champion, challenger), held_out, before)
        )
    except (FeatureError, ModelFileError) as error:
        return Decision(True, f"the champion cannot be used: {error.what}")


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
