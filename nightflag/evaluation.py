"""Evaluation: how a night's flags compare with the labels of the source, where it has them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import select

from nightflag.errors import SourceError
from nightflag.features import View
from nightflag.models import champion
from nightflag.records import pull_seen
from nightflag.results.staging import inside
from nightflag.runs import Run
from nightflag.workplace import Workplace

ANOMALY_WORDS = pa.array(["true", "t", "yes", "y", "1", "anomaly", "anomalous"])
NORMAL_WORDS = pa.array(["false", "f", "no", "n", "0", "normal"])


@dataclass(frozen=True)
class Quality:
    """How many records of a night carry a label, and how its flags fared on those."""

    labelled: int
    anomalies: int
    flagged: int
    true_positives: int

    @property
    def precision(self) -> float | None:
        """The share of anomalies among the flags; None where nothing labelled was flagged."""
        return self.true_positives / self.flagged if self.flagged else None

    @property
    def recall(self) -> float | None:
        """The share of the anomalies that were flagged; None where there was none."""
        return self.true_positives / self.anomalies if self.anomalies else None


def quality(workplace: Workplace, night: Run) -> Quality | None:
    """How the flags of ``night`` compare with the labels; None where the source has no label.

    Records are matched by fingerprint, nine bytes for each of the night's records, so one that was
    corrected since is left out, as is one without a label. Raises :class:`SourceError` for a label
    that cannot be read as yes or no.
    """
    label = workplace.monitor.source.label
    if label is None:
        return None
    flagged = _fingerprints(workplace, night, flagged=True)
    passed = _fingerprints(workplace, night, flagged=False)
    total = np.zeros(4, dtype=np.int64)
    batch_size = workplace.monitor.execution.batch_size
    for batch in pull_seen(
        workplace.source, workplace.layout, night.window, _view(workplace), batch_size=batch_size
    ):
        is_anomaly = _as_anomaly(batch.records.column(label), label)
        alarmed = _among(batch.fingerprint, flagged)
        scored = alarmed | _among(batch.fingerprint, passed)
        total += _counts(is_anomaly, alarmed, scored)
    return Quality(*total.tolist())


def _view(workplace: Workplace) -> View | None:
    """With how much of their past the champion sees the records, which their hashes cover."""
    if workplace.monitor.sequence is None:
        return None
    entry = champion(workplace.results, workplace.monitor.name)
    kept = entry.about.get("view") if entry else None
    return View.model_validate(kept) if kept else None


def _fingerprints(workplace: Workplace, night: Run, *, flagged: bool) -> NDArray[np.int64]:
    scores = workplace.tables.scores
    of_night = inside(scores, night.window) & (scores.c.run_id == night.run_id)
    statement = select(scores.c.fingerprint).where(of_night, scores.c.is_anomaly.is_(flagged))
    batches = workplace.results.read(
        statement,
        columns=pa.schema([pa.field("fingerprint", pa.int64())]),
        batch_size=workplace.monitor.execution.batch_size,
    )
    return np.sort(np.concatenate([np.empty(0, np.int64), *(b.column(0) for b in batches)]))


def _among(values: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.bool_]:
    if not known.size:
        return np.zeros(values.shape, dtype=bool)
    at = np.minimum(np.searchsorted(known, values), known.size - 1)
    return np.asarray(known[at] == values)


def _counts(
    is_anomaly: pa.Array, alarmed: NDArray[np.bool_], scored: NDArray[np.bool_]
) -> NDArray[np.int64]:
    labelled = scored & is_anomaly.is_valid().to_numpy(zero_copy_only=False)
    anomalous = labelled & is_anomaly.fill_null(False).to_numpy(zero_copy_only=False)
    groups = (labelled, anomalous, labelled & alarmed, anomalous & alarmed)
    return np.array([np.count_nonzero(group) for group in groups])


def _as_anomaly(labels: pa.Array, name: str) -> Any:
    """Whether each label says anomaly; null for a null, or a word that is neither yes nor no."""
    kind = labels.type
    if pa.types.is_boolean(kind):
        return labels
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return pc.not_equal(labels, 0)
    if not pa.types.is_string(kind):
        raise SourceError(
            f"The label column {name!r} has type {kind}.",
            expected="a boolean, a number (0 for normal), or words such as yes and no",
            mend="name another column in `source: {label: ...}`, or convert it in a `query`",
        )
    words = pc.utf8_lower(pc.utf8_trim_whitespace(labels))
    known = pc.or_(pc.is_in(words, ANOMALY_WORDS), pc.is_in(words, NORMAL_WORDS))
    return pc.if_else(known, pc.is_in(words, ANOMALY_WORDS), pa.scalar(None, pa.bool_()))
