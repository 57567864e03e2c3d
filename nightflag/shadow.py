"""The shadow: a model that waits to be promoted scores a night beside the one in use.

It flags nothing. What goes wrong with it is a warning of the night, and never the night's failure.
"""

import logging
from contextlib import AbstractContextManager

import pandas as pd
import pyarrow as pa

from nightflag import models
from nightflag.errors import FeatureError, NightflagError
from nightflag.features import History
from nightflag.models import Entry, Model
from nightflag.queries import run
from nightflag.records import Batch
from nightflag.runs import Run
from nightflag.workplace import Workplace

logger = logging.getLogger(__name__)


class Shadow(AbstractContextManager["Shadow"]):
    """The scores of a waiting model, for as long as nothing goes wrong inside ``with``.

    After that there are none: ``trouble`` says why, and half a night's scores compare nothing.
    """

    def __init__(self, entry: Entry, night: Run) -> None:
        self.entry = entry
        self.night = night
        self.model: Model | None = None
        self.trouble = ""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        version, name = self.entry.version, self.entry.monitor
        logger.warning("Model %d of %s in the shadow failed", version, name, exc_info=error)
        what = error.what if isinstance(error, NightflagError) else repr(error)
        self.trouble = f"model {version} scored nothing in the shadow: {what}"
        self.model = None
        return True

    def scores(self, kept: Batch, seen: pd.DataFrame | History) -> dict[str, pa.Array]:
        """The columns that stand beside each record's key; none after trouble.

        ``seen`` are the records with their past, if the model in use sees one.
        """
        with self:
            if self.model is not None:
                return self._scores(self.model, kept, seen)
        return {}

    def _scores(
        self, model: Model, kept: Batch, seen: pd.DataFrame | History
    ) -> dict[str, pa.Array]:
        # Images were brought to the size that the model in use sees; this one may see another.
        records = seen if isinstance(seen, History) else model.features.prepare(kept.frame())[0]
        score, p_value = model.score(records)
        return {
            "score": pa.array(score),
            "p_value": pa.array(p_value),
            "model_version": pa.array([self.entry.version] * len(score), pa.int32()),
            "run_id": pa.array([self.night.run_id] * len(score), pa.int64()),
        }


def of_night(workplace: Workplace, night: Run, in_use: Model) -> Shadow | None:
    """The shadow of the night; None where none is wanted, or no model waits for it.

    The newest model that waits, trained after the one ``in_use``, and on nothing of the night.
    """
    entry = _waiting(workplace, night) if workplace.monitor.training.shadow else None
    if entry is None:
        return None
    with Shadow(entry, night) as shadow:
        model = models.load(entry, folder=workplace.models)
        _refuse_other_view(model, in_use)
        shadow.model = model
    return shadow


def _waiting(workplace: Workplace, night: Run) -> Entry | None:
    place = {"monitor": night.monitor, "window_start": night.window.start}
    with workplace.results.reading() as connection:
        row = run(connection, "model_in_shadow", **place).one_or_none()
    return None if row is None else models.registry.of_row(row)


def _refuse_other_view(model: Model, in_use: Model) -> None:
    """Raise :class:`FeatureError` where it is to see another past than the records come with."""
    if model.features.view != in_use.features.view:
        raise FeatureError(
            "it sees more or less of the past than the model in use.",
            expected="the same `sequence` as that of the model in use",
            mend="promote it, or train again",
        )
