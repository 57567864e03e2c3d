"""How a detector is kept and comes back."""

import numpy as np
import pytest

from nightflag.detectors import Detector
from nightflag.errors import ModelFileError
from tests.contracts.detectors.samples import LONGEST


class FileLaws:
    def test_a_kept_detector_scores_explains_and_expects_the_same(self, detector, sample):
        x = sample.rows(seed=1)
        kept = Detector.from_files(detector.to_files())
        np.testing.assert_array_equal(kept.score(x), detector.score(x))
        np.testing.assert_array_equal(kept.explain(x), detector.explain(x))
        np.testing.assert_array_equal(kept.expected(x), detector.expected(x))
        assert kept.about == detector.about
        assert kept.features == sample.features

    @pytest.mark.timeout(LONGEST)
    def test_scoring_in_a_fresh_process_imports_no_network_library(
        self, name, detector, sample, scored_elsewhere
    ):
        said, folder = scored_elsewhere
        scores = np.load(folder / f"{name}, kept.npy")
        np.testing.assert_array_equal(scores, detector.score(sample.rows()))
        assert said == ("[]\n", "")

    @pytest.mark.parametrize("file", ["graph.onnx", "model.keras", "detector.json"])
    def test_a_detector_that_lacks_a_file_is_refused(self, detector, file):
        files = detector.to_files()
        del files[file]
        with pytest.raises(ModelFileError, match=file):
            Detector.from_files(files)

    def test_files_that_do_not_fit_together_are_refused(self, detector, sample):
        files = detector.to_files()
        with pytest.raises(ModelFileError, match="cannot be run"):
            Detector.from_files(files | {"graph.onnx": b"no graph"})
        with pytest.raises(ModelFileError, match="not JSON"):
            Detector.from_files(files | {"detector.json": b"{"})
        with pytest.raises(ModelFileError, match=f"takes \\[{len(sample.features)}\\] features"):
            Detector.from_files(files | {"detector.json": b'{"features": ["amount"]}'})
