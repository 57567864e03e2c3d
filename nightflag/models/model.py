"""A model: everything that turns a record into a p-value."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nightflag.calibration import Calibration
from nightflag.detectors.detector import Detector
from nightflag.drift import Reference
from nightflag.errors import FeatureError, ModelFileError
from nightflag.failpoints import reached
from nightflag.features import History, Matrix, Pipeline, SequencePipeline
from nightflag.features.sequence import revived

FEATURES, CALIBRATION, REFERENCE = "features.json", "calibration.npy", "reference.json"
VALUES_AT_ONCE = 2**22
MOST_VALUES = 2**25

Scores = NDArray[np.float64]
Records = pd.DataFrame | History


@dataclass(frozen=True)
class Model:
    """A fitted pipeline, the detector trained on its features, and the detector's calibration.

    The ``reference`` tells records from those it was made from; models of old have none.
    """

    features: Pipeline | SequencePipeline
    detector: Detector
    calibration: Calibration
    reference: Reference | None = None

    def score(self, records: pd.DataFrame | History) -> tuple[Scores, Scores]:
        """The score and the p-value of each record, each of shape (n,)."""
        scores = scored(self.detector, self.features, records)
        return scores, self.calibration.p_values(scores)

    def may_alarm(self, records: pd.DataFrame | History) -> NDArray[np.bool_]:
        """Whether a record (n,) may be flagged: not while its entity is still being learned."""
        if isinstance(self.features, SequencePipeline) and isinstance(records, History):
            return self.features.learned(records)
        return np.ones(len(records), dtype=bool)

    def to_files(self) -> dict[str, bytes]:
        """Everything to keep, as file contents by name."""
        calibration = BytesIO()
        np.save(calibration, self.calibration.to_array(), allow_pickle=False)
        known = {REFERENCE: self.reference.model_dump_json().encode()} if self.reference else {}
        return {
            **known,
            **self.detector.to_files(),
            FEATURES: self.features.to_json().encode(),
            CALIBRATION: calibration.getvalue(),
        }

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Model":
        """The model that ``to_files`` wrote; :class:`ModelFileError` for anything else."""
        try:
            scores = np.load(BytesIO(files[CALIBRATION]), allow_pickle=False)
            features = revived(files[FEATURES].decode())
        except (KeyError, ValueError) as error:
            raise ModelFileError(
                f"The model's features or calibration cannot be read: {error}",
                expected=f"{FEATURES} and {CALIBRATION} as training wrote them",
                mend="train a new version with `nightflag retrain MONITOR`",
            ) from None
        known = Reference.from_json(files[REFERENCE]) if REFERENCE in files else None
        return cls(features, Detector.from_files(files), Calibration.from_array(scores), known)


def scored(
    detector: Detector, pipeline: Pipeline | SequencePipeline, records: pd.DataFrame | History
) -> Scores:
    """The detector's score of each record (n,); windows are made a few thousand at a time."""
    match pipeline, records:
        case SequencePipeline() as sequences, History() as history:
            at_once = max(1, VALUES_AT_ONCE // len(sequences.names))
            parts = [_score(detector, sequences.transform(one)) for one in history.slices(at_once)]
            return np.concatenate(parts)
        case Pipeline() as plain, pd.DataFrame() as frame:
            return _score(detector, plain.transform(frame))
    raise unreadable(pipeline, records)


def _score(detector: Detector, features: Matrix) -> Scores:
    reached("made features")
    return detector.score(features)


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


def unreadable(
    pipeline: Pipeline | SequencePipeline, records: pd.DataFrame | History
) -> FeatureError:
    """The error for records that come with their past to a model that sees none, or without."""
    return FeatureError(
        f"The model's features are a {type(pipeline).__name__}, the records a "
        f"{type(records).__name__}.",
        expected="records with their past for a model of sequences, and alone for any other",
        mend="Train a new version with `nightflag retrain MONITOR`.",
    )
