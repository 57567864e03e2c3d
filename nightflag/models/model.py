"""A model: everything that turns a record into a p-value."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nightflag.calibration import Calibration
from nightflag.detectors.detector import Detector
from nightflag.errors import ModelFileError
from nightflag.features import Pipeline

FEATURES, CALIBRATION = "features.json", "calibration.npy"


@dataclass(frozen=True)
class Model:
    """A fitted pipeline, the detector trained on its features, and the detector's calibration."""

    features: Pipeline
    detector: Detector
    calibration: Calibration

    def score(self, frame: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The score and the p-value of each record of ``frame``, each of shape (n,)."""
        scores = self.detector.score(self.features.transform(frame))
        return scores, self.calibration.p_values(scores)

    def to_files(self) -> dict[str, bytes]:
        """Everything to keep, as file contents by name."""
        calibration = BytesIO()
        np.save(calibration, self.calibration.to_array(), allow_pickle=False)
        return {
            **self.detector.to_files(),
            FEATURES: self.features.to_json().encode(),
            CALIBRATION: calibration.getvalue(),
        }

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Model":
        """The model that ``to_files`` wrote; :class:`ModelFileError` for anything else."""
        try:
            scores = np.load(BytesIO(files[CALIBRATION]), allow_pickle=False)
            features = Pipeline.from_json(files[FEATURES].decode())
        except (KeyError, ValueError) as error:
            raise ModelFileError(
                f"The model's features or calibration cannot be read: {error}",
                expected=f"{FEATURES} and {CALIBRATION} as training wrote them",
                mend="train a new version with `nightflag retrain MONITOR`",
            ) from None
        return cls(features, Detector.from_files(files), Calibration.from_array(scores))
