"""Detectors of plain records."""

import numpy as np
from threadpoolctl import threadpool_limits

from tests.contracts.detectors.laws.files import FileLaws
from tests.contracts.detectors.laws.judgement import JudgementLaws
from tests.contracts.detectors.laws.scoring import ScoringLaws
from tests.contracts.detectors.laws.training import DescentLaws, TrainingLaws
from tests.contracts.detectors.samples import fitted, raw_outputs, records


class TestRecords(JudgementLaws, ScoringLaws, TrainingLaws, DescentLaws, FileLaws):
    takes, clean = "plain records", False


class TestCleanRecords(JudgementLaws):
    takes, clean = "plain records", True


def test_the_number_of_threads_in_training_moves_no_bit():
    x = records()
    one, two = (
        of_threads(threads, lambda: fitted("auto", x, cosines=512, clean=True))
        for threads in (1, 2)
    )
    np.testing.assert_array_equal(raw_outputs(one, x)["score"], raw_outputs(two, x)["score"])


def of_threads(threads, action):
    with threadpool_limits(threads, user_api="blas"):
        return action()
