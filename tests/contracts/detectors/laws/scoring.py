"""What a detector takes, and what else it says of it."""

import numpy as np
import pytest

from nightflag import detectors
from nightflag.detectors import guards
from nightflag.errors import FeatureError, TrainingRefused
from tests.contracts.detectors.samples import fitted, raw_outputs


class ScoringLaws:
    def test_the_number_of_threads_moves_no_score(self, detector, sample):
        x = sample.rows(rows=2_500, seed=1)
        alone = detectors.Detector.from_files(detector.to_files(), threads=1)
        np.testing.assert_array_equal(alone.score(x), detector.score(x))

    def test_no_records_give_no_scores(self, detector, sample):
        x = np.empty((0, len(sample.features)), np.float32)
        assert detector.score(x).shape == (0,)
        assert detector.explain(x).shape == x.shape

    def test_one_pass_explains_and_expects_the_same(self, detector, sample):
        x = sample.rows(seed=1)
        parts, expected = detector.account(x)
        np.testing.assert_allclose(parts, detector.explain(x), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(expected, detector.expected(x), rtol=1e-5, atol=1e-6)

    def test_the_expected_value_of_a_planted_outlier_is_nearer_the_truth(self, detector, sample):
        truth = sample.rows(seed=1)[:50]
        planted, where = sample.plant(truth)
        off = np.abs(detector.expected(planted) - truth)[:, where]
        assert np.median(off) < np.median(np.abs(planted - truth)[:, where])

    @pytest.mark.parametrize("output", ["score", "contributions", "expected"])
    def test_a_graph_that_differs_from_its_network_is_refused(self, detector, sample, output):
        x = sample.rows(seed=1)
        predicted = raw_outputs(detector, x)
        guards.check_parity(detector, x, predicted)
        predicted[output] = predicted[output] * np.float32(1.01)
        with pytest.raises(TrainingRefused, match="differs from the network"):
            guards.check_parity(detector, x, predicted)

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda x: x[:, :-1], id="a feature missing"),
            pytest.param(lambda x: x.astype(np.float64), id="another dtype"),
            pytest.param(lambda x: x[0], id="one row without its axis"),
        ],
    )
    def test_another_feature_matrix_is_refused_naming_the_features(self, detector, sample, spoil):
        with pytest.raises(FeatureError, match=sample.features[-1]):
            detector.score(spoil(sample.rows()))

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_a_value_that_is_not_finite_is_refused_naming_its_feature(
        self, name, detector, sample, value
    ):
        x = sample.rows()
        x[3, 2] = value
        named = f"{sample.features[2]} in 1"
        with pytest.raises(FeatureError, match=named):
            detector.score(x)
        with pytest.raises(FeatureError, match=named):
            fitted(name, x, of=sample)
