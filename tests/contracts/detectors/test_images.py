"""Detectors of images."""

from tests.contracts.detectors.laws.files import FileLaws
from tests.contracts.detectors.laws.judgement import JudgementLaws
from tests.contracts.detectors.laws.scoring import ScoringLaws
from tests.contracts.detectors.laws.training import TrainingLaws


class TestImages(JudgementLaws, ScoringLaws, TrainingLaws, FileLaws):
    takes, clean = "images", False


class TestCleanImages(JudgementLaws):
    takes, clean = "images", True
