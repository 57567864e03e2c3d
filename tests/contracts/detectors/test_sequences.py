"""Detectors of sequences, which are windows of an entity's latest records."""

from tests.contracts.detectors.laws.files import FileLaws
from tests.contracts.detectors.laws.judgement import JudgementLaws
from tests.contracts.detectors.laws.scoring import ScoringLaws
from tests.contracts.detectors.laws.training import DescentLaws, TrainingLaws


class TestSequences(JudgementLaws, ScoringLaws, TrainingLaws, DescentLaws, FileLaws):
    takes, clean = "sequences", False


class TestCleanSequences(JudgementLaws):
    takes, clean = "sequences", True
