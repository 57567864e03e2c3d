"""How a detector comes about, and what is refused."""

import numpy as np
import pytest

from nightflag import detectors
from nightflag.errors import MonitorError, TrainingRefused
from tests.contracts.detectors.samples import BY_STEPS, LONGEST, QUICK, fitted


class TrainingLaws:
    def test_the_account_of_the_training_is_complete(self, name, detector):
        about = detector.about
        assert about["kind"] == name
        assert about["seed"] == 7
        assert about["rows"] == 600
        assert about["training_rows"] == "unlabelled"
        assert about["settings"].items() >= QUICK[name].items()
        assert {"keras", "tensorflow", "numpy"} <= set(about["versions"])

    def test_training_by_steps_lowers_the_loss_and_says_so(self, name, detector):
        loss = detector.about.get("loss", {})
        assert loss or not any(name in names for names in BY_STEPS.values())
        assert not loss or loss["last"] < loss["first"]

    @pytest.mark.timeout(LONGEST)
    def test_same_rows_and_seed_give_the_same_scores_in_another_process_without_a_word(
        self, name, detector, sample, fitted_elsewhere
    ):
        said, folder = fitted_elsewhere
        scores = np.load(folder / f"{name}, fitted.npy")
        np.testing.assert_array_equal(scores, detector.score(sample.rows()))
        assert said == ("", "")

    def test_another_seed_gives_another_network(self, name, detector, sample):
        other = fitted(name, sample.rows(), of=sample, seed=8)
        assert not np.array_equal(other.score(sample.rows()), detector.score(sample.rows()))

    def test_rows_that_are_all_alike_are_refused(self, name, sample):
        width = len(sample.features)
        with pytest.raises(TrainingRefused, match=f"are alike in all {width} features"):
            fitted(name, np.ones((100, width), np.float32), of=sample)

    def test_too_few_rows_are_refused(self, name, sample):
        with pytest.raises(TrainingRefused, match="There are 19 records"):
            fitted(name, sample.rows(rows=19), of=sample)

    def test_an_unknown_detector_and_an_unknown_setting_name_the_nearest(self, name):
        with pytest.raises(MonitorError, match=f"Did you mean {name}"):
            detectors.check_settings(name[:-1], {})
        known = next(iter(QUICK[name]))
        with pytest.raises(MonitorError, match=f"Did you mean {known}"):
            detectors.check_settings(name, {known[:-1]: 5})


class DescentLaws:
    """Of the detectors that are trained by gradient steps."""

    def test_training_that_never_learned_is_refused(self, stepping, sample):
        with pytest.raises(TrainingRefused, match="training loss went from"):
            fitted(stepping, sample.rows(), of=sample, learning_rate=1e-12, steps=50)

    def test_training_that_diverged_is_refused(self, diverging, sample):
        with pytest.raises(TrainingRefused, match="training loss went from"):
            fitted(diverging, sample.rows(), of=sample, learning_rate=1.0, steps=50)

    @pytest.mark.parametrize("setting", ["learning_rate", "steps"])
    def test_training_that_cannot_learn_cannot_be_asked_for(self, stepping, sample, setting):
        with pytest.raises(MonitorError, match=f"{setting} is 0"):
            fitted(stepping, sample.rows(), of=sample, **{setting: 0})
