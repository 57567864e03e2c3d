"""What a detector says of records, whatever it was trained on."""

import numpy as np

from tests.contracts.detectors.samples import raw_outputs


class JudgementLaws:
    def test_contributions_are_never_negative_and_add_up_to_the_score(self, detector, sample):
        x = 4 * sample.rows(seed=1)
        contributions = detector.explain(x)
        assert contributions.shape == x.shape
        assert (contributions >= 0).all()
        np.testing.assert_allclose(contributions.sum(axis=1), detector.score(x), rtol=1e-9)

    def test_contributions_add_up_before_any_rescaling(self, detector, sample):
        raw = raw_outputs(detector, sample.rows(seed=1))
        np.testing.assert_allclose(raw["contributions"].sum(axis=1), raw["score"], rtol=1e-5)
        assert raw["contributions"].min() >= 0

    def test_a_score_depends_on_its_row_alone(self, detector, sample):
        x = sample.rows(rows=2_500, seed=1)
        together = detector.score(x)
        order = np.random.default_rng(2).permutation(len(x))
        np.testing.assert_array_equal(detector.score(x[order]), together[order])
        for size in (1, 7, 1_000):
            pieces = [detector.score(x[i : i + size]) for i in range(0, 210, size)]
            np.testing.assert_array_equal(np.concatenate(pieces)[:210], together[:210])

    def test_a_planted_outlier_outranks_the_median_record_and_names_its_feature(
        self, detector, sample
    ):
        x = sample.rows(seed=1)
        planted, where = sample.plant(x[:50])
        assert (detector.score(planted) > np.median(detector.score(x))).all()
        assert np.isin(detector.explain(planted).argmax(axis=1), where).mean() >= 0.9
